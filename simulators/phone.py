"""A SIP telephone for tests and demos: real messages, real sound, and a memory of both.

    async with Phone(Account.of(entry), tone_hz=1200) as phone:
        await phone.register()
        call = await phone.ringing(within_s=5)
        await call.answer()
        await call.hears(2250)
        await call.hang_up()

Hundreds of them fit into one process: sockets without threads, one pacer for all their media.
"""

import asyncio
from collections.abc import Coroutine, Mapping
from types import TracebackType
from typing import Any, Self

from simulators.hearing import Hearing
from simulators.incoming_call import IncomingCall, PickUp, Reaction, Refuse, Ring, StayMute
from simulators.milestone import CallOver, CallRefused, NotInTime, PhoneError
from simulators.outgoing_call import OutgoingCall
from simulators.phone_line import Account, Answer, Line, token
from simulators.phone_log import PhoneLog
from simulators.registration import Registration, RegistrationRefused
from simulators.rtp import Media
from simulators.sip_message import BadMessage, parameter
from simulators.sip_transaction import NoAnswer, ServerTransaction
from simulators.udp import Address

__all__ = [
    "Account",
    "CallOver",
    "CallRefused",
    "Hearing",
    "NoAnswer",
    "NotInTime",
    "Phone",
    "PhoneError",
    "PhoneLog",
    "PickUp",
    "Refuse",
    "RegistrationRefused",
    "Ring",
    "StayMute",
]

_FAREWELL_S = 2.0


class Phone:
    """One telephone. Without `tone_hz` it sends silence; `keep_sound=False` saves memory in crowds."""

    def __init__(self, account: Account, *, tone_hz: int | None = None, keep_sound: bool = True) -> None:
        self.account = account
        self.tone_hz = tone_hz
        self.on_call: Reaction = Ring()
        """What it does with a call that comes in; may be changed at any time."""
        self.answers_options = True
        """False: it lets the switch's probes go unanswered, and becomes unreachable."""
        self.calls: list[OutgoingCall | IncomingCall] = []
        """Every call it has had, in order."""
        self._keep_sound = keep_sound
        self._line: Line | None = None
        self._registration: Registration | None = None
        self._by_id: dict[str, OutgoingCall | IncomingCall] = {}
        self._rings: asyncio.Queue[IncomingCall] = asyncio.Queue()
        self._tasks: set[asyncio.Task[None]] = set()
        self._dead = False

    async def __aenter__(self) -> Self:
        self._line = Line(self.account, self._on_request)
        self._registration = Registration(self._line)
        return self

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        """Says goodbye to calls and registrar in at most two seconds, then is gone."""
        if not self._dead:
            try:
                async with asyncio.timeout(_FAREWELL_S):
                    await asyncio.gather(*(call.hang_up() for call in self._live()))
                    if self._the_registration.is_registered:
                        await self.unregister()
            except (TimeoutError, PhoneError, NoAnswer):
                pass  # the switch is gone, and with it the need for a farewell
        self.die()

    @property
    def address(self) -> Address:
        """Where this phone takes SIP, for a peer that calls it without a switch."""
        return self._the_line.address_of_socket

    @property
    def log(self) -> PhoneLog:
        """All SIP messages with their times: the witness for a system's records."""
        return self._the_line.log

    async def register(self, expires_s: int = 300) -> None:
        """Registers, and again at half the time it was granted, until `unregister`.

        RegistrationRefused with the status if the registrar says no.
        """
        await self._the_registration.register(expires_s)

    async def unregister(self) -> None:
        """Takes the registration back."""
        await self._the_registration.unregister()

    async def dial(self, number: str, headers: Mapping[str, str] | None = None) -> OutgoingCall:
        """Starts a call and returns at once; `headers` are added to the INVITE. NoAnswer when dead."""
        if self._dead:
            raise NoAnswer("the phone is dead")
        call = OutgoingCall(self._the_line, self._media(), number)
        self._remember(call)
        self._start(call.run(headers or {}))
        return call

    async def ringing(self, within_s: float = 10.0) -> IncomingCall:
        """The next call that rings here and has not been handed out yet; calls that are over
        already are left out. NotInTime after `within_s`."""
        try:
            async with asyncio.timeout(within_s):
                while True:
                    call = await self._rings.get()
                    if not call.over.reached:
                        return call
        except TimeoutError:
            who = self.account.extension or self.account.user
            raise NotInTime(
                f"phone {who} did not ring within {within_s:g} s. What it saw last:\n{self.log.tail()}"
            ) from None

    def die(self) -> None:
        """The phone loses its power: no BYE, no unregistration, closed sockets."""
        if self._dead:
            return
        self._dead = True
        for task in self._tasks:
            task.cancel()
        if self._registration is not None:
            self._registration.stop()
        for call in self._live():
            call.die()
        if self._line is not None:
            self._line.close()

    @property
    def _the_line(self) -> Line:
        if self._line is None:
            raise PhoneError("the phone has no power yet: use it in `async with Phone(…) as phone:`")
        return self._line

    @property
    def _the_registration(self) -> Registration:
        if self._registration is None:
            raise PhoneError("the phone has no power yet: use it in `async with Phone(…) as phone:`")
        return self._registration

    def _media(self) -> Media:
        return Media(self.account.host, self.tone_hz, keep_sound=self._keep_sound)

    def _live(self) -> list[OutgoingCall | IncomingCall]:
        return [call for call in self.calls if not call.over.reached]

    def _remember(self, call: OutgoingCall | IncomingCall) -> None:
        self.calls.append(call)
        self._by_id[call.id] = call

    def _start(self, work: Coroutine[Any, Any, None]) -> None:
        task = asyncio.get_running_loop().create_task(work)
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    def _on_request(self, server: ServerTransaction) -> None:
        request = server.request
        call = self._by_id.get(request.headers.need("Call-ID"))
        if call is not None and not (call.over.reached and request.method != "BYE"):
            call.on_request(server)
        elif request.method == "INVITE" and not parameter("tag", request.headers.need("To")):
            self._rung(server)
        elif request.method == "OPTIONS":
            if self.answers_options:
                self._the_line.reply(server, Answer(200, token()))
        elif request.method == "NOTIFY":
            self._the_line.reply(server, Answer(200, token()))
        else:
            self._the_line.reply(server, Answer(481, token()))

    def _rung(self, server: ServerTransaction) -> None:
        try:
            call = IncomingCall(self._the_line, self._media(), server)
        except BadMessage:
            self._the_line.reply(server, Answer(400, token()))
            return
        self._remember(call)
        self._start(call.react(self.on_call, self._rings))
