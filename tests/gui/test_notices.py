"""The strip: what it tells, in which order, and how it goes away."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from PySide6.QtCore import Qt
from PySide6.QtGui import QGuiApplication
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QVBoxLayout, QWidget

from turbodesk.errors import Refused
from turbodesk.gui import theme
from turbodesk.gui.notices import Notices
from turbodesk.gui.parts.button import Button
from turbodesk.gui.parts.label import Label
from turbodesk.gui.parts.toast import Toast

LEFT = Qt.MouseButton.LeftButton


@pytest.fixture
def strip(window_of: Callable[..., QWidget], notices: Notices) -> Notices:
    window = QWidget()
    box = QVBoxLayout(window)
    box.addWidget(notices)
    window_of(window, 900, 200)
    return notices


def words(strip: Notices) -> str:
    return next(label for label in strip.findChildren(Label)).text()


def button(strip: Notices, name: str) -> Button:
    return next(b for b in strip.findChildren(Button) if name in (b.text(), b.accessibleName()))


def test_it_is_there_only_while_there_is_something(strip: Notices, settle: Callable[[], None]) -> None:
    assert not strip.isVisible()
    strip.tell("warn", "A second window is open.", "It reads the same ledger.")
    settle()
    assert strip.isVisible()
    assert strip.height() == theme.px(40)
    assert words(strip) == "A second window is open.  It reads the same ledger."
    QTest.mouseClick(button(strip, "Close this notice"), LEFT)
    settle()
    assert not strip.isVisible()
    assert strip.latest is None


def test_the_newest_stands_first_and_the_others_are_counted(
    strip: Notices, settle: Callable[[], None]
) -> None:
    for what in ("One.", "Two.", "Three."):
        strip.tell("info", what)
    settle()
    assert words(strip) == "Three."
    QTest.mouseClick(button(strip, "2 more"), LEFT)
    settle()
    assert words(strip) == "Two."
    strip.take_back(strip.latest)
    settle()
    assert words(strip) == "One."


def test_one_thing_is_told_once(strip: Notices, settle: Callable[[], None]) -> None:
    strip.tell("error", "No answer.", key="connection")
    strip.tell("info", "Something else.")
    strip.tell("error", "Still no answer.", key="connection")
    settle()
    assert [notice.what for notice in strip.standing] == ["Something else.", "Still no answer."]
    strip.take_back("connection")
    strip.take_back("connection")
    settle()
    assert words(strip) == "Something else."


def test_an_action_takes_the_notice_away_and_acts(strip: Notices, settle: Callable[[], None]) -> None:
    acted = []
    strip.tell(
        "error", "turboSMTP refused the key.", actions=[("Open profile", "key", lambda: acted.append(1))]
    )
    settle()
    QTest.mouseClick(button(strip, "Open profile"), LEFT)
    assert acted == [1]
    assert strip.latest is None


def test_a_failure_is_told_in_its_own_words_with_details_to_copy(
    strip: Notices, settle: Callable[[], None]
) -> None:
    strip.tell_error(
        Refused("turboSMTP refused it.", hint="Look at the sender.", detail="401 from /api/v2/mail")
    )
    settle()
    QTest.mouseClick(button(strip, "Copy details"), LEFT)
    assert QGuiApplication.clipboard().text() == (
        "refused\nturboSMTP refused it.\nLook at the sender.\n401 from /api/v2/mail"
    )
    assert strip.latest is not None, "copying leaves it standing"


def test_markup_in_the_providers_words_stays_text(strip: Notices, settle: Callable[[], None]) -> None:
    strip.tell("error", "<b>No</b>", "<a href='http://example.com'>click</a>")
    settle()
    assert words(strip) == "<b>No</b>  <a href='http://example.com'>click</a>"
    assert all(label.textFormat() == Qt.TextFormat.PlainText for label in strip.findChildren(Label))


def test_a_long_sentence_is_cut_and_makes_the_window_no_wider(
    strip: Notices, settle: Callable[[], None]
) -> None:
    strip.tell("error", "x" * 500, "y" * 500, details="z")
    settle()
    assert strip.window().width() == 900
    assert button(strip, "Copy details").geometry().right() < strip.width()


def test_what_went_well_is_a_toast(strip: Notices, settle: Callable[[], None]) -> None:
    strip.tell("ok", "Exported 588 rows.")
    settle()
    assert [toast.text for toast in strip.window().findChildren(Toast)] == ["Exported 588 rows."]
    assert not strip.isVisible()


def test_a_toast_keeps_off_the_strip(strip: Notices, settle: Callable[[], None]) -> None:
    strip.tell("warn", "The keyring is locked.")
    settle()
    strip.tell("ok", "Exported 588 rows.")
    settle()
    (toast,) = strip.window().findChildren(Toast)
    top = strip.mapTo(strip.window(), strip.rect().topLeft()).y()
    assert toast.sheet().translated(toast.pos()).bottom() < top
