"""The attachments as tiles: what kind, which name, how large, and a way to take one off."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path

from PySide6.QtCore import QLocale, QRectF, QSize, Qt, Signal
from PySide6.QtGui import QFontMetricsF, QKeyEvent, QMouseEvent, QPainter, QPaintEvent, QResizeEvent
from PySide6.QtWidgets import QAbstractButton, QSizePolicy, QVBoxLayout, QWidget

from turbodesk.gui import theme
from turbodesk.gui.parts.card import scrolled
from turbodesk.gui.parts.drawing import frame
from turbodesk.gui.parts.flow import FlowLayout
from turbodesk.gui.parts.label import paint_runs, plain_tip
from turbodesk.model.message import Attachment
from turbodesk.services.attached import Attached

HIGH, GAP = 40, 8
WIDEST = 230
MOST_LINES = 2
PICTURES = frozenset({".png", ".jpg", ".jpeg", ".gif", ".webp", ".bmp", ".svg", ".tif", ".tiff", ".heic"})


@dataclass(slots=True)
class Piece:
    """One attachment of the draft; `attachment` is None until it was read, `problem` says what is wrong.

    `was` is the file as it was attached, `changed` says how it is another one by now. `shown_as` is what
    the HTML calls it as a picture of its own, empty where it does not name it.
    """

    path: Path
    attachment: Attachment | None = None
    problem: str = ""
    shown_as: str = ""
    was: Attached | None = None
    changed: str = ""

    @property
    def tone(self) -> str:
        """`danger` where it cannot be sent, `warning` where it is not what was attached, else empty."""
        return "danger" if self.problem else "warning" if self.changed else ""


def size_words(size_bytes: int) -> str:
    """A size for people: 512 B, 42 KB, 1.80 MB."""
    if size_bytes < 1_000:
        return f"{size_bytes} B"
    if size_bytes < 1_000_000:
        return f"{round(size_bytes / 1_000)} KB"
    return f"{QLocale().toString(size_bytes / 1_000_000, 'f', 2)} MB"


class Tile(QAbstractButton):
    """One attachment. Del takes it off; Enter attaches one that changed again."""

    remove_asked = Signal()
    accept_asked = Signal()

    def __init__(self, piece: Piece, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.piece = piece
        self.setProperty("ring_radius", 6)
        self.setAttribute(Qt.WidgetAttribute.WA_Hover)
        self.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        self.setSizePolicy(QSizePolicy.Policy.Fixed, QSizePolicy.Policy.Fixed)
        self.show_piece()

    def show_piece(self) -> None:
        """Shows what is now known of the attachment."""
        self.setAccessibleName(f"Attachment {self.piece.path.name}, {self._below()}")
        self.setToolTip(plain_tip(f"{self.piece.path}\n{self.piece.problem or self.piece.changed}".strip()))
        self.setAccessibleDescription(self.piece.problem or self.piece.changed)
        self.updateGeometry()
        self.update()

    def sizeHint(self) -> QSize:
        name = QFontMetricsF(theme.font("small-strong")).horizontalAdvance(self.piece.path.name)
        below = QFontMetricsF(theme.font("small", True)).horizontalAdvance(self._below())
        fixed = theme.px(8 + 26 + 8 + 8 + 14 + 10) + 2
        return QSize(min(int(max(name, below) + 0.999) + fixed, theme.px(WIDEST)), theme.px(HIGH))

    def keyPressEvent(self, event: QKeyEvent) -> None:
        if event.key() in (Qt.Key.Key_Delete, Qt.Key.Key_Backspace):
            self.remove_asked.emit()
        elif self.piece.changed and event.key() in (Qt.Key.Key_Return, Qt.Key.Key_Enter):
            self.accept_asked.emit()
        else:
            super().keyPressEvent(event)

    def mouseReleaseEvent(self, event: QMouseEvent) -> None:
        if self._close_room().adjusted(-5, 0, 8, 0).contains(event.position()):
            self.remove_asked.emit()
        else:
            super().mouseReleaseEvent(event)

    def paintEvent(self, event: QPaintEvent) -> None:
        painter = QPainter(self)
        tone = self.piece.tone
        line = theme.colour(tone or "button-border")
        fill = theme.colour(f"{tone}-tint" if tone else "hover" if self.underMouse() else "surface")
        frame(painter, QRectF(self.rect()), theme.px(6), fill=fill, line=line, dashed=bool(tone))
        side = theme.px(26)
        box = QRectF(theme.px(8) + 1, (self.height() - side) / 2, side, side)
        frame(painter, box, theme.px(4), fill=theme.colour(f"{tone or 'neutral'}-tint"))
        picture = bool(self.piece.shown_as) or self.piece.path.suffix.lower() in PICTURES
        icon = "warning" if tone else "image" if picture else "file"
        theme.paint_icon(painter, box, icon, tone or "muted")
        left = box.right() + theme.px(8)
        wide, line_high = self._close_room().left() - theme.px(8) - left, theme.px(16)
        top = self.height() / 2 - line_high
        name = [(self.piece.path.name, "text", "small-strong")]
        above = QRectF(left, top, wide, line_high)
        paint_runs(painter, above, name, elide=Qt.TextElideMode.ElideMiddle)
        below = QRectF(left, top + line_high, wide, line_high)
        paint_runs(painter, below, [(self._below(), tone or "muted", "small")], tabular=True)
        close_tone = "text" if self.underMouse() else "muted"
        theme.paint_icon(painter, self._close_room(), "close", close_tone, 14)

    def _below(self) -> str:
        if self.piece.problem:
            return "cannot be sent"
        found = self.piece.attachment
        size = "reading …" if found is None else size_words(found.size_bytes)
        if self.piece.changed and self.piece.was is not None and found is not None:
            before = size_words(self.piece.was.size_bytes)
            return f"{size}, was {before}" if before != size else f"{size}, changed"
        return f"{size}, shown as cid:{self.piece.shown_as}" if self.piece.shown_as else size

    def _close_room(self) -> QRectF:
        side = theme.px(14)
        return QRectF(self.width() - 1 - theme.px(10) - side, 0, side, self.height())


class AddTile(QAbstractButton):
    """The dashed tile that asks for more."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setText("Add, drop or paste")
        self.setAccessibleName("Add an attachment")
        self.setAccessibleDescription("Ctrl Shift A")
        self.setToolTip(plain_tip("Add an attachment (Ctrl Shift A)"))
        self.setProperty("ring_radius", 6)
        self.setAttribute(Qt.WidgetAttribute.WA_Hover)
        self.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        self.setSizePolicy(QSizePolicy.Policy.Fixed, QSizePolicy.Policy.Fixed)

    def sizeHint(self) -> QSize:
        words = QFontMetricsF(theme.font()).horizontalAdvance(self.text())
        return QSize(int(words + 0.999) + theme.px(12 + 16 + 8 + 12) + 2, theme.px(HIGH))

    def paintEvent(self, event: QPaintEvent) -> None:
        painter = QPainter(self)
        fill = theme.colour("hover") if self.underMouse() else None
        frame(
            painter,
            QRectF(self.rect()),
            theme.px(6),
            fill=fill,
            line=theme.colour("field-border"),
            dashed=True,
        )
        left = 1 + theme.px(12)
        side = theme.px(16)
        theme.paint_icon(painter, QRectF(left, 0, side, self.height()), "paperclip", "muted")
        words = QRectF(left + side + theme.px(8), 0, self.width(), self.height())
        paint_runs(painter, words, [(self.text(), "muted", "body")])


class AttachmentTiles(QWidget):
    """All attachments of a draft, and the tile that adds one. At most two lines are seen at once."""

    changed = Signal()  # one more, or one less
    measured = Signal()  # something is known now
    add_asked = Signal()
    accept_asked = Signal(object)  # the piece that changed, and shall be attached as it is now

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.tiles: list[Tile] = []
        self.add_tile = AddTile()
        self.add_tile.clicked.connect(self.add_asked)
        self._inner = QWidget()
        self._flow = FlowLayout(GAP)
        self._flow.addWidget(self.add_tile)
        self._flow.setContentsMargins(0, 0, 0, 0)
        self._inner.setLayout(self._flow)
        whole = QVBoxLayout(self)
        whole.setContentsMargins(0, 0, 0, 0)
        whole.addWidget(scrolled(self._inner))
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Fixed)
        self._fit()

    @property
    def pieces(self) -> list[Piece]:
        """The attachments in order."""
        return [tile.piece for tile in self.tiles]

    def add(self, path: Path, was: Attached | None = None) -> Piece | None:
        """Shows one more; None where that file is there already."""
        if any(tile.piece.path == path for tile in self.tiles):
            return None
        tile = Tile(Piece(path, was=was))
        tile.remove_asked.connect(lambda: self._on_remove_asked(tile))
        tile.accept_asked.connect(lambda: self.accept_asked.emit(tile.piece))
        self._flow.insert_widget(len(self.tiles), tile)
        self.tiles.append(tile)
        tile.show()
        self._fit()
        self.changed.emit()
        return tile.piece

    def show_piece(self, piece: Piece) -> None:
        """Shows what is now known of one."""
        for tile in self.tiles:
            if tile.piece is piece:
                tile.show_piece()
        self._fit()
        self.measured.emit()

    def show_names(self, names: Sequence[str]) -> None:
        """Shows of each attachment, in order, what the HTML calls it; an empty name where it does not."""
        changed = False
        for tile, name in zip(self.tiles, names, strict=True):
            if tile.piece.shown_as != name:
                tile.piece.shown_as = name
                tile.show_piece()
                changed = True
        if changed:
            self._fit()

    def remove(self, piece: Piece) -> None:
        """Takes one off; nothing happens where it is gone already."""
        for tile in [tile for tile in self.tiles if tile.piece is piece]:
            self.tiles.remove(tile)
            self._flow.removeWidget(tile)
            tile.hide()
            tile.deleteLater()
        self._fit()
        self.changed.emit()

    def clear(self) -> None:
        """Takes all of them off."""
        for piece in self.pieces:
            self.remove(piece)

    def focus(self) -> None:
        """Puts the focus onto the first that is wrong, else where one is added."""
        wrong: Iterable[QWidget] = (tile for tile in self.tiles if tile.piece.tone)
        next(iter(wrong), self.add_tile).setFocus(Qt.FocusReason.ShortcutFocusReason)

    def resizeEvent(self, event: QResizeEvent) -> None:
        super().resizeEvent(event)
        self._fit()

    def _on_remove_asked(self, tile: Tile) -> None:
        place = self.tiles.index(tile)
        self.remove(tile.piece)
        near = self.tiles[min(place, len(self.tiles) - 1)] if self.tiles else self.add_tile
        near.setFocus(Qt.FocusReason.OtherFocusReason)

    def _fit(self) -> None:
        """As high as its lines, two at most; below that it scrolls."""
        self._flow.invalidate()
        needed = self._flow.heightForWidth(max(theme.px(200), self.width()))
        most = MOST_LINES * theme.px(HIGH) + (MOST_LINES - 1) * theme.px(GAP)
        self.setFixedHeight(min(needed, most) if needed else theme.px(HIGH))
