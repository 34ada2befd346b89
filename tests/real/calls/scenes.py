"""What happens in most stories: an agent takes the call, the two talk, somebody leaves, a record stays."""

import asyncio
from dataclasses import dataclass

from simulators.call import Call
from simulators.incoming_call import IncomingCall
from simulators.outgoing_call import OutgoingCall
from simulators.phone import Phone
from tests.real.calls.city import City, Record, apart_s, at, steps

STRAIGHT = "123457"
"""The line that is queued for right after the notice."""


def tone_hz(phone: Phone) -> int:
    """The tone by which a phone's owner is known."""
    assert phone.tone_hz is not None
    return phone.tone_hz


@dataclass(frozen=True, slots=True, kw_only=True)
class Talk:
    """A citizen and an agent, connected by the hotline."""

    citizen: Phone
    call: OutgoingCall
    """At the citizen's phone."""
    seat: Phone
    leg: IncomingCall
    """At the agent's phone."""

    @property
    def agent(self) -> str:
        """The 工号 of the seat's usual person."""
        return f"1{self.seat.account.extension[1:]}"

    async def both_hear_each_other(self, within_s: float = 15.0) -> None:
        """Wait until each hears the other's tone."""
        await asyncio.gather(
            self.call.hears(tone_hz(self.seat), within_s), self.leg.hears(tone_hz(self.citizen), within_s)
        )


async def answered_by_an_agent(
    city: City, citizen: Phone, call: OutgoingCall, within_s: float = 30.0
) -> Talk:
    """Some agent's phone rings for the citizen and is picked up."""
    leg = await city.rings_for(citizen, within_s)
    await leg.answer()
    return Talk(citizen=citizen, call=call, seat=city.seats[leg.line.account.extension], leg=leg)


async def talk_with_an_agent(city: City, citizen: Phone, number: str = STRAIGHT) -> Talk:
    """The citizen dials, and both hear each other."""
    call = await citizen.dial(number)
    talk = await answered_by_an_agent(city, citizen, call)
    await talk.both_hear_each_other()
    return talk


async def served(city: City, citizen: Phone, call: OutgoingCall) -> Record:
    """An agent takes the call, both hear each other, the citizen hangs up; the call's record."""
    talk = await answered_by_an_agent(city, citizen, call)
    await talk.both_hear_each_other()
    await call.hang_up()
    await talk.leg.ended(within_s=2)
    record = await city.record_of(citizen)
    times_agree(record, call)
    assert (record["outcome"], record["hangup_by"]) == ("served", "citizen")
    assert (record["agent"], record["seat"]) == (talk.agent, talk.seat.account.extension)
    return record


async def left(city: City, citizen: Phone, call: Call) -> Record:
    """The record of a citizen who left before anybody talked with them."""
    record = await city.record_of(citizen)
    times_agree(record, call)
    assert record["hangup_by"] == "citizen"
    assert (record["agent"], record["talk_s"], record["connected_at"]) == (None, None, None)
    assert record["work_order"] is None
    assert len(steps(record, "ended")) == 1
    return record


def times_agree(record: Record, call: Call) -> None:
    """The record tells the citizen's times as their own phone noted them, to the second."""
    assert abs(apart_s(call.begun_at, at(record, "started_at"))) < 1
    assert abs(apart_s(call.answered_at, at(record, "answered_at"))) < 1
    assert abs(apart_s(call.ended_at, at(record, "ended_at"))) < 1
