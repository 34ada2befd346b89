"""Departments that receipt every work order they are told of, each event as often as it comes."""

import asyncio
import json

from rexian.push.broker import Broker, BrokerLost, Message

AT_ONCE = 100
RETRY_S = 1.0


async def receipt_everything(broker: Broker) -> None:
    """All departments of a city in one task, until cancelled; a lost broker is connected to again."""
    while True:
        try:
            async with broker.connect() as link:
                await link.subscribe("dept/+/orders")
                while True:
                    for message in await link.receive(AT_ONCE):
                        await link.publish(receipts_topic(message), receipt_for(message))
        except BrokerLost:
            await asyncio.sleep(RETRY_S)


def receipts_topic(message: Message) -> str:
    """Where the department that got `message` says that it did."""
    return message.topic.removesuffix("orders") + "receipts"


def receipt_for(message: Message) -> str:
    """The receipt of one event."""
    return json.dumps({"event": json.loads(message.payload)["event"]})
