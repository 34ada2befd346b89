"""A phone's binding at its registrar (RFC 3261, section 10): made, renewed, taken back."""

import asyncio
from contextlib import suppress

from simulators.milestone import PhoneError
from simulators.phone_line import Line, token
from simulators.sip_message import CSeq, Headers, Request, Response, parameter
from simulators.sip_transaction import NoAnswer


class RegistrationRefused(PhoneError):
    """The registrar said no."""

    def __init__(self, user: str, status: int) -> None:
        super().__init__(f"REGISTER of {user} got {status}")
        self.status = status
        """The SIP status: 401 wrong password, 403 or 404 unknown account …"""


class Registration:
    """The binding of one line."""

    def __init__(self, line: Line) -> None:
        self._line = line
        self._call_id = token()
        self._number = 0
        self._renewal: asyncio.Task[None] | None = None

    @property
    def is_registered(self) -> bool:
        return self._renewal is not None

    async def register(self, expires_s: int) -> None:
        """Registers and keeps it up. RegistrationRefused, or NoAnswer after 32 s."""
        granted_s = await self._send(expires_s)
        self.stop()
        self._renewal = asyncio.get_running_loop().create_task(self._keep_up(granted_s))

    async def unregister(self) -> None:
        """Takes the binding back. RegistrationRefused, or NoAnswer after 32 s."""
        self.stop()
        await self._send(0)

    def stop(self) -> None:
        """No more renewals; the registrar is told nothing."""
        if self._renewal is not None:
            self._renewal.cancel()
            self._renewal = None

    async def _keep_up(self, granted_s: int) -> None:
        wanted_s = granted_s
        while True:
            await asyncio.sleep(max(granted_s / 2, 1))
            with suppress(NoAnswer, RegistrationRefused):  # next time, like any phone
                granted_s = await self._send(wanted_s)

    async def _send(self, expires_s: int) -> int:
        account = self._line.account
        self._number += 1
        host, port = account.server
        headers = Headers([("Via", self._line.via()), ("Max-Forwards", "70")])
        headers.add("From", self._line.address(account.user, token()))
        headers.add("To", self._line.address(account.user))
        headers.add("Call-ID", self._call_id)
        headers.add("CSeq", f"{self._number} REGISTER")
        headers.add("Contact", f"{self._line.contact};expires={expires_s}")
        headers.add("Expires", str(expires_s))
        headers.add("User-Agent", "Rexian phone")
        request = Request("REGISTER", f"sip:{host}:{port}", headers)
        client = await self._line.ask(request, account.server)
        self._number = CSeq.of(client.request).number
        response = client.answer.result()
        if response.status >= 300:
            raise RegistrationRefused(account.user, response.status)
        return self._granted(response, expires_s)

    def _granted(self, response: Response, asked_s: int) -> int:
        for contact in response.headers.all("Contact"):
            expires = parameter("expires", contact)
            if self._line.contact in contact and expires.isdecimal():
                return int(expires)
        return asked_s
