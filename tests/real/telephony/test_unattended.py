"""Calls that come while no engine is there, and the switch's own record of them."""

import asyncio
from typing import TYPE_CHECKING

import pytest

from rexian.telephony.events import ChannelGone, ChannelInAgi
from rexian.telephony.switch import connect
from simulators.phone import CallRefused

if TYPE_CHECKING:
    from tests.real.conftest import Rig
    from tests.real.telephony.conftest import Ears

pytestmark = pytest.mark.real


async def written(rig: "Rig", before: int) -> list[list[str]]:
    """The rows after the first `before`; the switch writes them some milliseconds after a call's end."""
    async with connect(rig.ami("supervisor"), lambda _: None) as switch, asyncio.timeout(3):
        while len(rows := rig.cdr_rows()) <= before:
            await switch.action("Ping")
    return rows[before:]


async def test_without_an_engine_a_citizen_hears_a_notice_and_music_and_waits_to_be_adopted(
    asterisk: "Rig", ears: "Ears"
) -> None:
    async with asterisk.citizen("13912345678") as li:
        call = await li.dial("12345")
        await call.answered()
        await call.listens(1.0)

        async with connect(asterisk.ami("engine"), ears) as engine:
            started = await ears.hear(ChannelInAgi, within_s=15)
            await call.listens(1.0)
            (waiting,) = await engine.live_channels()

            assert waiting.application == "AGI"
            assert int(waiting.unattended_since) > 0
            assert (waiting.ani, waiting.dnis, waiting.state_var) == ("13912345678", "12345", "")
            await engine.agi(started.channel, 'STREAM FILE s.thanks ""')
            await engine.agi(started.channel, "HANGUP")
            await ears.hear(ChannelGone)
        await call.ended()


async def test_without_an_engine_a_feature_code_is_answered_service_unavailable(asterisk: "Rig") -> None:
    async with asterisk.phone("8007") as phone:
        await phone.register()
        call = await phone.dial("*40")

        with pytest.raises(CallRefused, match="503"):
            await call.answered()


async def test_an_old_heartbeat_is_as_good_as_none(asterisk: "Rig", ears: "Ears") -> None:
    async with connect(asterisk.ami("engine"), ears) as engine:
        now = int(await engine.getvar(None, "EPOCH"))
        await engine.setvar(None, "REXIAN_HEARTBEAT", str(now - 4))
        async with asterisk.phone("8007") as phone:
            await phone.register()
            with pytest.raises(CallRefused, match="503"):
                await (await phone.dial("*40")).answered()

            await engine.setvar(None, "REXIAN_HEARTBEAT", str(int(await engine.getvar(None, "EPOCH"))))
            call = await phone.dial("*40")
            await call.answered()
            await call.hang_up()


async def test_the_switch_itself_writes_down_a_call_that_no_engine_saw(asterisk: "Rig") -> None:
    before = len(asterisk.cdr_rows())
    async with asterisk.citizen("13987654321") as li:
        call = await li.dial("123457")
        await call.answered()
        await call.listens(0.5)
        await call.hang_up()

    (row,) = await written(asterisk, before)

    unique, linked, start, answer, end, duration, billsec, src, dnis, context = row[:10]
    channel, other, _, disposition, cause, source, call_id, _ = row[10:]
    assert unique == linked
    assert float(start) <= float(answer) < float(end)
    assert 0.3 < float(billsec) <= float(duration) < 5
    assert len(start.partition(".")[2]) == 6, "to the microsecond"
    assert (src, dnis, context, disposition) == ("13987654321", "123457", "from-trunk", "ANSWERED")
    assert (other, call_id) == ("", "")
    assert (cause, source) in {("0", channel), ("16", channel)}


async def test_the_calls_id_is_on_the_switchs_record_when_the_engine_has_set_it(
    asterisk: "Rig", ears: "Ears"
) -> None:
    before = len(asterisk.cdr_rows())
    async with connect(asterisk.ami("engine"), ears) as engine:
        await asterisk.believe_in_engine(engine)
        async with asterisk.citizen("13987654321") as li:
            call = await li.dial("12345")
            caller = (await ears.hear(ChannelInAgi)).channel
            await engine.setvar(caller, "CDR(rexian_call)", "20261124-1")
            await call.answered()
            await call.hang_up()
            await ears.hear(ChannelGone)

    (row,) = await written(asterisk, before)
    assert row[16] == "20261124-1"
