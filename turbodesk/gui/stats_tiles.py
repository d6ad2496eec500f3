"""The seven tiles of Stats: a number with its fraction each, at once legend and switch of the chart."""

from __future__ import annotations

from PySide6.QtCore import QEvent, QLocale, QPointF, QRectF, QSize, Qt, Signal
from PySide6.QtGui import QColor, QFontMetricsF, QPainter, QPaintEvent, QPen, QPolygonF
from PySide6.QtWidgets import QAbstractButton, QHBoxLayout, QSizePolicy, QWidget

from turbodesk.gui import theme, words
from turbodesk.gui.parts.drawing import frame
from turbodesk.gui.parts.label import paint_runs, plain_tip
from turbodesk.model.counts import Counts, Rate

COLUMNS, LINE, DIAMONDS = "columns", "line", "diamonds"

# series: (word, form, dashes in px at a 2-px line)
FORMS: dict[str, tuple[str, str, tuple[float, float] | None]] = {
    "sent": ("Sent", COLUMNS, None),
    "delivered": ("Delivered", LINE, None),
    "opened": ("Opened", LINE, (7, 3)),
    "clicked": ("Clicked", LINE, (2, 3)),
    "bounced": ("Bounced", COLUMNS, None),
    "complained": ("Complained", DIAMONDS, None),
    "unsubscribed": ("Unsubscribed", LINE, (7, 3)),
}
RARE = frozenset({"complained", "unsubscribed"})  # rates that live far below one per cent
SAMPLE_WIDTH, SAMPLE_HEIGHT = 16, 10


def line_pen(series: str, width: float) -> QPen:
    """The pen of a line series, in the colour of the theme in force."""
    pen = QPen(theme.colour(f"chart-{series}"), width)
    pen.setCosmetic(True)
    pen.setCapStyle(Qt.PenCapStyle.FlatCap)
    pen.setJoinStyle(Qt.PenJoinStyle.RoundJoin)
    if dashes := FORMS[series][2]:
        pen.setDashPattern([dashes[0] / 2, dashes[1] / 2])
    return pen


def paint_sample(painter: QPainter, left: float, middle: float, series: str, strength: float = 1.0) -> None:
    """The form of a series in small, 16 px wide, centred on the height `middle`."""
    painter.save()
    painter.setRenderHint(QPainter.RenderHint.Antialiasing)
    painter.setOpacity(painter.opacity() * strength)
    wide, high = theme.px(SAMPLE_WIDTH), theme.px(SAMPLE_HEIGHT)
    form = FORMS[series][1]
    ink = QColor(theme.colour(f"chart-{series}"))
    if form == LINE:
        pen = line_pen(series, theme.px(25) / 10)
        pen.setCosmetic(False)  # this painter counts the window's pixels, not the screen's
        painter.setPen(pen)
        painter.drawLine(QPointF(left, middle), QPointF(left + wide, middle))
    else:
        painter.setPen(Qt.PenStyle.NoPen)
        if series == "sent":
            ink.setAlphaF(0.55)
        painter.setBrush(ink)
        room = QRectF(left + (wide - high) / 2, round(middle - high / 2), high, high)
        if form == COLUMNS:
            painter.drawRect(room)
        else:
            painter.drawPolygon(diamond(room))
    painter.restore()


def diamond(room: QRectF) -> QPolygonF:
    """A square stood on its corner inside `room`."""
    middle = room.center()
    return QPolygonF(
        [
            QPointF(middle.x(), room.top()),
            QPointF(room.right(), middle.y()),
            QPointF(middle.x(), room.bottom()),
            QPointF(room.left(), middle.y()),
        ]
    )


def percent(rate: Rate, digits: int = 1) -> str:
    """A rate as `98.1 %`, with a narrow space; `too few to say` where it would say nothing."""
    if rate.too_few or rate.value is None:
        return "too few to say"
    return f"{QLocale().toString(100 * rate.value, 'f', digits)}{words.NARROW}%"


class Tile(QAbstractButton):
    """One series: its form, name, number and fraction. Unchecked, the series is out of the chart."""

    def __init__(self, series: str, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.series = series
        self._word = FORMS[series][0]
        self._number, self._long, self._short = "", "", ""
        self.setCheckable(True)
        self.setChecked(True)
        self.setAttribute(Qt.WidgetAttribute.WA_Hover)
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Fixed)
        self.setAccessibleName(self._word)
        self.toggled.connect(self._describe)

    def show_sent(self, sent: int, mailings: int) -> None:
        """The one number that is no rate."""
        note = f"in {words.counted(mailings, 'mailing')}"
        self._show(words.number(sent), note, note)

    def show_rate(self, rate: Rate) -> None:
        """The rate and what it is made of; the bare number where a rate would say nothing."""
        whole = "sent" if self.series in ("delivered", "bounced") else "delivered"
        part, of = words.number(rate.part), words.number(rate.whole)
        if rate.too_few:
            self._show(part, f"of {of} {whole}, too few to say", f"of {of}, too few")
        else:
            number = percent(rate, 2 if self.series in RARE else 1)
            self._show(number, f"{part} / {of} {whole}", f"{part} / {of}")

    def show_nothing(self) -> None:
        """No number yet."""
        self._show("–", "", "")

    def _show(self, number: str, long: str, short: str) -> None:
        self._number, self._long, self._short = number, long, short
        self._describe()
        self.update()

    def _describe(self) -> None:
        shown = "in the chart" if self.isChecked() else "not in the chart"
        self.setAccessibleName(f"{self._word} {self._number} {self._long}".strip())
        self.setAccessibleDescription(f"{shown}, press to change")
        self.setToolTip(
            plain_tip(
                f"{self._word}: {self._long}\n{'Hide it in' if self.isChecked() else 'Show it in'} the chart"
            )
        )

    def sizeHint(self) -> QSize:
        return QSize(theme.px(164), theme.px(86))

    def minimumSizeHint(self) -> QSize:
        return QSize(theme.px(96), theme.px(86))

    def paintEvent(self, event: QPaintEvent) -> None:
        painter = QPainter(self)
        shown = self.isChecked()
        ground = "hover" if self.underMouse() else ("surface" if shown else "window")
        fill, line = theme.colour(ground), theme.colour("border")
        frame(painter, QRectF(self.rect()), theme.px(8), fill=fill, line=line, dashed=not shown)
        roomy = self.width() >= theme.px(130)
        edge = theme.px(12 if roomy else 7)
        room = QRectF(self.rect()).adjusted(edge + 1, theme.px(10), -edge, -theme.px(8))
        self._paint_head(painter, room, shown, theme.px(6 if roomy else 4))
        self._paint_number(painter, room, shown)

    def _paint_head(self, painter: QPainter, room: QRectF, shown: bool, gap: int) -> None:
        line = theme.px(16)
        paint_sample(painter, room.left(), round(room.top() + line / 2), self.series, 1.0 if shown else 0.4)
        left = room.left() + theme.px(SAMPLE_WIDTH) + gap
        hidden = QFontMetricsF(theme.font("tiny")).horizontalAdvance("hidden") if not shown else 0.0
        # where there is no room for both, the dashed frame and the faint sample say it alone
        name_width = QFontMetricsF(theme.font("small-medium")).horizontalAdvance(self._word)
        if hidden and left + name_width + gap + hidden > room.right():
            hidden = 0.0
        name = QRectF(left, room.top(), room.right() - left - hidden, line)
        paint_runs(painter, name, [(self._word, "muted", "small-medium")])
        if hidden:
            paint_runs(
                painter,
                QRectF(room.right() - hidden, room.top(), hidden, line),
                [("hidden", "muted", "tiny")],
            )

    def _paint_number(self, painter: QPainter, room: QRectF, shown: bool) -> None:
        top = room.top() + theme.px(17)
        ink = "text" if shown else "muted"
        number = QRectF(room.left(), top, room.width(), theme.px(32))
        paint_runs(painter, number, [(self._number, ink, "number")], tabular=True)
        fraction = QRectF(room.left(), top + theme.px(32), room.width(), theme.px(15))
        wide = QFontMetricsF(theme.font("tiny", True)).horizontalAdvance(self._long)
        text = self._long if wide <= room.width() else self._short
        paint_runs(painter, fraction, [(text, "muted", "tiny")], tabular=True)

    def changeEvent(self, event: QEvent) -> None:
        super().changeEvent(event)
        if event.type() == QEvent.Type.FontChange:
            self.updateGeometry()


class Tiles(QWidget):
    """The seven in a row; `toggled` tells which series the chart shows now."""

    toggled = Signal(object)

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setAccessibleName("Numbers of the period")
        row = QHBoxLayout(self)
        row.setContentsMargins(0, 0, 0, 0)
        row.setSpacing(theme.px(8))
        self.tiles = {series: Tile(series, self) for series in FORMS}
        for tile in self.tiles.values():
            row.addWidget(tile, 1)
            tile.toggled.connect(lambda _on: self.toggled.emit(self.shown))

    @property
    def shown(self) -> frozenset[str]:
        """The series that are switched on."""
        return frozenset(series for series, tile in self.tiles.items() if tile.isChecked())

    def show_counts(self, counts: Counts, mailings: int) -> None:
        """Shows the sums of a period."""
        for series, tile in self.tiles.items():
            if series == "sent":
                tile.show_sent(counts.sent, mailings)
            else:
                tile.show_rate(counts.rate(series))

    def show_nothing(self) -> None:
        """No numbers yet."""
        for tile in self.tiles.values():
            tile.show_nothing()
