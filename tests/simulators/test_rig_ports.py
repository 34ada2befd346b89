"""Private systems side by side never share a port."""

import socket

import pytest

from simulators import rig_ports
from simulators.rig_ports import NoPorts, Ports, held_ports


def every_port(ports: Ports) -> set[int]:
    first, last = ports.rtp
    single = {ports.sip, ports.ami, ports.http, ports.asterisk_http, ports.mqtt}
    return single | set(range(first, last + 1))


def test_a_block_that_is_held_is_not_given_again_until_it_is_free() -> None:
    with held_ports() as mine, held_ports() as yours:
        assert not every_port(mine) & every_port(yours)

    with held_ports() as again:
        assert again in (mine, yours)


def test_a_block_in_which_somebody_sits_is_passed_over() -> None:
    with held_ports() as ports:
        wanted = ports

    with socket.socket() as squatter:
        squatter.bind(("127.0.0.1", wanted.ami))
        squatter.listen()
        with held_ports() as other:
            assert other != wanted


def test_all_ports_lie_below_those_that_the_kernel_hands_out() -> None:
    with held_ports() as ports:
        assert max(every_port(ports)) < 24_000
        assert ports.settings()["REXIAN_RTP_PORTS"] == f"{ports.rtp[0]}-{ports.rtp[1]}"


def test_when_every_block_is_taken_the_way_to_find_out_why_is_said(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(rig_ports, "_FIRST", 11_000)
    monkeypatch.setattr(rig_ports, "_BLOCKS", 1)

    with held_ports(), pytest.raises(NoPorts, match="`ss -lunpt` names it"):
        held_ports().__enter__()
