"""Signs what is sent, as Standard Webhooks 1.0 has it, so that receivers verify it by libraries that exist.

Source: https://github.com/standard-webhooks/standard-webhooks/blob/main/spec/standard-webhooks.md
"""

import base64
import binascii
import hashlib
import hmac
from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Final

from schemas.errors import Permanent

_PREFIX: Final = "whsec_"


class SecretMissing(Permanent):
    """What an address's alerts are to be signed with is not there, or cannot be used."""


def secrets_of(name: str, environment: Mapping[str, str]) -> tuple[bytes, ...]:
    """Return the secrets that a variable holds, separated by spaces; two while one replaces the other.

    Raises SecretMissing, naming the variable and never what it holds.
    """
    words = environment.get(name, "").split()
    if not words:
        raise SecretMissing(
            f"{name} is not set: it holds what webhooks are signed with, {_PREFIX} and base64 of 24 random bytes or "
            f"more, such as `echo {_PREFIX}$(openssl rand -base64 32)` prints"
        )
    return tuple(_secret(name, word) for word in words)


def _secret(name: str, word: str) -> bytes:
    try:
        secret = base64.b64decode(word.removeprefix(_PREFIX), validate=True)
    except binascii.Error as error:
        raise SecretMissing(f"{name} is not {_PREFIX} and base64: {error}") from error
    if len(secret) < _LEAST_BYTES:
        raise SecretMissing(f"{name} holds {len(secret)} bytes; at least {_LEAST_BYTES} cannot be guessed")
    return secret


_LEAST_BYTES: Final = 24
"""The least that Standard Webhooks recommends."""


def signed_headers(
    secrets: Sequence[bytes], *, delivery_id: str, now: datetime, body: bytes
) -> dict[str, str]:
    """Return the headers of one attempt; a receiver accepts it by any of the signatures, within minutes of `now`."""
    seconds = str(int(now.timestamp()))
    content = b".".join([delivery_id.encode(), seconds.encode(), body])
    return {
        "webhook-id": delivery_id,
        "webhook-timestamp": seconds,
        "webhook-signature": " ".join(f"v1,{_signature(secret, content)}" for secret in secrets),
    }


def _signature(secret: bytes, content: bytes) -> str:
    return base64.b64encode(hmac.digest(secret, content, hashlib.sha256)).decode()
