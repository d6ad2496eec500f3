"""Words on a pane: plain text always, elided where there is no room, wrapped at the look's line height."""

from __future__ import annotations

from collections.abc import Sequence

from PySide6.QtCore import QEvent, QPointF, QRectF, QSize, Qt
from PySide6.QtGui import (
    QFontMetricsF,
    QKeyEvent,
    QPainter,
    QPaintEvent,
    QTextLayout,
    QTextOption,
)
from PySide6.QtWidgets import QLabel, QPushButton, QSizePolicy, QToolTip, QWidget

from turbodesk.gui import theme

Run = tuple[str, str, str]  # text, tone (a token), role

ELIDE = {
    "none": Qt.TextElideMode.ElideNone,
    "right": Qt.TextElideMode.ElideRight,
    "middle": Qt.TextElideMode.ElideMiddle,
    "left": Qt.TextElideMode.ElideLeft,
}


class Label(QLabel):
    """Words in one role and tone, or in runs of several. Whatever they hold, they are never markup."""

    def __init__(
        self,
        text: str = "",
        role: str = "body",
        tone: str = "text",
        *,
        wrap: bool = False,
        elide: str = "none",
        tabular: bool = False,
        parent: QWidget | None = None,
    ) -> None:
        super().__init__(parent)
        self.setTextFormat(Qt.TextFormat.PlainText)
        self._role, self._tone, self._tabular = role, tone, tabular
        self._wrap, self._elide = wrap, ELIDE[elide]
        self._runs: list[Run] = []
        self._heights: dict[tuple[theme.Theme, int], int] = {}  # a layout asks many times for the same
        horizontal = QSizePolicy.Policy.Preferred if elide == "none" else QSizePolicy.Policy.Expanding
        policy = QSizePolicy(horizontal, QSizePolicy.Policy.Preferred if wrap else QSizePolicy.Policy.Fixed)
        policy.setHeightForWidth(wrap)
        self.setSizePolicy(policy)
        self.setText(text)

    def setText(self, text: str) -> None:
        """Shows a text in the label's own role and tone."""
        self._show([(text, self._tone, self._role)] if text else [])

    def set_runs(self, runs: Sequence[Run]) -> None:
        """Shows several runs of words in one line or paragraph, each (text, tone, role)."""
        self._show([run for run in runs if run[0]])

    def set_tone(self, tone: str) -> None:
        """Writes the words in another colour."""
        self._tone = tone
        self._show([(text, tone, role) for text, _, role in self._runs])

    def _show(self, runs: list[Run]) -> None:
        if not self._wrap:
            runs = [(" ".join(text.splitlines()), tone, role) for text, tone, role in runs]
        if runs == self._runs:
            return
        self._runs = runs
        self._heights.clear()
        super().setText("".join(text for text, _, _ in runs))
        self.updateGeometry()
        self.update()

    def _natural_width(self) -> float:
        return sum(self._metrics(role).horizontalAdvance(text) for text, _, role in self._runs)

    def _metrics(self, role: str) -> QFontMetricsF:
        return QFontMetricsF(theme.font(role, self._tabular))

    def _line_height(self) -> int:
        roles = [role for _, _, role in self._runs] or [self._role]
        return max(theme.now().line(role) for role in roles)

    def _layout(self, width: float) -> tuple[QTextLayout, float]:
        layout = QTextLayout("".join(text for text, _, _ in self._runs).replace("\n", "\u2028"))
        role = self._runs[0][2] if len(self._runs) == 1 else self._role
        layout.setFont(theme.font(role, self._tabular))
        option = QTextOption(self.alignment() & Qt.AlignmentFlag.AlignHorizontal_Mask)
        option.setWrapMode(QTextOption.WrapMode.WrapAtWordBoundaryOrAnywhere)
        layout.setTextOption(option)
        if len(self._runs) > 1:
            layout.setFormats(self._formats())
        height, step = 0.0, self._line_height()
        layout.beginLayout()
        while (line := layout.createLine()).isValid():
            line.setLineWidth(width)
            line.setPosition(QPointF(0, height + (step - line.height()) / 2))
            height += step
        layout.endLayout()
        return layout, height

    def _formats(self) -> list[QTextLayout.FormatRange]:
        from PySide6.QtGui import QTextCharFormat  # 150 names of enums come with it, and few words need them

        ranges, start = [], 0
        for text, tone, role in self._runs:
            span = QTextLayout.FormatRange()
            span.start, span.length = start, len(text.encode("utf-16-le")) // 2
            form = QTextCharFormat()
            form.setFont(theme.font(role, self._tabular))
            form.setForeground(theme.colour(tone))
            span.format = form
            ranges.append(span)
            start += span.length
        return ranges

    def hasHeightForWidth(self) -> bool:
        return self._wrap

    def heightForWidth(self, width: int) -> int:
        margins = self.contentsMargins()
        if not self._wrap:
            return -1
        inner = max(1, width - margins.left() - margins.right())
        known = (theme.now(), inner)
        if known not in self._heights:
            self._heights[known] = round(self._layout(inner)[1])
        return self._heights[known] + margins.top() + margins.bottom()

    def sizeHint(self) -> QSize:
        margins = self.contentsMargins()
        wide = int(self._natural_width() + 0.999)
        if self._wrap:
            wide = min(wide, theme.px(420))
            return QSize(wide + margins.left() + margins.right(), self.heightForWidth(max(1, wide)))
        high = self._line_height() + margins.top() + margins.bottom()
        return QSize(wide + margins.left() + margins.right(), high)

    def minimumSizeHint(self) -> QSize:
        hint = self.sizeHint()
        if self._wrap:
            return QSize(min(hint.width(), theme.px(80)), self._line_height())
        if self._elide != Qt.TextElideMode.ElideNone:
            return QSize(min(hint.width(), theme.px(24)), hint.height())
        return hint

    def event(self, event: QEvent) -> bool:
        if event.type() == QEvent.Type.ToolTip and not self.toolTip():
            self._tell_whole(event)
            return True
        return super().event(event)

    def _tell_whole(self, event: QEvent) -> None:
        if not self._wrap and self._natural_width() > self.contentsRect().width() + 1:
            QToolTip.showText(event.globalPos(), plain_tip(self.text()), self)

    def paintEvent(self, event: QPaintEvent) -> None:
        painter = QPainter(self)
        if not self.isEnabled():
            painter.setOpacity(0.6)
        if self._wrap and self._runs:
            painter.setPen(theme.colour(self._runs[0][1]))
            self._layout(self.contentsRect().width())[0].draw(painter, QPointF(self.contentsRect().topLeft()))
        elif self._runs:
            self._paint_line(painter, QRectF(self.contentsRect()))

    def _paint_line(self, painter: QPainter, room: QRectF) -> None:
        wide = self._natural_width()
        left = room.left()
        if wide < room.width():
            if self.alignment() & Qt.AlignmentFlag.AlignRight:
                left = room.right() - wide
            elif self.alignment() & Qt.AlignmentFlag.AlignHCenter:
                left = room.left() + (room.width() - wide) / 2
        paint_runs(
            painter,
            QRectF(left, room.top(), room.right() - left, room.height()),
            self._runs,
            elide=self._elide,
            tabular=self._tabular,
        )


def paint_runs(
    painter: QPainter,
    room: QRectF,
    runs: Sequence[Run],
    *,
    elide: Qt.TextElideMode = Qt.TextElideMode.ElideRight,
    tabular: bool = False,
) -> float:
    """Paints runs of words on one line, centred on the height of `room`; gives back where they end."""
    left = room.left()
    for text, tone, role in runs:
        font = theme.font(role, tabular)
        metrics = QFontMetricsF(font)
        wide = metrics.horizontalAdvance(text)
        if left + wide > room.right() + 0.5 and elide != Qt.TextElideMode.ElideNone:
            text = metrics.elidedText(text, elide, max(0.0, room.right() - left))
            wide = metrics.horizontalAdvance(text)
        painter.setFont(font)
        painter.setPen(theme.colour(tone))
        base = room.top() + (room.height() + metrics.ascent() - metrics.descent()) / 2
        painter.drawText(QPointF(left, base), text)
        left += wide
        if left >= room.right() and elide != Qt.TextElideMode.ElideNone:
            break
    return left


def plain_tip(text: str) -> str:
    """A text as a tooltip that is never taken for markup."""
    escaped = text.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;").replace("\n", "<br>")
    return f"<qt>{escaped}</qt>"


class Link(QPushButton):
    """Words that do something, in the accent's ink, without a button's frame."""

    def __init__(self, text: str, role: str = "medium", *, parent: QWidget | None = None) -> None:
        super().__init__(text, parent)
        self._role = role
        self.setCursor(Qt.CursorShape.PointingHandCursor)
        self.setAttribute(Qt.WidgetAttribute.WA_Hover)
        self.setAutoDefault(False)
        self.setSizePolicy(QSizePolicy.Policy.Fixed, QSizePolicy.Policy.Fixed)

    def keyPressEvent(self, event: QKeyEvent) -> None:
        """Enter follows the link that has the focus, as Space does."""
        if event.key() in (Qt.Key.Key_Return, Qt.Key.Key_Enter):
            self.click()
        else:
            super().keyPressEvent(event)

    def sizeHint(self) -> QSize:
        wide = QFontMetricsF(theme.font(self._role)).horizontalAdvance(self.text())
        return QSize(int(wide + 0.999), theme.now().line(self._role))

    def minimumSizeHint(self) -> QSize:
        return self.sizeHint()

    def paintEvent(self, event: QPaintEvent) -> None:
        painter = QPainter(self)
        if not self.isEnabled():
            painter.setOpacity(0.6)
        tone = "accent-ink" if self.isEnabled() else "muted"
        end = paint_runs(
            painter, QRectF(self.rect()), [(self.text(), tone, self._role)], elide=Qt.TextElideMode.ElideRight
        )
        if self.underMouse() and self.isEnabled():
            base = round(self.height() / 2 + QFontMetricsF(theme.font(self._role)).ascent() / 2 + 1)
            painter.setPen(theme.colour("accent-ink"))
            painter.drawLine(0, base, round(end), base)
