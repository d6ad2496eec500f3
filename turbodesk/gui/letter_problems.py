"""What is wrong with a letter, said at its fields, the focus where the first is mended."""

from __future__ import annotations

from collections.abc import Mapping

from PySide6.QtCore import QTimer
from PySide6.QtWidgets import QScrollArea

from turbodesk.gui.attachments_bar import AttachmentsBar
from turbodesk.gui.envelope import Envelope
from turbodesk.gui.letter_body import HEADERS, HTML, OPTIONS, LetterBody
from turbodesk.gui.letter_options import OPTION_FIELDS


class LetterProblems:
    """The places of one letter where sentences of an InvalidDraft belong. `room` is what the envelope
    scrolls in."""

    def __init__(
        self, envelope: Envelope, body: LetterBody, attachments: AttachmentsBar, room: QScrollArea
    ) -> None:
        self._envelope, self._body, self._attachments, self._room = envelope, body, attachments, room

    def clear(self) -> None:
        """Takes away what was said last."""
        self._envelope.clear_problems()
        self._body.clear_problem()
        self._body.headers.message.clear()
        self._body.options.clear_problems()
        self._attachments.message.clear()

    def show(self, problems: Mapping[str, str]) -> None:
        """Says each at its field, and puts the focus where the first is mended."""
        self.clear()
        for field, sentence in problems.items():
            if field in self._envelope.rows:
                self._envelope.show_problem(field, sentence)
            elif field == "attachments":
                self._attachments.show_problem(sentence)
            elif field == "headers":
                self._body.headers.message.say(sentence)
            elif field in OPTION_FIELDS:
                self._body.options.show_problem(field, sentence)
            else:
                self._body.show_problem(sentence)
        self._focus(next(iter(problems)))

    def _focus(self, field: str) -> None:
        if field in self._envelope.rows:
            self._envelope.focus(field)
            row = self._envelope.rows[field]
            QTimer.singleShot(
                0, row, lambda: self._room.ensureWidgetVisible(row)
            )  # once it has its new height
        elif field == "attachments":
            self._attachments.tiles.focus()
        elif field in OPTION_FIELDS:
            self._body.turn(OPTIONS)
            self._body.options.focus(field)
        else:
            if field == "headers" or self._body.part == HEADERS:
                self._body.turn(HEADERS if field == "headers" else HTML)
            self._body.focus()
