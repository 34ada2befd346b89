"""What a stranger may write into From, and what comes of it at our end of AMI."""

import asyncio
from typing import TYPE_CHECKING

import pytest

from rexian.telephony.events import ChannelGone, ChannelInAgi
from rexian.telephony.switch import Switch, connect

if TYPE_CHECKING:
    from tests.real.conftest import Rig
    from tests.real.telephony.conftest import Ears

pytestmark = pytest.mark.real


def forged(event: str) -> str:
    """A From user that PJSIP un-escapes into a whole message of its own; Asterisk keeps 79 bytes of it."""
    return "1%0d%0a%0d%0a" + event.replace("\n", "%0d%0a").replace(": ", "%3a%20") + "%0d%0a%0d%0aX%3a"


def forgeries_about(victim: str) -> list[str]:
    return [
        f"Event: Hangup\nUniqueid: {victim}\nChannel: x\nCause: 16",
        f"Event: AsyncAGIEnd\nUniqueid: {victim}",
        f"Event: HangupRequest\nUniqueid: {victim}\nCause: 16",
        "Response: Success\nActionID: action/1\nMessage: x",
    ]


async def test_an_event_in_a_callers_number_is_never_heard_and_the_call_beside_it_lives(
    asterisk: "Rig", switch: Switch, ears: "Ears"
) -> None:
    async with asterisk.citizen("13912345678") as honest:
        talk = await honest.dial("12345")
        victim = (await ears.hear(ChannelInAgi)).channel
        heard_before = len(ears.heard)
        for number in map(forged, forgeries_about(victim)):
            async with asterisk.citizen(number) as forger:
                call = await forger.dial("12345")
                started = await ears.hear(ChannelInAgi)
                assert started.ani == "", "what is no number is shown as none"
                await call.answered()
                await call.hang_up()
                await ears.hear(ChannelGone, channel=started.channel)

        assert not [fact for fact in ears.heard[heard_before:] if victim in repr(fact)]
        assert (await switch.agi(victim, "GET VARIABLE CALLERID(num)")).data == "13912345678"
        assert sum(switch.dropped.values()) == 0, "the source filter lets nothing through at all"
        await talk.hang_up()
        await ears.hear(ChannelGone, channel=victim)


async def test_a_forged_hang_up_is_not_believed_even_when_no_filter_holds_it_back(
    talkative_asterisk: "Rig", ears: "Ears"
) -> None:
    async with (
        connect(talkative_asterisk.ami(), ears) as switch,
        talkative_asterisk.citizen("13912345678") as honest,
    ):
        await talkative_asterisk.believe_in_engine(switch)
        talk = await honest.dial("12345")
        victim = (await ears.hear(ChannelInAgi)).channel

        async with talkative_asterisk.citizen(forged(forgeries_about(victim)[0])) as forger:
            call = await forger.dial("12345")
            other = (await ears.hear(ChannelInAgi)).channel
            await call.answered()
            await call.hang_up()
            await ears.hear(ChannelGone, channel=other)
        async with asyncio.timeout(5):
            while not switch.dropped["forged Hangup"]:
                await switch.action("Ping")

        assert not [fact for fact in ears.heard if isinstance(fact, ChannelGone) and fact.channel == victim]
        assert (await switch.agi(victim, "GET VARIABLE CALLERID(num)")).data == "13912345678"
        await talk.hang_up()
        await ears.hear(ChannelGone, channel=victim)


@pytest.mark.parametrize(
    ("sent", "shown"),
    [
        ("13912345678", "13912345678"),
        ("+8613912345678", "+8613912345678"),
        ("+86%20139-1234-5678", "+8613912345678"),
        ("(0877)%202345.678", "08772345678"),
        ("anonymous", ""),
        ("500&PJSIP/trunk-demo/00442012345678", ""),
        ("%EF%BC%90%EF%BC%91%EF%BC%93%EF%BC%98", ""),
        ("1_0", ""),
        ("12345678901234567890123456789012", ""),
        ("139%0d%0aUniqueid%3a%201", ""),
        ("139%00%01", "139"),
        ("$%7BEPOCH%7D", ""),
    ],
)
async def test_a_caller_has_a_clean_number_or_none(
    asterisk: "Rig", switch: Switch, ears: "Ears", sent: str, shown: str
) -> None:
    async with asterisk.citizen(sent) as phone:
        call = await phone.dial("12345")

        started = await ears.hear(ChannelInAgi)

        assert started.ani == shown
        assert (await switch.agi(started.channel, "GET VARIABLE CALLERID(num)")).data == shown
        assert (await switch.agi(started.channel, "GET VARIABLE CALLERID(ani)")).data == shown
        await call.hang_up()
        await ears.hear(ChannelGone, channel=started.channel)


@pytest.mark.parametrize(
    ("sent", "shown"),
    [
        ("张三", "张三"),
        ("李" * 200, "李" * 26),
        ("${SHELL(touch /tmp/x)}", "${SHELL(touch /tmp/x)}"),
        ("a, b) & c; d | e", "a, b) & c; d | e"),
        ("o'x?y", "o'x?y"),
        ("two\\\\words", "two\\\\words"),
    ],
)
async def test_a_callers_name_is_shown_as_it_is_and_never_run(
    asterisk: "Rig", switch: Switch, ears: "Ears", sent: str, shown: str
) -> None:
    async with asterisk.citizen("13912345678", name=sent) as phone:
        call = await phone.dial("12345")

        started = await ears.hear(ChannelInAgi)

        assert started.ani_name == shown
        await call.hang_up()
        await ears.hear(ChannelGone, channel=started.channel)
