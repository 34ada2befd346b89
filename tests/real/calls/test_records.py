"""What stays of a call: its record and its work order, as `rexian calls` and `rexian orders` tell them."""

import csv
import time
from zoneinfo import ZoneInfo

import pytest

from terms.instant import to_datetime
from tests.real.calls.city import City, again_until, at, kinds
from tests.real.calls.plans import BY_MENU
from tests.real.calls.scenes import STRAIGHT, served, talk_with_an_agent, times_agree
from tests.real.calls.sounds import hears_prompt
from tests.real.calls.together import together

pytestmark = pytest.mark.real

PLAN = BY_MENU

KEYS = (
    *("call_id", "direction", "ani", "dnis"),
    *("started_at", "answered_at", "queued_at", "connected_at", "ended_at"),
    *("mode", "menu_path", "queue", "agent", "seat", "wait_s", "ring_s", "talk_s", "hold_s", "acw_s"),
    *("outcome", "hangup_by", "hangup_cause", "rating", "recording", "work_order", "source", "journey"),
)
NOT_WITHOUT_A_TALK = {
    *("queued_at", "connected_at", "queue", "agent", "seat", "wait_s", "ring_s", "talk_s", "hold_s"),
    *("acw_s", "rating", "recording", "work_order"),
}
ORDER_KEYS = {
    *("number", "call_id", "state", "type", "category", "created_at", "due_at", "department"),
    *("caller", "agent", "title"),
}
VISIBLE_S = 2.0


def has_a_right_check_digit(number: str) -> bool:
    """ISO 7064 MOD 11,10, as the standard tells it."""
    product = 10
    for digit in number[:-1]:
        total = (product + int(digit)) % 10 or 10
        product = total * 2 % 11
    return (product + int(number[-1])) % 10 == 1


@together
async def test_a_served_call_has_every_key_and_a_work_order_from_the_same_moment(city: City) -> None:
    async with city.citizen() as citizen:
        talk = await talk_with_an_agent(city, citizen, "12345")
        await talk.leg.hang_up()
        await hears_prompt(talk.call, "s.ask", 3)
        await talk.call.press("5")
        await talk.call.ended(within_s=6)
        record = await city.record_of(citizen)
        orders = [order for order in await city.rig.orders() if order["call_id"] == record["call_id"]]

    assert tuple(record) == KEYS
    assert [name for name in KEYS if record[name] is None] == []
    assert (record["direction"], record["source"], record["dnis"]) == ("inbound", "engine", "12345")
    assert (record["acw_s"], record["hold_s"], record["hangup_cause"]) == (0, 0, 16)
    times_agree(record, talk.call)
    times = [at(record, f"{name}_at") for name in ("started", "answered", "queued", "connected", "ended")]
    assert times == sorted(times)
    assert record["started_at"].endswith("+08:00")
    assert citizen.account.user not in str(record), "a number is nobody's business"
    assert kinds(record)[:3] == ["arrived", "answered", "notice"]
    assert kinds(record)[-1] == "ended"

    (order,) = orders
    assert set(order) >= ORDER_KEYS
    assert record["work_order"] == order["number"]
    assert len(order["number"]) == 12
    assert has_a_right_check_digit(order["number"])
    day = to_datetime(at(order, "created_at"), ZoneInfo("Asia/Shanghai")).strftime("%y%m%d")
    assert order["number"].startswith(day)
    assert order["agent"] == talk.agent
    assert citizen.account.user not in str(order)


@together
async def test_an_abandoned_call_has_every_key_and_no_work_order(city: City) -> None:
    async with city.citizen() as citizen:
        call = await citizen.dial("12345")
        await hears_prompt(call, "g.notice", 3)
        await call.hang_up()
        record = await city.record_of(citizen)
        orders = await city.rig.orders()

    assert tuple(record) == KEYS
    nothing = {name for name in KEYS if record[name] is None}
    assert nothing == NOT_WITHOUT_A_TALK
    assert record["menu_path"] == []
    assert record["call_id"] not in [order["call_id"] for order in orders]


@together
async def test_a_record_is_there_within_2_s_and_a_live_call_is_not(city: City) -> None:
    async with city.citizen() as citizen:
        call = await citizen.dial("12345")
        await hears_prompt(call, "m.main", 10)
        shown = f"139****{citizen.account.user[-4:]}"
        live = [record["ani"] for record in await city.rig.calls()]
        await call.hang_up()
        ended = time.monotonic()

        async def there() -> float | None:
            asked = time.monotonic()
            records = await city.rig.calls()
            return asked - ended if shown in [record["ani"] for record in records] else None

        visible_after_s = await again_until(there, 6, "the record")

    assert shown not in live
    assert visible_after_s <= VISIBLE_S


@together
async def test_records_can_be_asked_for_from_a_time_on_and_revealed_for_a_reason(city: City) -> None:
    async with city.citizen() as first, city.citizen() as second:
        call = await first.dial(STRAIGHT)
        one = await served(city, first, call)
        call = await second.dial(STRAIGHT)
        two = await served(city, second, call)
        later = await city.rig.calls(since=two["started_at"])
        revealed = await city.rig.rexian("calls", "--jsonl", "--reveal", "复核一通来电")
        everything = await city.rig.calls()

    ids = [record["call_id"] for record in later]
    assert two["call_id"] in ids
    assert one["call_id"] not in ids
    assert first.account.user in revealed
    started = [record["started_at"] for record in everything]
    assert started == sorted(started)
    assert len({record["call_id"] for record in everything}) == len(everything)


@together
async def test_records_and_orders_can_be_taken_into_a_spreadsheet(city: City) -> None:
    async with city.citizen() as citizen:
        call = await citizen.dial(STRAIGHT)
        record = await served(city, citizen, call)
        calls, orders = city.rig.home / "calls.csv", city.rig.home / "orders.csv"
        await city.rig.rexian("export", "calls", "--csv", str(calls))
        await city.rig.rexian("export", "orders", "--csv", str(orders))

    with calls.open(encoding="utf-8-sig", newline="") as file:
        rows = {row["call_id"]: row for row in csv.DictReader(file)}
    assert rows[record["call_id"]]["outcome"] == "served"
    assert citizen.account.user not in calls.read_text(encoding="utf-8")
    with orders.open(encoding="utf-8-sig", newline="") as file:
        numbers = [row["number"] for row in csv.DictReader(file)]
    assert record["work_order"] in [number.strip("'=\"") for number in numbers]
