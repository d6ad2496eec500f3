"""By which way a letter leaves: over the provider's API, or by SMTP through its relay."""

from __future__ import annotations

from PySide6.QtWidgets import QWidget

from turbodesk.gui.letter_options import FIELDS, GROUPS, TRACKING, Offered
from turbodesk.gui.parts.segmented import Segmented
from turbodesk.providers.port import Capability, Provider
from turbodesk.services.desk import API, SMTP, Desk

_FIELD_OF = {
    Capability.GROUPS: GROUPS,
    Capability.CHOOSE_TRACKING: TRACKING,
    Capability.FIELDS: FIELDS,
}


class WayChoice(Segmented):
    """`API | SMTP`, shown where the account has both."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__([(API, "API"), (SMTP, "SMTP")], name="Send by", parent=parent)
        self._desk: Desk | None = None
        self.setVisible(False)

    def set_desk(self, desk: Desk | None, wanted: str = API) -> None:
        """Offers the ways of another account; `wanted` is chosen where it has that."""
        self._desk = desk
        both = desk is not None and desk.relay is not None
        self.setVisible(both)
        why = desk.why_not(Capability.SEND) if desk is not None else ""
        self.set_enabled(API, not why, why)
        self.choose(SMTP if both and (why or wanted == SMTP) else API)

    @property
    def sender(self) -> Provider | None:
        """What sends by the chosen way, None while no account is open."""
        return self._desk.sender(self.key) if self._desk is not None else None

    @property
    def why_not(self) -> str:
        """Why nothing can be sent by the chosen way, empty where it can."""
        return self.sender.why_not(Capability.SEND) if self.sender is not None else "Open an account first."

    @property
    def offered(self) -> Offered:
        """The options that the chosen way has a field for."""
        if self.sender is None or self._desk is None:
            return Offered()
        fields = frozenset(_FIELD_OF[it] for it in self.sender.offers if it in _FIELD_OF)
        profile = self._desk.profile
        return Offered(self.sender.title, fields, profile.track_opens, profile.track_clicks)

    @property
    def cannot_show_pictures(self) -> str:
        """Why pictures inside the letter cannot go this way, empty where they can."""
        return self.sender.why_not(Capability.INLINE_IMAGES) if self.sender is not None else ""
