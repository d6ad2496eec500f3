"""The parts: what each shows, what it takes from mouse and keys, what it says aloud."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from PySide6.QtCore import QDate, QPoint, QRect, Qt
from PySide6.QtGui import QColor, QGuiApplication, QPixmap
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication, QFileDialog, QLineEdit, QVBoxLayout, QWidget

from turbodesk.gui import theme
from turbodesk.gui.focus_ring import _Ring, give_focus
from turbodesk.gui.parts.button import Button
from turbodesk.gui.parts.card import Card, row, scrolled
from turbodesk.gui.parts.check_box import CheckBox
from turbodesk.gui.parts.chips import AddressCheck, ChipField
from turbodesk.gui.parts.choice import Choice, DayField
from turbodesk.gui.parts.detail import DetailPane, DetailSplit
from turbodesk.gui.parts.dialog import Dialog, ask, pick_files, pick_save
from turbodesk.gui.parts.facts import Facts
from turbodesk.gui.parts.field import Field, IconLabel
from turbodesk.gui.parts.flow import FlowLayout, flowing
from turbodesk.gui.parts.label import Label, Link, plain_tip
from turbodesk.gui.parts.meter import Meter, meter_tone
from turbodesk.gui.parts.pill import PILLS, PillLabel, pill_size
from turbodesk.gui.parts.segmented import Segmented
from turbodesk.gui.parts.states import EmptyState, Loading, Pages
from turbodesk.gui.parts.steps import Step, StepList
from turbodesk.gui.parts.switch import Switch
from turbodesk.gui.parts.toast import Toast
from turbodesk.gui.theme import DARK, Themer

Show = Callable[..., QWidget]
Run = Callable[..., Any]
LEFT = Qt.MouseButton.LeftButton


def inks(widget: QWidget) -> set[str]:
    image = widget.grab().toImage()
    return {image.pixelColor(x, y).name() for x in range(image.width()) for y in range(image.height())}


def token(name: str) -> str:
    return theme.colour(name).name()


def focus() -> QWidget | None:
    return QApplication.focusWidget()


class Pane(QWidget):
    """A pane with some widgets below each other."""

    def __init__(self, *widgets: QWidget) -> None:
        super().__init__()
        box = QVBoxLayout(self)
        for widget in widgets:
            box.addWidget(widget)
        box.addStretch(1)


# words


def test_markup_is_shown_as_it_is_written(window_of: Show) -> None:
    label = Label("<b>x</b>")
    window_of(label, 200, 40)
    assert label.text() == "<b>x</b>"
    assert label.textFormat() == Qt.TextFormat.PlainText
    assert "&lt;b&gt;" in plain_tip("<b>x</b>")


def test_a_label_wraps_at_the_looks_line_height(window_of: Show) -> None:
    label = Label("one two three four five six seven eight nine ten eleven twelve", wrap=True)
    assert label.heightForWidth(120) % theme.now().line("body") == 0
    assert label.heightForWidth(120) > label.heightForWidth(400) >= theme.px(20)
    assert Label("a\nb", wrap=True).heightForWidth(400) == 2 * theme.px(20)
    assert Label("a\nb").text() == "a b", "one line stays one line"


def test_runs_are_one_text_in_several_inks(window_of: Show) -> None:
    label = Label()
    label.set_runs([("turboSMTP refused", "danger", "strong"), (" and nothing was sent.", "text", "body")])
    window_of(label, 400, 40)
    assert label.text() == "turboSMTP refused and nothing was sent."
    assert {token("danger"), token("text")} <= inks(label)


def test_a_label_that_is_cut_tells_the_whole_only_then(window_of: Show, settle: Callable[[], None]) -> None:
    label = Label("a-long-address@a-long-domain.example.com", elide="middle")
    window_of(label, 80, 30)
    assert label._natural_width() > label.width()
    assert not label.toolTip(), "the tip is made when asked for"
    assert label.minimumSizeHint().width() < label.sizeHint().width()


# buttons


def test_a_button_says_why_it_is_off(window_of: Show) -> None:
    button = Button("Resend", "send", tip="Send it once more", keys="Ctrl R")
    window_of(button, 120, 40)
    button.off("Nothing is <selected>.")
    assert not button.isEnabled()
    assert "&lt;selected&gt;" in button.toolTip()
    button.on()
    assert button.isEnabled()
    assert "once more" in button.toolTip()
    assert button.accessibleDescription() == "Ctrl R"


def test_the_kinds_of_button_have_their_grounds(window_of: Show) -> None:
    for kind, ground in (("primary", "accent"), ("danger", "danger-fill"), ("plain", "surface")):
        button = Button("Do", kind=kind)
        window_of(Pane(button), 200, 80)
        assert token(ground) in inks(button), kind
    pressed = Button("Compare")
    pressed.setCheckable(True)
    pressed.setChecked(True)
    assert {token("selection"), token("accent-ink")} <= inks(pressed)


def test_enter_and_space_press_a_button_and_a_link(window_of: Show) -> None:
    for widget in (Button("Do"), Link("Do")):
        pressed: list[int] = []
        widget.clicked.connect(lambda _on=False, pressed=pressed: pressed.append(1))
        window_of(Pane(widget), 200, 80)
        widget.setFocus()
        QTest.keyClick(widget, Qt.Key.Key_Return)
        QTest.keyClick(widget, Qt.Key.Key_Space)
        assert len(pressed) == 2


def test_an_icon_alone_has_a_name() -> None:
    button = Button("", "close", name="Close this notice")
    assert button.accessibleName() == "Close this notice"
    assert button.toolTip()
    assert button.sizeHint().width() == button.sizeHint().height()


def test_the_sizes_are_those_of_the_drawings() -> None:
    heights = {size: Button("Do", size=size).sizeHint().height() for size in ("small", "normal", "large")}
    assert heights == {"small": theme.px(26), "normal": theme.px(30), "large": theme.px(36)}


# the focus ring


def ring_of(window: QWidget) -> _Ring | None:
    return next((ring for ring in window.findChildren(_Ring) if ring.isVisible()), None)


def test_the_ring_follows_the_keyboard_and_not_the_mouse(window_of: Show, settle: Callable[[], None]) -> None:
    one, two = Button("One"), Button("Two")
    pane = window_of(Pane(one, two), 300, 120)
    give_focus(one)
    ring = ring_of(pane)
    assert ring is not None
    reach = theme.px(2) + theme.px(2)
    assert ring.geometry() == one.geometry().adjusted(-reach, -reach, reach, reach)
    QTest.keyClick(one, Qt.Key.Key_Tab)
    settle()
    assert focus() is two
    assert ring_of(pane).geometry().center() == two.geometry().center()
    QTest.mouseClick(one, LEFT)
    settle()
    assert focus() is one
    assert ring_of(pane) is None


def test_the_ring_moves_with_its_control_and_goes_with_it(
    window_of: Show, settle: Callable[[], None]
) -> None:
    button, above = Button("One"), Button("Above")
    above.hide()
    pane = window_of(Pane(above, button), 300, 200)
    give_focus(button)
    top = ring_of(pane).y()
    above.show()
    settle()
    assert ring_of(pane).y() > top
    button.deleteLater()
    settle()
    assert ring_of(pane) is None


def test_within_a_scroll_area_the_ring_scrolls_too(window_of: Show, settle: Callable[[], None]) -> None:
    button = Button("One")
    inner = Pane(button, *[Label(str(i)) for i in range(40)])
    area = window_of(scrolled(inner), 200, 150)
    give_focus(button)
    settle()
    assert ring_of(area).parentWidget() is inner


# fields


def test_a_wrong_field_says_what_is_wrong_and_mends(window_of: Show, settle: Callable[[], None]) -> None:
    field, mended = Field("To", name="To"), []
    window_of(Pane(field), 500, 120)
    before = field.height()
    field.set_bad(
        "tom@example,com: a comma stands in the domain.", "Use tom@example.com", lambda: mended.append(1)
    )
    settle()
    assert field.height() > before
    assert token("danger") in inks(field)
    assert field.edit.accessibleDescription().startswith("tom@example,com")
    link = field.message.findChild(Link)
    assert link.isVisible()
    QTest.mouseClick(link, LEFT)
    assert mended == [1]
    field.set_good()
    settle()
    assert field.message.sentence == ""
    assert field.height() == before
    assert token("danger") not in inks(field)


def test_a_narrow_message_puts_the_mend_below(window_of: Show, settle: Callable[[], None]) -> None:
    field = Field()
    window_of(Pane(field), 240, 200)
    field.set_bad("A sentence that is rather long for so little room.", "Use tom@example.com")
    settle()
    link, words = field.message.findChild(Link), field.message.findChild(Label)
    assert link.geometry().top() >= words.geometry().bottom()


def test_a_password_is_hidden_until_asked(window_of: Show) -> None:
    field = Field(name="Password", password=True)
    window_of(Pane(field), 300, 80)
    assert field.edit.echoMode() == QLineEdit.EchoMode.Password
    reveal = field.findChild(Button)
    QTest.mouseClick(reveal, LEFT)
    assert field.edit.echoMode() == QLineEdit.EchoMode.Normal
    QTest.mouseClick(reveal, LEFT)
    assert field.edit.echoMode() == QLineEdit.EchoMode.Password


def test_a_field_is_cleared_by_its_cross(window_of: Show) -> None:
    field, texts = Field("Find", "search", clear=True), []
    field.changed.connect(texts.append)
    window_of(Pane(field), 300, 80)
    cross = field.findChild(Button)
    assert not cross.isVisible()
    QTest.keyClicks(field.edit, "ab")
    assert cross.isVisible()
    QTest.mouseClick(cross, LEFT)
    assert texts == ["a", "ab", ""]
    assert not cross.isVisible()


def test_the_focus_thickens_the_border(window_of: Show) -> None:
    field, other = Field(name="One"), Field(name="Two")
    window_of(Pane(field, other), 300, 120)
    other.setFocus()
    plain = inks(field)
    field.setFocus()
    assert token("accent-ink") in inks(field)
    assert token("accent-ink") not in plain


def test_choice_tells_its_key_and_keeps_it(window_of: Show) -> None:
    choice, keys = Choice([("7d", "Last 7 days"), ("30d", "Last 30 days")], name="Range"), []
    choice.key_changed.connect(keys.append)
    window_of(Pane(choice), 300, 80)
    QTest.keyClick(choice, Qt.Key.Key_Down)
    assert (choice.key, keys) == ("30d", ["30d"])
    choice.set_items([("30d", "A month"), ("90d", "A quarter")])
    assert (choice.key, choice.currentText()) == ("30d", "A month")
    assert keys == ["30d"], "the same choice in other words is no change"


def test_a_day_is_typed(window_of: Show) -> None:
    day = DayField(name="From")
    window_of(Pane(day), 300, 80)
    day.setDate(QDate(2026, 11, 20))
    assert day.text() == "20 Nov 2026"


def test_a_check_box_takes_its_words_too(window_of: Show) -> None:
    box = CheckBox("opens")
    window_of(Pane(box), 300, 80)
    QTest.mouseClick(box, LEFT, pos=QPoint(box.width() - 3, box.height() // 2))
    assert box.isChecked()
    assert token("accent") in inks(box)


# segments and switches


def segmented() -> Segmented:
    return Segmented([("all", "All"), ("hard", "Hard"), ("soft", "Soft")], name="Kind")


def test_one_segment_is_chosen_by_click_and_by_arrows(window_of: Show) -> None:
    tray, chosen = segmented(), []
    tray.chosen.connect(chosen.append)
    window_of(Pane(tray), 500, 80)
    QTest.mouseClick(tray.segment("soft"), LEFT)
    QTest.keyClick(tray.segment("soft"), Qt.Key.Key_Left)
    QTest.keyClick(tray.segment("hard"), Qt.Key.Key_Left)
    QTest.keyClick(tray.segment("all"), Qt.Key.Key_Left)
    assert chosen == ["soft", "hard", "all", "soft"]
    assert focus() is tray.segment("soft")
    QTest.mouseClick(tray.segment("soft"), LEFT)
    assert len(chosen) == 4, "choosing what is chosen is no change"
    tray.choose("all")
    assert len(chosen) == 4, "nor is being told"


def test_arrows_step_over_what_is_off_or_left_out(window_of: Show) -> None:
    tray = segmented()
    window_of(Pane(tray), 500, 80)
    tray.set_enabled("hard", False, "This account has none.")
    QTest.keyClick(tray.segment("all"), Qt.Key.Key_Right)
    assert tray.key == "soft"
    tray.set_shown("soft", False)
    tray.choose("all")
    tray.set_enabled("hard", True)
    QTest.keyClick(tray.segment("all"), Qt.Key.Key_Left)
    assert tray.key == "hard"


def test_counts_stand_in_the_segments_and_are_read_aloud(window_of: Show) -> None:
    tray = segmented()
    before = tray.sizeHint().width()
    tray.set_count("hard", 1204)
    assert tray.sizeHint().width() > before
    assert tray.segment("hard").accessibleName() == "Hard 1,204"
    tray.set_count("hard", None)
    assert tray.sizeHint().width() == before


def test_too_narrow_it_folds_into_a_list(window_of: Show, settle: Callable[[], None]) -> None:
    tray, chosen = segmented(), []
    tray.chosen.connect(chosen.append)
    pane = window_of(Pane(tray), 500, 80)
    assert not tray.folded
    pane.resize(tray.minimumSizeHint().width() + 30, 80)
    settle()
    assert tray.folded
    tray._open_list()
    menu = QApplication.activePopupWidget()
    menu.actions()[2].trigger()
    menu.close()
    assert (tray.key, chosen) == ("soft", ["soft"])
    pane.resize(500, 80)
    settle()
    assert not tray.folded


def test_a_switch_only_asks(window_of: Show) -> None:
    switch, asked = Switch("Click tracking"), []
    switch.asked.connect(asked.append)
    window_of(Pane(switch), 200, 80)
    QTest.mouseClick(switch, LEFT)
    QTest.keyClick(switch, Qt.Key.Key_Space)
    assert asked == [True, True]
    assert not switch.state
    switch.set_pending(True)
    QTest.mouseClick(switch, LEFT)
    assert asked == [True, True], "what is being asked is not asked again"
    switch.set_state(True)
    assert switch.state
    assert not switch.pending
    QTest.mouseClick(switch, LEFT)
    assert asked[-1] is False


def test_a_switch_slides_and_arrives(window_of: Show, run: Run, until: Callable[..., Any]) -> None:
    switch = Switch("Opens")
    window_of(Pane(switch), 200, 80)
    switch.set_state(True)
    run(until(lambda: switch._place == 1.0))
    assert token("accent") in inks(switch)


# meters and pills


@pytest.mark.parametrize(
    ("share", "tone"),
    [(0.0, "accent"), (0.74, "accent"), (0.75, "warning-fill"), (0.95, "danger-fill"), (1.2, "danger-fill")],
)
def test_a_meter_changes_its_tone(window_of: Show, share: float, tone: str) -> None:
    assert meter_tone(share) == tone
    meter = Meter(name="Plan")
    window_of(Pane(meter), 200, 60)
    meter.set_share(share, f"{share:.0%} used")
    assert (token(tone) in inks(meter)) == (share > 0)
    assert meter.value() == min(1000, round(share * 1000))
    assert meter.accessibleDescription().endswith("used")


def test_a_meter_of_nothing_is_empty(window_of: Show) -> None:
    meter = Meter(name="Plan")
    window_of(Pane(meter), 200, 60)
    meter.set_share(None)
    assert token("accent") not in inks(meter)


@pytest.mark.parametrize("state", sorted(PILLS))
def test_every_pill_has_icon_word_and_tone(window_of: Show, themer: Themer, state: str) -> None:
    pill = PillLabel(state)
    window_of(Pane(pill), 240, 60)
    assert pill.accessibleName() == PILLS[state].word
    light = inks(pill)
    themer.pin(DARK)
    assert inks(pill) != light, "a pill follows the theme"
    assert pill_size(state, "").width() < pill_size(state).width()


# chips


def check(text: str) -> AddressCheck:
    if "," in text:
        return AddressCheck("invalid", f"{text}: a comma stands in the domain.", text.replace(",", "."))
    if "@" not in text or "." not in text.rpartition("@")[2]:
        return AddressCheck("invalid", f"{text} is no address.")
    return AddressCheck("role" if text.startswith("info@") else "valid")


def split(text: str) -> list[str]:
    return [part.strip() for part in text.replace(";", ",").replace("\n", ",").split(",") if part.strip()]


@pytest.fixture
def to(window_of: Show) -> ChipField:
    field = ChipField(check, split, name="To")
    window_of(Pane(field, Button("Next")), 420, 300)
    field.setFocus()
    return field


def test_enter_comma_and_semicolon_make_chips(to: ChipField) -> None:
    QTest.keyClicks(to.edit, "anna@example.com,ben@example.org;kim@example.net")
    assert to.texts() == ["anna@example.com", "ben@example.org"]
    assert to.typed() == "kim@example.net"
    QTest.keyClick(to.edit, Qt.Key.Key_Return)
    assert to.texts()[-1] == "kim@example.net"
    assert [c.state for c in to.checks()] == ["valid"] * 3


def test_leaving_the_field_makes_a_chip(to: ChipField) -> None:
    QTest.keyClicks(to.edit, "anna@example.com")
    QTest.keyClick(to.edit, Qt.Key.Key_Tab)
    assert to.texts() == ["anna@example.com"]
    assert not to.edit.hasFocus()


def test_a_comma_in_the_domain_is_one_wrong_chip(to: ChipField) -> None:
    QTest.keyClicks(to.edit, "tom@example,com")
    QTest.keyClick(to.edit, Qt.Key.Key_Return)
    assert to.texts() == ["tom@example,com"]
    index, wrong = to.first_invalid()
    assert (index, wrong.suggestion) == (0, "tom@example.com")
    assert to.chip(0).accessibleName() == "tom@example,com, invalid"
    to.replace(0, wrong.suggestion)
    assert to.first_invalid() is None


def test_a_quoted_name_may_hold_a_comma(to: ChipField) -> None:
    QTest.keyClicks(to.edit, '"Doe, ')
    assert to.texts() == []


def test_pasting_splits(to: ChipField) -> None:
    QGuiApplication.clipboard().setText("anna@example.com, ben@example.org\nkim@example.net")
    QTest.keyClick(to.edit, Qt.Key.Key_V, Qt.KeyboardModifier.ControlModifier)
    assert to.texts() == ["anna@example.com", "ben@example.org", "kim@example.net"]
    QGuiApplication.clipboard().setText("lee@example.com")
    QTest.keyClick(to.edit, Qt.Key.Key_V, Qt.KeyboardModifier.ControlModifier)
    assert to.typed() == "lee@example.com", "one address can still be changed"


def test_arrows_walk_enter_edits_and_delete_removes(to: ChipField) -> None:
    to.set_texts(["anna@example.com", "ben@example.org", "kim@example.net"])
    QTest.keyClick(to.edit, Qt.Key.Key_Left)
    assert focus() is to.chip(2)
    QTest.keyClick(focus(), Qt.Key.Key_Home)
    assert focus() is to.chip(0)
    QTest.keyClick(focus(), Qt.Key.Key_Right)
    QTest.keyClick(focus(), Qt.Key.Key_Delete)
    assert to.texts() == ["anna@example.com", "kim@example.net"]
    assert focus() is to.chip(1), "the focus goes to the neighbour"
    QTest.keyClick(focus(), Qt.Key.Key_Left)
    QTest.keyClick(focus(), Qt.Key.Key_Return)
    assert to.typed() == "anna@example.com"
    QTest.keyClicks(to.edit, "nora@example.com")
    QTest.keyClick(to.edit, Qt.Key.Key_Return)
    assert to.texts() == ["nora@example.com", "kim@example.net"], "an edited chip keeps its place"


def test_backspace_in_an_empty_field_goes_to_the_last_chip_first(to: ChipField) -> None:
    to.set_texts(["anna@example.com", "ben@example.org"])
    QTest.keyClick(to.edit, Qt.Key.Key_Backspace)
    assert to.texts() == ["anna@example.com", "ben@example.org"]
    QTest.keyClick(focus(), Qt.Key.Key_Backspace)
    assert to.texts() == ["anna@example.com"]
    QTest.keyClick(to.edit, Qt.Key.Key_Left)
    QTest.keyClick(focus(), Qt.Key.Key_Escape)
    assert to.edit.hasFocus()


def test_the_cross_of_a_chip_removes_it_and_a_double_click_edits_it(to: ChipField) -> None:
    to.set_texts(["anna@example.com", "ben@example.org"])
    chip = to.chip(0)
    QTest.mouseClick(chip, LEFT, pos=QPoint(chip.width() - 9, chip.height() // 2))
    assert to.texts() == ["ben@example.org"]
    QTest.mouseDClick(to.chip(0), LEFT, pos=QPoint(30, 10))
    assert (to.texts(), to.typed()) == ([], "ben@example.org")


def test_the_field_grows_with_its_lines_and_holds_very_long_addresses(
    to: ChipField, settle: Callable[[], None]
) -> None:
    one = to.height()
    to.set_texts(["x" * 300 + "@example.com", "anna@example.com", "ben@example.org", "kim@example.net"])
    settle()
    assert to.height() > one + theme.px(40)
    assert all(to.rect().contains(to.chip(i).geometry()) for i in range(4))
    to.set_texts([])
    settle()
    assert to.height() == one


def test_every_change_is_told(to: ChipField) -> None:
    told = []
    to.changed.connect(lambda: told.append("changed"))
    to.committed.connect(lambda: told.append("committed"))
    QTest.keyClicks(to.edit, "a")
    assert told == ["changed"]
    QTest.keyClick(to.edit, Qt.Key.Key_Return)
    assert told == ["changed", "changed", "committed"]
    assert not to.commit()
    to.remove(0)
    assert told[-1] == "committed"


# panes


def test_loading_shows_nothing_then_bones_then_words(
    window_of: Show, run: Run, until: Callable[..., Any]
) -> None:
    loading, cancelled = Loading(), []
    loading.cancel_asked.connect(lambda: cancelled.append(1))
    window_of(loading, 400, 300)
    loading.begin("bounces")
    assert not loading.bones.isVisible()
    run(until(lambda: loading.bones.isVisible()))
    assert not loading.cancel_button.isVisible()
    run(until(lambda: loading.cancel_button.isVisible()))
    loading.progress(200, 588)
    assert "200 of 588 bounces read" in [label.text() for label in loading.findChildren(Label)]
    QTest.mouseClick(loading.cancel_button, LEFT)
    assert cancelled == [1]
    loading.end()
    assert not loading.bones.isVisible()
    assert not loading.cancel_button.isVisible()


def test_a_short_wait_shows_nothing_at_all(window_of: Show) -> None:
    loading = Loading()
    window_of(loading, 400, 300)
    loading.begin()
    loading.end()
    assert not loading._bones_timer.isActive()
    assert not loading._words_timer.isActive()


def test_empty_says_what_to_do_and_changes_its_mind(window_of: Show, settle: Callable[[], None]) -> None:
    pressed = []
    button = Button("Show all bounces")
    button.clicked.connect(lambda: pressed.append(1))
    empty = EmptyState("check-circle", "No hard bounces", "98 soft bounces lie outside.", [button])
    window_of(empty, 500, 300)
    QTest.mouseClick(button, LEFT)
    assert pressed == [1]
    empty.say("search", "Nothing found", "No row holds these words.")
    settle()
    assert empty.title == "Nothing found"
    assert empty.findChildren(Button) == []


def test_pages_turn_by_key(window_of: Show) -> None:
    pages = Pages()
    pages.add("list", Label("list"))
    pages.add("empty", Label("empty"))
    assert pages.key == "list"
    pages.turn("empty")
    assert pages.key == "empty"


def test_facts_and_steps_are_read_aloud_and_replaced(window_of: Show, settle: Callable[[], None]) -> None:
    facts = Facts(
        [("Left in the plan", "5,816"), ("Key", ("td-7f3a91c2", "mono")), ("State", PillLabel("unknown"))]
    )
    steps = StepList(
        [Step("note", "neutral", "Written", "14:29"), Step("unknown", "warning", "No answer", "", "closed")]
    )
    window_of(Pane(facts, steps), 500, 300)
    names = [w.accessibleName() for w in facts.findChildren(QWidget) + steps.findChildren(QWidget)]
    assert {"Left in the plan: 5,816", "Key: td-7f3a91c2", "Written, 14:29", "No answer, closed"} <= set(
        names
    )
    facts.set_facts([("Only", "one")])
    steps.set_steps([])
    settle()
    assert {label.text() for label in facts.findChildren(Label)} == {"Only", "one"}
    assert steps.findChildren(Label) == []


def test_the_detail_stands_beside_and_lies_over_where_it_is_narrow(
    window_of: Show, settle: Callable[[], None]
) -> None:
    main, pane = QLineEdit(), DetailPane()
    pane.add(Label("Detail"))
    split = DetailSplit(main, pane, width=400)
    window_of(split, 1280, 500)
    assert pane.width() == theme.px(400)
    split.resize(1000, 500)
    settle()
    assert pane.width() == theme.px(336)
    assert not split.overlaid
    split.resize(700, 500)
    settle()
    assert split.overlaid
    assert not pane.isVisible(), "narrow, the list is seen first"
    assert main.width() == 700
    split.open_detail()
    settle()
    assert pane.geometry().right() == split.width() - 1
    pane.setFocus()
    QTest.keyClick(pane, Qt.Key.Key_Escape)
    assert not split.detail_open
    split.resize(1280, 500)
    settle()
    assert pane.isVisible()
    pane.clear()
    settle()
    assert pane.findChildren(Label) == []


def test_a_row_of_buttons_wraps(window_of: Show, settle: Callable[[], None]) -> None:
    buttons = [Button(f"Button {i}") for i in range(4)]
    holder = flowing(*buttons)
    pane = window_of(Pane(holder), 600, 300)
    assert len({b.y() for b in buttons}) == 1
    pane.resize(220, 300)
    settle()
    assert len({b.y() for b in buttons}) > 1
    assert holder.rect().contains(buttons[-1].geometry())


def test_a_card_has_its_ground_and_line_in_both_themes(window_of: Show, themer: Themer) -> None:
    card = Card("Plan")
    card.add(row(IconLabel("key", "info"), Label("words"), None))
    window_of(Pane(card), 300, 120)
    assert {token("surface"), token("border")} <= inks(card)
    themer.pin(DARK)
    assert {token("surface"), token("border")} <= inks(card)


# dialogs and toasts


def buttons_of(dialog: Dialog) -> dict[str, Button]:
    return {button.text(): button for button in dialog.findChildren(Button)}


def answered(
    parent: QWidget, run: Run, until: Callable[..., Any], act: Callable[[Dialog], object], **options: Any
) -> bool:
    async def go() -> bool:
        asked = asyncio.ensure_future(ask(parent, "Delete 12 bounces?", act_label="Delete 12", **options))
        await until(lambda: [d for d in parent.findChildren(Dialog) if d.isVisible()])
        (dialog,) = [d for d in parent.findChildren(Dialog) if d.isVisible()]
        act(dialog)
        return await asked

    return run(go())


def test_a_question_is_answered_by_its_buttons(window_of: Show, run: Run, until: Callable[..., Any]) -> None:
    parent = window_of(Pane(Label("window")), 600, 400)
    assert answered(
        parent, run, until, lambda d: QTest.mouseClick(buttons_of(d)["Delete 12"], LEFT), danger=True
    )
    assert not answered(
        parent, run, until, lambda d: QTest.mouseClick(buttons_of(d)["Back"], LEFT), danger=True
    )
    assert not answered(parent, run, until, lambda d: QTest.keyClick(d, Qt.Key.Key_Escape))


def test_enter_acts_only_where_it_is_safe(window_of: Show, run: Run, until: Callable[..., Any]) -> None:
    parent = window_of(Pane(Label("window")), 600, 400)

    def press_enter(dialog: Dialog) -> None:
        QTest.keyClick(QApplication.focusWidget() or dialog, Qt.Key.Key_Return)

    assert answered(parent, run, until, press_enter)
    assert not answered(parent, run, until, press_enter, danger=True)


def test_what_must_be_typed_is_typed_whole(window_of: Show, run: Run, until: Callable[..., Any]) -> None:
    parent = window_of(Pane(Label("window")), 600, 400)

    def act(dialog: Dialog) -> None:
        go = buttons_of(dialog)["Delete 12"]
        field = dialog.findChild(Field)
        assert not go.isEnabled()
        QTest.keyClicks(field.edit, "1")
        assert not go.isEnabled()
        QTest.keyClicks(field.edit, "2")
        assert go.isEnabled()
        QTest.mouseClick(go, LEFT)

    assert answered(parent, run, until, act, danger=True, type_to_confirm="12", facts=[("Profile", "Shop")])


def test_a_cancelled_question_closes_its_dialog(
    window_of: Show, run: Run, until: Callable[..., Any], settle: Callable[[], None]
) -> None:
    parent = window_of(Pane(Label("window")), 600, 400)

    async def go() -> None:
        asked = asyncio.ensure_future(ask(parent, "Really?"))
        await until(lambda: [d for d in parent.findChildren(Dialog) if d.isVisible()])
        asked.cancel()
        with pytest.raises(asyncio.CancelledError):
            await asked

    run(go())
    settle()
    assert parent.findChildren(Dialog) == []


def test_files_are_picked_without_a_loop_of_their_own(
    window_of: Show, run: Run, until: Callable[..., Any], tmp_path: Path
) -> None:
    (tmp_path / "letter.html").write_text("<p>x</p>")
    parent = window_of(Pane(Label("window")), 600, 400)

    def shown() -> QFileDialog | None:
        return next((d for d in parent.findChildren(QFileDialog) if d.isVisible()), None)

    async def go() -> None:
        picking = asyncio.ensure_future(pick_files(parent, "Attach", start=tmp_path))
        await until(shown)
        name = shown().findChild(QLineEdit, "fileNameEdit")
        name.setText("letter.html")
        QTest.keyClick(name, Qt.Key.Key_Return)
        assert await picking == [tmp_path / "letter.html"]
        backing_out = asyncio.ensure_future(pick_files(parent, "Attach", start=tmp_path))
        await until(shown)
        shown().reject()
        assert await backing_out == []
        saving = asyncio.ensure_future(pick_save(parent, "Export", tmp_path / "bounces.csv", "CSV (*.csv)"))
        await until(shown)
        shown().accept()
        assert await saving == tmp_path / "bounces.csv"

    run(go())


def test_a_toast_floats_acts_and_gives_way_to_the_next(window_of: Show, settle: Callable[[], None]) -> None:
    window = window_of(Pane(Label("window")), 800, 500)
    acted = []
    first = Toast.show_in(window, "3 addresses allowed again", "Undo", lambda: acted.append(1), keys="Ctrl Z")
    settle()
    sheet = first.sheet().translated(first.pos())
    assert abs(sheet.center().x() - window.rect().center().x()) <= 1
    assert sheet.bottom() < window.height() - theme.px(40)
    window.resize(900, 600)
    settle()
    assert abs(first.sheet().translated(first.pos()).center().x() - window.rect().center().x()) <= 1
    Toast.show_in(window, "Saved")
    settle()
    (only,) = window.findChildren(Toast)
    assert only.text == "Saved"
    second = Toast.show_in(window, "Again", "Undo", lambda: acted.append(2))
    QTest.mouseClick(second.findChildren(Button)[0], LEFT)
    settle()
    assert acted == [2]
    assert window.findChildren(Toast) == []


def test_no_picture_is_empty(window_of: Show) -> None:
    icon = IconLabel("send", "accent-ink", 20)
    window_of(Pane(icon), 100, 60)
    picture: QPixmap = icon.grab()
    assert picture.size().width() >= theme.px(20)
    assert QColor(token("accent-ink")).name() in inks(icon)


def test_many_addresses_are_arranged_once(window_of: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    arranged: list[int] = []
    arrange = FlowLayout._arrange

    def counted(layout: FlowLayout, room: QRect, *, move: bool) -> int:
        arranged.append(layout.count())
        return arrange(layout, room, move=move)

    field = ChipField(lambda text: AddressCheck("valid"), str.split, name="To")
    window_of(field, 600, 200)
    monkeypatch.setattr(FlowLayout, "_arrange", counted)
    field.add(" ".join(f"p{n}@example.com" for n in range(200)))
    assert len(field.texts()) == 200 and len(arranged) < 20
    field.set_texts([])
    assert field.texts() == [] and len(arranged) < 40
