"""Which days are looked at: named ranges, a range of one's own, and their words."""

from __future__ import annotations

from datetime import date

import pytest
from PySide6.QtCore import QDate, Qt
from PySide6.QtTest import QTest

from turbodesk.gui.period_choice import CUSTOM, NAMES, PeriodChoice, named_period, period_words
from turbodesk.model.reports import ALL_TIME, Period

TODAY = date(2026, 3, 5)


@pytest.fixture
def choice(window_of):
    made = PeriodChoice("30d", days=True, today=lambda: TODAY)
    window_of(made, 320, 30)
    return made


@pytest.mark.parametrize(
    ("key", "start", "end"),
    [
        ("7d", date(2026, 2, 27), TODAY),
        ("30d", date(2026, 2, 4), TODAY),
        ("90d", date(2025, 12, 6), TODAY),
        ("this-month", date(2026, 3, 1), TODAY),
        ("last-month", date(2026, 2, 1), date(2026, 2, 28)),
        ("all", None, None),
    ],
)
def test_a_name_stands_for_its_days(key, start, end):
    assert named_period(key, TODAY) == Period(start, end)


def test_last_month_in_january_is_december():
    assert named_period("last-month", date(2026, 1, 31)) == Period(date(2025, 12, 1), date(2025, 12, 31))


def test_days_are_written_with_their_years_where_those_are_others():
    assert period_words(Period(date(2026, 2, 4), TODAY), TODAY) == "4 Feb to 5 Mar"
    assert period_words(Period(date(2025, 12, 6), TODAY), TODAY) == "6 Dec 2025 to 5 Mar 2026"
    assert period_words(Period(TODAY, TODAY), TODAY) == "5 Mar"
    assert period_words(ALL_TIME, TODAY) == ""


def test_the_menu_chooses_and_tells(choice):
    told = []
    choice.changed.connect(lambda: told.append(choice.period))
    QTest.mouseClick(choice, Qt.MouseButton.LeftButton)
    menu = choice.menu_of_ranges
    assert menu.isVisible()
    names = [action.text() for action in menu.actions() if not action.isSeparator()]
    assert names == [*NAMES.values(), "From day to day…"]
    checked = [action.text() for action in menu.actions() if action.isChecked()]
    assert checked == ["Last 30 days"]
    next(action for action in menu.actions() if action.text() == "Last month").trigger()
    menu.close()
    assert told == [Period(date(2026, 2, 1), date(2026, 2, 28))]
    assert choice.text() == "Last month"


def test_a_range_of_ones_own_is_picked_in_the_panel(choice, settle):
    told = []
    choice.changed.connect(lambda: told.append(choice.period))
    next(a for a in choice.menu_of_ranges.actions() if a.text().startswith("From")).trigger()
    panel = choice.panel
    assert panel.isVisible()
    assert panel.from_field.date() == QDate(2026, 2, 4)
    assert panel.to_field.maximumDate() == QDate(2026, 3, 5)
    panel.from_field.setDate(QDate(2026, 1, 1))
    panel.to_field.setDate(QDate(2026, 1, 31))
    QTest.mouseClick(panel.show_button, Qt.MouseButton.LeftButton)
    settle()
    assert told == [Period(date(2026, 1, 1), date(2026, 1, 31))]
    assert (choice.key, choice.text(), choice.words) == (CUSTOM, "1 Jan to 31 Jan", "from 1 Jan to 31 Jan")


def test_days_in_the_wrong_order_are_put_right(choice):
    choice.choose_days(date(2026, 2, 2), date(2026, 1, 1))
    assert choice.period == Period(date(2026, 1, 1), date(2026, 2, 2))


def test_leaving_the_panel_changes_nothing(choice, settle):
    told = []
    choice.changed.connect(lambda: told.append(1))
    next(a for a in choice.menu_of_ranges.actions() if a.text().startswith("From")).trigger()
    QTest.keyClick(choice.panel, Qt.Key.Key_Escape)
    settle()
    assert (told, choice.key) == ([], "30d")


@pytest.mark.parametrize(
    ("key", "words"), [("7d", "in the last 7 days"), ("last-month", "last month"), ("all", "in all time")]
)
def test_a_range_ends_a_sentence(choice, key, words):
    choice.choose(key)
    assert choice.words == words


def test_a_named_range_moves_along_with_the_days(qapp):
    day = [TODAY]
    choice = PeriodChoice("7d", today=lambda: day[0])
    day[0] = date(2026, 3, 6)
    assert choice.period == Period(date(2026, 2, 28), date(2026, 3, 6))


def test_the_days_beside_the_name_take_their_room(choice):
    wide = choice.sizeHint().width()
    choice.show_days(False)
    assert choice.sizeHint().width() < wide - 60
    assert choice.accessibleDescription() == "4 Feb to 5 Mar"
