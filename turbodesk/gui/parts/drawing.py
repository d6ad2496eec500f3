"""Strokes that many parts share: crisp frames, key hints, shadows."""

from __future__ import annotations

from functools import cache
from math import erf, sqrt

from PySide6.QtCore import QPointF, QRect, QRectF, Qt
from PySide6.QtGui import QColor, QFontMetricsF, QPainter, QPainterPath, QPen, QPixmap

from turbodesk.gui import theme


def frame(
    painter: QPainter,
    room: QRectF,
    radius: float,
    *,
    fill: QColor | None = None,
    line: QColor | None = None,
    width: float = 1.0,
    dashed: bool = False,
) -> None:
    """A rounded rectangle whose border lies whole inside `room`."""
    painter.setRenderHint(QPainter.RenderHint.Antialiasing)
    half = width / 2 if line is not None else 0.0
    pen = QPen(line, width) if line is not None else QPen(Qt.PenStyle.NoPen)
    if dashed:
        pen.setDashPattern([3 / width, 2.2 / width])
    painter.setPen(pen)
    painter.setBrush(fill if fill is not None else Qt.BrushStyle.NoBrush)
    inside = room.adjusted(half, half, -half, -half)
    painter.drawRoundedRect(inside, max(0.0, radius - half), max(0.0, radius - half))


def key_hint_width(keys: str) -> float:
    """How wide the drawing of a key hint is."""
    return QFontMetricsF(theme.font("tiny-medium")).horizontalAdvance(keys) + 2 * theme.px(5) + 2


def paint_key_hint(
    painter: QPainter, left: float, middle: float, keys: str, ink: QColor, line: QColor, fill: QColor | None
) -> None:
    """A key's name in its small frame, centred on the height `middle`."""
    high = theme.px(18)
    room = QRectF(left, round(middle - high / 2), key_hint_width(keys), high)
    frame(painter, room, theme.px(4), fill=fill, line=line)
    font = theme.font("tiny-medium")
    metrics = QFontMetricsF(font)
    painter.setFont(font)
    painter.setPen(ink)
    base = room.top() + (room.height() + metrics.ascent() - metrics.descent()) / 2
    painter.drawText(QPointF(room.left() + theme.px(5) + 1, base), keys)


SHADOW = 36  # how far a shadow reaches, in px of the drawings
BLUR, SINKS = 28, 8  # of the shadow, as the drawings have it


@cache
def _shadow(dark: bool, radius: int, reach: int, blur: int) -> QPixmap:
    """A blurred rounded square, to be stretched in nine pieces. Made once for a theme."""
    from PySide6.QtGui import QImage  # for what floats, later than the first paint

    side = 2 * (reach + radius) + 8
    image = QImage(side, side, QImage.Format.Format_ARGB32_Premultiplied)
    image.fill(Qt.GlobalColor.transparent)
    painter = QPainter(image)
    painter.setRenderHint(QPainter.RenderHint.Antialiasing)
    strength = 0.5 if dark else 0.17
    # rings from outside in, each adding what is missing to a Gaussian's fall at its distance
    laid = 0.0
    for grow in range(blur, -radius, -1):
        wanted = strength * (1 - erf(grow / (blur / 2) / sqrt(2))) / 2
        alpha, laid = 1 - (1 - wanted) / (1 - laid), wanted
        path = QPainterPath()
        edge = reach - grow
        path.addRoundedRect(
            QRectF(edge, edge, side - 2 * edge, side - 2 * edge), radius + grow, radius + grow
        )
        painter.fillPath(path, QColor.fromRgbF(0, 0, 0, alpha))
    painter.end()
    return QPixmap.fromImage(image)


def paint_shadow(painter: QPainter, box: QRect, radius: int) -> None:
    """The shadow of something that floats at `box`; it reaches SHADOW px outside."""
    reach = theme.px(SHADOW)
    picture = _shadow(theme.now().dark, radius, reach, theme.px(BLUR))
    edge = reach + radius
    low = theme.px(SINKS)
    target = box.adjusted(-reach, -reach + low, reach, reach + low)
    source = picture.rect()
    xs = (0, edge, source.width() - edge, source.width())
    ys = (0, edge, source.height() - edge, source.height())
    tx = (target.left(), target.left() + edge, target.right() + 1 - edge, target.right() + 1)
    ty = (target.top(), target.top() + edge, target.bottom() + 1 - edge, target.bottom() + 1)
    for column in range(3):
        for row in range(3):
            painter.drawPixmap(
                QRect(tx[column], ty[row], tx[column + 1] - tx[column], ty[row + 1] - ty[row]),
                picture,
                QRect(xs[column], ys[row], xs[column + 1] - xs[column], ys[row + 1] - ys[row]),
            )
