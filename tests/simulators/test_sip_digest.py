"""Digest answers against the examples that the RFCs print."""

import pytest

from simulators.sip_digest import BadChallenge, Credentials, read_challenge


def test_the_example_of_rfc_2617_comes_out() -> None:
    challenge = read_challenge(
        'Digest realm="testrealm@host.com", qop="auth,auth-int", '
        'nonce="dcd98b7102dd2f0e8b11d0f600bfb0c093", opaque="5ccc069c403ebaf9f0171e9517f40e41"'
    )

    answer = Credentials("Mufasa", "Circle Of Life").answer(challenge, "GET", "/dir/index.html", "0a4f113b")

    assert 'response="6629fae49393a05397450978507c4ef1"' in answer
    assert 'opaque="5ccc069c403ebaf9f0171e9517f40e41"' in answer


def test_the_sha_256_example_of_rfc_7616_comes_out() -> None:
    challenge = read_challenge(
        'Digest realm="http-auth@example.org", qop="auth", algorithm=SHA-256, '
        'nonce="7ypf/xlj9XXwfDPEoM4URrv/xwf94BcCAzFZH4GiTo0v"'
    )

    answer = Credentials("Mufasa", "Circle of Life").answer(
        challenge, "GET", "/dir/index.html", "f2/wE4q74E6zIJEtWaHKaf5wv/H5QzzpXusqGemxURZJ"
    )

    assert 'response="753927fa0e85d155564e2e272a28d1802ca10daf4496794697cf8db5856cb6c1"' in answer


def test_an_old_registrar_without_qop_is_answered_without_counting() -> None:
    challenge = read_challenge('Digest realm="r", nonce="n"')

    answer = Credentials("u", "p").answer(challenge, "REGISTER", "sip:h", "c")

    assert "nc=" not in answer
    assert "cnonce=" not in answer


@pytest.mark.parametrize("value", ["Basic realm=x", 'Digest realm="r", nonce="n", algorithm=SM3'])
def test_an_unknown_scheme_is_named(value: str) -> None:
    with pytest.raises(BadChallenge, match=r"this phone knows Digest MD5"):
        read_challenge(value)
