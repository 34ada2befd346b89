"""What became of an agent's phone, from the pieces the switch tells."""

import asyncio
from collections.abc import Callable, Mapping
from typing import Any

import pytest

from acd.decisions import Refusal
from rexian.engine import leg as legs
from rexian.engine.leg import (
    AgentLeg,
    LegAnswered,
    LegFailed,
    LegGone,
    LegNews,
    LegOf,
    LegRang,
    why_not,
)
from rexian.telephony import events
from rexian.telephony.errors import ChannelLost
from terms.ids import AgentId, CallId, ChannelId, OfferId, SeatId

OF = LegOf(call=CallId("1.1"), offer=OfferId("a-1"), agent=AgentId("1001"), seat=SeatId("8001"))
CHANNEL = ChannelId("leg-a-1")


class SwitchOfALeg:
    """Writes down what a leg asks of the switch."""

    def __init__(self) -> None:
        self.originated: list[Mapping[str, Any]] = []
        self.hung_up: list[ChannelId] = []
        self.too_early = 0
        """So many hang-ups come before the channel is made."""

    def originate(self, **fields: Any) -> None:
        self.originated.append(fields)

    def hangup(self, channel: ChannelId, cause: int = 16) -> "asyncio.Future[Mapping[str, str]]":
        self.hung_up.append(channel)
        answer: asyncio.Future[Mapping[str, str]] = asyncio.get_running_loop().create_future()
        if len(self.hung_up) <= self.too_early:
            answer.set_exception(ChannelLost("Hangup: No such channel"))
        else:
            answer.set_result({})
        return answer


@pytest.fixture
def switch() -> SwitchOfALeg:
    return SwitchOfALeg()


@pytest.fixture
def ring(switch: SwitchOfALeg) -> Callable[[], tuple[AgentLeg, "News"]]:
    def begin() -> tuple[AgentLeg, "News"]:
        news = News()
        leg = AgentLeg(switch, OF, CHANNEL, news.append)  # type: ignore[arg-type]
        leg.ring("seat-x", '"citizen" <13900001234>', 15)
        return leg, news

    return begin


class News(list[LegNews]):
    """What a leg told, and a wait for the next of it."""

    def __init__(self) -> None:
        super().__init__()
        self.came = asyncio.Event()

    def append(self, item: LegNews) -> None:
        super().append(item)
        self.came.set()


async def next_news(news: News) -> None:
    await asyncio.wait_for(news.came.wait(), timeout=5)


def gone(tech_cause: str = "", cause: int = 16) -> events.ChannelGone:
    return events.ChannelGone(channel=CHANNEL, name="PJSIP/seat-x-1", cause=cause, tech_cause=tech_cause)


def in_agi() -> events.ChannelInAgi:
    return events.ChannelInAgi(
        channel=CHANNEL, name="PJSIP/seat-x-1", context="agent-leg", exten="s", ani="", ani_name="", dnis=""
    )


async def test_a_phone_that_rings_and_is_answered_tells_so_once_each(ring: Any, switch: SwitchOfALeg) -> None:
    leg, news = ring()

    for event in (events.LegRinging(channel=CHANNEL), events.LegRinging(channel=CHANNEL), in_agi(), in_agi()):
        leg.on_event(event)

    assert [type(item) for item in news] == [LegRang, LegAnswered]
    assert leg.name == "PJSIP/seat-x-1"
    assert switch.originated[0]["endpoint"] == "PJSIP/seat-x"


@pytest.mark.parametrize(
    ("tech_cause", "rang", "why"),
    [
        ("486", False, Refusal.BUSY),
        ("600", True, Refusal.BUSY),
        ("603", True, Refusal.REJECT),
        ("480", True, Refusal.REJECT),
        ("480", False, Refusal.UNREACHABLE),
        ("404", False, Refusal.UNREACHABLE),
        ("488", False, Refusal.UNREACHABLE),
        ("503", False, Refusal.UNREACHABLE),
        ("408", True, Refusal.NO_ANSWER),
        ("", False, Refusal.UNREACHABLE),
    ],
)
async def test_the_phones_own_answer_is_the_reason(
    ring: Any, tech_cause: str, rang: bool, why: Refusal
) -> None:
    leg, news = ring()
    if rang:
        leg.on_event(events.LegRinging(channel=CHANNEL))

    leg.on_event(gone(tech_cause))

    assert isinstance(news[-1], LegFailed)
    assert news[-1].why is why


async def test_ringing_out_is_no_answer_and_silence_is_unreachable() -> None:
    assert why_not("480", timed_out=True, rang=True) is Refusal.NO_ANSWER
    assert why_not("480", timed_out=True, rang=False) is Refusal.UNREACHABLE


async def test_a_phone_that_is_not_registered_gives_no_channel_and_is_unreachable(
    ring: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(legs, "NO_CHANNEL_S", 0.0)
    leg, news = ring()

    leg.on_event(events.OriginateDone(channel=CHANNEL, ok=False, reason=0))
    await next_news(news)

    assert isinstance(news[-1], LegFailed)
    assert news[-1].why is Refusal.UNREACHABLE


async def test_a_phone_without_a_sign_of_life_is_given_up(
    ring: Any, switch: SwitchOfALeg, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(legs, "NO_SIGN_OF_LIFE_S", 0.0)
    _, news = ring()

    await next_news(news)

    assert isinstance(news[-1], LegFailed)
    assert switch.hung_up == [CHANNEL]


async def test_an_answered_phone_that_leaves_tells_whether_its_owner_hung_up(ring: Any) -> None:
    leg, news = ring()
    leg.on_event(in_agi())

    leg.on_event(events.HangupRequested(channel=CHANNEL, cause=16))
    leg.on_event(gone())

    assert isinstance(news[-1], LegGone)
    assert news[-1].by_phone


async def test_a_dropped_leg_stops_the_phone_and_tells_nothing_more(ring: Any, switch: SwitchOfALeg) -> None:
    leg, news = ring()

    leg.drop()
    leg.on_event(in_agi())
    leg.on_event(gone("487"))

    assert switch.hung_up == [CHANNEL]
    assert news == []


async def test_a_leg_that_is_dropped_before_its_channel_is_made_is_dropped_again(
    ring: Any, switch: SwitchOfALeg, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(legs, "DROP_AGAIN_S", 0.001)
    switch.too_early = 2
    leg, news = ring()

    leg.drop()
    async with asyncio.timeout(5):
        while len(switch.hung_up) < 3:
            await asyncio.wait_for(asyncio.get_running_loop().run_in_executor(None, lambda: None), 1)
    leg.on_event(events.ChannelGone(channel=CHANNEL, name="", cause=0, tech_cause=""))

    assert switch.hung_up == [CHANNEL] * 3
    assert news == []


def test_whose_leg_it_is_survives_the_channel_variable() -> None:
    assert LegOf.decode(OF.encode()) == OF
    assert LegOf.decode("2|x") is None
    assert LegOf.decode("") is None
