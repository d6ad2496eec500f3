"""Colours, fonts, lengths and icons: the tokens of the look, in force and followed live."""

from __future__ import annotations

import json
import re
from dataclasses import dataclass
from functools import cache

from PySide6.QtCore import QByteArray, QLocale, QObject, QPointF, QRectF, QSize, Qt, Signal
from PySide6.QtGui import (
    QColor,
    QFont,
    QFontDatabase,
    QFontInfo,
    QFontMetricsF,
    QGuiApplication,
    QIcon,
    QPainter,
    QPalette,
    QPixmap,
)
from PySide6.QtSvg import QSvgRenderer
from PySide6.QtWidgets import QApplication

from turbodesk import resources

LIGHT, DARK, SYSTEM = "light", "dark", "system"
STACK = ("Inter", "Segoe UI", "SF Pro Text", "Noto Sans", "Cantarell")
FIXED_STACK = ("JetBrains Mono", "Cascadia Mono", "Cascadia Code", "SF Mono", "DejaVu Sans Mono")
GENERIC = {"Sans Serif", "Sans", "Serif", "Monospace", "monospace", "Helvetica", ""}
STYLE = "Fusion"
# QApplication.setStyle gives the style back, and PySide makes 566 names of enums of it; asked for so, none.
STYLE_ARGUMENTS = ("-style", STYLE)
BASE_PX = 13  # what the measures of the look are drawn at

# role: (size at a 13-px base, weight, tracking in per cent of the size)
ROLES = {
    "body": (13, 400, 0.0),
    "medium": (13, 500, 0.0),
    "strong": (13, 600, 0.0),
    "small": (12, 400, 0.0),
    "small-medium": (12, 500, 0.0),
    "small-strong": (12, 600, 0.0),
    "tiny": (11, 400, 0.0),
    "tiny-medium": (11, 500, 0.0),
    "tiny-strong": (11, 600, 0.0),
    "lead": (15, 400, 0.0),
    "section": (15, 600, 0.0),
    "title": (18, 600, -1.0),
    "number": (24, 600, -2.0),
    "hero": (26, 600, -2.0),
    "mono": (12, 400, 0.0),
}
LINES = {"small": 16, "tiny": 16, "section": 20, "lead": 24, "title": 24, "number": 32, "hero": 34}


@dataclass(frozen=True, eq=False)
class Theme:
    """One look in force: its colours by token, its fonts, and how long a pixel of the drawings is."""

    name: str
    colours: dict[str, str]
    family: str
    fixed_family: str
    base_px: float
    em: float
    unhinted: bool

    @property
    def dark(self) -> bool:
        """Whether light text stands on dark ground."""
        return self.name == DARK

    def colour(self, token: str) -> QColor:
        """The colour of a token."""
        return _colour(self.colours[token])

    def px(self, length: float) -> int:
        """A length of the drawings in this font's pixels, never less than 1."""
        return max(1, round(length * self.em))

    def font(self, role: str = "body", tabular: bool = False) -> QFont:
        """The font of a role; `tabular` gives every figure the same width."""
        return QFont(_font(self, role, tabular))

    def line(self, role: str) -> int:
        """The height of one line of running text in a role."""
        return self.px(LINES.get(role.partition("-")[0], 20))


@cache
def _colour(value: str) -> QColor:
    return QColor(value)


@cache
def _font(theme: Theme, role: str, tabular: bool) -> QFont:
    size, weight, tracking = ROLES[role]
    font = QFont(theme.fixed_family if role == "mono" else theme.family)
    font.setPixelSize(max(11, round(theme.base_px * size / BASE_PX)))
    font.setWeight(QFont.Weight(weight))
    if tracking:
        font.setLetterSpacing(QFont.SpacingType.AbsoluteSpacing, font.pixelSize() * tracking / 100)
    if tabular:
        font.setFeature(QFont.Tag("tnum"), 1)
    if role == "mono":
        font.setFeature(QFont.Tag("liga"), 0)
        font.setFeature(QFont.Tag("calt"), 0)
    if theme.unhinted:
        font.setHintingPreference(QFont.HintingPreference.PreferNoHinting)
    return font


def _tokens(name: str) -> dict[str, str]:
    pairs: dict[str, list[str]] = json.loads(resources.path("tokens.json").read_text(encoding="utf-8"))
    return {token: pair[name == DARK] for token, pair in pairs.items()}


def _first_installed(stack: tuple[str, ...]) -> str:
    return next((family for family in stack if QFontDatabase.hasFamily(family)), "")


def general_font() -> tuple[str, float, bool]:
    """The desktop's general font as family and size in px, and whether it is our own choice.

    Where there is no desktop (a bare X server, offscreen) Qt gives a generic name; then it is the
    first installed of the look's own stack, at the size of the drawings.
    """
    system = QFontDatabase.systemFont(QFontDatabase.SystemFont.GeneralFont)
    own = _first_installed(STACK)
    if system.family() in GENERIC and own:
        return own, float(BASE_PX), True
    info = QFontInfo(system)
    return info.family(), max(11.0, float(info.pixelSize())), False


def fixed_font() -> str:
    """The desktop's fixed font, or the first installed of ours where the desktop names none."""
    system = QFontDatabase.systemFont(QFontDatabase.SystemFont.FixedFont).family()
    return (_first_installed(FIXED_STACK) or system) if system in GENERIC else system


def make(name: str, *, scale: float = 1.0) -> Theme:
    """The theme `light` or `dark` in the desktop's fonts; `scale` enlarges them (1.0 to 3.0)."""
    family, size, own = general_font()
    base = round(size * scale)
    probe = QFont(family)
    probe.setPixelSize(base)
    if own:
        probe.setHintingPreference(QFont.HintingPreference.PreferNoHinting)
    em = round(QFontMetricsF(probe).height()) / 16
    return Theme(name, _tokens(name), family, fixed_font(), base, em, own)


class Themer(QObject):
    """Keeps the application in the look: follows the desktop's colour scheme live, or stays where pinned."""

    changed = Signal()

    def __init__(
        self, app: QApplication, choice: str = SYSTEM, *, scale: float = 1.0, styled: bool = False
    ) -> None:
        """`styled`: the application was made with STYLE_ARGUMENTS."""
        super().__init__(app)
        global _themer
        self._app = app
        self._scale = scale
        self._choice = choice
        if QLocale().language() == QLocale.Language.C:
            # a desktop without a language: thousands are still set apart
            QLocale.setDefault(QLocale(QLocale.Language.English, QLocale.Country.UnitedKingdom))
        if not styled:
            app.setStyle(STYLE)
        app.setEffectEnabled(Qt.UIEffect.UI_AnimateTooltip, False)
        app.styleHints().colorSchemeChanged.connect(self._on_scheme_changed)
        _themer = self
        self._apply()

    @property
    def choice(self) -> str:
        """`system`, `light` or `dark`."""
        return self._choice

    def pin(self, choice: str) -> None:
        """Stays `light` or `dark`, or follows the desktop again with `system`."""
        if choice != self._choice:
            self._choice = choice
            self._apply()

    def rescale(self, scale: float) -> None:
        """Enlarges the fonts, and with them every length; open windows take it at their next layout."""
        self._scale = scale
        self._apply()

    def _on_scheme_changed(self) -> None:
        if self._choice == SYSTEM:
            self._apply()

    def _apply(self) -> None:
        global _now
        name = self._choice
        if name == SYSTEM:
            name = DARK if self._app.styleHints().colorScheme() == Qt.ColorScheme.Dark else LIGHT
        _now = make(name, scale=self._scale)
        _pixmap.cache_clear()
        self._app.setFont(_now.font())
        self._app.setPalette(palette(_now))
        self._app.setStyleSheet(style_sheet(_now))
        self.changed.emit()


_now: Theme | None = None
_themer: Themer | None = None


def now() -> Theme:
    """The theme in force."""
    if _now is None:
        raise RuntimeError("no Themer has been made yet")
    return _now


def themer() -> Themer:
    """What keeps the theme; its `changed` is for those that paint outside Qt's own repainting."""
    if _themer is None:
        raise RuntimeError("no Themer has been made yet")
    return _themer


def colour(token: str) -> QColor:
    """The colour of a token in the theme in force."""
    return now().colour(token)


def px(length: float) -> int:
    """A length of the drawings in pixels of the font in force, never less than 1."""
    return now().px(length)


def font(role: str = "body", tabular: bool = False) -> QFont:
    """The font of a role in the theme in force."""
    return now().font(role, tabular)


def effect_ms(duration_ms: int) -> int:
    """How long a motion may take: 0 where the desktop wants none."""
    return duration_ms if QApplication.isEffectEnabled(Qt.UIEffect.UI_General) else 0


def palette(theme: Theme) -> QPalette:
    """The tokens as a palette, for what Qt paints itself."""
    role = QPalette.ColorRole
    result = QPalette(theme.colour("surface"), theme.colour("window"))
    for where, token in (
        (role.Window, "window"),
        (role.Base, "surface"),
        (role.AlternateBase, "sunken"),
        (role.Button, "surface"),
        (role.WindowText, "text"),
        (role.Text, "text"),
        (role.ButtonText, "text"),
        (role.BrightText, "accent-text"),
        (role.Mid, "border"),
        (role.Dark, "button-border"),
        (role.Light, "raised"),
        (role.Midlight, "hover"),
        (role.Highlight, "selection"),
        (role.HighlightedText, "text"),
        (role.Link, "accent-ink"),
        (role.LinkVisited, "accent-ink"),
        (role.PlaceholderText, "muted"),
        (role.ToolTipBase, "raised"),
        (role.ToolTipText, "text"),
        (role.Accent, "accent"),
    ):
        result.setColor(where, theme.colour(token))
    for where in (role.WindowText, role.Text, role.ButtonText):
        result.setColor(QPalette.ColorGroup.Disabled, where, theme.colour("muted"))
    return result


def style_sheet(theme: Theme) -> str:
    """`style.qss` with its `@tokens` and its `12u` lengths filled in."""
    template = resources.path("style.qss").read_text(encoding="utf-8")
    text = re.sub(r"@([a-z-]+[a-z])", lambda found: theme.colours[found[1]], template)
    return re.sub(r"\b(\d+(?:\.\d+)?)u\b", lambda found: f"{theme.px(float(found[1]))}px", text)


@cache
def _drawing(name: str) -> str:
    return resources.path(f"icons/{name}.svg").read_text(encoding="utf-8")


@cache
def _pixmap(name: str, ink: str, size: int, ratio: float, stroke: float) -> QPixmap:
    drawing = _drawing(name).replace("currentColor", ink)
    if stroke != 1.5:
        drawing = drawing.replace('stroke-width="1.5"', f'stroke-width="{stroke}"')
    renderer = QSvgRenderer(QByteArray(drawing.encode()))
    result = QPixmap(round(size * ratio), round(size * ratio))
    result.fill(Qt.GlobalColor.transparent)
    painter = QPainter(result)
    renderer.render(painter, QRectF(0, 0, result.width(), result.height()))
    painter.end()
    result.setDevicePixelRatio(ratio)
    return result


def pixmap(name: str, tone: str = "text", size: float = 16, ratio: float | None = None) -> QPixmap:
    """The icon `name` in the colour of a token (or a `#rrggbb`), `size` in the drawings' px."""
    ink = tone if tone.startswith("#") else now().colours[tone]
    if ratio is None:
        app = QGuiApplication.instance()
        ratio = app.devicePixelRatio() if isinstance(app, QGuiApplication) else 1.0
    return _pixmap(name, ink, px(size), ratio, 1.7 if size <= 14 else 1.5)


def icon(name: str, tone: str = "text", size: float = 16) -> QIcon:
    """The icon `name` as Qt wants it in menus and actions, with a muted form for disabled."""
    result = QIcon(pixmap(name, tone, size))
    result.addPixmap(pixmap(name, "muted", size), QIcon.Mode.Disabled)
    return result


def icon_size(size: float = 16) -> QSize:
    """A square of that many px of the drawings."""
    return QSize(px(size), px(size))


def paint_icon(
    painter: QPainter, where: QRectF | QPointF, name: str, tone: str = "text", size: float = 16
) -> None:
    """Paints the icon in the middle of a rectangle, or with its top left corner at a point."""
    picture = pixmap(name, tone, size, painter.device().devicePixelRatio())
    side = px(size)
    if isinstance(where, QRectF):
        where = QPointF(
            round(where.x() + (where.width() - side) / 2), round(where.y() + (where.height() - side) / 2)
        )
    painter.drawPixmap(where, picture)
