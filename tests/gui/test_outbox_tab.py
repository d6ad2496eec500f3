"""The outbox: rows that change by themselves, and what can be done with each."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest
from PySide6.QtGui import QGuiApplication

from tests.gui.outbox_room import Opened, World, letter, opened_tab, workplace
from turbodesk.errors import StoreTrouble
from turbodesk.gui.later_dialog import LaterDialog
from turbodesk.gui.outbox_tab import OutboxTab
from turbodesk.gui.outbox_words import (
    asking,
    counts,
    counts_aloud,
    counts_down,
    details_of,
    group_of,
    said_of,
    when_words,
)
from turbodesk.gui.parts.button import Button
from turbodesk.gui.parts.dialog import Dialog
from turbodesk.gui.request_dialog import RequestDialog
from turbodesk.model.message import Address, Attachment, RecipientKind
from turbodesk.model.outcome import Hold, RecipientOutcome, SendResult, SendState, Verdict
from turbodesk.services.outbox import Outbox
from turbodesk.store.entry import Entry, Step

NOW = datetime(2026, 11, 20, 12, tzinfo=UTC)


@pytest.fixture
def opened(tmp_path, notices, window_of):
    """`async with opened(*messages) as it`: they are sent before the tab is turned to."""
    return lambda *messages, **more: opened_tab(tmp_path / "desk", notices, window_of, *messages, **more)


def test_an_empty_outbox_offers_to_write(run, opened):
    async def go():
        async with opened() as it:
            assert it.tab.pages.key == "empty"
            assert it.tab.empty.title == "Nothing sent yet"
            it.tab.empty.findChild(Button).click()
            assert it.turns == ["compose"]
            assert it.counters[-1] == (0, "")

    run(go())


def test_rows_stand_in_groups_with_what_needs_a_person_first(run, opened, grab):
    async def go():
        sent = (
            letter("Taken", "ok@example.com", "two@example.com"),
            letter("Held", "ratelimit@example.com"),
            letter("Lost", "drop@example.com"),
        )
        async with opened(*sent) as it:
            grab(it.tab, "outbox")
            assert [entry.subject for entry in it.tab.table.shown_rows()] == ["Lost", "Held", "Taken"]
            titles = [
                it.tab.table.records.group_at(line).title for line in it.tab.table.records.group_lines()
            ]
            assert titles == ["Needs you", "Today"]
            assert it.counters[-1] == (2, "warning")
            assert it.waiting[-1] == 1
            assert it.said[-1] == "1 of 3 settled"
            assert it.tab.detail.entry == it.row("Lost"), "the first row is chosen by itself"

    run(go())


def test_a_row_changes_by_itself_when_another_program_sends(run, opened, until, tmp_path):
    async def go():
        async with opened() as it, workplace(tmp_path / "desk") as other:
            desk = await other.desk("sandbox")
            await (await other.outbox(desk)).send(letter("From elsewhere", "ok@example.com"))
            await until(lambda: [entry.subject for entry in it.tab.rows] == ["From elsewhere"])
            await until(lambda: it.row("From elsewhere").state is SendState.ACCEPTED)
            assert it.tab.pages.key == "table"

    run(go())


def test_rows_keep_their_height_when_the_groups_move(run, opened):
    async def go():
        async with opened(letter("Held", "ratelimit@example.com"), letter("Taken", "ok@example.com")) as it:
            await it.outbox.send(letter("Lost", "drop@example.com"))
            it.tab.reload()
            await it.settle()
            table = it.tab.table
            groups = set(table.records.group_lines())
            lines = range(table.records.rowCount())
            of_groups = {table.rowHeight(line) for line in lines if line in groups}
            of_rows = {table.rowHeight(line) for line in lines if line not in groups}
            assert len(of_groups) == len(of_rows) == 1 and of_groups != of_rows

    run(go())


def test_segments_show_one_kind_and_count_all(run, opened):
    async def go():
        sent = (letter("Taken", "ok@example.com"), letter("Held", "ratelimit@example.com"))
        async with opened(*sent) as it:
            segments = it.tab.segments
            assert segments.segment("all").accessibleName() == "All 2"
            assert segments.segment("waiting").accessibleName() == "Waiting 1"
            assert segments.segment("cancelled").isHidden(), "no word for what there is none of"
            segments.segment("accepted").click()
            assert [entry.subject for entry in it.tab.table.shown_rows()] == ["Taken"]
            assert it.tab.detail.entry.subject == "Taken"

    run(go())


def test_send_again_sends_what_waits_once(run, opened):
    async def go():
        async with opened() as it:
            control = (await it.place.desk("sandbox")).control
            fault = {"match": "/api/v2", "method": "POST", "kind": "status", "status": 429, "times": 1}
            await control.set_faults([fault])
            await it.outbox.send(letter("Held", "ok@example.com"))
            it.tab.reload()
            await it.settle()
            detail = it.tab.detail
            assert detail.pill.state == "queued"
            assert detail.again_button.isVisible() and detail.discard_button.isVisible()
            detail.again_button.click()
            await it.settle()
            assert it.row("Held").state is SendState.ACCEPTED
            assert detail.pill.state == "accepted"
            assert not detail.again_button.isVisible()
            assert (await control.accepted())["total"] == 1

    run(go())


def test_discard_asks_first_and_the_row_stays_as_cancelled(run, opened, until):
    async def go():
        async with opened(letter("Held", "ratelimit@example.com")) as it:
            for answer, state in (("Keep it", SendState.QUEUED), ("Discard", SendState.CANCELLED)):
                it.tab.detail.discard_button.click()
                await until(lambda: it.tab.findChild(Dialog) is not None)
                it.dialog_button(answer).click()
                await it.settle()
                await until(lambda: it.tab.findChild(Dialog) is None)
                assert it.row("Held").state is state
            await until(lambda: not it.tab.segments.segment("cancelled").isHidden())
            assert it.counters[-1] == (0, "")

    run(go())


def test_an_unknown_send_says_so_and_offers_its_details(run, opened):
    async def go():
        file = Attachment.of_bytes("invoice.pdf", b"%PDF-1.4", "application/pdf")
        async with opened(letter("Lost", "drop@example.com", attachments=(file,))) as it:
            detail = it.tab.detail
            assert detail.pill.state == "unknown"
            assert not detail.again_button.isVisible(), "what may have left is not sent again"
            detail.copy_button.click()
            copied = QGuiApplication.clipboard().text()
            assert it.row("Lost").key in copied and "drop@example.com, unknown" in copied
            assert "Hello" not in copied, "the letter itself is nobody's business"
            detail.stats_button.click()
            assert it.turns == ["stats"]

    run(go())


def test_an_unknown_send_is_looked_up_and_found_and_not_sent_again(run, opened):
    async def go():
        async with opened(letter("Lost", "drop@example.com")) as it:
            control = (await it.place.desk("sandbox")).control
            detail = it.tab.detail
            assert detail.settle_button.isVisible() and detail.resend_button.isVisible()
            detail.settle_button.click()
            await it.settle()
            assert detail.pill.state == "accepted"
            assert it.row("Lost").settled_by == "look-up"
            assert "Nobody knew at first" in said_of(it.row("Lost"), "turboSMTP").foot
            assert not detail.settle_button.isVisible()
            assert (await control.accepted())["total"] == 1

    run(go())


def test_what_may_have_gone_goes_again_only_after_a_yes(run, opened, until):
    async def go():
        async with opened(letter("Lost", "drop@example.com")) as it:
            control = (await it.place.desk("sandbox")).control
            for answer, count in (("Do not send", 1), ("Send it once more", 2)):
                it.tab.detail.resend_button.click()
                await until(lambda: it.tab.findChild(Dialog) is not None)
                it.dialog_button(answer).click()
                await it.settle()
                await until(lambda: it.tab.findChild(Dialog) is None)
                assert (await control.accepted())["total"] == count
            assert it.row("Lost").state is SendState.UNKNOWN, "the answer was lost this time too"

    run(go())


def test_a_person_may_close_it_as_sent(run, opened, until):
    async def go():
        async with opened(letter("Lost", "drop@example.com")) as it:
            it.tab.detail.sent_button.click()
            await until(lambda: it.tab.findChild(Dialog) is not None)
            it.dialog_button("Close as sent").click()
            await it.settle()
            assert (it.row("Lost").state, it.row("Lost").settled_by) == (SendState.ACCEPTED, "person")

    run(go())


def test_what_waits_for_its_hour_needs_nobody_and_comes_back_with_its_draft(run, opened):
    async def go():
        async with opened() as it:
            later, back = datetime.now(UTC) + timedelta(hours=3), []
            it.tab.taken_back.connect(lambda _entry, draft: back.append(draft))
            for hold, subject in ((Hold.TIME, "Later"), (Hold.UNDO, "Soon")):
                draft = {"subject": subject, "attachments": ["/somewhere/guide.pdf"]}
                await it.outbox.queue(
                    letter(subject, "ok@example.com"), hold=hold, not_before=later, draft=draft
                )
            it.tab.reload()
            await it.settle()
            assert it.counters[-1] == (0, "") and it.waiting[-1] == 2
            await it.choose("Later")
            detail = it.tab.detail
            assert detail.again_button.text() == "Send now" and detail.back_button.text() == "Back to Compose"
            assert said_of(it.row("Later"), "turboSMTP").title.startswith("It goes ")
            await it.choose("Soon")
            assert detail.back_button.text() == "Undo" and not detail.discard_button.isVisible()
            detail.back_button.click()
            await it.settle()
            assert back == [{"subject": "Soon", "attachments": ["/somewhere/guide.pdf"]}]
            assert it.row("Soon").state is SendState.CANCELLED
            await it.choose("Later")
            detail.again_button.click()
            await it.settle()
            assert it.row("Later").state is SendState.ACCEPTED

    run(go())


def test_receive_chooses_that_send_whatever_was_filtered(run, opened):
    async def go():
        sent = (letter("Taken", "ok@example.com"), letter("Held", "ratelimit@example.com"))
        async with opened(*sent) as it:
            it.tab.segments.segment("waiting").click()
            await it.choose("Taken")
            assert it.tab.segments.key == "all"
            assert it.tab.table.current.subject == "Taken"
            assert [entry.subject for entry in it.tab.table.selected_rows()] == ["Taken"]
            it.tab.detail.reports_button.click()
            assert it.turns == ["reports"]

    run(go())


def test_where_it_is_narrow_a_click_opens_the_detail_over_the_list(run, opened):
    async def go():
        async with opened(letter("Taken", "ok@example.com"), width=640) as it:
            assert not it.tab.detail.isVisible()
            it.tab.table.select_first()
            it.tab.table.clicked.emit(it.tab.table.currentIndex())
            assert it.tab.detail.isVisible() and it.tab.detail.close_button.isVisible()
            it.tab.detail.close_button.click()
            assert not it.tab.detail.isVisible()

    run(go())


def test_a_ledger_that_does_not_open_is_no_empty_outbox(run, notices, window_of, tmp_path):
    async def go():
        async with workplace(tmp_path / "desk") as place:
            desk = await place.desk("sandbox")
            broken = [True]

            class Broken(World):
                async def outbox(self) -> Outbox:
                    if broken:
                        raise StoreTrouble("The ledger cannot be read.", hint="Free some space.")
                    return await super().outbox()

            tab = OutboxTab(notices, Broken(place, desk))
            window_of(tab, 1280, 720)
            tab.set_desk(desk)
            tab.turned_to()
            await tab.work.settled()
            assert tab.pages.key == "empty" and tab.empty.title == "The ledger cannot be read."
            broken.clear()
            tab.empty.findChild(Button).click()
            await tab.work.settled()
            assert tab.empty.title == "Nothing sent yet"
            tab.set_desk(None)

    run(go())


def entry(state: SendState, *verdicts: Verdict, at: datetime = NOW, reason: str = "") -> Entry:
    outcomes = tuple(
        RecipientOutcome(Address(f"r{n}@example.com"), RecipientKind.TO, verdict, words="550 no" if n else "")
        for n, verdict in enumerate(verdicts)
    )
    step = Step(at, "Written down")
    return Entry(
        "1",
        "td-1",
        "shop",
        "turbosmtp-v1",
        state,
        reason,
        Address("a@example.com"),
        "Subject\nline",
        at,
        at,
        "ab" * 32,
        12,
        outcomes,
        steps=(step,),
    )


@pytest.mark.parametrize(
    ("state", "group"),
    [
        (SendState.QUEUED, "Needs you"),
        (SendState.UNKNOWN, "Needs you"),
        (SendState.REFUSED, "Needs you"),
        (SendState.PARTLY, "Needs you"),
        (SendState.SENDING, "Now"),
        (SendState.ACCEPTED, "Today"),
        (SendState.CANCELLED, "Today"),
    ],
)
def test_each_state_has_its_group(state, group):
    assert group_of(entry(state, Verdict.ACCEPTED), NOW.astimezone()) == group


def test_what_was_settled_before_today_is_earlier():
    old = entry(SendState.ACCEPTED, Verdict.ACCEPTED, at=NOW - timedelta(days=2))
    assert group_of(old, NOW.astimezone()) == "Earlier"


def test_counts_sum_up_to_the_recipients():
    mixed = entry(SendState.PARTLY, Verdict.ACCEPTED, Verdict.REFUSED, Verdict.ACCEPTED)
    assert counts(mixed) == [("check", "info", 2), ("refused", "danger", 1)]
    assert counts_aloud(mixed) == "2 accepted, 1 refused"
    dropped = entry(SendState.CANCELLED, Verdict.WAITING, Verdict.WAITING)
    assert counts(dropped) == [("cancelled", "muted", 2)]


@pytest.mark.parametrize("state", list(SendState))
def test_every_state_says_what_is_so(state):
    said = said_of(entry(state, Verdict.ACCEPTED, Verdict.REFUSED, reason="Because."), "turboSMTP")
    assert said.title and said.text


def test_copied_details_hold_every_recipient_on_its_own_line():
    lines = details_of(entry(SendState.PARTLY, Verdict.ACCEPTED, Verdict.REFUSED), "turboSMTP").splitlines()
    assert "Subject: Subject line" in lines
    assert "  to r0@example.com, accepted" in lines
    assert "  to r1@example.com, refused: 550 no" in lines


def test_a_partly_accepted_send_shows_both(run, opened):
    async def go():
        async with opened() as it:
            ledger = await it.place.ledger()
            begun = await ledger.begin(
                letter("Mixed", "a@example.com", "b@example.com"), profile="sandbox", provider="turbosmtp-v1"
            )
            begun = begun.entry
            await ledger.mark_wire(begun.id)
            verdicts = (Verdict.ACCEPTED, Verdict.REFUSED)
            outcomes = tuple(
                RecipientOutcome(one.address, one.kind, verdict, words="550 5.1.1 nobody")
                for one, verdict in zip(begun.outcomes, verdicts, strict=True)
            )
            await ledger.settle(begun.id, SendResult(outcomes, "77"))
            it.tab.reload()
            await it.settle()
            assert it.tab.detail.pill.state == "partly"
            assert it.counters[-1] == (1, ""), "it needs a person, but nothing hangs in the air"

    run(go())


async def answer(it: Opened, label: str, until) -> None:
    await until(lambda: it.tab.findChild(Dialog) is not None)
    it.dialog_button(label).click()
    await it.settle()
    await until(lambda: it.tab.findChild(Dialog) is None)


def test_another_hour_is_chosen_for_what_waits(run, opened, until):
    async def go():
        async with opened() as it:
            later = datetime.now(UTC) + timedelta(hours=3)
            await it.outbox.queue(letter("Later", "ok@example.com"), hold=Hold.TIME, not_before=later)
            it.tab.reload()
            await it.settle()
            detail = it.tab.detail
            assert detail.move_button.text() == "Change time…"
            detail.move_button.click()
            await until(lambda: it.tab.findChild(LaterDialog) is not None)
            dialog = it.tab.findChild(LaterDialog)
            chosen = dialog.presets[0]
            chosen.click()
            await it.settle()
            moved = it.row("Later")
            assert moved.hold is Hold.TIME and moved.not_before != later
            assert moved.not_before > datetime.now(UTC) and it.tab.world.nudges == 1

    run(go())


def test_what_was_not_written_here_is_cancelled_only_after_a_yes(run, opened, until):
    async def go():
        async with opened() as it:
            later, back = datetime.now(UTC) + timedelta(hours=3), []
            it.tab.taken_back.connect(lambda *given: back.append(given))
            await it.outbox.queue(letter("By hand", "ok@example.com"), hold=Hold.TIME, not_before=later)
            it.tab.reload()
            await it.settle()
            for label, state in (("Keep it", SendState.QUEUED), ("Cancel it", SendState.CANCELLED)):
                it.tab.detail.back_button.click()
                await answer(it, label, until)
                assert it.row("By hand").state is state
            assert back == [], "there is nothing to give back"

    run(go())


def test_the_request_as_sent_is_shown_and_copied_without_its_secrets(run, opened, until, grab):
    async def go():
        async with opened(letter("Invoice 2026-1183", "ok@example.com")) as it:
            detail = it.tab.detail
            assert detail.request_button.text() == "Request as sent"
            detail.request_button.click()
            await until(lambda: it.tab.findChild(RequestDialog) is not None)
            dialog = it.tab.findChild(RequestDialog)
            text = dialog.shown_text.toPlainText()
            assert dialog.windowTitle() == "The request as sent"
            key = it.row("Invoice 2026-1183").key
            assert text.startswith("POST ") and "Invoice 2026-1183" in text and key in text
            assert '"authpass":"<PASSWORD>"' in text
            grab(dialog, "request-as-sent")
            dialog.reject()
            await it.settle()
            detail.curl_button.click()
            await it.settle()
            copied = QGuiApplication.clipboard().text()
            assert copied.startswith("curl ") and key in copied and '"authpass":"<PASSWORD>"' in copied
            control = (await it.place.desk("sandbox")).control
            assert (await control.accepted())["total"] == 1, "nothing of it leaves again"

    run(go(), 20)


def queued(hold: Hold, wait: timedelta) -> Entry:
    made = entry(SendState.QUEUED, Verdict.WAITING, reason="No connection.")
    return replace(made, hold=hold, not_before=datetime.now(UTC) + wait)


@pytest.mark.parametrize(
    ("hold", "wait_s", "when", "said"),
    [
        (Hold.UNDO, 6.5, "in 7\u202fs", "It leaves in 7\u202fs"),
        (Hold.UNDO, -1, "now", "It leaves now"),
        (Hold.TIME, 39.5, "in 40\u202fs", ""),
        (Hold.AGAIN, 39.5, "next try in 40\u202fs", "It is tried again in 40\u202fs"),
        (Hold.AGAIN, 300, "next try in 5\u202fmin", "It is tried again in 5\u202fmin"),
    ],
)
def test_what_waits_for_a_time_says_until_when(hold, wait_s, when, said):
    row = queued(hold, timedelta(seconds=wait_s))
    assert counts_down(row) and when_words(row) == when
    assert said_of(row, "turboSMTP").title.startswith(said or "It goes ")
    assert group_of(row) == "Now"


def test_an_hour_tomorrow_names_its_day():
    tomorrow = (datetime.now().astimezone() + timedelta(days=1)).replace(hour=9, minute=0)
    row = replace(queued(Hold.TIME, timedelta(0)), not_before=tomorrow.astimezone(UTC))
    assert when_words(row) == "tomorrow 09:00"


def test_several_that_ask_are_told_together():
    one = entry(SendState.QUEUED, Verdict.WAITING, reason="Too late.")
    assert asking([one]) == ("“Subject line” waits for you.", "Too late.")
    assert asking([one, replace(one, id="2")]) == ("2 letters wait for you.", "Too late.")
    other = replace(one, id="3", reason="The clock was set.")
    assert asking([one, other])[1] == "Each says why in the outbox."
