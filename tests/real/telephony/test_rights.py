"""What the engine's AMI account can't do, tried on a real Asterisk."""

import asyncio
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from rexian.telephony.errors import ActionFailed, LoginRefused
from rexian.telephony.events import ChannelGone, ChannelInAgi, OriginateDone
from rexian.telephony.link import AmiAddress
from rexian.telephony.switch import Switch, connect
from terms.ids import ChannelId

if TYPE_CHECKING:
    from tests.real.conftest import Rig
    from tests.real.telephony.conftest import Ears

pytestmark = pytest.mark.real


@pytest.mark.parametrize(
    ("action", "fields"),
    [
        ("Command", {"Command": "core show version"}),
        ("UpdateConfig", {"SrcFilename": "manager.conf", "DstFilename": "manager.conf"}),
        ("GetConfig", {"Filename": "pjsip.conf"}),
        ("ListCategories", {"Filename": "pjsip.conf"}),
        ("ModuleLoad", {"LoadType": "load", "Module": "app_system.so"}),
        ("ModuleCheck", {"Module": "app_system.so"}),
        ("Reload", {}),
        ("DialplanExtensionAdd", {"Context": "x", "Extension": "1", "Priority": "1", "Application": "NoOp"}),
        ("DBPut", {"Family": "x", "Key": "y", "Val": "z"}),
        ("MixMonitor", {"Channel": "x", "File": "x"}),
        ("UserEvent", {"UserEvent": "x"}),
        ("Getvar", {"Variable": "SHELL(id)"}),
        ("Originate", {"Channel": "Local/12345@from-trunk", "Application": "System", "Data": "id"}),
        ("Originate", {"Channel": "Local/12345@from-trunk", "Application": "MixMonitor", "Data": "x"}),
        ("Originate", {"Channel": "Local/12345@from-trunk", "Application": "AGI", "Data": "/bin/sh"}),
    ],
)
async def test_the_engines_account_is_refused(switch: Switch, action: str, fields: dict[str, str]) -> None:
    with pytest.raises(ActionFailed):
        await switch.action(action, fields)


@pytest.mark.parametrize("function", ["FILE(/etc/passwd)", "ENV(PATH)", "CURL(http://127.0.0.1)", "DB(x/y)"])
async def test_functions_that_read_the_host_tell_nothing(switch: Switch, function: str) -> None:
    assert await switch.getvar(None, function) == ""


@pytest.mark.parametrize(
    "command",
    [
        "EXEC System id",
        "EXEC TrySystem id",
        "EXEC Exec System(id)",
        "EXEC Originate x,app,System,id",
        "EXEC ExternalIVR /bin/sh",
        "EXEC ReadFile x=/etc/passwd,10",
        "EXEC Dial PJSIP/trunk-demo/00",
    ],
)
async def test_a_caller_in_agi_can_run_no_program_and_reach_no_line(
    asterisk: "Rig", switch: Switch, ears: "Ears", command: str
) -> None:
    async with asterisk.citizen("13912345678") as phone:
        call = await phone.dial("12345")
        started = await ears.hear(ChannelInAgi)

        result = await switch.agi(started.channel, command)
        reached = await switch.getvar(started.channel, "DIALSTATUS")

        assert result.code == -2 or (command.startswith("EXEC Dial") and reached == "CHANUNAVAIL")
        await call.hang_up()
        await ears.hear(ChannelGone, channel=started.channel)


async def test_a_wrong_secret_is_refused_by_name(asterisk: "Rig", ears: "Ears") -> None:
    address = asterisk.ami("engine")
    wrong = AmiAddress(host=address.host, port=address.port, user="engine", secret="wrong")

    with pytest.raises(LoginRefused, match="engine"):
        async with connect(wrong, ears):
            pass


async def test_the_supervisors_account_can_look_and_move_calls_and_nothing_more(asterisk: "Rig") -> None:
    async with connect(asterisk.ami("supervisor"), lambda _: None) as supervisor:
        assert await supervisor.live_channels() == []
        await supervisor.setvar(None, "REXIAN_FALLBACK", "PJSIP/x")
        for action, fields in [
            ("AGI", {"Channel": "x", "Command": "ANSWER", "CommandID": "1"}),
            ("Originate", {"Channel": "Local/s@agi", "Context": "agi", "Exten": "s", "Priority": "1"}),
            ("Command", {"Command": "core stop now"}),
        ]:
            with pytest.raises(ActionFailed):
                await supervisor.action(action, fields)


async def test_ami_is_not_there_for_other_machines(asterisk: "Rig") -> None:
    with pytest.raises(ConnectionRefusedError):
        await asyncio.open_connection("127.0.0.3", asterisk.ami().port)


async def test_originate_into_a_context_needs_no_more_than_we_have(
    asterisk: "Rig", switch: Switch, ears: "Ears"
) -> None:
    channel = ChannelId("leg-to-nobody")

    await switch.originate(
        f"PJSIP/{asterisk.endpoint('8020')}",
        channel,
        context="agent-leg",
        exten="s",
        caller_id='"张三" <13912345678>',
        timeout_s=5,
        variables={},
    )

    done = await ears.hear(OriginateDone)
    assert (done.channel, done.ok, done.reason) == (channel, False, 0), "8020 is not registered"


@pytest.mark.parametrize("file", ["manager.conf", "pjsip.conf"])
def test_files_with_passwords_are_for_us_alone(shared_asterisk: "Rig", file: str) -> None:
    mode = Path(shared_asterisk.house.plan.etc / file).stat().st_mode

    assert mode & 0o077 == 0


def test_nothing_else_listens_than_what_the_plan_says(shared_asterisk: "Rig") -> None:
    process = Path("/proc", str(shared_asterisk.house.pid))
    ours = {str(handle.readlink()) for handle in (process / "fd").iterdir() if handle.is_symlink()}

    listening = set()
    for table, listens in (("tcp", "0A"), ("tcp6", "0A"), ("udp", "07"), ("udp6", "07")):
        for line in (process / "net" / table).read_text().splitlines()[1:]:
            fields = line.split()
            address, _, port = fields[1].rpartition(":")
            if f"socket:[{fields[9]}]" in ours and fields[3] == listens:
                listening.add((table, address, int(port, 16)))

    # PJSIP's name resolver keeps one socket a protocol, on ports the kernel chooses; it takes answers only.
    resolver = {each for each in listening if each[0].startswith("udp") and int(each[1], 16) == 0}
    loopback = "0100007F"
    plan = shared_asterisk.house.plan
    assert len(resolver) <= 2
    assert listening - resolver == {
        ("tcp", loopback, plan.ami_port),
        ("tcp", loopback, plan.sip_port),
        ("udp", loopback, plan.sip_port),
    }
