"""Key pairs of turboSMTP's API v2, with their permissions."""

from __future__ import annotations

import hmac
import json
import secrets
import string
from dataclasses import dataclass

from starlette.requests import Request

from turbodesk.sandbox.state import CONSUMER_KEY, CONSUMER_SECRET, INACTIVE_USER, USER, State
from turbodesk.sandbox.tokens import hashed

SEND_SMTP, SEND_API, APIS = "SEND_SMTP", "SEND_API", "APIS"
PERMISSIONS = (SEND_SMTP, SEND_API, APIS)

# Key pairs that cannot do everything. Like those that can, they guard nothing.
SEND_ONLY_KEY = "5a11d05e2d0217e117e2d0123456789b"
SEND_ONLY_SECRET = "Sandb0xS3cretF0rSending0nlyHere2"  # noqa: S105
ELSEWHERE_KEY = "5a11d0e15e3e2ebad1d2e55123456789"
ELSEWHERE_SECRET = "Sandb0xS3cretF0rAn0therAddress03"  # noqa: S105
INACTIVE_KEY = "5a11d01ac71e0acc0117f2ee01234567"
INACTIVE_SECRET = "Sandb0xS3cretF0rNobodyAnyMore004"  # noqa: S105

_SECRET_LENGTH = 32
_LETTERS = string.ascii_letters + string.digits
_SEEDED_AT = 1_718_000_000.0


@dataclass(frozen=True, slots=True)
class KeyPair:
    """A consumer key, with the hash of its secret. `created`: epoch seconds; `ips` empty: from everywhere."""

    key: str
    secret_hash: str
    label: str
    created: float
    ips: tuple[str, ...] = ()
    permissions: tuple[str, ...] = PERMISSIONS
    account: str = USER
    is_legacy: bool = False

    @property
    def active(self) -> bool:
        return self.account != INACTIVE_USER

    def allows(self, permission: str, request: Request) -> bool:
        """Whether it may be used for that, by whoever makes this request."""
        host = request.client.host if request.client else ""
        return permission in self.permissions and (not self.ips or host in self.ips)


_SEEDED = (
    KeyPair(CONSUMER_KEY, hashed(CONSUMER_SECRET), "Everything", _SEEDED_AT),
    KeyPair(
        SEND_ONLY_KEY,
        hashed(SEND_ONLY_SECRET),
        "Web shop, sends only",
        _SEEDED_AT + 86_400,
        permissions=(SEND_SMTP, SEND_API),
        is_legacy=True,
    ),
    KeyPair(
        ELSEWHERE_KEY,
        hashed(ELSEWHERE_SECRET),
        "The server in Milan",
        _SEEDED_AT + 172_800,
        ips=("203.0.113.25", "203.0.113.26"),
    ),
    KeyPair(INACTIVE_KEY, hashed(INACTIVE_SECRET), "Unused", _SEEDED_AT, account=INACTIVE_USER),
)


def given_pair(request: Request) -> tuple[str, str] | None:
    """Key and secret of a request; None where it does not bring both."""
    key, secret = request.headers.get("consumerkey"), request.headers.get("consumersecret")
    return (key, secret) if key and secret else None


class KeyRing:
    """The key pairs there are; of their secrets only hashes are kept.

    A pair of the table outranks a seeded one of the same key; without a secret it stands for a deleted one.
    """

    def __init__(self, state: State) -> None:
        self._state = state

    def pair(self, given: tuple[str, str]) -> KeyPair | None:
        """The key pair that somebody shows; None where there is none like it."""
        key, secret = given
        found = self._all().get(key)
        if found is None or not hmac.compare_digest(found.secret_hash, hashed(secret)):
            return None
        return found

    def pairs(self) -> list[KeyPair]:
        """Those of the account, oldest first."""
        own = [pair for pair in self._all().values() if pair.account == USER and pair.secret_hash]
        return sorted(own, key=lambda pair: pair.created)

    def _all(self) -> dict[str, KeyPair]:
        rows = self._state.connection.execute(
            "SELECT key, secret, label, created, ips, permissions FROM consumer_key"
        )
        made = (
            KeyPair(key, secret, label, created, tuple(json.loads(ips)), tuple(json.loads(permissions)))
            for key, secret, label, created, ips, permissions in rows
        )
        return {pair.key: pair for pair in (*_SEEDED, *made)}

    def create(self, label: str, ips: tuple[str, ...], permissions: tuple[str, ...]) -> tuple[str, str]:
        """A new key and its secret, which nobody can be told again."""
        key = secrets.token_hex(16)
        secret = "".join(secrets.choice(_LETTERS) for _ in range(_SECRET_LENGTH))
        self._write(KeyPair(key, hashed(secret), label, self._state.now(), ips, permissions))
        return key, secret

    def delete(self, key: str) -> bool:
        """False where the account has no such key."""
        pair = next((pair for pair in self.pairs() if pair.key == key), None)
        if pair is not None:
            self._write(KeyPair(key, "", pair.label, pair.created))
        return pair is not None

    def _write(self, pair: KeyPair) -> None:
        with self._state.writing() as db:
            db.execute(
                "INSERT OR REPLACE INTO consumer_key VALUES (?, ?, ?, ?, ?, ?)",
                (pair.key, pair.secret_hash, pair.label, pair.created, json.dumps(pair.ips),
                 json.dumps(pair.permissions)),
            )  # fmt: skip
