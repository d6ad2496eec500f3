"""Stats: tiles, a chart that is walked, lists of messages and recipients, all counted from the same rows."""

from __future__ import annotations

import asyncio
from contextlib import asynccontextmanager
from datetime import UTC, date, datetime, timedelta

import pytest
from PySide6.QtCore import QPoint, Qt
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QFileDialog, QLineEdit, QWidget

from turbodesk.gui import theme
from turbodesk.gui.parts.button import Button
from turbodesk.gui.stats_chart import StatsChart, nice_step
from turbodesk.gui.stats_tab import StatsTab
from turbodesk.gui.stats_tiles import FORMS, Tiles
from turbodesk.gui.stats_words import pill_of, span_title
from turbodesk.model.counts import Counts
from turbodesk.model.message import Address, Message
from turbodesk.model.reports import EmailStat, MailStatus, Page
from turbodesk.providers.port import Capability, Provider
from turbodesk.services.desk import Desk
from turbodesk.services.stats import Grain, Span
from turbodesk.vault import MemoryVault
from turbodesk.workplace import Workplace

NARROW = "\u202f"


def press(widget: QWidget) -> None:
    QTest.mouseClick(widget, Qt.MouseButton.LeftButton)


def button_of(owner: QWidget, text: str) -> Button:
    return next(b for b in owner.findChildren(Button) if b.text() == text and b.isVisibleTo(owner))


async def send(desk: Desk, subject: str, *to: str) -> None:
    async def mark() -> None:
        pass

    message = Message(
        Address("shop@example.com"), tuple(Address(email) for email in to), subject, text="Hello", key=subject
    )
    await desk.provider.send(message, mark)


@pytest.fixture
def opened(tmp_path, notices, window_of):
    """`async with opened() as (tab, desk)`: the tab is turned to, read to its end, and has its chart."""

    @asynccontextmanager
    async def make(*mailings: tuple[str, ...], history_rows: int = 0, width: int = 1280, turned: bool = True):
        async with Workplace(
            tmp_path, vault=MemoryVault(), environment={}, history_rows=history_rows
        ) as place:
            desk = await place.desk("sandbox")
            for subject, *to in mailings:
                await send(desk, subject, *to)
            tab = StatsTab(notices)
            window_of(tab, width, 720)
            tab.set_desk(desk)
            if turned:
                tab.turned_to()
                await tab.work.settled()
            yield tab, desk
            tab.set_desk(None)
            await tab.work.settled()

    return make


class Gated(Provider):
    """Lists the rows it was given, ten a page, whenever the gate is open."""

    title = "Gated"
    offers = frozenset({Capability.SEND, Capability.STATS})

    def __init__(self, rows: list[EmailStat]) -> None:
        self.rows, self.gate = rows, asyncio.Semaphore(0)

    async def send(self, message, mark):
        raise AssertionError("nothing is sent here")

    async def stats(self, period, *, statuses=frozenset()):
        for start in range(0, len(self.rows), 10):
            await self.gate.acquire()
            yield Page(self.rows[start : start + 10], len(self.rows))

    async def count_stats(self, period, *, statuses=frozenset()):
        return len(self.rows)


def row(
    n: int, status: MailStatus = MailStatus.SUCCESS, subject: str = "Hello", error: str = ""
) -> EmailStat:
    at = datetime.now(UTC) - timedelta(minutes=n)
    return EmailStat(
        str(n), subject, "shop@example.com", f"user{n}@example.com", at, status, error, status.value
    )


def spans(count: int) -> list[Span]:
    first = date(2026, 10, 21)
    return [
        Span(
            day,
            day,
            Counts(sent=100 * n, delivered=90 * n, opened=40 * n, clicked=9 * n, bounced=n, complained=n % 2),
        )
        for n, day in ((n, first + timedelta(days=n)) for n in range(count))
    ]


@pytest.fixture
def chart(qapp, window_of):
    made = StatsChart()
    assert list(made.build()) == [None, None]
    window_of(made, 800, 284)
    made.show_spans(spans(10), Grain.DAY)
    return made


# the tiles


def test_a_rate_carries_its_fraction(qapp):
    tiles = Tiles()
    tiles.show_counts(Counts(sent=31806, delivered=31204, opened=12856, bounced=512, complained=6), 46)
    said = {series: tile.accessibleName() for series, tile in tiles.tiles.items()}
    assert said["sent"] == "Sent 31,806 in 46 mailings"
    assert said["delivered"] == f"Delivered 98.1{NARROW}% 31,204 / 31,806 sent"
    assert said["opened"] == f"Opened 41.2{NARROW}% 12,856 / 31,204 delivered"
    assert said["bounced"] == f"Bounced 1.6{NARROW}% 512 / 31,806 sent"
    assert said["complained"] == f"Complained 0.02{NARROW}% 6 / 31,204 delivered"


def test_below_a_hundred_the_number_stands_for_itself(qapp):
    tiles = Tiles()
    tiles.show_counts(Counts(sent=99, delivered=64), 1)
    assert tiles.tiles["delivered"].accessibleName() == "Delivered 64 of 99 sent, too few to say"
    assert tiles.tiles["clicked"].accessibleName() == "Clicked 0 of 64 delivered, too few to say"


def test_a_tile_switches_its_series(window_of):
    tiles, told = Tiles(), []
    window_of(tiles, 1240, 90)
    tiles.toggled.connect(told.append)
    QTest.keyClick(tiles.tiles["clicked"], Qt.Key.Key_Space)
    assert told == [frozenset(FORMS) - {"clicked"}]
    press(tiles.tiles["clicked"])
    assert told[-1] == frozenset(FORMS)


# the chart


@pytest.mark.parametrize(
    ("largest", "steps", "step"),
    [(0, 3, 1), (1, 3, 1), (4300, 3, 1500), (32, 4, 10), (100, 2, 50), (7, 2, 4)],
)
def test_scales_end_on_round_numbers(largest, steps, step):
    assert nice_step(largest, steps) == step


def test_arrow_keys_walk_the_columns(chart):
    walked = []
    chart.walked.connect(walked.append)
    chart.setFocus()
    for key in (Qt.Key.Key_Right, Qt.Key.Key_Right, Qt.Key.Key_Left, Qt.Key.Key_Left, Qt.Key.Key_End,
                Qt.Key.Key_Right, Qt.Key.Key_Home, Qt.Key.Key_Escape, Qt.Key.Key_Left):  # fmt: skip
        QTest.keyClick(chart, key)
    assert walked == [0, 1, 0, 9, 0, -1, 9]
    assert chart.accessibleDescription().startswith("Fri 30 Oct, Sent 900, Delivered 810, Opened 360")


def test_the_mouse_points_at_a_column_and_leaves_it(chart):
    step = (800 - theme.px(48) - theme.px(12)) / 10
    QTest.mouseMove(chart.viewport(), QPoint(round(theme.px(48) + 3.5 * step), 100))
    assert chart.at == 3
    assert chart._tip.isVisible()
    QTest.mouseMove(chart.viewport(), QPoint(5, 100))
    assert chart.at == -1
    assert not chart._tip.isVisible()


def test_the_float_stays_inside_the_chart(chart):
    for index in (0, 9):
        chart.walk_to(index)
        sheet = chart._tip.geometry().adjusted(24, 24, -24, -24)
        assert chart.rect().contains(sheet)


def test_neither_wheel_nor_drag_nor_menu_moves_the_scales(chart, settle):
    before = (chart._volume.viewRange(), chart._trouble.viewRange())
    QTest.mousePress(chart.viewport(), Qt.MouseButton.LeftButton, pos=QPoint(300, 100))
    QTest.mouseMove(chart.viewport(), QPoint(500, 60))
    QTest.mouseRelease(chart.viewport(), Qt.MouseButton.LeftButton, pos=QPoint(500, 60))
    QTest.mouseClick(chart.viewport(), Qt.MouseButton.RightButton, pos=QPoint(300, 100))
    settle()
    assert (chart._volume.viewRange(), chart._trouble.viewRange()) == before


def test_the_scale_fits_what_is_shown(chart):
    def top() -> float:
        return chart._volume.viewRange()[1][1]

    assert 900 <= top() <= 1100
    chart.show_series(frozenset({"clicked", "bounced"}))
    assert 81 <= top() <= 110


def test_the_chart_takes_the_colours_of_another_theme(chart, themer):
    def corner() -> str:
        return chart.grab().toImage().pixelColor(2, 2).name().upper()

    assert corner() == theme.colour("surface").name().upper()
    light = corner()
    themer.pin("dark")
    assert corner() == theme.colour("surface").name().upper() != light


@pytest.mark.parametrize(
    ("start", "end", "grain", "title"),
    [
        ("2026-11-03", "2026-11-03", Grain.DAY, "Tue 3 Nov 2026"),
        ("2026-11-02", "2026-11-08", Grain.WEEK, "2 to 8 Nov 2026"),
        ("2026-10-26", "2026-11-01", Grain.WEEK, "26 Oct to 1 Nov 2026"),
        ("2026-11-02", "2026-11-02", Grain.WEEK, "2 Nov 2026"),
        ("2026-11-01", "2026-11-30", Grain.MONTH, "November 2026"),
    ],
)
def test_columns_are_called_by_their_days(start, end, grain, title):
    span = Span(date.fromisoformat(start), date.fromisoformat(end), Counts())
    if span.start.year == datetime.now(UTC).year and grain is not Grain.MONTH:
        title = title.removesuffix(f" {span.start.year}")
    assert span_title(span, grain) == title


# the tab


def test_what_was_sent_is_counted_in_tiles_chart_and_list(run, opened, grab):
    async def go():
        async with opened(
            ("News", "ok@example.com", "click@example.com", "hardbounce@example.com"),
            ("Invoice", "open@example.com", "unsub@example.com", "spam@example.com"),
        ) as (tab, _desk):
            assert tab.tiles.tiles["sent"].accessibleName() == "Sent 6 in 2 mailings"
            assert [mailing.subject for mailing in tab.mailings.rows] == ["Invoice", "News"]
            last = tab.chart._spans[-1].counts
            assert (last.sent, last.delivered, last.opened, last.clicked) == (6, 5, 4, 1)
            assert (last.bounced, last.complained, last.unsubscribed) == (1, 1, 1)
            assert len(tab.chart._spans) == 30
            grab(tab, "stats")

    run(go(), 30)


def test_a_mailing_opens_its_recipients(run, opened):
    async def go():
        async with opened(
            ("News", "ok@example.com", "hardbounce@example.com"), ("Other", "open@example.com")
        ) as (
            tab,
            _,
        ):
            tab.mailings.select_key("News")
            QTest.keyClick(tab.mailings, Qt.Key.Key_Return)
            await tab.work.settled()
            shown = tab.recipients.shown_rows()
            assert {row.recipient for row in shown} == {"ok@example.com", "hardbounce@example.com"}
            assert {pill_of(row)[0] for row in shown} == {"delivered", "hard"}
            assert tab.list_tables.key == "recipients"
            press(tab.back_button)
            assert tab.list_tables.key == "mailings"
            press(tab.lists.segment("recipients"))
            await tab.work.settled()
            assert len(tab.recipients.shown_rows()) == 3

    run(go(), 30)


def test_the_filter_counts_only_what_holds_it(run, opened):
    async def go():
        async with opened(
            ("News", "ok@example.com", "click@example.net"), ("Invoice", "open@example.net")
        ) as (
            tab,
            _,
        ):
            QTest.keyClicks(tab.filter.edit, "EXAMPLE.net")
            await tab.work.settled()
            assert tab.tiles.tiles["sent"].accessibleName() == "Sent 2 in 2 mailings"
            tab.filter.setText("invoice")
            tab.filter.setText("nobody")
            await tab.work.settled()
            assert tab.empty.title == "Nothing holds “nobody”"
            press(button_of(tab.empty, "Clear the filter"))
            await tab.work.settled()
            assert tab.pages.key == "body"
            assert tab.tiles.tiles["sent"].accessibleName() == "Sent 3 in 2 mailings"

    run(go(), 30)


def test_the_same_counts_stand_in_a_table_by_day_week_and_month(run, opened):
    async def go():
        async with opened(history_rows=300) as (tab, _desk):
            press(tab.table_button)
            assert tab.charts.key == "days"
            sent = sum(span.counts.sent for span in tab.days.rows)
            assert sent == tab._tally.sums.sent > 0
            assert len(tab.days.rows) == 30
            for grain, most in (("week", 6), ("month", 2)):
                press(tab.grains.segment(grain))
                assert len(tab.days.rows) <= most
                assert sum(span.counts.sent for span in tab.days.rows) == sent
                assert tab.days.records.headerData(0, Qt.Orientation.Horizontal).lower() == grain
            press(tab.table_button)
            assert tab.charts.key == "chart"
            assert len(tab.chart._spans) <= 2

    run(go(), 30)


def test_counts_grow_while_pages_come_and_cancel_keeps_them_marked(run, opened, notices, until):
    async def go():
        async with opened(turned=False) as (tab, desk):
            gated = Gated([row(n, subject=f"Mail {n % 4}") for n in range(100)])
            tab.set_desk(Desk(desk.profile, gated))
            tab.turned_to()
            assert tab.pages.key == "loading"
            gated.gate.release()
            await until(lambda: tab.pages.key == "body")
            assert tab.tiles.tiles["sent"].accessibleName() == "Sent 10 in 4 mailings"
            await until(tab.bar.isVisible)
            press(tab.bar.cancel_button)
            await tab.work.settled()
            assert len(tab.mailings.rows) == 4
            assert notices.latest.what == "Reading was stopped after 10 messages."
            notices.latest.actions[0][2]()
            for _ in range(10):
                gated.gate.release()
            await tab.work.settled()
            assert notices.latest is None
            assert tab.tiles.tiles["sent"].accessibleName() == "Sent 100 in 4 mailings"
            assert len(tab.mailings.rows) == 4

    run(go(), 30)


def test_a_filter_typed_while_pages_come_loses_none_and_doubles_none(run, opened, until):
    async def go():
        async with opened(turned=False) as (tab, desk):
            gated = Gated([row(n, subject=f"Mail {n}") for n in range(60)])
            tab.set_desk(Desk(desk.profile, gated))
            tab.turned_to()
            press(tab.lists.segment("recipients"))
            for _ in range(3):
                gated.gate.release()
            await until(lambda: len(tab._rows) == 30)
            tab.filter.setText("mail 1")
            for _ in range(3):
                gated.gate.release()
            await tab.work.settled()
            wanted = {f"Mail {n}" for n in (1, *range(10, 20))}
            assert {mailing.subject for mailing in tab.mailings.rows} == wanted
            assert len(tab.mailings.rows) == len(tab.recipients.rows) == len(tab._kept) == 11
            assert tab._tally.sums.sent == 11

    run(go(), 30)


def test_nothing_sent_says_what_to_do(run, opened):
    async def go():
        async with opened() as (tab, _desk):
            asked = []
            tab.turn_to.connect(lambda key, _payload: asked.append(key))
            assert tab.empty.title == "Nothing sent in the last 30 days"
            press(button_of(tab.empty, "Write a message"))
            assert asked == ["compose"]
            press(button_of(tab.empty, "All time"))
            await tab.work.settled()
            assert tab.empty.title == "Nothing sent in all time"

    run(go(), 30)


def test_what_fails_is_told_and_can_be_tried_again(run, opened, notices):
    async def go():
        async with opened(("News", "ok@example.com"), turned=False) as (tab, desk):
            await desk.control.set_faults([{"match": "/api/stats", "kind": "truncated", "times": 0}])
            tab.turned_to()
            await tab.work.settled()
            assert notices.latest is None, "the pane says it"
            await desk.control.set_faults([])
            press(button_of(tab.empty, "Try again"))
            await tab.work.settled()
            assert notices.latest is None
            assert tab.pages.key == "body"

    run(go(), 30)


def test_export_of_what_is_filtered_holds_just_that(run, opened, until, tmp_path):
    async def go():
        async with opened(("News", "ok@example.com", "open@example.net"), history_rows=0) as (tab, _desk):
            for text, lines in (("", 3), ("example.net", 2)):
                tab.filter.setText(text)
                await tab.work.settled()
                press(tab.export_button)
                await until(lambda: shown_dialog(tab))
                name = shown_dialog(tab).findChild(QLineEdit, "fileNameEdit")
                path = tmp_path / f"messages{lines}.csv"
                name.setText(str(path))
                QTest.keyClick(name, Qt.Key.Key_Return)
                await tab.work.settled()
                assert len(path.read_text().splitlines()) == lines

    run(go(), 30)


def shown_dialog(tab: StatsTab) -> QFileDialog | None:
    return next((d for d in tab.window().findChildren(QFileDialog) if d.isVisible()), None)


def test_a_series_switched_off_before_the_chart_is_there_stays_off(run, opened):
    async def go():
        async with opened(("News", "ok@example.com"), turned=False) as (tab, _desk):
            tab.tiles.tiles["sent"].setChecked(False)
            tab.turned_to()
            await tab.work.settled()
            assert tab.chart._shown == frozenset(FORMS) - {"sent"}
            assert not tab.chart._bars["sent"].isVisible()

    run(go(), 30)


def test_what_is_not_offered_is_greyed_out(run, opened):
    async def go():
        async with opened(turned=False) as (tab, desk):
            gated = Gated([])
            gated.offers = frozenset({Capability.SEND})
            tab.set_desk(Desk(desk.profile, gated))
            tab.turned_to()
            await tab.work.settled()
            assert tab.not_offered.isVisible()
            assert tab.not_offered.title.endswith("with this account")
            assert not tab.export_button.isVisible()

    run(go(), 30)


@pytest.mark.parametrize("status", MailStatus)
def test_every_status_has_its_pill(status):
    state, label = pill_of(row(1, status, error="452 4.2.2 Mailbox full"))
    wanted = {
        "FAIL": "soft",
        "OTHER": "none",
        "SUCCESS": "delivered",
        "REPORT": "complaint",
        "SYSFAIL": "refused",
    }
    assert state == wanted.get(status.value, state)
    assert label != ""


@pytest.mark.parametrize("width", [900, 1280])
def test_nothing_is_cut_off_at_any_width(run, opened, grab, width):
    async def go():
        async with opened(history_rows=400, width=width) as (tab, _desk):
            assert not tab.mailings.horizontalScrollBar().isVisible()
            assert tab.minimumSizeHint().width() <= width
            tab.chart.walk_to(20)
            grab(tab, f"stats-{width}")

    run(go(), 30)
