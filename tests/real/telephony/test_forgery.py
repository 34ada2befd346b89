"""What a stranger may write into From, and what comes of it at our end of AMI."""

from typing import TYPE_CHECKING

import pytest

from rexian.telephony.events import ChannelGone, ChannelInAgi
from rexian.telephony.switch import Switch

if TYPE_CHECKING:
    from tests.real.conftest import Rig
    from tests.real.telephony.conftest import Ears

pytestmark = pytest.mark.real


def forged(event: str) -> str:
    """A From user that PJSIP un-escapes into a whole message of its own."""
    return "139%0d%0a%0d%0a" + event.replace("\n", "%0d%0a").replace(": ", "%3a%20") + "%0d%0aX%3a%20y"


async def test_an_event_in_a_callers_number_is_never_heard_and_the_call_beside_it_lives(
    asterisk: "Rig", switch: Switch, ears: "Ears"
) -> None:
    async with asterisk.citizen("13912345678") as honest:
        talk = await honest.dial("12345")
        victim = await ears.hear(ChannelInAgi)
        forgeries = [
            f"Event: Hangup\nUniqueid: {victim.channel}\nChannel: x\nCause: 16\nCause-txt: y",
            f"Event: AsyncAGIEnd\nUniqueid: {victim.channel}",
            f"Event: HangupRequest\nUniqueid: {victim.channel}\nCause: 16",
            "Response: Success\nActionID: action/1\nMessage: x",
        ]
        heard_before = len(ears.heard)
        for number in map(forged, forgeries):
            async with asterisk.citizen(number) as forger:
                call = await forger.dial("12345")
                started = await ears.hear(ChannelInAgi)
                assert started.ani == "", "what is no number is shown as none"
                await call.answered()
                await call.hang_up()
                await ears.hear(ChannelGone, channel=started.channel)

        assert not [fact for fact in ears.heard[heard_before:] if victim.channel in repr(fact)]
        assert (await switch.agi(victim.channel, "GET VARIABLE CALLERID(num)")).data == "13912345678"
        assert sum(switch.dropped.values()) == 0, "the source filter lets nothing through at all"
        await talk.hang_up()
        await ears.hear(ChannelGone, channel=victim.channel)


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
