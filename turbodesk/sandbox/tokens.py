"""Sign-ins of turboSMTP's two APIs: tokens, good for a while of the sandbox's clock or for ever."""

from __future__ import annotations

import hashlib
import secrets

from turbodesk.sandbox.state import State


def hashed(secret: str) -> str:
    """What is kept of a secret."""
    return hashlib.sha256(secret.encode()).hexdigest()


class Tokens:
    """The tokens of one API, named by `api`, of `size_bytes` in hex digits; none is good for another API."""

    def __init__(self, state: State, api: str, *, life_s: float, size_bytes: int) -> None:
        self._state = state
        self._api = api
        self._life_s = life_s
        self._size_bytes = size_bytes

    def issue(self, *, forever: bool) -> str:
        """A new token."""
        token = secrets.token_hex(self._size_bytes)
        now = self._state.now()
        with self._state.writing() as db:
            db.execute("DELETE FROM token WHERE expires <= ?", (now,))
            expires = None if forever else now + self._life_s
            db.execute("INSERT INTO token VALUES (?, ?)", (self._hash(token), expires))
        return token

    def is_good(self, token: str) -> bool:
        sql = "SELECT 1 FROM token WHERE hash = ? AND (expires IS NULL OR expires > ?)"
        found = self._state.connection.execute(sql, (self._hash(token), self._state.now())).fetchone()
        return found is not None

    def revoke(self, token: str) -> bool:
        """False where there is no such token any more."""
        was_good = self.is_good(token)
        with self._state.writing() as db:
            db.execute("DELETE FROM token WHERE hash = ?", (self._hash(token),))
        return was_good

    def _hash(self, token: str) -> str:
        return hashed(f"{self._api}{token}")
