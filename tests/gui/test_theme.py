"""The theme: tokens, fonts, lengths, icons, and following the desktop."""

from __future__ import annotations

import json
import subprocess
import sys

import pytest
from PySide6.QtCore import Qt
from PySide6.QtGui import QColor, QFont, QFontMetricsF, QPalette
from PySide6.QtWidgets import QApplication

from turbodesk import resources
from turbodesk.gui import theme
from turbodesk.gui.theme import DARK, LIGHT, Themer

TOKENS: dict[str, list[str]] = json.loads(resources.path("tokens.json").read_text())


def luminance(colour: QColor) -> float:
    parts = [c / 12.92 if c <= 0.03928 else ((c + 0.055) / 1.055) ** 2.4 for c in colour.getRgbF()[:3]]
    return 0.2126 * parts[0] + 0.7152 * parts[1] + 0.0722 * parts[2]


def test_every_token_is_a_colour_of_both_themes(themer: Themer) -> None:
    for choice, place in ((LIGHT, 0), (DARK, 1)):
        themer.pin(choice)
        for token, pair in TOKENS.items():
            assert theme.colour(token) == QColor(pair[place])


def test_pinning_changes_palette_style_sheet_and_those_who_listen(qapp: QApplication, themer: Themer) -> None:
    told = []
    themer.changed.connect(lambda: told.append(theme.now().name))
    themer.pin(DARK)
    assert told == [DARK]
    assert qapp.palette().color(QPalette.ColorRole.Base) == QColor(TOKENS["surface"][1])
    assert TOKENS["field-border"][1] in qapp.styleSheet()
    assert TOKENS["field-border"][0] not in qapp.styleSheet()
    themer.pin(DARK)
    assert told == [DARK], "nothing changed, nobody is told"


def test_the_desktop_is_followed_only_where_nothing_is_pinned(qapp: QApplication, themer: Themer) -> None:
    told = []
    themer.changed.connect(lambda: told.append(1))
    qapp.styleHints().colorSchemeChanged.emit(Qt.ColorScheme.Dark)
    assert told == []
    themer.pin(theme.SYSTEM)
    qapp.styleHints().colorSchemeChanged.emit(Qt.ColorScheme.Dark)
    assert len(told) == 2


def test_the_style_sheet_is_filled_whole(themer: Themer) -> None:
    text = theme.style_sheet(theme.now())
    body = text.split("*/", 1)[1]
    assert "@" not in body
    assert "12px" in body


def test_lengths_and_fonts_grow_with_the_font(themer: Themer) -> None:
    before = theme.px(30), theme.font("body").pixelSize()
    themer.rescale(2.0)
    assert theme.px(30) == pytest.approx(2 * before[0], abs=2)
    assert theme.font("body").pixelSize() == 2 * before[1]
    assert theme.px(0.1) == 1, "no line vanishes"


def test_nothing_is_written_below_eleven_px(themer: Themer) -> None:
    assert min(theme.font(role).pixelSize() for role in theme.ROLES) >= 11


def test_tabular_figures_are_equally_wide(themer: Themer) -> None:
    metrics = QFontMetricsF(theme.font("body", tabular=True))
    assert metrics.horizontalAdvance("1111") == metrics.horizontalAdvance("8888")
    assert not theme.font("body").featureTags()


def test_icons_take_the_ink_they_are_given(themer: Themer) -> None:
    picture = theme.pixmap("send", "danger", 20, ratio=2.0)
    assert picture.devicePixelRatio() == 2.0
    assert picture.width() == 2 * theme.px(20)
    image = picture.toImage()
    inks = {
        image.pixelColor(x, y).name()
        for x in range(image.width())
        for y in range(image.height())
        if image.pixelColor(x, y).alpha() == 255
    }
    assert inks == {TOKENS["danger"][0].lower()}


def test_an_icon_that_is_not_there_is_our_bug(themer: Themer) -> None:
    with pytest.raises(FileNotFoundError):
        theme.pixmap("no-such-icon")


def test_every_icon_can_be_painted(themer: Themer) -> None:
    for file in resources.path("icons").glob("*.svg"):
        image = theme.pixmap(file.stem, "text", 20).toImage()
        assert any(
            image.pixelColor(x, y).alpha() for x in range(image.width()) for y in range(image.height())
        )


def test_words_can_be_read_on_every_ground(themer: Themer) -> None:
    for choice in (LIGHT, DARK):
        themer.pin(choice)
        for ink in ("text", "muted", "accent-ink", "success", "warning", "danger", "info"):
            for ground in ("window", "surface", "raised", "sunken", "hover", "selection"):
                high, low = sorted(
                    (luminance(theme.colour(ink)), luminance(theme.colour(ground))), reverse=True
                )
                assert (high + 0.05) / (low + 0.05) >= 4.5, (choice, ink, ground)


def test_motion_is_off_where_the_desktop_wants_none(qapp: QApplication) -> None:
    effect = Qt.UIEffect.UI_General
    before = qapp.isEffectEnabled(effect)
    qapp.setEffectEnabled(effect, False)
    assert theme.effect_ms(100) == 0
    qapp.setEffectEnabled(effect, True)
    assert theme.effect_ms(100) == 100
    qapp.setEffectEnabled(effect, before)


def test_a_generic_desktop_font_gives_way_to_our_own(
    monkeypatch: pytest.MonkeyPatch, qapp: QApplication
) -> None:
    family, size, own = theme.general_font()
    assert own is (theme._first_installed(theme.STACK) == family)
    monkeypatch.setattr(theme, "STACK", ("Nobody Has This",))
    family, size, own = theme.general_font()
    assert not own
    assert QFont(family).family() == family
    assert size >= 11


def test_the_window_loads_nothing_heavy_before_it_is_painted() -> None:
    heavy = ("httpx", "keyring", "pyqtgraph", "numpy", "nh3", "starlette", "uvicorn")
    code = (
        "import sys, turbodesk.gui.main_window, turbodesk.gui.record_table, turbodesk.gui.parts.chips\n"
        f"print([name for name in {heavy!r} if name in sys.modules])"
    )
    done = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, timeout=60, check=True
    )
    assert done.stdout.strip() == "[]"
