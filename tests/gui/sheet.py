"""Paints the sheet of all components, to be laid beside the drawings: `python tests/gui/sheet.py FOLDER`."""

from __future__ import annotations

import os
import sys
from dataclasses import dataclass
from pathlib import Path

os.environ.setdefault("QT_QPA_PLATFORM", "offscreen")

from PySide6.QtCore import QEvent, QRectF, Qt
from PySide6.QtGui import QPainter, QPaintEvent
from PySide6.QtWidgets import QApplication, QGridLayout, QHBoxLayout, QVBoxLayout, QWidget

from turbodesk.gui import theme
from turbodesk.gui.first_run import FirstRun
from turbodesk.gui.focus_ring import FocusRing, give_focus
from turbodesk.gui.header import Header
from turbodesk.gui.notices import Notices
from turbodesk.gui.parts.button import Button
from turbodesk.gui.parts.card import Card, Ground, Rule, ToolBar, column, row
from turbodesk.gui.parts.check_box import CheckBox
from turbodesk.gui.parts.chips import AddressCheck, Chip, ChipField
from turbodesk.gui.parts.choice import Choice, DayField
from turbodesk.gui.parts.detail import DetailPane, DetailSplit
from turbodesk.gui.parts.dialog import Dialog
from turbodesk.gui.parts.drawing import frame
from turbodesk.gui.parts.facts import Facts
from turbodesk.gui.parts.field import Field
from turbodesk.gui.parts.flow import flowing
from turbodesk.gui.parts.label import Label, Link
from turbodesk.gui.parts.meter import Meter
from turbodesk.gui.parts.pill import PILLS, PillLabel
from turbodesk.gui.parts.segmented import Segmented
from turbodesk.gui.parts.states import EmptyState, Loading
from turbodesk.gui.parts.steps import Step, StepList
from turbodesk.gui.parts.switch import Switch
from turbodesk.gui.parts.toast import Toast
from turbodesk.gui.record_table import Column, RecordTable
from turbodesk.gui.status_bar import StatusBar
from turbodesk.gui.theme import Themer
from turbodesk.model.account import Profile

SENDS = ("queued", "sending", "accepted", "partly", "refused", "unknown", "cancelled")
FATES = (
    "delivered",
    "opened",
    "clicked",
    "machine",
    "hard",
    "soft",
    "complaint",
    "unsubscribed",
    "suppressed",
    "ok",
    "none",
)
TABS = ("compose", "outbox", "reports", "stats", "tools", "account", "inbox")


def header(profile: Profile, service: str, current: str, counts: dict[str, int]) -> Header:
    head = Header()
    for key in TABS:
        head.tab_row.add(key, key.capitalize(), key)
    head.profile_button.show_profile(profile, service)
    head.set_stripe("profile-teal" if profile.is_sandbox else f"profile-{profile.colour}")
    for key, count in counts.items():
        head.tab_row.set_count(key, count)
    if not profile.is_sandbox:
        head.tab_row.set_tab_shown("inbox", False)
    head.tab_row.show_current(current)
    return head


def window(head: Header, body: QWidget, status: str, waiting: int, right: str) -> QWidget:
    whole = Ground("window")
    foot = StatusBar()
    foot.set_live(True, status)
    foot.set_waiting(waiting)
    foot.set_right(right)
    whole.box.addWidget(head)
    whole.box.addWidget(body, 1)
    whole.box.addWidget(foot)
    return whole


def block(title: str, *items: QWidget | QHBoxLayout) -> Card:
    card = Card(title, padding=12)
    for item in items:
        card.add(item)
    return card


def buttons() -> tuple[Card, Button]:
    focused, pressed, off = Button("Focused", "check"), Button("Compare", "compare"), Button("Resend", "send")
    pressed.setCheckable(True)
    pressed.setChecked(True)
    off.off("Nothing is selected.")
    several = [
        Button("Send", "send", kind="primary"),
        Button("Export", "export"),
        Button("Later", kind="quiet"),
        Button("Delete 12", "delete", kind="danger"),
        focused,
        pressed,
        off,
        Button("Small", "copy", size="small"),
        Button("Large", "add", size="large"),
    ]
    title = "Buttons: primary, plain, quiet, danger, focused, pressed, disabled, small, large"
    return block(title, flowing(*several)), focused


def chips() -> Card:
    several = [
        Chip("kim@example.com", AddressCheck("checking")),
        Chip("anna@example.com", AddressCheck("valid")),
        Chip("info@example.net", AddressCheck("role")),
        Chip("tom@example,com", AddressCheck("invalid")),
        Chip("billing@example.net", AddressCheck("suppressed")),
        Chip("lee@example.org", AddressCheck("valid")),
    ]
    return block(
        "Address chips: checking, valid, role address, invalid, suppressed, focused", flowing(*several)
    )


def controls() -> Card:
    on, off = Switch("On"), Switch("Off")
    on.set_state(True)
    waiting = Switch("Waiting")
    waiting.set_state(True)
    waiting.set_pending(True)
    opens = CheckBox("opens")
    opens.setChecked(True)
    line = row(
        Segmented([("day", "Day"), ("week", "Week"), ("month", "Month")]),
        row(on, Label("On")),
        row(off, Label("Off")),
        opens,
        CheckBox("clicks"),
        waiting,
        None,
        gap=20,
    )
    wrong = Field()
    wrong.setText("Wrong")
    wrong.set_bad("tom@example,com: a comma stands in the domain.", "Use tom@example.com", lambda: None)
    focused = Field()
    focused.setText("Focused")
    focused.setObjectName("focused")
    top = Qt.AlignmentFlag.AlignTop
    fields = QHBoxLayout()
    fields.setSpacing(theme.px(8))
    for field in (Field("Placeholder"), focused, wrong):
        fields.addWidget(field, 1, top)
    meters = QHBoxLayout()
    meters.setSpacing(theme.px(12))
    for share in (0.42, 0.79, 0.97):
        meter = Meter(name="Meter")
        meter.set_share(share)
        meters.addWidget(meter)
    more = row(
        Choice([("a", "Last 7 days"), ("b", "Last 30 days")]),
        DayField(name="From"),
        Field("Find", "search", clear=True),
        Field("Password", "key", password=True),
    )
    return block("Segmented control, switch, check box, field, meter", line, fields, meters, more)


class Shown(QWidget):
    """A dialog's own content on a sheet, to stand in the picture."""

    def __init__(self) -> None:
        super().__init__()
        dialog = Dialog(None, "Send to 128 people?")
        words = Label(wrap=True)
        words.set_runs(
            [
                ("“November order guide” goes out through ", "text", "body"),
                ("Shop", "text", "strong"),
                (", over the API, now.", "text", "body"),
            ]
        )
        dialog.body.addWidget(words)
        dialog.body.addWidget(
            Facts(
                [
                    ("Left in the plan", "5,816, then 5,688"),
                    ("Skipped", "2 suppressed addresses"),
                    ("Tracking", "opens on, clicks on"),
                ]
            )
        )
        field = Field()
        field.setText("128")
        field.setFixedWidth(theme.px(72))
        dialog.body.addLayout(row(Label("Type the number to go on", tone="muted"), field, None))
        dialog.foot_note.setText("10 seconds to undo")
        dialog.add_button(Button("Back"), "back")
        dialog.add_button(Button("Send to 128", "send", kind="primary"), "act")
        dialog.setWindowFlags(Qt.WindowType.Widget)
        dialog.setMinimumWidth(0)
        box = QVBoxLayout(self)
        box.setContentsMargins(1, 1, 1, 1)
        box.addWidget(dialog)
        dialog.show()

    def paintEvent(self, event: QPaintEvent) -> None:
        frame(
            QPainter(self),
            QRectF(self.rect()),
            theme.px(10),
            fill=theme.colour("raised"),
            line=theme.colour("button-border"),
        )


def notices() -> list[Notices]:
    info, wrong = Notices(), Notices()
    info.tell("info", "The sandbox moved to port 8026: 8025 is in use.", details="bind: EADDRINUSE")
    wrong.tell("info", "Before")
    wrong.tell(
        "error",
        "turboSMTP refused the key (401).",
        "Nothing was sent.",
        [("Open profile", "key", lambda: None)],
    )
    return [info, wrong]


def components() -> QWidget:
    pills = block(
        "Status pills: of a send, of a recipient",
        flowing(*map(PillLabel, SENDS)),
        flowing(*map(PillLabel, FATES)),
    )
    button_card, focused = buttons()
    left = column(pills, button_card, chips(), controls(), None, gap=12)
    loading = Loading(rows=3)
    loading.begin("bounces")
    loading.progress(200, 588)
    loading.show_all()
    empty = EmptyState(
        "check-circle",
        "No hard bounces in 7 days",
        "98 soft bounces lie outside this filter.",
        [Button("Show all bounces"), Button("Last 30 days", kind="quiet")],
    )
    cards = QHBoxLayout()
    cards.setSpacing(theme.px(12))
    cards.addWidget(block("Empty: says what to do next", empty), 1)
    cards.addWidget(block("Loading: bones, then words", loading), 1)
    toast = Toast(
        "3 addresses allowed again", action="Undo", action_icon="undo", on_action=lambda: None, keys="Ctrl Z"
    )
    right = column(Shown(), toast, *notices(), cards, None, gap=12)
    body = QWidget()
    grid = QGridLayout(body)
    grid.setContentsMargins(theme.px(16), theme.px(12), theme.px(16), theme.px(12))
    grid.setHorizontalSpacing(theme.px(12))
    grid.addLayout(left, 0, 0)
    grid.addLayout(right, 0, 1)
    grid.setColumnStretch(0, 1)
    grid.setColumnStretch(1, 1)
    whole = window(
        header(Profile("sandbox", "turbosmtp-v1"), "this computer", "", {"inbox": 6}),
        body,
        "Sandbox running",
        0,
        "Component sheet",
    )
    whole.focus_me = focused
    return whole


@dataclass(frozen=True)
class Line:
    id: int
    group: str
    state: str
    subject: str
    to: tuple[str, str]
    came: tuple[tuple[str, str, int], ...]
    via: str
    when: str


DOTS = {
    "d": ("check-twice", "success"),
    "o": ("opened", "success"),
    "c": ("clicked", "success"),
    "a": ("check", "info"),
    "h": ("hard-bounce", "danger"),
    "s": ("soft-bounce", "warning"),
    "r": ("refused", "danger"),
    "u": ("unknown", "warning"),
    "w": ("clock", "muted"),
    "x": ("cancelled", "muted"),
    "b": ("suppressed", "danger"),
}
NEEDS, NOW, TODAY = "Needs you", "Now", "Today"
LINES = (
    (NEEDS, "unknown", "Invoice 2026-1183", "accounts@example.org", "u1", "API", "14:29"),
    (NEEDS, "refused", "Invoice 2026-1179", "orders@example.net", "r1", "API", "14:02"),
    (NEEDS, "partly", "Winter price list", "anna@example.com +11", "d9 o2 r1", "API", "11:40"),
    (NEEDS, "partly", "Delivery dates, week 48", "ben@example.org +3", "d2 h1 r1", "SMTP", "09:15"),
    (NOW, "sending", "November order guide", "row 88 of 128", "a87 w41", "API", "14:33"),
    (NOW, "queued", "Invoice 2026-1184", "kim@example.com", "w1", "API", "in 7 s"),
    (NOW, "queued", "Reminder: your basket", "lee@example.net", "w1", "SMTP", "18:00"),
    (TODAY, "accepted", "Password reset", "nora@example.org", "a1", "API", "14:21"),
    (TODAY, "delivered", "November order guide (test)", "anna@example.com +2", "d1 o1 c1", "API", "13:58"),
    (TODAY, "opened", "Invoice 2026-1178", "shop@example.net", "o1", "API", "13:44"),
    (TODAY, "cancelled", "Winter price list", "anna@example.com +11", "x12", "API", "11:38"),
    (TODAY, "clicked", "Invoice 2026-1177", "desk@example.org", "c1", "API", "11:20"),
    (TODAY, "suppressed", "Invoice 2026-1176", "mara@example.net", "b1", "API", "10:57"),
    (TODAY, "hard", "Invoice 2026-1175", "wim@example.org", "h1", "API", "10:44"),
    (TODAY, "soft", "Order 40311 is on its way", "lu@example.com", "s1", "SMTP", "10:31"),
    (TODAY, "delivered", "Order 40310 is on its way", "team@example.org", "d1", "SMTP", "10:30"),
)


def line(number: int, fields: tuple[str, ...]) -> Line:
    group, state, subject, to, came, via, when = fields
    address, _, more = to.partition(" +") if "@" in to else (to, "", "")
    counts = tuple((*DOTS[part[0]], int(part[1:])) for part in came.split())
    return Line(number, group, state, subject, (address, f"+{more}" if more else ""), counts, via, when)


def table() -> RecordTable:
    made = RecordTable(
        [
            Column("State", lambda r: r.state, width=134, kind="pill"),
            Column("Subject", lambda r: r.subject, width=160, stretch=1),
            Column("To", lambda r: r.to, lambda to: to, width=186, kind="address"),
            Column(
                "What came of it", lambda r: r.came, lambda c: c, sort=None, width=140, kind="counts", keep=3
            ),
            Column("Via", lambda r: r.via, width=64, kind="muted", keep=2),
            Column("When", lambda r: r.when, width=76, align="right"),
        ],
        name="Outbox",
        group=lambda r: r.group,
        groups=[NEEDS, NOW, TODAY],
    )
    made.set_rows([line(i, fields) for i, fields in enumerate(LINES)])
    made.sort_by(5, descending=True)
    made.select_key(0)
    return made


def detail() -> tuple[DetailPane, Button]:
    pane = DetailPane()
    pane.add(row(PillLabel("unknown"), None, Label("Send 20-1429-07", "small", "muted", tabular=True)))
    pane.add(
        column(
            Label("Invoice 2026-1183", "title"),
            Label("to accounts@example.org from billing@example.com", tone="muted", elide="right"),
            gap=0,
        )
    )
    look = Button("Look it up", "search", kind="primary")
    card = Card(padding=12)
    card.body.setSpacing(theme.px(4))
    card.add(Label("It may have left, it may not", "section", wrap=True))
    card.add(
        Label(
            "All 18,204 bytes went out, then the connection closed before turboSMTP answered. Turbodesk does "
            "not send it again by itself.",
            wrap=True,
        )
    )
    card.body.addSpacing(theme.px(8))
    card.add(flowing(look, Button("Copy details", "copy"), Button("Close as sent", kind="quiet")))
    card.body.addSpacing(theme.px(6))
    card.add(
        Label(
            "Looks for this send’s own key at turboSMTP. Takes about 2 seconds and sends nothing.",
            "small",
            "muted",
            wrap=True,
        )
    )
    pane.add(card)
    pane.section("What happened")
    pane.add(
        StepList(
            [
                Step("note", "neutral", "Written to the ledger", "14:29:03"),
                Step("clock", "neutral", "Undo time over", "14:29:13"),
                Step("outbox", "info", "Sending, 18,204 of 18,204 bytes", "14:29:13"),
                Step(
                    "unknown",
                    "warning",
                    "No answer",
                    "14:29:23",
                    "connection closed by the other side after 9.8 s",
                    True,
                ),
            ]
        )
    )
    pane.add(Rule(), gap=6)
    pane.section("Key on the wire")
    pane.add(
        Facts(
            [
                ("X-campaign-ID", ("td-7f3a91c2", "mono")),
                ("Body hash", ("b41e 09d7 52aa", "mono")),
                ("Attachment", "invoice-1183.pdf, 12 KB"),
            ]
        )
    )
    pane.add(
        flowing(Button("Request as sent", "view", size="small"), Button("Copy as cURL", "copy", size="small"))
    )
    return pane, look


def outbox() -> QWidget:
    states = (
        ("All", 214),
        ("Waiting", 2),
        ("Sending", 1),
        ("Accepted", 204),
        ("Partly", 2),
        ("Refused", 3),
        ("Unknown", 1),
        ("Cancelled", 1),
    )
    chosen = Segmented([(word, word) for word, _ in states], name="State")
    for word, count in states:
        chosen.set_count(word, count)
    bar = ToolBar()
    bar.add(chosen)
    bar.gap()
    resend = Button("Resend", "send")
    resend.off("Nothing is selected.")
    bar.add(resend)
    bar.add(Button("Export", "export", keys="Ctrl E"))
    pane, look = detail()
    body = QWidget()
    pile = QVBoxLayout(body)
    pile.setContentsMargins(0, 0, 0, 0)
    pile.setSpacing(0)
    pile.addWidget(bar)
    pile.addWidget(DetailSplit(table(), pane, width=408), 1)
    whole = window(
        header(Profile("Shop", "turbosmtp-v1"), "turboSMTP", "outbox", {"outbox": 2}),
        body,
        "Connected to turboSMTP, 84 ms",
        2,
        "210 of 214 settled",
    )
    whole.focus_me = look
    return whole


def first_run() -> QWidget:
    page = FirstRun()
    whole = window(
        header(Profile("sandbox", "turbosmtp-v1"), "this computer", "", {"inbox": 6}),
        page,
        "Sandbox running on 127.0.0.1, ports 8025 and 8026",
        0,
        "No account connected",
    )
    whole.focus_me = page.send_button
    return whole


def address_field(text: str) -> ChipField:
    def check(address: str) -> AddressCheck:
        return AddressCheck("invalid" if "," in address else "valid")

    field = ChipField(check, str.split, name="To")
    field.set_texts(text.split())
    return field


def envelope() -> QWidget:
    whole = Ground("surface")
    whole.box.setContentsMargins(16, 8, 16, 8)
    for name, field in (
        (
            "To",
            address_field("anna@example.com ben@example.org tom@example,com kim@example.com lee@example.net"),
        ),
        (
            "Cc",
            address_field(
                "a-very-long-local-part-that-goes-on-and-on.and-on@a-domain-with-a-long-name.example.org"
            ),
        ),
    ):
        caption = Label(name, tone="muted")
        caption.setFixedWidth(theme.px(76))
        caption.setFixedHeight(theme.px(34))
        line = row(gap=0)
        line.addWidget(caption, 0, Qt.AlignmentFlag.AlignTop)
        line.addWidget(field, 1)
        whole.box.addLayout(line)
        whole.box.addWidget(Rule())
    whole.box.addWidget(Link("Use tom@example.com"))
    whole.box.addStretch(1)
    return whole


def picture(app: QApplication, whole: QWidget, file: Path, wide: int = 1280, high: int = 800) -> None:
    whole.resize(wide, high)
    whole.show()
    whole.activateWindow()
    app.processEvents()
    target = getattr(whole, "focus_me", None)
    if target is not None:
        give_focus(target)
    for _ in range(4):
        app.processEvents()
        app.sendPostedEvents(None, QEvent.Type.DeferredDelete.value)
    whole.grab().save(str(file))
    whole.close()


def main() -> None:
    folder = Path(sys.argv[1])
    folder.mkdir(parents=True, exist_ok=True)
    app = QApplication([])
    themer = Themer(app, theme.LIGHT)
    FocusRing(app)
    assert set(SENDS) | set(FATES) <= set(PILLS)
    for choice in (theme.LIGHT, theme.DARK):
        themer.pin(choice)
        picture(app, components(), folder / f"components-{choice}.png")
        picture(app, outbox(), folder / f"outbox-{choice}.png")
        picture(app, first_run(), folder / f"first-run-{choice}.png")
        picture(app, outbox(), folder / f"outbox-900-{choice}.png", 900, 600)
        picture(app, first_run(), folder / f"first-run-900-{choice}.png", 900, 600)
        picture(app, envelope(), folder / f"envelope-{choice}.png", 560, 240)
    themer.pin(theme.LIGHT)
    themer.rescale(2.0)
    picture(app, outbox(), folder / "outbox-200-light.png", 1280, 800)
    picture(app, components(), folder / "components-200-light.png", 2400, 1600)


if __name__ == "__main__":
    main()
