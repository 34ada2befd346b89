"""An Asterisk of the benchmark's own: the shipped files, and beside them a dialplan without an engine.

Same program, same modules, same phones, same call list as the engine's switch; what differs is who
decides. So a ratio between the two is the price of the engine and of nothing else.
"""

import shutil
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from pathlib import Path

from rexian.telephony.installation import Installation
from rexian.telephony.process import AsteriskHouse
from rexian.telephony.render import SwitchPlan
from rexian.telephony.secrets import Role, Secrets
from simulators.phone import Account
from simulators.rig_ports import held_ports

ROOT = Path(__file__).resolve().parents[1]

NATIVE_QUEUE, NATIVE_MENU = "700", "701"
"""What citizens dial here."""
BARE_CONTEXT = "bench-bare"
"""Where a leg goes that nobody waits for: it hears itself, so RTP flows both ways."""


def dialplan(prompts: Sequence[str], wait_s: float) -> str:
    """Extensions for app_queue, for a menu (`prompts`: the notice and the menu), and for bare legs."""
    notice, menu = prompts
    return f"""
[from-trunk](+)
exten => {NATIVE_QUEUE},1,Answer()
 same => n,MixMonitor(${{UNIQUEID}}.wav,b)
 same => n,Queue(bench)
 same => n,Hangup()

exten => {NATIVE_MENU},1,Answer()
 same => n,Playback({notice})
 same => n,Background({menu})
 same => n,WaitExten({wait_s:g})
 same => n,Hangup()

[{BARE_CONTEXT}]
exten => s,1,Echo()
 same => n,Hangup()
"""


def queue(secrets: Secrets) -> str:
    """app_queue at its best: autofill, no wrap-up, the shortest retry there is, longest idle first."""
    members = "\n".join(
        f"member => PJSIP/{phone.sip_user}" for phone in secrets.phones if phone.role is Role.SEAT
    )
    return f"""
[bench]
strategy = leastrecent
autofill = yes
retry = 1
timeout = 15
wrapuptime = 0
ringinuse = no
joinempty = yes
leavewhenempty = no
{members}
"""


@asynccontextmanager
async def private_switch(
    folder: Path, prompts: Sequence[str] = ("g.notice", "m.main"), wait_s: float = 3.0
) -> AsyncIterator[AsteriskHouse]:
    """A booted Asterisk below `folder`, ended at the end of the block."""
    secrets = Secrets.load_or_create(folder / "secrets.json")
    shipped, config = ROOT / "asterisk-config", folder / "asterisk-config"
    shutil.copytree(shipped / "templates", config / "templates")
    for name in ("sounds", "moh"):
        (config / name).symlink_to(shipped / name)
    for name, more in (("extensions.conf", dialplan(prompts, wait_s)), ("queues.conf", queue(secrets))):
        with (config / "templates" / name).open("a", encoding="utf-8") as template:
            template.write(more)
    with held_ports() as ports:
        plan = SwitchPlan(
            home=folder / "asterisk",
            config=config,
            sip_port=ports.sip,
            rtp_ports=ports.rtp,
            ami_port=ports.ami,
        )
        house = AsteriskHouse(plan, secrets, Installation.find(ROOT / ".cache"))
        await house.start()
        try:
            yield house
        finally:
            await house.stop()


def seats_of(house: AsteriskHouse) -> list[Account]:
    """The seats' accounts at this switch."""
    server = ("127.0.0.1", house.plan.sip_port)
    return [
        Account(server=server, user=phone.sip_user, password=phone.password, extension=phone.extension)
        for phone in house.secrets.phones
        if phone.role is Role.SEAT
    ]
