"""Volume and trouble over time: two plots on one axis, read with the mouse or the arrow keys."""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence

import numpy as np
import pyqtgraph as pg
from PySide6.QtCore import QEvent, QRect, QRectF, QSize, Qt, Signal
from PySide6.QtGui import (
    QColor,
    QFocusEvent,
    QFontMetricsF,
    QKeyEvent,
    QMouseEvent,
    QPainter,
    QPainterPath,
    QPaintEvent,
    QPen,
    QResizeEvent,
    QWheelEvent,
)
from PySide6.QtWidgets import QFrame, QGraphicsLineItem, QGraphicsSimpleTextItem, QGraphicsView, QWidget

from turbodesk.gui import theme, words
from turbodesk.gui.parts.drawing import SHADOW, frame, paint_shadow
from turbodesk.gui.parts.label import paint_runs
from turbodesk.gui.stats_tiles import FORMS, LINE, diamond, line_pen, paint_sample
from turbodesk.gui.stats_words import span_label, span_title
from turbodesk.services.stats import Grain, Span

pg.setConfigOption(
    "exitCleanup", False
)  # it walks every object there is, and the window ends in order by itself

VOLUME = ("sent", "delivered", "opened", "clicked")
TROUBLE = ("bounced", "complained", "unsubscribed")
LEFT, RIGHT, TOP, GAP, BOTTOM = 48, 12, 18, 28, 24  # around the plots, in px of the drawings
SPLIT = 0.77  # how much of the height the volume takes
NICE = (1, 1.5, 2, 2.5, 3, 4, 5, 7.5, 10)
LABEL_GAP = 84  # from one label of the time axis to the next
HEADROOM = 0.035  # room for what stands on an edge, as a share of the scale


def nice_step(largest: float, steps: int) -> float:
    """The smallest round number of which `steps` reach `largest`; never less than 1."""
    wanted = max(1.0, largest / steps)
    power = 10 ** math.floor(math.log10(wanted))
    found = next(power * nice for nice in NICE if power * nice >= wanted * (1 - 1e-9))
    return found if found == int(found) else math.ceil(found)


def _hairline(token: str, width: float = 1) -> QPen:
    pen = QPen(theme.colour(token), width)
    pen.setCosmetic(True)
    return pen


def _beside() -> QPainterPath:
    """A 10-px diamond in a 30-px square, stood on the middle and moved aside, off the column of bounces."""
    path = QPainterPath()
    path.addPolygon(diamond(QRectF(4 / 30, -10 / 30, 10 / 30, 10 / 30)))
    path.closeSubpath()
    return path


class Plot(pg.ViewBox):
    """One scale over the shared time axis. It is only looked at: no zoom, no pan, no menu."""

    def __init__(self, steps: Sequence[int]) -> None:
        """`steps` are the numbers of intervals that the scale may have."""
        super().__init__(enableMouse=False, enableMenu=False, defaultPadding=0)
        self._steps = steps
        self.axis = pg.AxisItem("left", linkView=self)
        self.axis.setStyle(tickLength=0, tickTextOffset=theme.px(8), hideOverlappingLabels=False)
        self._rules = pg.PlotCurveItem(connect="pairs")
        self.addItem(self._rules, ignoreBounds=True)

    def scale_to(self, largest: float, columns: int) -> None:
        """Round numbers up to `largest`, a hairline at each."""
        top, steps = min((nice_step(largest, steps) * steps, steps) for steps in self._steps)
        values = [top / steps * i for i in range(steps + 1)]
        self.setYRange(-HEADROOM * top, top * (1 + HEADROOM), padding=0)
        self.setXRange(-0.5, max(columns, 1) - 0.5, padding=0)
        self.axis.setTicks([[(value, words.number(round(value))) for value in values], []])
        ends = [-0.5, max(columns, 1) - 0.5]
        self._rules.setData(np.array(ends * len(values)), np.repeat(np.array(values, float), 2))

    def restyle(self) -> None:
        """Takes the colours and fonts of the theme in force."""
        self._rules.setPen(_hairline("border"))
        style_axis(self.axis)


def style_axis(axis: pg.AxisItem) -> None:
    """An axis of numbers alone, in the small muted face."""
    axis.setPen(QPen(Qt.PenStyle.NoPen))
    axis.setTickPen(QPen(Qt.PenStyle.NoPen))
    axis.setTextPen(theme.colour("muted"))
    axis.setStyle(tickFont=theme.font("tiny", tabular=True), tickAlpha=0)


class StatsChart(pg.GraphicsView):
    """Seven series over the columns of time it was given; those switched off stay out of sight.

    A new chart is an empty view; `build` makes what is in it, in steps that leave the loop its turns.
    `walked` tells the index of the column under the crosshair, -1 for none.
    """

    walked = Signal(int)
    _built = False  # of the class: pyqtgraph resizes the view while it is still being made

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._spans: Sequence[Span] = ()
        self._grain = Grain.DAY
        self._shown = frozenset(FORMS)
        self._at = -1
        self.setFrameShape(QFrame.Shape.NoFrame)
        self.setAccessibleName("Chart of volume and trouble, left and right walk the days")
        self.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        self.setMouseTracking(True)
        self.setMinimumHeight(theme.px(190))
        self.setBackground(theme.colour("surface"))

    def build(self) -> Iterator[None]:
        """Makes the plots, then their series, then gives them colours; must be run to its end."""
        self._make_plots()
        yield
        self._make_series()
        yield
        self._tip = Tip(self)
        self._built = True
        self.restyle()
        theme.themer().changed.connect(self.restyle)

    def _make_plots(self) -> None:
        self._volume, self._trouble = Plot((3, 4)), Plot((2,))
        self._time = pg.AxisItem("bottom", linkView=self._trouble)
        self._time.setStyle(tickLength=0, tickTextOffset=theme.px(4), hideOverlappingLabels=False)
        self._caption = QGraphicsSimpleTextItem("Trouble, own scale")
        self._cross = QGraphicsLineItem()
        self._cross.setZValue(10)
        self._cross.hide()
        for item in (self._volume, self._trouble, self._volume.axis, self._trouble.axis, self._time,
                     self._caption, self._cross):  # fmt: skip
            self.scene().addItem(item)

    def _make_series(self) -> None:
        self._bars = {"sent": pg.BarGraphItem(x=[0], height=[0], width=0.72, pen=None),
                      "bounced": pg.BarGraphItem(x=[0], height=[0], width=0.44, pen=None)}  # fmt: skip
        self._caps = pg.PlotCurveItem(connect="pairs")
        self._lines = {
            series: pg.PlotCurveItem(antialias=True) for series, (_, form, _) in FORMS.items() if form == LINE
        }
        self._diamonds = pg.ScatterPlotItem(symbol=_beside(), pen=None, antialias=True)
        self._rings = pg.ScatterPlotItem(symbol="o", antialias=True)
        self._rings.setZValue(11)
        for item in (self._bars["sent"], self._caps, *(self._lines[s] for s in VOLUME[1:]), self._rings):
            self._volume.addItem(item, ignoreBounds=True)
        for item in (self._bars["bounced"], self._lines["unsubscribed"], self._diamonds):
            self._trouble.addItem(item, ignoreBounds=True)

    def show_spans(self, spans: Sequence[Span], grain: Grain) -> None:
        """Shows these columns, in order."""
        self._spans, self._grain = spans, grain
        self.setAccessibleName(f"Chart of volume and trouble by {grain}, left and right walk it")
        self.walk_to(-1)
        self._fill()
        self._label_time()

    def show_series(self, shown: frozenset[str]) -> None:
        """Shows these series and no others; the scales fit what is shown."""
        self._shown = shown
        self._fill()
        self.walk_to(self._at)

    def _values(self, series: str) -> np.ndarray:
        return np.array([span.counts.of(series) for span in self._spans], float)

    def _fill(self) -> None:
        columns = len(self._spans)
        x = np.arange(columns, dtype=float)
        values = {series: self._values(series) for series in FORMS}
        for plot, names in ((self._volume, VOLUME), (self._trouble, TROUBLE)):
            largest = max((values[name].max(initial=0) for name in names if name in self._shown), default=0)
            plot.scale_to(largest, columns)
        for series, bars in self._bars.items():
            bars.setOpts(x=x, height=values[series], width=0.72 if series == "sent" else 0.44)
            bars.setVisible(series in self._shown and columns > 0)
        ends = np.column_stack([x - 0.36, x + 0.36]).ravel()
        self._caps.setData(ends, np.repeat(values["sent"], 2))
        self._caps.setVisible("sent" in self._shown)
        for series, line in self._lines.items():
            line.setData(x, values[series])
            line.setVisible(series in self._shown)
        some = values["complained"] > 0
        self._diamonds.setData(x[some], values["complained"][some])
        self._diamonds.setVisible("complained" in self._shown)

    def _label_time(self) -> None:
        columns = len(self._spans)
        if not columns:
            self._time.setTicks([[], []])
            return
        metrics = QFontMetricsF(theme.font("tiny", tabular=True))
        labels = [span_label(span, self._grain) for span in (self._spans[0], self._spans[-1])]
        needed = max(metrics.horizontalAdvance(label) for label in labels) + theme.px(LABEL_GAP)
        every = max(1, math.ceil(needed * columns / max(1.0, self._plot_width())))
        first = min(every // 2, columns - 1)
        self._time.setTicks(
            [[(i, span_label(self._spans[i], self._grain)) for i in range(first, columns, every)], []]
        )

    def restyle(self) -> None:
        """Takes the colours and fonts of the theme in force."""
        self.setBackground(theme.colour("surface"))
        for plot in (self._volume, self._trouble):
            plot.restyle()
        style_axis(self._time)
        faint = QColor(theme.colour("chart-sent"))
        faint.setAlphaF(0.16)
        self._bars["sent"].setOpts(brush=faint)
        self._bars["bounced"].setOpts(brush=theme.colour("chart-bounced"))
        sharp = self.devicePixelRatioF()  # a cosmetic pen counts the screen's own pixels
        self._caps.setPen(_hairline("chart-sent", 1.5 * sharp))
        for series, line in self._lines.items():
            line.setPen(line_pen(series, 2 * sharp))
        self._diamonds.setBrush(theme.colour("chart-complained"))
        self._diamonds.setSize(theme.px(30))
        self._rings.setBrush(theme.colour("surface"))
        self._rings.setSize(theme.px(8))
        self._caption.setFont(theme.font("tiny-strong"))
        self._caption.setBrush(theme.colour("muted"))
        self._cross.setPen(_hairline("text"))
        self._place()
        self.walk_to(self._at)

    def _plot_width(self) -> float:
        return max(1.0, self.width() - theme.px(LEFT) - theme.px(RIGHT))

    def _place(self) -> None:
        left, wide = float(theme.px(LEFT)), self._plot_width()
        for axis in (self._volume.axis, self._trouble.axis):
            axis.setWidth(theme.px(LEFT))  # else it is as wide as its widest label
        self._time.setHeight(theme.px(BOTTOM))
        top, bottom = float(theme.px(TOP)), float(self.height() - theme.px(BOTTOM))
        inner = max(2.0, bottom - top - theme.px(GAP))
        high = round(inner * SPLIT)
        low = top + high + theme.px(GAP)
        self._volume.setGeometry(QRectF(left, top, wide, high))
        self._volume.axis.setGeometry(QRectF(0, top, left, high))
        self._trouble.setGeometry(QRectF(left, low, wide, bottom - low))
        self._trouble.axis.setGeometry(QRectF(0, low, left, bottom - low))
        self._time.setGeometry(QRectF(left, bottom, wide, theme.px(BOTTOM)))
        metrics = QFontMetricsF(theme.font("tiny-strong"))
        self._caption.setPos(left, round(low - theme.px(6) - metrics.height()))
        self._label_time()

    def resizeEvent(self, event: QResizeEvent | None) -> None:
        super().resizeEvent(event)
        if self._built:
            self._place()
            self.walk_to(self._at)

    def sizeHint(self) -> QSize:
        return QSize(theme.px(600), theme.px(284))

    def minimumSizeHint(self) -> QSize:
        return QSize(theme.px(300), theme.px(190))

    def close(self) -> bool:
        """Closes as any widget does: pyqtgraph would take the scene apart while it is still shown."""
        return QGraphicsView.close(self)

    # reading it

    @property
    def at(self) -> int:
        """The index of the column under the crosshair, -1 for none."""
        return self._at

    def walk_to(self, index: int) -> None:
        """Puts the crosshair on a column, or takes it away with -1."""
        if not 0 <= index < len(self._spans):
            index = -1
        changed, self._at = index != self._at, index
        self._cross.setVisible(index >= 0)
        self._rings.setVisible(index >= 0)
        if index < 0:
            self._tip.hide()
        else:
            self._point_at(index)
        if changed:
            self.walked.emit(index)

    def _point_at(self, index: int) -> None:
        span = self._spans[index]
        x = round(theme.px(LEFT) + self._plot_width() * (index + 0.5) / len(self._spans)) + 0.5
        self._cross.setLine(x, theme.px(TOP), x, self.height() - theme.px(BOTTOM))
        ringed = [series for series in VOLUME[1:] if series in self._shown]
        pens = [_hairline(f"chart-{series}", 2) for series in ringed]
        self._rings.setData(
            [index] * len(ringed), [span.counts.of(series) for series in ringed], pen=pens or None
        )
        title = span_title(span, self._grain)
        numbers = [(series, words.number(span.counts.of(series))) for series in FORMS]
        self.setAccessibleDescription(", ".join([title, *(f"{FORMS[s][0]} {n}" for s, n in numbers)]))
        self._tip.show_at(x, title, numbers)

    def mouseMoveEvent(self, event: QMouseEvent) -> None:
        x = event.position().x() - theme.px(LEFT)
        inside = 0 <= x < self._plot_width() and self._spans
        self.walk_to(int(x / self._plot_width() * len(self._spans)) if inside else -1)

    def mousePressEvent(self, event: QMouseEvent) -> None:
        self.setFocus(Qt.FocusReason.MouseFocusReason)

    def mouseReleaseEvent(self, event: QMouseEvent) -> None:
        event.accept()

    def mouseDoubleClickEvent(self, event: QMouseEvent) -> None:
        event.accept()

    def wheelEvent(self, event: QWheelEvent) -> None:
        event.ignore()

    def leaveEvent(self, event: QEvent) -> None:
        super().leaveEvent(event)
        if not self.hasFocus():
            self.walk_to(-1)

    def focusOutEvent(self, event: QFocusEvent) -> None:
        super().focusOutEvent(event)
        self.walk_to(-1)

    def keyPressEvent(self, event: QKeyEvent) -> None:
        last = len(self._spans) - 1
        key = Qt.Key(event.key())
        if key == Qt.Key.Key_Escape and self._at >= 0:
            self.walk_to(-1)
        elif key == Qt.Key.Key_Left:
            self.walk_to(max(0, self._at - 1) if self._at >= 0 else last)
        elif key == Qt.Key.Key_Right:
            self.walk_to(min(last, self._at + 1) if self._at >= 0 else 0)
        elif key in (Qt.Key.Key_Home, Qt.Key.Key_End):
            self.walk_to(0 if key == Qt.Key.Key_Home else last)
        else:
            event.ignore()


class Tip(QWidget):
    """The seven numbers of one column, floating beside the crosshair."""

    def __init__(self, chart: QWidget) -> None:
        super().__init__(chart)
        self._title = ""
        self._numbers: Sequence[tuple[str, str]] = ()
        self.setAttribute(Qt.WidgetAttribute.WA_TransparentForMouseEvents)
        self.setFocusPolicy(Qt.FocusPolicy.NoFocus)
        self.hide()

    def show_at(self, x: float, title: str, numbers: Sequence[tuple[str, str]]) -> None:
        """Shows the numbers to the right of `x`, or to the left where there is no room."""
        self._title, self._numbers = title, numbers
        box, reach = self._box_size(), theme.px(SHADOW)
        chart = self.parentWidget()
        away = theme.px(14)
        left = x + away if x + away + box.width() <= chart.width() else x - away - box.width()
        top = min(theme.px(TOP + 4), max(0, chart.height() - box.height()))
        self.setGeometry(
            QRect(round(left) - reach, top - reach, box.width() + 2 * reach, box.height() + 2 * reach)
        )
        self.show()
        self.raise_()
        self.update()

    def _box_size(self) -> QSize:
        title = QFontMetricsF(theme.font("small-strong")).horizontalAdvance(self._title)
        wide = max(theme.px(168), round(title) + 2 * theme.px(12))
        return QSize(wide, 2 * theme.px(9) + theme.px(19) * (1 + len(self._numbers)))

    def paintEvent(self, event: QPaintEvent) -> None:
        reach = theme.px(SHADOW)
        box = self.rect().adjusted(reach, reach, -reach, -reach)
        painter = QPainter(self)
        paint_shadow(painter, box, theme.px(8))
        frame(
            painter, QRectF(box), theme.px(8), fill=theme.colour("raised"), line=theme.colour("button-border")
        )
        edge, line = theme.px(12), theme.px(19)
        row = QRectF(box.left() + edge, box.top() + theme.px(9), box.width() - 2 * edge, line)
        paint_runs(painter, row, [(self._title, "text", "small-strong")])
        font = QFontMetricsF(theme.font("small-strong", True))
        for series, number in self._numbers:
            row.translate(0, line)
            paint_sample(painter, row.left(), round(row.center().y()), series)
            left = theme.px(16 + 8)
            paint_runs(painter, row.adjusted(left, 0, 0, 0), [(FORMS[series][0], "text", "small")])
            right = row.adjusted(row.width() - font.horizontalAdvance(number), 0, 1, 0)
            paint_runs(painter, right, [(number, "text", "small-strong")], tabular=True)
