"""A batch in the outbox: one row that opens, goes out, rests, goes on, and is looked up."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest
from PySide6.QtCore import Qt
from PySide6.QtTest import QTest

from tests.gui.outbox_room import Opened, letter, opened_tab
from turbodesk.gui import batch_words as say
from turbodesk.gui.parts.dialog import Dialog
from turbodesk.gui.parts.toast import Toast
from turbodesk.model.outcome import SendState
from turbodesk.services.batches import BY_HAND, BatchPlan, Progress
from turbodesk.store.entry import Batch, BatchState

NOW = datetime(2026, 11, 20, 12, tzinfo=UTC)
GUIDE = "November order guide"


@pytest.fixture
def opened(tmp_path, notices, window_of):
    """`async with opened() as it`: the tab over a sandbox."""
    return lambda **more: opened_tab(tmp_path / "desk", notices, window_of, **more)


async def filled(it: Opened, *to: str, **plan: object) -> str:
    """A batch with a letter to each of them, written down; nothing of it has left."""
    rows = [(n, letter(GUIDE, email)) for n, email in enumerate(to, 1)]
    runs = await it.place.batches()
    batch = await runs.start(it.outbox, BatchPlan("list.csv", len(rows), **plan), rows)
    return batch.id


async def sent(it: Opened, *to: str, **plan: object) -> str:
    """The same, once it is through."""
    id = await filled(it, *to, **plan)
    await (await it.place.batches()).run(id)
    it.tab.receive(id)
    await it.settle()
    return id


async def accepted(it: Opened) -> int:
    control = (await it.place.desk("sandbox")).control
    return (await control.accepted())["total"]


def test_a_batch_is_one_row_among_the_sends(run, opened, grab):
    async def go():
        async with opened() as it:
            await it.outbox.send(letter("Alone", "ok@example.com"))
            await sent(it, "a@example.com", "drop@example.com", "c@example.com")
            tab = it.tab
            assert [row.id for row in tab.table.shown_rows()] == [it.row(GUIDE).id, it.row("Alone").id]
            assert it.counters[-1] == (1, "warning")
            assert it.said[-1] == "3 of 4 settled", "letters are counted, not batches"
            assert tab.segments.segment("unknown").accessibleName() == "Unknown 1"
            assert tab.segments.segment("sending").isHidden(), "nothing is just leaving"
            assert tab.side.key == "batch" and tab.batch.pill.state == "unknown"
            assert tab.batch.how_far.text() == "3 of 3 rows"
            assert tab.batch.meter.share == 1 and not tab.batch.pause_button.isVisible()
            grab(tab, "outbox-batch")

    run(go())


def test_a_batch_opens_those_that_need_somebody_first_and_leads_back(run, opened, until, grab):
    async def go():
        async with opened() as it:
            tab = it.tab
            id = await sent(it, "a@example.com", "b@example.com", "drop@example.com", "c@example.com")
            tab.table.setFocus()
            QTest.keyClick(tab.table, Qt.Key.Key_Return)
            await it.settle()
            page = tab.page
            assert tab.lists.key == tab.heads.key == "batch" and page.head.title.text() == GUIDE
            assert [row.row for row in page.table.shown_rows()] == [3, 1, 2, 4]
            assert tab.side.key == "batch" and not tab.batch.rows_button.isVisible()
            page.table.select_first()
            assert tab.side.key == "send" and tab.detail.pill.state == "unknown"
            assert tab.detail.crumb.isVisible() and tab.detail.crumb.text() == GUIDE
            grab(tab, "outbox-batch-row")
            tab.detail.crumb.click()
            assert tab.side.key == "batch" and tab.in_batch
            page.head.segments.segment("accepted").click()
            assert [row.row for row in page.table.shown_rows()] == [1, 2, 4]
            assert page.head.segments.segment("refused").isHidden()
            QTest.keyClick(page.table, Qt.Key.Key_Escape)
            assert tab.lists.key == tab.heads.key == "list" and tab.table.current.id == id
            tab.batch.rows_asked.emit("unknown")
            await it.settle()
            assert [row.row for row in page.table.shown_rows()] == [3]

    run(go())


def test_a_row_of_a_batch_is_found_by_its_id(run, opened):
    async def go():
        async with opened() as it:
            id = await sent(it, "a@example.com", "b@example.com")
            second = (await it.outbox.entries(batch=id))[1]
            it.tab.receive(second.id)
            await it.settle()
            assert it.tab.in_batch and it.tab.page.table.current == second
            assert it.tab.detail.entry == second

    run(go())


def test_it_pauses_goes_on_and_tells_how_far_it_is(run, opened, until):
    async def go():
        async with opened() as it:
            tab = it.tab
            to = [f"r{n}@example.com" for n in range(40)]
            id = await filled(it, *to, concurrency=1, per_second=25.0)
            tab.receive(id)
            await it.settle()
            assert tab.segments.segment("waiting").accessibleName() == "Waiting 1"
            await tab.world.take_up(id)
            await until(lambda: tab.batch.pill.state == "sending" and tab.batch.batch.finished > 2)
            assert it.waiting[-1] > 0
            assert tab.batch.pause_button.isVisible() and not tab.batch.resume_button.isVisible()
            tab.batch.pause_button.click()
            await until(lambda: tab.batch.pill.state == "paused")
            batch = tab.batch.batch
            assert batch.reason == BY_HAND and 0 < batch.waiting < 40
            assert await accepted(it) == batch.finished
            await until(lambda: tab.batch.resume_button.isVisible())
            tab.batch.resume_button.click()
            await until(lambda: tab.batch.pill.state == "accepted", 15)
            assert await accepted(it) == 40

    run(go(), 40)


def test_cancelling_the_rest_asks_and_nothing_more_leaves(run, opened, until):
    async def go():
        async with opened() as it:
            tab = it.tab
            id = await filled(it, "a@example.com", "b@example.com")
            tab.receive(id)
            await it.settle()
            for answer, state in (("Keep it", BatchState.FILLING), ("Cancel the rest", BatchState.CANCELLED)):
                tab.batch.cancel_button.click()
                await until(lambda: tab.findChild(Dialog) is not None)
                it.dialog_button(answer).click()
                await it.settle()
                await until(lambda: tab.findChild(Dialog) is None)
                assert (await (await it.place.batches()).batch(id)).state is state
            assert tab.batch.pill.state == "cancelled" and not tab.batch.cancel_button.isVisible()
            assert await accepted(it) == 0
            assert it.counters[-1] == (0, "")

    run(go())


def test_all_that_is_unknown_is_looked_up_and_nothing_is_sent(run, opened):
    async def go():
        async with opened() as it:
            tab = it.tab
            await sent(it, "drop@example.com", "a@example.com", "drop@example.org")
            assert tab.batch.look_button.isVisible() and await accepted(it) == 3
            tab.batch.look_button.click()
            await it.settle()
            assert tab.batch.pill.state == "accepted" and not tab.batch.look_button.isVisible()
            assert await accepted(it) == 3
            told = [toast.text for toast in tab.window().findChildren(Toast)]
            told += [toast.text for toast in tab.notices.window().findChildren(Toast)]
            assert "2 of 2 rows found." in told

    run(go())


def batch(state: BatchState, total: int = 10, reason: str = "", **counts: int) -> Batch:
    by_state = {SendState(name): count for name, count in counts.items()}
    return Batch(
        "1", "shop", "turbosmtp-v2", "list.csv", NOW, NOW, state, reason, 4, 0, 0.0, total, by_state, GUIDE
    )


@pytest.mark.parametrize(
    ("made", "pill", "group", "segment", "to"),
    [
        (batch(BatchState.FILLING, queued=3), "Writing down", "Now", "waiting", "10 rows"),
        (batch(BatchState.RUNNING, accepted=7, queued=3), "Sending", "Now", "sending", "row 8 of 10"),
        (batch(BatchState.PAUSED, accepted=7, queued=3), "Paused", "Needs you", "waiting", "row 8 of 10"),
        (batch(BatchState.STOPPED, refused=7, queued=3), "Stopped", "Needs you", "waiting", "row 8 of 10"),
        (batch(BatchState.DONE, accepted=10), "Accepted", "Today", "accepted", "10 rows"),
        (batch(BatchState.DONE, accepted=9, refused=1), "Partly", "Needs you", "partly", "10 rows"),
        (batch(BatchState.DONE, accepted=9, unknown=1), "Unknown", "Needs you", "unknown", "10 rows"),
        (batch(BatchState.DONE, accepted=9, queued=1), "Queued", "Needs you", "waiting", "10 rows"),
        (batch(BatchState.DONE, refused=10), "Refused", "Needs you", "refused", "10 rows"),
        (batch(BatchState.CANCELLED, accepted=4, cancelled=6), "Cancelled", "Today", "cancelled", "10 rows"),
    ],
)
def test_each_state_of_a_batch_has_its_pill_group_and_words(made, pill, group, segment, to):
    assert say.pill_of(made)[1] == pill
    assert say.group_of(made, NOW.astimezone()) == group
    assert say.segment_of(made) == segment
    assert say.rows_words(made) == to
    assert say.said_of(made).title
    assert sum(n for _, _, n in say.counts(made)) == sum(made.counts.values())


def test_pace_and_time_left_are_told_while_it_goes_out():
    running = batch(BatchState.RUNNING, accepted=7, queued=3)
    assert say.how_far(Progress(running)) == "7 of 10 rows"
    assert say.how_far(Progress(running, 12.4, 30)) == "7 of 10 rows, less than a minute left, 12 a second"
    assert say.how_far(Progress(running, 0.5, 600)) == "7 of 10 rows, about 10\u202fmin left, 30 a minute"
    assert say.time_left(2 * 3600 + 5 * 60) == "about 2\u202fh 5\u202fmin left"
    paused = batch(BatchState.PAUSED, accepted=7, queued=3)
    assert say.how_far(Progress(paused, 1.0, 600)) == "7 of 10 rows", "nothing is left while it rests"


def test_a_batch_that_was_not_written_down_whole_never_goes_out(run, opened):
    async def go():
        async with opened() as it:
            runs = await it.place.batches()
            ledger = await it.place.ledger()
            id = await filled(it, "a@example.com")
            whole = await runs.batch(id)
            torn = batch(BatchState.STOPPED, total=2, reason="Half.", queued=1)
            pane = it.tab.batch
            pane.show_batch(Progress(torn), ending=False, look_up=True, inside=False)
            assert not pane.resume_button.isEnabled() and "written down" in pane.resume_button.toolTip()
            assert say.said_of(torn).title == "It did not begin"
            assert say.interrupted(torn)[0].endswith("did not begin.")
            assert say.is_whole(whole) and ledger is not None

    run(go())
