"""The letter as it stands in its fields: read as a draft, kept as plain values, filled in again, emptied."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from turbodesk.gui.attachments_bar import AttachmentsBar
from turbodesk.gui.envelope import Envelope
from turbodesk.gui.letter_body import HTML, TEXT, LetterBody
from turbodesk.services import attached
from turbodesk.services.compose import Draft

CHIP_FIELDS = ("to", "cc", "bcc", "reply-to")


class LetterFields:
    """Envelope, body and attachments of one letter, together."""

    def __init__(self, envelope: Envelope, body: LetterBody, attachments: AttachmentsBar) -> None:
        self._envelope, self._body, self._attachments = envelope, body, attachments

    @property
    def is_empty(self) -> bool:
        """Whether nothing is written that could be lost; the sender alone does not count."""
        envelope, body = self._envelope, self._body
        chips = any(chips.texts() or chips.typed() for chips in envelope.chips.values())
        texts = not body.html.document().isEmpty() or not body.text.document().isEmpty()
        rest = bool(body.headers.headers()) or bool(body.options.count) or body.rows.is_chosen
        return not (chips or texts or rest or envelope.subject.text() or self._attachments.paths)

    def whole(self) -> Draft:
        """What is written, addresses still being typed made chips first."""
        for chips in self._envelope.chips.values():
            chips.commit()
        return self.draft()

    def draft(self) -> Draft:
        """What is written, as it stands in the fields."""
        envelope, body, options = self._envelope, self._body, self._body.options
        addresses = {field: "\n".join(chips.texts()) for field, chips in envelope.chips.items()}
        return Draft(
            sender=envelope.sender.text(),
            to=addresses["to"],
            cc=addresses["cc"],
            bcc=addresses["bcc"],
            reply_to=addresses["reply-to"],
            subject=envelope.subject.text(),
            text=body.text.text(),
            html=body.html.text(),
            headers=body.headers.headers(),
            attachments=self._attachments.paths,
            attached={it.path: it for it in self._attachments.attached},
            groups=options.groups,
            track_opens=options.track_opens,
            track_clicks=options.track_clicks,
            fields=options.pairs(),
        )

    def values(self) -> dict[str, Any]:
        """Everything that is written, as plain values for a file."""
        envelope, body, options = self._envelope, self._body, self._body.options
        return {
            "from": envelope.sender.text(),
            **{field: [*chips.texts(), chips.typed()] for field, chips in envelope.chips.items()},
            "subject": envelope.subject.text(),
            "html": body.html.text(),
            "text": body.text.text(),
            "headers": [list(pair) for pair in body.headers.headers()],
            "attachments": [it.plain() for it in self._attachments.attached],
            "groups": options.groups,
            "track_opens": options.chosen_opens,
            "track_clicks": options.chosen_clicks,
            "fields": [list(pair) for pair in options.pairs()],
            "rows": body.rows.values(),
        }

    def fill(self, letter: Mapping[str, Any]) -> None:
        """Puts back what `values` gave; what is not as it was written is left out."""
        envelope, body = self._envelope, self._body
        envelope.sender.setText(as_text(letter.get("from")))
        for field in CHIP_FIELDS:
            envelope.set_texts(field, as_texts(letter.get(field)))
        envelope.subject.setText(as_text(letter.get("subject")))
        body.html.set_text(as_text(letter.get("html")))
        body.text.set_text(as_text(letter.get("text")))
        body.headers.set_headers(_pairs(letter.get("headers")))
        opens, clicks = letter.get("track_opens"), letter.get("track_clicks")
        body.options.fill(
            as_text(letter.get("groups")),
            opens if isinstance(opens, bool) else None,
            clicks if isinstance(clicks, bool) else None,
            _pairs(letter.get("fields")),
        )
        body.rows.fill(letter.get("rows"))
        body.turn(TEXT if letter.get("text") and not letter.get("html") else HTML)
        self._attachments.tiles.clear()
        files = letter.get("attachments")
        found = map(attached.read, files if isinstance(files, list) else [])
        self._attachments.restore(it for it in found if it is not None)

    def empty(self) -> None:
        """Takes everything out; the sender stays."""
        for field in CHIP_FIELDS:
            self._envelope.set_texts(field, [])
        self._envelope.subject.clear()
        self._body.empty()
        self._attachments.tiles.clear()


def as_text(value: object) -> str:
    """A text that was kept, empty where it is none."""
    return value if isinstance(value, str) else ""


def as_texts(value: object) -> list[str]:
    """The texts of a list that was kept, empty ones left out."""
    return [text for text in value if isinstance(text, str) and text] if isinstance(value, list) else []


def _pairs(value: object) -> list[tuple[str, str]]:
    rows = value if isinstance(value, list) else []
    return [(as_text(row[0]), as_text(row[1])) for row in rows if isinstance(row, list) and len(row) == 2]
