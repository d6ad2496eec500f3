"""A layout that puts things side by side and begins a new line where the room ends."""

from __future__ import annotations

from PySide6.QtCore import QPoint, QRect, QSize, Qt
from PySide6.QtWidgets import QLayout, QLayoutItem, QSizePolicy, QWidget

from turbodesk.gui import theme


class FlowLayout(QLayout):
    """Lines of items, each line as high as its highest. The last item may fill the rest of its line."""

    def __init__(self, gap: int = 8, *, fill_last: int | None = None, parent: QWidget | None = None) -> None:
        """`fill_last`: the last item takes what is left of its line, where that is at least so many px.

        With 0 it never begins a line of its own.
        """
        super().__init__(parent)
        self._gap, self._fill_last = theme.px(gap), fill_last and theme.px(fill_last)
        self._items: list[QLayoutItem] = []
        self.setContentsMargins(0, 0, 0, 0)

    def set_fill_last(self, least: int) -> None:
        """Lets the last item take what is left of its line, where that is at least so many px."""
        self._fill_last = least and theme.px(least)
        self.invalidate()

    def addItem(self, item: QLayoutItem) -> None:
        self._items.append(item)

    def insert_widget(self, index: int, widget: QWidget) -> None:
        """Puts a widget before the item at `index`."""
        self.addWidget(widget)
        self._items.insert(index, self._items.pop())

    def count(self) -> int:
        return len(self._items)

    def itemAt(self, index: int) -> QLayoutItem | None:
        return self._items[index] if 0 <= index < len(self._items) else None

    def takeAt(self, index: int) -> QLayoutItem | None:
        return self._items.pop(index) if 0 <= index < len(self._items) else None

    def expandingDirections(self) -> Qt.Orientation:
        return Qt.Orientation(0)

    def hasHeightForWidth(self) -> bool:
        return True

    def heightForWidth(self, width: int) -> int:
        return self._arrange(QRect(0, 0, width, 0), move=False)

    def setGeometry(self, room: QRect) -> None:
        super().setGeometry(room)
        self._arrange(room, move=True)

    def sizeHint(self) -> QSize:
        margins = self.contentsMargins()
        hints = [item.sizeHint() for item in self._items if not item.isEmpty()]
        wide = sum(hint.width() for hint in hints) + self._gap * max(0, len(hints) - 1)
        high = max((hint.height() for hint in hints), default=0)
        return QSize(wide + margins.left() + margins.right(), high + margins.top() + margins.bottom())

    def minimumSize(self) -> QSize:
        margins = self.contentsMargins()
        wide = max((item.minimumSize().width() for item in self._items if not item.isEmpty()), default=0)
        high = max((item.minimumSize().height() for item in self._items if not item.isEmpty()), default=0)
        return QSize(wide + margins.left() + margins.right(), high + margins.top() + margins.bottom())

    def _arrange(self, room: QRect, *, move: bool) -> int:
        margins = self.contentsMargins()
        inside = room.marginsRemoved(margins)
        left, top = inside.left(), inside.top()
        line: list[tuple[QLayoutItem, int, QSize]] = []
        shown = [item for item in self._items if not item.isEmpty()]
        for item in shown:
            size = item.sizeHint()
            size.setWidth(min(size.width(), inside.width()))
            fills = self._fill_last is not None and item is shown[-1]
            needed = self._fill_last if fills else size.width()
            if line and needed and left + needed > inside.right() + 1:
                top += self._end_line(line, top, move) + self._gap
                left, line = inside.left(), []
            if fills:
                size.setWidth(max(needed, inside.right() + 1 - left, 0))
            line.append((item, left, size))
            left += size.width() + self._gap
        high = self._end_line(line, top, move)
        return top + high - room.top() + margins.bottom()

    @staticmethod
    def _end_line(line: list[tuple[QLayoutItem, int, QSize]], top: int, move: bool) -> int:
        high = max((size.height() for _, _, size in line), default=0)
        if move:
            for item, left, size in line:
                item.setGeometry(QRect(QPoint(left, top + (high - size.height()) // 2), size))
        return high


def flowing(*widgets: QWidget, gap: int = 8) -> QWidget:
    """Widgets side by side that begin a new line where the room ends: a row of buttons in a narrow pane."""
    holder = QWidget()
    flow = FlowLayout(gap, parent=holder)
    for widget in widgets:
        flow.addWidget(widget)
    policy = QSizePolicy(QSizePolicy.Policy.Preferred, QSizePolicy.Policy.Minimum)
    policy.setHeightForWidth(True)
    holder.setSizePolicy(policy)
    return holder
