"""The table of records: what it shows, sorts, filters, keeps and copies."""

from __future__ import annotations

import random
import time
from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta

import pytest
from PySide6.QtCore import QEvent, QObject, QPoint, QRect, Qt
from PySide6.QtGui import QAccessible, QGuiApplication
from PySide6.QtTest import QAbstractItemModelTester, QSignalSpy, QTest
from PySide6.QtWidgets import QWidget

from turbodesk.gui.record_column import Column, identity
from turbodesk.gui.record_model import MANY
from turbodesk.gui.record_order import Order
from turbodesk.gui.record_table import RecordTable

Show = Callable[..., QWidget]


@dataclass(frozen=True)
class Row:
    id: int
    state: str
    subject: str
    to: str
    size: int | None
    at: datetime


START = datetime(2026, 11, 20, 12, 0, tzinfo=UTC)


def make(number: int, subject: str = "", state: str = "delivered", size: int | None = 1) -> Row:
    at = START - timedelta(minutes=number)
    return Row(number, state, subject or f"Letter {number}", f"kim{number}@example.com", size, at)


def columns() -> list[Column]:
    return [
        Column("State", lambda r: r.state, kind="pill", width=134),
        Column("Subject", lambda r: r.subject, width=160, stretch=1),
        Column("To", lambda r: r.to, width=186, kind="address", keep=2),
        Column(
            "Size", lambda r: r.size, lambda n: "" if n is None else f"{n:,}", width=80, align="right", keep=3
        ),
        Column("When", lambda r: r.at, lambda at: f"{at:%H:%M}", width=76, align="right"),
    ]


@pytest.fixture
def table(window_of: Show) -> RecordTable:
    made = RecordTable(columns(), name="Letters")
    QAbstractItemModelTester(made.records, QAbstractItemModelTester.FailureReportingMode.Fatal, made)
    window_of(made, 800, 500)
    return made


def subjects(table: RecordTable) -> list[str]:
    return [row.subject for row in table.shown_rows()]


def test_it_shows_what_it_is_given(table: RecordTable) -> None:
    table.set_rows([make(1), make(2)])
    assert subjects(table) == ["Letter 1", "Letter 2"]
    model = table.records
    words = [model.data(model.index(0, c)) for c in range(model.columnCount())]
    assert words == ["Delivered", "Letter 1", "kim1@example.com", "1", "11:59"]
    assert model.headerData(1, Qt.Orientation.Horizontal, Qt.ItemDataRole.DisplayRole) == "Subject"


def test_it_is_painted_in_every_kind(window_of: Show, grab: Callable[[QWidget, str], None]) -> None:
    kinds = RecordTable(
        [
            Column("Pill", lambda r: r.state, kind="pill", width=120),
            Column("Word", lambda r: r.subject, kind="medium", width=100),
            Column("More", lambda r: (r.to, "+3"), identity, kind="address", width=150),
            Column(
                "Counts",
                lambda _r: [("check", "success", 9), ("refused", "danger", 1)],
                identity,
                sort=None,
                kind="counts",
                width=110,
            ),
            Column("Used", lambda _r: (0.8, "80 %"), identity, sort=None, kind="meter", width=140),
            Column(
                "Icon",
                lambda _r: ("paperclip", "muted", "has attachments"),
                identity,
                sort=None,
                kind="icon",
                width=60,
            ),
            Column("Code", lambda r: str(r.id), kind="mono", width=80),
        ],
        name="Kinds",
        checks=True,
    )
    kinds.set_rows(
        [make(1, state="hard"), make(2, "A subject that is too long for its column", state="unknown")]
    )
    window_of(kinds, 900, 200)
    kinds.check_all(True)
    grab(kinds, "record-table-kinds")
    image = kinds.viewport().grab().toImage()
    inks = {image.pixelColor(x, y).name() for x in range(image.width()) for y in range(image.height())}
    assert {"#fce9e9", "#b96f00", "#4150c8"} <= inks, "tint of the pill, fill of the meter, check box"
    assert kinds.records.data(kinds.records.index(0, 4)) == "9 check, 1 refused"


def test_sorting_is_stable_and_ignores_case(table: RecordTable) -> None:
    table.set_rows([make(1, "b"), make(2, "A"), make(3, "B"), make(4, "a")])
    table.sort_by(1)
    assert [row.id for row in table.shown_rows()] == [2, 4, 1, 3]
    table.sort_by(1, descending=True)
    assert [row.id for row in table.shown_rows()] == [1, 3, 2, 4]


def test_what_is_not_known_sorts_first(table: RecordTable) -> None:
    table.set_rows([make(1, size=5), make(2, size=None), make(3, size=1)])
    table.sort_by(3)
    assert [row.id for row in table.shown_rows()] == [2, 3, 1]


def test_a_click_on_the_head_sorts_and_the_next_turns_it_round(table: RecordTable) -> None:
    table.set_rows([make(1, "b"), make(2, "a")])
    head = table.horizontalHeader()
    middle = QPoint(head.sectionViewportPosition(1) + 20, 12)
    QTest.mouseClick(head.viewport(), Qt.MouseButton.LeftButton, pos=middle)
    assert subjects(table) == ["a", "b"]
    QTest.mouseClick(head.viewport(), Qt.MouseButton.LeftButton, pos=middle)
    assert subjects(table) == ["b", "a"]


def test_a_column_without_order_is_not_sorted() -> None:
    with pytest.raises(ValueError, match="no order"):
        Order.of(Column("x", identity, sort=None), [1])


@pytest.mark.parametrize("count", [0, 1, 3_999, 4_000, 4_001, 30_000])
@pytest.mark.parametrize(
    "value",
    [
        lambda chance: chance.random(),
        lambda chance: chance.choice("aBcAb"),
        lambda chance: chance.choice([None, 1, 2, 3]),
        lambda _chance: None,
    ],
    ids=["all different", "few, upper and lower", "some unknown", "all unknown"],
)
def test_an_order_in_slices_is_the_order_of_one_sort(
    count: int, value: Callable[[random.Random], object]
) -> None:
    chance = random.Random(count)
    rows = [value(chance) for _ in range(count)]
    keys = [(row is not None, row.casefold() if isinstance(row, str) else row or 0) for row in rows]
    order = Order.of(Column("x", identity), rows)
    assert order.ascending == sorted(range(count), key=keys.__getitem__)
    assert order.descending == sorted(range(count), key=keys.__getitem__, reverse=True)


def test_many_rows_are_sorted_while_the_window_lives(table: RecordTable) -> None:
    table.set_rows([make(i, f"Letter {i * 7919 % MANY}") for i in range(MANY)])
    table.select_key(3)
    head = table.horizontalHeader()
    head.sectionClicked.emit(0)
    head.sectionClicked.emit(1)
    assert table.rows[0] is table.shown_rows()[0], "not at once"
    assert QSignalSpy(table.records.prepared).wait(5000)
    assert table.records.sorted_by == (1, False)
    assert subjects(table) == sorted(subjects(table))
    assert table.current.id == 3
    head.sectionClicked.emit(1)
    assert subjects(table) == sorted(subjects(table), reverse=True), "what is worked out is there at once"


def test_rows_that_were_altered_are_sorted_by_what_they_are_now(table: RecordTable) -> None:
    sizes = {1: 5, 2: 6}
    table.records.columns[3] = Column("Size", lambda row: sizes[row.id])
    table.set_rows([make(1), make(2)])
    table.sort_by(3)
    sizes[1] = 7
    table.rows_altered()
    table.sort_by(3)
    assert [row.id for row in table.shown_rows()] == [2, 1]


def test_rows_added_below_what_is_seen_paint_nothing(table: RecordTable, settle: Callable[[], None]) -> None:
    painted: list[QRect] = []

    class Watch(QObject):
        def eventFilter(self, _watched: QObject, event: QEvent) -> bool:
            if event.type() == QEvent.Type.Paint:
                painted.append(event.rect())
            return False

    def settled() -> None:
        table.executeDelayedItemsLayout()
        settle()

    table.set_rows([make(i) for i in range(50)])
    settled()
    watch = Watch()
    table.viewport().installEventFilter(watch)
    table.append_rows([make(i) for i in range(50, 100)])
    settled()
    assert not painted
    assert table.verticalScrollBar().maximum() == table.rowHeight(0) * 100 - table.viewport().height()
    table.append_rows([make(100)])
    table.sort_by(4)
    settled()
    assert painted


def test_the_filter_wants_all_words_wherever_they_stand(table: RecordTable) -> None:
    table.set_rows([make(1, "Invoice for May"), make(2, "Invoice for June"), make(3, "May flowers")])
    counted = []
    table.counted.connect(lambda shown, all_: counted.append((shown, all_)))
    table.set_filter("may INV")
    assert subjects(table) == ["Invoice for May"]
    table.set_filter("kim3@")
    assert subjects(table) == ["May flowers"]
    table.set_filter("")
    assert len(subjects(table)) == 3
    assert counted == [(1, 3), (1, 3), (3, 3)]


def test_typing_on_narrows_and_deleting_widens_again(table: RecordTable) -> None:
    rows = [make(i, random.Random(i).choice(("abc", "abd", "xyz")) + str(i)) for i in range(200)]
    table.set_rows(rows)
    for text in ("a", "ab", "abc", "abc1", "abc", "ab", "ab x", "x"):
        table.set_filter(text)
        wanted = [r.subject for r in rows if all(w in f"{r.subject} {r.to}".lower() for w in text.split())]
        assert subjects(table) == wanted, text


def test_a_new_word_after_a_space_still_narrows_rightly(table: RecordTable) -> None:
    table.set_rows([make(1, "alpha beta"), make(2, "beta"), make(3, "alpha")])
    table.set_filter("alpha")
    table.set_filter("alpha b")
    assert subjects(table) == ["alpha beta"]


def test_a_condition_filters_beside_the_text(table: RecordTable) -> None:
    table.set_rows([make(1, "qq", "hard"), make(2, "qq", "soft"), make(3, "y", "hard")])
    table.set_where(lambda row: row.state == "hard")
    table.set_filter("qq")
    assert [row.id for row in table.shown_rows()] == [1]
    table.set_where(None)
    assert [row.id for row in table.shown_rows()] == [1, 2]


def test_the_current_row_survives_new_rows_sorting_and_filtering(table: RecordTable) -> None:
    chosen: list[Row | None] = []
    table.set_rows([make(i) for i in range(100)])
    table.chosen.connect(chosen.append)
    assert table.select_key(40)
    assert chosen[-1] == make(40)
    table.verticalScrollBar().setValue(333)
    table.set_rows([replace(make(i), subject=f"New {i}") for i in range(100)])
    assert table.current is not None and table.current.subject == "New 40"
    assert table.verticalScrollBar().value() == 333
    table.sort_by(4)
    assert table.current.id == 40
    table.set_filter("40")
    assert table.current.id == 40
    told = len(chosen)
    table.set_filter("41")
    assert table.current is None
    assert chosen[told:] == [None], "told once that it is gone"


def test_a_row_that_is_gone_is_told(table: RecordTable) -> None:
    chosen: list[Row | None] = []
    table.set_rows([make(1), make(2)])
    table.select_key(1)
    table.chosen.connect(chosen.append)
    table.set_rows([make(2)])
    assert chosen == [None]
    assert not table.select_key(1)


def test_several_selected_rows_stay_selected(table: RecordTable) -> None:
    table.set_rows([make(i) for i in range(5)])
    table.select_key(1)
    QTest.keyClick(table, Qt.Key.Key_Down, Qt.KeyboardModifier.ShiftModifier)
    assert [row.id for row in table.selected_rows()] == [1, 2]
    table.set_rows([make(i) for i in range(4, -1, -1)])
    assert {row.id for row in table.selected_rows()} == {1, 2}


def test_pages_are_added_at_the_end_or_in_their_place(table: RecordTable) -> None:
    table.set_rows([make(1, "b")])
    table.append_rows([make(2, "a")])
    assert subjects(table) == ["b", "a"]
    table.sort_by(1)
    table.append_rows([make(3, "ab")])
    assert subjects(table) == ["a", "ab", "b"]
    table.set_filter("a")
    table.append_rows([make(4, "aa"), make(5, "zz")])
    assert "zz" not in [row.subject for row in table.shown_rows() if "a" not in row.subject + row.to]
    assert len(table.rows) == 5


def test_groups_stand_in_their_order_with_their_counts(window_of: Show) -> None:
    table = RecordTable(
        columns(),
        name="Groups",
        group=lambda r: "Needs you" if r.state == "hard" else "Today",
        groups=["Needs you", "Today"],
    )
    QAbstractItemModelTester(table.records, QAbstractItemModelTester.FailureReportingMode.Fatal, table)
    table.set_rows([make(1), make(2, state="hard"), make(3)])
    window_of(table, 800, 300)
    model = table.records
    assert [model.data(model.index(line, 0)) for line in range(model.rowCount())] == [
        "Needs you 1",
        "Hard bounce",
        "Today 2",
        "Delivered",
        "Delivered",
    ]
    assert model.flags(model.index(0, 0)) == Qt.ItemFlag.NoItemFlags
    assert table.rowHeight(0) < table.rowHeight(1)
    table.select_first()
    assert table.current.id == 2
    QTest.keyClick(table, Qt.Key.Key_Down)
    assert table.current.id == 1, "the title between is stepped over"


def test_checks_by_mouse_space_and_head(window_of: Show) -> None:
    table = RecordTable(columns(), name="Checks", checks=True)
    table.set_rows([make(i) for i in range(3)])
    window_of(table, 800, 300)
    counts: list[int] = []
    table.checked.connect(counts.append)
    spot = table.point_of(1, -1)
    QTest.mouseClick(table.viewport(), Qt.MouseButton.LeftButton, pos=spot)
    assert [row.id for row in table.checked_rows()] == [1]
    assert table.check_state() == Qt.CheckState.PartiallyChecked
    assert table.current is None, "checking a row does not open it"
    head = table.horizontalHeader()
    QTest.mouseClick(head.viewport(), Qt.MouseButton.LeftButton, pos=QPoint(20, 12))
    assert table.check_state() == Qt.CheckState.Checked
    table.select_key(0)
    table.setFocus()
    QTest.keyClick(table, Qt.Key.Key_Space)
    assert [row.id for row in table.checked_rows()] == [1, 2]
    table.set_rows([make(2)])
    assert [row.id for row in table.checked_rows()] == [2], "a check goes with its row"
    assert counts == [1, 3, 2, 1]


def test_copying_gives_lines_of_tabs(table: RecordTable) -> None:
    table.set_rows([make(1, "a\tb\nc"), make(2)])
    table.selectAll()
    QTest.keyClick(table, Qt.Key.Key_C, Qt.KeyboardModifier.ControlModifier)
    assert QGuiApplication.clipboard().text() == (
        "Delivered\ta b c\tkim1@example.com\t1\t11:59\nDelivered\tLetter 2\tkim2@example.com\t1\t11:58"
    )


def test_enter_and_double_click_open(table: RecordTable) -> None:
    opened: list[Row] = []
    table.opened.connect(opened.append)
    table.set_rows([make(1), make(2)])
    table.select_key(2)
    QTest.keyClick(table, Qt.Key.Key_Return)
    QTest.mouseClick(table.viewport(), Qt.MouseButton.LeftButton, pos=table.point_of(1, 1))
    QTest.mouseDClick(table.viewport(), Qt.MouseButton.LeftButton, pos=table.point_of(1, 1))
    assert [row.id for row in opened] == [2, 1]


def test_columns_go_by_their_rank_where_room_is_short(table: RecordTable, settle: Callable[[], None]) -> None:
    table.set_rows([make(1)])
    hidden = []
    for width in (800, 600, 480, 300):
        table.resize(width, 400)
        settle()
        hidden.append([table.isColumnHidden(c) for c in range(5)])
    assert hidden[0] == [False] * 5
    assert hidden[1] == [False, False, False, True, False]
    assert hidden[2] == [False, False, True, True, False]
    assert hidden[3] == hidden[2], "those that must stay give way instead"
    assert table.columnWidth(1) < 160


def test_markup_in_a_cell_is_only_text(table: RecordTable, settle: Callable[[], None]) -> None:
    table.set_rows([make(1, "<b>bold</b><img src=x>")])
    settle()
    assert table.records.data(table.records.index(0, 1)) == "<b>bold</b><img src=x>"


@pytest.mark.parametrize(
    "text",
    [
        "x" * 1_000_000,
        "ab " * 300_000,
        "\u202e" + "<img src='file:///etc/passwd'>" * 30_000,
        "\x1b[31m" * 200_000,
    ],
    ids=["one word", "words", "markup, turned round", "what steers a terminal"],
)
def test_a_cell_of_a_million_signs_does_not_hold_up_the_window(
    window_of: Show, settle: Callable[[], None], text: str
) -> None:
    table = RecordTable(columns(), name="Letters")
    window_of(table, 800, 500)
    before = time.perf_counter()
    table.set_rows([Row(number, "delivered", text, f"{text}@example.com", 1, START) for number in range(3)])
    settle()
    table.grab()
    took_s = time.perf_counter() - before
    assert took_s < 2, "seconds a cell where all of it is measured"
    assert table.records.data(table.records.index(0, 1)) == text, "copied it is whole"


def test_it_can_be_read_aloud(table: RecordTable) -> None:
    table.set_rows([make(1)])
    spoken = QAccessible.queryAccessibleInterface(table)
    assert spoken.text(QAccessible.Text.Name) == "Letters"
    assert spoken.role() == QAccessible.Role.Table


def test_the_focus_chooses_a_row_only_where_the_keyboard_brought_it(table: RecordTable) -> None:
    chosen: list[Row | None] = []
    table.chosen.connect(chosen.append)
    table.set_rows([make(1), make(2)])
    table.clearFocus()
    table.setFocus(Qt.FocusReason.OtherFocusReason)
    assert table.current is None
    table.clearFocus()
    table.setFocus(Qt.FocusReason.TabFocusReason)
    assert table.current == make(1)
    assert table.selected_rows() == [make(1)]
    assert chosen == [make(1)]


def test_the_row_under_the_mouse_is_warm(table: RecordTable) -> None:
    table.set_rows([make(1), make(2)])
    QTest.mouseMove(table.viewport(), table.point_of(2, 1))
    assert table.hovered == 1


def test_counts_without_room_are_not_left_out_in_silence(window_of: Show) -> None:
    one = [("check", "success", 1)]
    shown = []
    for counts in (one, [*one, ("opened", "success", 1), ("clicked", "success", 1)]):
        column = Column("State", lambda row: row, lambda value: value, kind="counts", width=70)
        many = RecordTable([column], name="Counts", key=lambda _row: 1)
        window_of(many, 70, 120)
        many.set_rows([counts])
        shown.append(many.viewport().grab().toImage())
    assert shown[0] != shown[1]
