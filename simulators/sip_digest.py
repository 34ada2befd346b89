"""Digest authentication, the client's side (RFC 2617 and 7616; MD5 as SIP registrars ask for it)."""

import hashlib
import re
from dataclasses import dataclass

_PAIR = re.compile(r'(\w+)=(?:"((?:[^"\\]|\\.)*)"|([^",\s]+))')


class BadChallenge(Exception):
    """The registrar asks for something that this phone can't answer."""


@dataclass(frozen=True, slots=True)
class Challenge:
    realm: str
    nonce: str
    opaque: str
    qop_auth: bool
    algorithm: str


def read_challenge(value: str) -> Challenge:
    """The challenge in a WWW-Authenticate or Proxy-Authenticate value. BadChallenge if unanswerable."""
    scheme, _, rest = value.partition(" ")
    pairs = {match[1].lower(): match[2] or match[3] or "" for match in _PAIR.finditer(rest)}
    algorithm = pairs.get("algorithm", "MD5")
    if scheme.lower() != "digest" or algorithm.upper() not in ("MD5", "SHA-256"):
        raise BadChallenge(f"the registrar asks for {scheme} {algorithm}; this phone knows Digest MD5")
    qops = [qop.strip() for qop in pairs.get("qop", "").split(",")]
    return Challenge(
        realm=pairs.get("realm", ""),
        nonce=pairs.get("nonce", ""),
        opaque=pairs.get("opaque", ""),
        qop_auth="auth" in qops,
        algorithm=algorithm,
    )


@dataclass(frozen=True, slots=True)
class Credentials:
    user: str
    password: str

    def answer(self, challenge: Challenge, method: str, uri: str, cnonce: str) -> str:
        """The Authorization value for one request; `cnonce` is any fresh token."""

        def hashed(text: str) -> str:
            return _hash(challenge.algorithm, text)

        secret = hashed(f"{self.user}:{challenge.realm}:{self.password}")
        request = hashed(f"{method}:{uri}")
        parts = {
            "username": f'"{self.user}"',
            "realm": f'"{challenge.realm}"',
            "nonce": f'"{challenge.nonce}"',
            "uri": f'"{uri}"',
            "algorithm": challenge.algorithm,
        }
        if challenge.qop_auth:
            count = "00000001"
            proof = hashed(f"{secret}:{challenge.nonce}:{count}:{cnonce}:auth:{request}")
            parts |= {"qop": "auth", "nc": count, "cnonce": f'"{cnonce}"'}
        else:
            proof = hashed(f"{secret}:{challenge.nonce}:{request}")
        parts["response"] = f'"{proof}"'
        if challenge.opaque:
            parts["opaque"] = f'"{challenge.opaque}"'
        return "Digest " + ", ".join(f"{key}={value}" for key, value in parts.items())


def _hash(algorithm: str, text: str) -> str:
    name = "sha256" if algorithm.upper() == "SHA-256" else "md5"
    return hashlib.new(name, text.encode(), usedforsecurity=False).hexdigest()
