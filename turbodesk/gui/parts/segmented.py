"""A row of segments of which one is chosen, with muted counts inside; arrows move."""

from __future__ import annotations

from collections.abc import Sequence

from PySide6.QtCore import QLocale, QRectF, QSize, Qt, Signal
from PySide6.QtGui import QFontMetricsF, QKeyEvent, QPainter, QPaintEvent, QResizeEvent, QShowEvent
from PySide6.QtWidgets import QAbstractButton, QButtonGroup, QHBoxLayout, QMenu, QSizePolicy, QWidget

from turbodesk.gui import theme
from turbodesk.gui.parts.button import Button
from turbodesk.gui.parts.drawing import frame
from turbodesk.gui.parts.label import paint_runs, plain_tip

_ARROWS = {Qt.Key.Key_Left: -1, Qt.Key.Key_Up: -1, Qt.Key.Key_Right: 1, Qt.Key.Key_Down: 1}


class Segment(QAbstractButton):
    """One choice of a Segmented: a word and perhaps how many."""

    def __init__(self, key: str, text: str, small: bool, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.key, self._small, self._count = key, small, ""
        self.setText(text)
        self.setAccessibleName(text)
        self.setCheckable(True)
        self.setAttribute(Qt.WidgetAttribute.WA_Hover)
        self.setSizePolicy(QSizePolicy.Policy.Preferred, QSizePolicy.Policy.Fixed)

    def set_count(self, count: int | None) -> None:
        """Shows how many there are, or no number."""
        self._count = "" if count is None else QLocale().toString(count)
        self.setAccessibleName(f"{self.text()} {self._count}".strip())
        self.updateGeometry()
        self.update()

    def _roles(self, chosen: bool) -> tuple[str, str]:
        if self._small:
            return "small-strong" if chosen else "small-medium", "small-medium"
        return "strong" if chosen else "medium", "medium"

    def _wide(self, chosen: bool) -> float:
        word, count = self._roles(chosen)
        wide = QFontMetricsF(theme.font(word)).horizontalAdvance(self.text())
        if self._count:
            wide += theme.px(6) + QFontMetricsF(theme.font(count, True)).horizontalAdvance(self._count)
        return wide

    def sizeHint(self) -> QSize:
        edge = theme.px(9 if self._small else 11)
        return QSize(int(self._wide(True) + 0.999) + 2 * edge + 2, theme.px(22 if self._small else 26))

    def minimumSizeHint(self) -> QSize:
        return self.sizeHint()

    def keyPressEvent(self, event: QKeyEvent) -> None:
        """Leaves the arrows to the tray, which chooses as it moves."""
        if Qt.Key(event.key()) in _ARROWS:
            event.ignore()
        else:
            super().keyPressEvent(event)

    def paintEvent(self, event: QPaintEvent) -> None:
        painter = QPainter(self)
        if not self.isEnabled():
            painter.setOpacity(0.5)
        chosen = self.isChecked()
        if chosen:
            line = "field-border" if theme.now().dark else "button-border"
            frame(
                painter,
                QRectF(self.rect()),
                theme.px(5),
                fill=theme.colour("raised"),
                line=theme.colour(line),
            )
        warm = self.underMouse() and self.isEnabled()
        word, count = self._roles(chosen)
        left = (self.width() - self._wide(chosen)) / 2
        room = QRectF(left, 0, self.width() - left, self.height())
        none = Qt.TextElideMode.ElideNone
        left = paint_runs(
            painter, room, [(self.text(), "text" if chosen or warm else "muted", word)], elide=none
        )
        if self._count:
            room.setLeft(left + theme.px(6))
            paint_runs(painter, room, [(self._count, "muted", count)], elide=none, tabular=True)


class Segmented(QWidget):
    """A tray of segments; `chosen` tells the key when another one is taken."""

    chosen = Signal(str)

    def __init__(
        self,
        items: Sequence[tuple[str, str]],
        *,
        small: bool = False,
        name: str = "",
        parent: QWidget | None = None,
    ) -> None:
        super().__init__(parent)
        self.setAccessibleName(name)
        self._small = small
        self._group = QButtonGroup(self)
        self._group.setExclusive(True)
        self._segments: dict[str, Segment] = {}
        self._shown = {key: True for key, _ in items}
        self._fits = 0
        row = QHBoxLayout(self)
        row.setContentsMargins(theme.px(2), 0, theme.px(2), 0)
        row.setSpacing(0)
        for key, text in items:
            segment = Segment(key, text, small)
            self._group.addButton(segment)
            self._segments[key] = segment
            row.addWidget(segment)
        self._fold = Button(size="small" if small else "normal", name=name)
        self._fold.add_menu_mark()
        self._fold.setVisible(False)
        self._fold.clicked.connect(self._open_list)
        row.addWidget(self._fold, 0, Qt.AlignmentFlag.AlignLeft)
        self._key = items[0][0]
        self._segments[self._key].setChecked(True)
        self._keep_one_tab_stop()
        self._group.buttonClicked.connect(self._on_clicked)
        self.setSizePolicy(QSizePolicy.Policy.Maximum, QSizePolicy.Policy.Fixed)

    @property
    def key(self) -> str:
        """The key of the chosen segment."""
        return self._key

    def choose(self, key: str) -> None:
        """Chooses a segment without telling."""
        self._key = key
        self._segments[key].setChecked(True)
        self._keep_one_tab_stop()
        self._fit()

    def set_count(self, key: str, count: int | None) -> None:
        """Shows how many there are behind a segment, or no number."""
        self._segments[key].set_count(count)
        self._changed()

    def set_shown(self, key: str, shown: bool) -> None:
        """Shows a segment, or leaves it out."""
        self._shown[key] = shown
        self._changed()

    def set_enabled(self, key: str, enabled: bool, reason: str = "") -> None:
        """Greys a segment out, with a sentence that says why."""
        self._segments[key].setEnabled(enabled)
        self._segments[key].setToolTip("" if enabled else plain_tip(reason))

    def segment(self, key: str) -> Segment:
        """The button of a segment."""
        return self._segments[key]

    def _keep_one_tab_stop(self) -> None:
        for key, segment in self._segments.items():
            segment.setFocusPolicy(
                Qt.FocusPolicy.StrongFocus if key == self._key else Qt.FocusPolicy.ClickFocus
            )

    def _on_clicked(self, button: QAbstractButton) -> None:
        if isinstance(button, Segment) and button.key != self._key:
            self._take(button.key)

    def _take(self, key: str) -> None:
        self.choose(key)
        self.chosen.emit(key)

    def keyPressEvent(self, event: QKeyEvent) -> None:
        by = _ARROWS.get(Qt.Key(event.key()))
        if by is None:
            super().keyPressEvent(event)
        else:
            self._move(by)

    def _move(self, by: int) -> None:
        able = [
            segment for segment in self._segments.values() if segment.isEnabled() and self._shown[segment.key]
        ]
        if not able:
            return
        here = next((i for i, segment in enumerate(able) if segment.key == self._key), 0)
        there = able[(here + by) % len(able)]
        there.click()
        there.setFocus(Qt.FocusReason.TabFocusReason)

    @property
    def folded(self) -> bool:
        """Whether there is so little room that only the chosen one is shown, with a list behind it."""
        return not self._fold.isHidden()

    def _wide(self) -> int:
        wide = sum(segment.sizeHint().width() for key, segment in self._segments.items() if self._shown[key])
        return wide + 2 * theme.px(2)

    def _changed(self) -> None:
        self.updateGeometry()
        self._fit()

    def _fit(self) -> None:
        """Folds or unfolds. Showing a part may resize us at once: then the inner call knows better."""
        self._fits += 1
        turn = self._fits
        folded = self.isVisible() and self.width() < self._wide()
        self._fold.setText(self._segments[self._key].accessibleName())
        self._fold.setAccessibleName(f"{self.accessibleName()}: {self._fold.text()}")
        self._fold.updateGeometry()
        self._fold.setVisible(folded)
        for key, segment in self._segments.items():
            if turn == self._fits:
                segment.setVisible(self._shown[key] and not folded)

    def _open_list(self) -> None:
        menu = QMenu(self)
        for key, segment in self._segments.items():
            if self._shown[key]:
                action = menu.addAction(segment.accessibleName().replace("&", "&&"))
                action.setEnabled(segment.isEnabled())
                action.triggered.connect(lambda _on=False, key=key: self._take(key))
        menu.aboutToHide.connect(menu.deleteLater)
        menu.popup(self.mapToGlobal(self.rect().bottomLeft()))

    def resizeEvent(self, event: QResizeEvent) -> None:
        super().resizeEvent(event)
        self._fit()

    def showEvent(self, event: QShowEvent) -> None:
        super().showEvent(event)
        self._fit()

    def sizeHint(self) -> QSize:
        return QSize(self._wide(), theme.px(26 if self._small else 30))

    def minimumSizeHint(self) -> QSize:
        widest = max(
            (s.sizeHint().width() for key, s in self._segments.items() if self._shown[key]), default=0
        )
        return QSize(min(self._wide(), widest + theme.px(6 + 14 + 8 + 4)), self.sizeHint().height())

    def paintEvent(self, event: QPaintEvent) -> None:
        if not self.folded:
            frame(QPainter(self), QRectF(self.rect()), theme.px(7), fill=theme.colour("neutral-tint"))
