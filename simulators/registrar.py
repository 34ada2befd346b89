"""A registrar that knows one account: for tests of phones that need no whole switch."""

from simulators.phone_line import Account, Answer, Line
from simulators.sip_digest import Credentials, read_challenge
from simulators.sip_message import Request
from simulators.sip_transaction import ServerTransaction
from simulators.udp import Address

_CHALLENGE = 'Digest realm="test", nonce="n-1", algorithm=MD5, qop="auth"'


class Registrar:
    """Challenges whatever comes, and grants `user` a binding if it knows `password`."""

    def __init__(self, user: str, password: str) -> None:
        self.bindings: list[str] = []
        """The Contact of every REGISTER that was granted, in order."""
        self._credentials = Credentials(user, password)
        self._line = Line(Account(server=("127.0.0.1", 9), user="registrar"), self._on_request)

    @property
    def address(self) -> Address:
        return self._line.address_of_socket

    def close(self) -> None:
        self._line.close()

    def _on_request(self, server: ServerTransaction) -> None:
        request = server.request
        given = request.headers.get("Authorization")
        if not given or _word("response", given) != self._expected(request, given):
            self._line.reply(server, Answer(401, "r", extra=[("WWW-Authenticate", _CHALLENGE)]))
            return
        contact = request.headers.need("Contact")
        self.bindings.append(contact)
        self._line.reply(server, Answer(200, "r", extra=[("Contact", contact)]))

    def _expected(self, request: Request, given: str) -> str:
        challenge, cnonce = read_challenge(_CHALLENGE), _word("cnonce", given)
        return _word("response", self._credentials.answer(challenge, request.method, request.uri, cnonce))


def _word(name: str, value: str) -> str:
    return value.partition(f'{name}="')[2].partition('"')[0]
