"""The floor: a script that does nothing but call a phone again when its leg has gone.

    python -m benchmarks._idle_script        one line of JSON on stdin says where and whom; ends with stdin

One blocking socket, two byte searches, one write: no queue, no record, no recording, no menu, nobody
waiting. Nothing that decides anything can be faster than this.
"""

import json
import select
import socket
import sys
from typing import Any

_END = b"\r\n\r\n"


def _originate(endpoint: str, context: str, serial: int) -> bytes:
    return (
        f"Action: Originate\r\nActionID: {serial}\r\nChannel: PJSIP/{endpoint}\r\n"
        f"ChannelId: bare-{serial}\r\nContext: {context}\r\nExten: s\r\nPriority: 1\r\n"
        f"CallerID: <{serial:011}>\r\nTimeout: 15000\r\nAsync: true\r\n\r\n"
    ).encode()


def _run(told: dict[str, Any]) -> None:
    ami = socket.create_connection((told["host"], told["port"]))
    ami.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
    ami.sendall(f"Action: Login\r\nUsername: {told['user']}\r\nSecret: {told['secret']}\r\n\r\n".encode())
    serial = 0
    for endpoint in told["endpoints"]:
        serial += 1
        ami.sendall(_originate(endpoint, told["context"], serial))
    rest = b""
    while True:
        readable, _, _ = select.select([ami, sys.stdin], [], [])
        if sys.stdin in readable:
            return  # whoever started us has had enough
        rest += ami.recv(65536)
        *messages, rest = rest.split(_END)
        for message in messages:
            if message.startswith(b"Event: Hangup\r\n"):
                endpoint = message.partition(b"\r\nChannel: PJSIP/")[2].partition(b"\r\n")[0]
                serial += 1
                ami.sendall(_originate(endpoint.rpartition(b"-")[0].decode(), told["context"], serial))


if __name__ == "__main__":
    _run(json.loads(sys.stdin.readline()))
