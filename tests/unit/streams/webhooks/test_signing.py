"""Signatures as Standard Webhooks 1.0 has them."""

import base64
from datetime import UTC, datetime

import pytest

from streams.webhooks.signing import SecretMissing, secrets_of, signed_headers

SECRET = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw"
AT = datetime.fromtimestamp(1614265330, UTC)


def test_the_published_example_is_signed_as_published() -> None:
    """The example that the libraries of Standard Webhooks are tested with (github.com/standard-webhooks)."""
    headers = signed_headers(
        secrets_of("S", {"S": SECRET}),
        delivery_id="msg_p5jXN8AQM9LWM0D4loKWxJek",
        now=AT,
        body=b'{"test": 2432232314}',
    )
    assert headers == {
        "webhook-id": "msg_p5jXN8AQM9LWM0D4loKWxJek",
        "webhook-timestamp": "1614265330",
        "webhook-signature": "v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE=",
    }


def test_while_a_secret_is_replaced_both_sign() -> None:
    """A receiver that has only one of the two accepts it."""
    other = "whsec_" + base64.b64encode(b"x" * 32).decode()
    headers = signed_headers(secrets_of("S", {"S": f"{other} {SECRET}"}), delivery_id="d", now=AT, body=b"{}")
    assert len(headers["webhook-signature"].split()) == 2


@pytest.mark.parametrize("value", ["", "   ", "whsec_!", "whsec_c2hvcnQ="])
def test_a_secret_that_is_none_is_refused_and_never_shown(value: str) -> None:
    """The message names the variable; what it holds may be a secret with a slip of the pen."""
    with pytest.raises(SecretMissing, match="PAGERS") as refused:
        secrets_of("PAGERS", {"PAGERS": value})
    assert not value.strip() or value not in str(refused.value)
