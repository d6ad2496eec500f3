"""Says at From whether the provider lets this account write from there; it warns and never stops."""

from __future__ import annotations

from collections.abc import Callable

from turbodesk.gui.envelope import Envelope
from turbodesk.gui.work import Work
from turbodesk.model.account import Domain
from turbodesk.providers.port import Capability
from turbodesk.services.desk import Desk
from turbodesk.services.senders import may_write_from, sender_domain


class SenderHint:
    """The provider's list of domains, read once for each account, beside what is written in From."""

    def __init__(self, envelope: Envelope, work: Work, open_account: Callable[[], object]) -> None:
        self._envelope, self._work, self._open_account = envelope, work, open_account
        self._desk: Desk | None = None
        self._domains: tuple[Domain, ...] | None = None

    def set_desk(self, desk: Desk | None) -> None:
        """Takes another account, and reads its domains where it has such a list."""
        self._desk, self._domains = desk, None
        self.look()
        if desk is not None and desk.has(Capability.DOMAINS):
            self._work.start(self._read(desk), fail=lambda _error: True, name="domains")

    def look(self) -> None:
        """Says what is known of the sender as it is written now."""
        domain = sender_domain(self._envelope.sender.text())
        if self._domains is None or self._desk is None or not domain:
            self._envelope.note_sender()
        elif may_write_from(domain, self._domains):
            self._envelope.note_sender(known="domain verified")
        else:
            title = self._desk.provider.title
            sentence = f"{domain} is not verified at {title}, which may refuse mail from there."
            self._envelope.note_sender(sentence, "See Account", self._open_account)

    async def _read(self, desk: Desk) -> None:
        domains = await desk.provider.domains()
        if desk is self._desk:
            self._domains = domains
            self.look()
