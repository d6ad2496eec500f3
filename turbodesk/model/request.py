"""Spelled: what a send says on the wire, secrets replaced by their names."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Spelled:
    """The exact request of one send: nothing of it has left, and no secret is in it.

    Over HTTP `method` and `url` begin it, `headers` are in the order of the wire, `body` is whole. By SMTP
    `method` is `SMTP`, `url` is `smtp://host:port` or `smtps://…`, `commands` are what is said before the
    letter, `body` is the mail, `sender` and `recipients` its envelope. Where a secret goes there stands its
    name in angle brackets.
    """

    method: str
    url: str
    headers: tuple[tuple[str, str], ...] = ()
    body: bytes = b""
    commands: tuple[str, ...] = ()
    sender: str = ""
    recipients: tuple[str, ...] = ()

    @property
    def by_smtp(self) -> bool:
        """Whether it is a conversation with a relay."""
        return self.method == "SMTP"
