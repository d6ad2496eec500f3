"""The pane at the right that tells all about one row, and the splitter it stands in."""

from __future__ import annotations

from PySide6.QtCore import QEvent, QObject, QRect, Qt
from PySide6.QtGui import QKeyEvent, QResizeEvent
from PySide6.QtWidgets import QLayout, QSplitter, QVBoxLayout, QWidget

from turbodesk.gui import theme
from turbodesk.gui.parts.card import Ground, Rule, clear_layout, scrolled
from turbodesk.gui.parts.label import Label

NARROW, OVERLAY = 1100, 860  # below these widths of the tab the pane is slim, or lies over the list
SLIM = 336


class DetailPane(Ground):
    """A sunken pane that scrolls; blocks follow each other with 16-px edges."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__("sunken", parent=parent)
        inner = QWidget()
        outer = QVBoxLayout(inner)
        edge = theme.px(16)
        outer.setContentsMargins(edge, edge, edge, edge)
        self.body = QVBoxLayout()
        self.body.setSpacing(theme.px(10))
        outer.addLayout(self.body)
        outer.addStretch(1)
        self.box.addWidget(scrolled(inner))

    def add(self, item: QWidget | QLayout, gap: int = 0) -> None:
        """Puts a block below what is there, `gap` px of the drawings further down than usual."""
        if gap:
            self.body.addSpacing(theme.px(gap))
        if isinstance(item, QLayout):
            self.body.addLayout(item)
        else:
            self.body.addWidget(item)

    def section(self, title: str) -> None:
        """Begins a section with a small muted title."""
        self.body.addSpacing(theme.px(6))
        self.body.addWidget(Label(title, "small-strong", "muted"))

    def clear(self) -> None:
        """Takes everything out."""
        clear_layout(self.body)


class DetailSplit(QWidget):
    """A list and the detail of its current row, side by side; where it is narrow the detail lies over it."""

    def __init__(
        self, main: QWidget, detail: QWidget, *, width: int = 400, parent: QWidget | None = None
    ) -> None:
        super().__init__(parent)
        self.main, self.detail = main, detail
        self._width, self._open, self._over = width, True, False
        self._splitter = QSplitter(Qt.Orientation.Horizontal, self)
        self._splitter.setChildrenCollapsible(False)
        self._splitter.setHandleWidth(1)
        self._splitter.addWidget(main)
        self._splitter.addWidget(detail)
        self._splitter.setStretchFactor(0, 1)
        self._splitter.setStretchFactor(1, 0)
        self._edge = Rule(upright=True, parent=detail)
        self._edge.hide()
        self._drawn: int | None = None
        self._splitter.splitterMoved.connect(self._on_moved)
        detail.installEventFilter(self)

    @property
    def overlaid(self) -> bool:
        """Whether there is so little room that the detail lies over the list."""
        return self._over

    @property
    def detail_open(self) -> bool:
        """Whether the detail is to be seen."""
        return self._open

    def open_detail(self) -> None:
        """Shows the detail."""
        self._open = True
        self._arrange()

    def close_detail(self) -> None:
        """Hides the detail and gives its room to the list."""
        self._open = False
        self._arrange()
        self.main.setFocus()

    def _on_moved(self, position: int, _index: int) -> None:
        self._drawn = self.width() - position

    def resizeEvent(self, event: QResizeEvent) -> None:
        self._splitter.setGeometry(self.rect())
        self._arrange()

    def _arrange(self) -> None:
        over = self.width() < theme.px(OVERLAY)
        if over != self._over:
            self._over = over
            if over:
                self.detail.setParent(self)
                self._open = False
            else:
                self._splitter.addWidget(self.detail)
                self._open = True
            self._edge.setVisible(over)
        self.detail.setVisible(self._open)
        if not self._open:
            return
        wide = theme.px(self._width if self.width() >= theme.px(NARROW) else SLIM)
        if over:
            wide = min(wide, self.width())
            self.detail.setGeometry(QRect(self.width() - wide, 0, wide, self.height()))
            self._edge.setGeometry(0, 0, 1, self.height())
            self._edge.raise_()
            self.detail.raise_()
        else:
            wide = self._drawn or wide
            self._splitter.setSizes([self.width() - wide - 1, wide])

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        pressed = isinstance(event, QKeyEvent) and event.type() == QEvent.Type.KeyPress
        if pressed and event.key() == Qt.Key.Key_Escape and self._over and self._open:
            self.close_detail()
            return True
        return False
