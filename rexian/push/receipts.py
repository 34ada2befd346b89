"""What departments say back: `dept/<code>/receipts` with {"event": "261124000420.1"}."""

import json

from rexian.push.broker import Message

PATTERN = "dept/+/receipts"
PAYLOAD_MAX = 65_536


class NotAReceipt(ValueError):
    """A message that can't be a receipt; the text says why."""


def orders_topic(department: str) -> str:
    """Where a department hears of its orders."""
    return f"dept/{department}/orders"


def department_of(topic: str) -> str:
    """Whose topic it is. Only who may write there can have written there: the broker sees to it."""
    return topic.split("/")[1] if topic.count("/") == 2 else ""


def event_of(message: Message) -> str:
    """The event that is receipted. NotAReceipt for everything else."""
    if len(message.payload) > PAYLOAD_MAX:
        raise NotAReceipt(f"{len(message.payload)} bytes; a receipt has at most {PAYLOAD_MAX}")
    try:
        content = json.loads(message.payload)
    except (ValueError, RecursionError) as why:
        raise NotAReceipt("not JSON") from why
    event = content.get("event") if isinstance(content, dict) else None
    if not isinstance(event, str) or not event:
        raise NotAReceipt('no "event" in it: a receipt repeats the event of what it receipts')
    return event
