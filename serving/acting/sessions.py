"""Sessions: a name in a signed cookie, which holds as long as the key holds by which it was given; pure.

The cookie is `name.issued.nonce.key.signature`, each but the last two in base64 or digits. `key` is a sum of the key of
the door for events: who changes that key ends every session, and the page can say so.
"""

import base64
import hashlib
import hmac
import re
from datetime import UTC, datetime, timedelta
from typing import Final

import msgspec

from serving.foundation.errors import KeyTakenAway, NameRefused, SignInNeeded, TokenMissing, WrongKey

COOKIE: Final = "ticketyard_session"
_LONGEST_NAME: Final = 100
_UNSEEN: Final = re.compile(r"[\x00-\x1f\x7f-\x9f\u2028-\u202e\u2066-\u2069]")
"""Control characters, and those that turn the direction of what follows: a name stands in other people's pages."""


class Session(msgspec.Struct, frozen=True, kw_only=True):
    """Who acts: their name, since when, and what makes this session another than their next."""

    name: str
    issued_at: datetime
    nonce: str


class Sessions:
    """Gives and reads sessions; `secret` signs them, `key` is that of the door for events (empty asks for none)."""

    def __init__(self, secret: bytes, key: str, *, length: timedelta) -> None:
        self._secret = secret
        self._key = key
        self._length = length

    @property
    def wants_key(self) -> bool:
        """Whether who signs in must give a key."""
        return bool(self._key)

    @property
    def home(self) -> str:
        """A name of the home that this server serves: what a browser keeps for one home is not sent to another."""
        return self._sign("home", "")[:16]

    def begin(self, name: str, key: str, nonce: str, now: datetime) -> Session:
        """Return a new session. Raises NameRefused or WrongKey."""
        shown = " ".join(name.split())
        if not shown or len(shown) > _LONGEST_NAME or _UNSEEN.search(shown):
            raise NameRefused(f"a name has 1 to {_LONGEST_NAME} characters, all of which can be seen")
        if self._key and not hmac.compare_digest(key.encode(), self._key.encode()):
            raise WrongKey(
                "this is not the key of TICKETYARD_INTAKE_KEY; ask whoever runs this server for it"
            )
        return Session(name=shown, issued_at=now, nonce=nonce)

    def written(self, session: Session) -> str:
        """Return the cookie's value."""
        name = base64.urlsafe_b64encode(session.name.encode()).decode().rstrip("=")
        told = f"{name}.{int(session.issued_at.timestamp())}.{session.nonce}.{self._mark()}"
        return f"{told}.{self._sign('session', told)}"

    def read(self, cookie: str | None, now: datetime) -> Session:
        """Return the session of a cookie. Raises SignInNeeded, or KeyTakenAway where it was given by another key."""
        told, _, signature = (cookie or "").rpartition(".")
        if not told or not hmac.compare_digest(signature.encode(), self._sign("session", told).encode()):
            raise SignInNeeded("sign in first: what is written into the log has a name")
        name, issued, nonce, mark = told.split(".")
        if mark != self._mark():
            raise KeyTakenAway("the key by which you signed in no longer holds; sign in with the present one")
        issued_at = datetime.fromtimestamp(int(issued), UTC)
        if now - issued_at >= self._length:
            raise SignInNeeded(
                f"you signed in more than {self._length / timedelta(hours=1):g} hours ago; sign in again"
            )
        padded = name + "=" * (-len(name) % 4)
        return Session(name=base64.urlsafe_b64decode(padded).decode(), issued_at=issued_at, nonce=nonce)

    def token(self, session: Session) -> str:
        """Return what each write of a session must carry: another site can neither read nor guess it."""
        return self._sign("token", f"{session.nonce}.{session.name}")

    def require_token(self, session: Session, given: str) -> None:
        """Raise TokenMissing where a write does not carry the session's token."""
        if not hmac.compare_digest(given.encode(), self.token(session).encode()):
            raise TokenMissing("the request lacks this session's token in x-csrf-token; load the page again")

    def _mark(self) -> str:
        return self._sign("key", self._key)[:12]

    def _sign(self, what: str, told: str) -> str:
        return hmac.new(self._secret, f"{what}:{told}".encode(), hashlib.sha256).hexdigest()
