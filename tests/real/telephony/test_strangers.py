"""Who knocks at the SIP port without being anybody, or knocks too often."""

import asyncio
import socket
from typing import TYPE_CHECKING

import pytest

from rexian.telephony.events import ChannelGone, ChannelInAgi
from rexian.telephony.switch import Switch
from simulators.phone import Account, CallRefused, Phone, RegistrationRefused

if TYPE_CHECKING:
    from tests.real.conftest import Rig
    from tests.real.telephony.conftest import Ears

pytestmark = pytest.mark.real

STRANGER = "127.0.0.9"


@pytest.mark.parametrize("user", ["13912345678", "trunk-demo", "8001", "anonymous"])
async def test_a_stranger_is_asked_for_a_password_and_gets_nowhere(
    asterisk: "Rig", switch: Switch, ears: "Ears", user: str
) -> None:
    async with Phone(Account(server=asterisk.sip, user=user, host=STRANGER)) as stranger:
        call = await stranger.dial("12345")

        with pytest.raises(CallRefused, match="401"):
            await call.answered()

    assert await switch.live_channels() == []
    assert ears.heard == []


async def test_a_seats_name_without_its_password_gets_nowhere(asterisk: "Rig", switch: Switch) -> None:
    account = Account(server=asterisk.sip, user=asterisk.endpoint("8001"), password="guessed", host=STRANGER)
    async with Phone(account) as stranger:
        with pytest.raises(RegistrationRefused):
            await stranger.register()
        with pytest.raises(CallRefused, match=r"40[13]"):
            await (await stranger.dial("*40")).answered()

    assert (await switch.phones())[asterisk.endpoint("8001")] is False


async def test_the_trunks_address_does_not_make_a_seat(asterisk: "Rig", switch: Switch) -> None:
    trunk = asterisk.house.plan.trunk_address
    account = Account(server=asterisk.sip, user=asterisk.endpoint("8001"), password="guessed", host=trunk)
    async with Phone(account) as carrier:
        with pytest.raises((RegistrationRefused, TimeoutError)):
            await carrier.register()

    assert (await switch.phones())[asterisk.endpoint("8001")] is False


def invite(rig: "Rig", port: int, branch: str) -> bytes:
    """One INVITE of one fixed call, from a plain socket."""
    host, server = rig.house.plan.trunk_address, f"{rig.sip[0]}:{rig.sip[1]}"
    body = (
        f"v=0\r\no=- 1 1 IN IP4 {host}\r\ns=-\r\nc=IN IP4 {host}\r\nt=0 0\r\n"
        "m=audio 30000 RTP/AVP 8\r\na=rtpmap:8 PCMA/8000\r\n"
    )
    head = (
        f"INVITE sip:12345@{server} SIP/2.0\r\n"
        f"Via: SIP/2.0/UDP {host}:{port};branch=z9hG4bK{branch}\r\n"
        f"From: <sip:13912345678@{server}>;tag=one\r\nTo: <sip:12345@{server}>\r\n"
        f"Call-ID: the-same@{host}\r\nCSeq: 1 INVITE\r\nContact: <sip:c@{host}:{port}>\r\n"
        f"Max-Forwards: 70\r\nContent-Type: application/sdp\r\nContent-Length: {len(body)}\r\n\r\n"
    )
    return (head + body).encode()


async def test_the_same_call_sent_over_and_over_is_one_call(
    asterisk: "Rig", switch: Switch, ears: "Ears"
) -> None:
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as wire:
        wire.bind((asterisk.house.plan.trunk_address, 0))
        wire.setblocking(False)
        port = wire.getsockname()[1]

        wire.sendto(invite(asterisk, port, "once"), asterisk.sip)
        started = await ears.hear(ChannelInAgi)
        for number in range(30):
            wire.sendto(invite(asterisk, port, "once" if number % 2 else f"again{number}"), asterisk.sip)
        refused = 0
        async with asyncio.timeout(5):
            while refused < 15:
                answer = await asyncio.get_running_loop().sock_recv(wire, 65536)
                refused += not answer.startswith((b"SIP/2.0 1", b"SIP/2.0 2"))

        assert [channel.channel for channel in await switch.live_channels()] == [started.channel]
        switch.hangup(started.channel)
        await ears.hear(ChannelGone)
    assert len([fact for fact in ears.heard if isinstance(fact, ChannelInAgi)]) == 1


async def test_a_flood_of_changes_within_a_call_stays_one_call(
    asterisk: "Rig", switch: Switch, ears: "Ears"
) -> None:
    async with asterisk.citizen("13912345678") as li:
        call = await li.dial("12345")
        caller = (await ears.hear(ChannelInAgi)).channel
        await call.answered()

        for _ in range(50):
            await call.hold()
            await call.unhold()

        assert [channel.channel for channel in await switch.live_channels()] == [caller]
        assert (await switch.agi(caller, "GET VARIABLE CALLERID(num)")).data == "13912345678"
        await call.hang_up()
        await ears.hear(ChannelGone, channel=caller)


@pytest.mark.parametrize(
    "name", ["张三".encode("gbk"), b"\xff\xfe\xfd", "张三".encode()[:4], b"a\x07b\x1b[31m"]
)
async def test_a_name_in_another_encoding_costs_nobody_the_call(
    asterisk: "Rig", switch: Switch, ears: "Ears", name: bytes
) -> None:
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as wire:
        wire.bind((asterisk.house.plan.trunk_address, 0))
        plain = invite(asterisk, wire.getsockname()[1], name.hex())

        wire.sendto(plain.replace(b"From: <", b'From: "' + name + b'" <'), asterisk.sip)

        started = await ears.hear(ChannelInAgi)
        assert started.ani == "13912345678"
        assert all(sign.isprintable() or sign == "\ufffd" for sign in started.ani_name)
        assert (await switch.agi(started.channel, "GET VARIABLE CALLERID(num)")).data == "13912345678"
        assert [channel.ani for channel in await switch.live_channels()] == ["13912345678"]
        switch.hangup(started.channel)
        await ears.hear(ChannelGone)


@pytest.mark.parametrize("size", [1000, 60000])
async def test_rubbish_on_the_sip_port_harms_nobody(
    asterisk: "Rig", switch: Switch, ears: "Ears", size: int
) -> None:
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as wire:
        wire.bind((asterisk.house.plan.trunk_address, 0))
        port = wire.getsockname()[1]
        plain = invite(asterisk, port, "rubbish")
        for rubbish in (
            b"\0" * size,
            b"\r\n" * (size // 2),
            plain.replace(b"Max-Forwards: 70", b"X-Long: " + b"x" * size)[:65000],
            plain.replace(b"Max-Forwards: 70\r\n", b"X-Many: y\r\n" * min(size // 20, 500)),
            plain.replace(b"CSeq: 1 INVITE", b"CSeq: 99999999999999999999 INVITE"),
            plain.replace(b"Content-Length: ", b"Content-Length: 999"),
            plain.replace(b"tag=one", b"tag=" + b"%00" * 20),
        ):
            wire.sendto(rubbish, asterisk.sip)

        async with asterisk.citizen("13987654321") as honest:
            call = await honest.dial("12345")
            await call.answered()
            await call.hang_up()
        for channel in await switch.live_channels():
            switch.hangup(channel.channel)
    assert sum(switch.dropped.values()) == 0
