"""What stands in a plan, in who is signed in, in the relay, and in what an account cannot do."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from PySide6.QtCore import Qt, Signal
from PySide6.QtWidgets import QVBoxLayout, QWidget

from turbodesk.errors import TurbodeskError
from turbodesk.gui import theme, words
from turbodesk.gui.header import profile_colour, profile_name
from turbodesk.gui.parts.button import Button
from turbodesk.gui.parts.card import Card, Dot, Rule, column, row
from turbodesk.gui.parts.field import IconLabel
from turbodesk.gui.parts.flow import FlowLayout
from turbodesk.gui.parts.label import Label, Link
from turbodesk.gui.parts.meter import ALARMS_FROM, WARNS_FROM, Meter
from turbodesk.model.account import AccountInfo, Plan, Profile
from turbodesk.providers.port import Capability

MAY = {
    Capability.SEND: "Send over the API",
    Capability.REPORTS: "Read bounces, complaints and unsubscribes",
    Capability.DELETE_REPORTS: "Take addresses off those lists",
    Capability.SUPPRESSIONS: "Read and change suppressed addresses",
    Capability.STATS: "Read every message and its fate",
    Capability.COUNTS: "Read daily counts",
    Capability.MESSAGE: "Look up one message",
    Capability.TRACKING: "Switch tracking",
    Capability.CHOOSE_TRACKING: "Choose tracking for each message",
    Capability.GROUPS: "Send under a campaign",
    Capability.FIELDS: "Fill placeholders for each recipient",
    Capability.TEMPLATES: "Send letters that the provider keeps",
    Capability.INLINE_IMAGES: "Send pictures inside letters",
    Capability.LOOK_UP: "Look up a send whose answer was lost",
    Capability.ACCOUNT: "Read who is signed in",
    Capability.PLANS: "Read plans and what is left of them",
    Capability.SUB_ACCOUNTS: "Read sub-accounts",
    Capability.CHANGE_SUB_ACCOUNTS: "Limit and suspend sub-accounts, make them by e-mail address",
    Capability.NAME_SUB_ACCOUNTS: "Make and rename sub-accounts by name",
    Capability.AGENCY: "Change what sub-accounts are shown of the agency, on the command line",
    Capability.ALERTS: "Set usage alerts",
    Capability.VALIDATION: "Validate addresses",
    Capability.WEBHOOKS: "Read and change webhooks",
    Capability.KEYS: "Make and revoke keys",
    Capability.DOMAINS: "Read sending domains",
    Capability.VALIDATION: "Validate addresses",
    Capability.WEBHOOKS: "Read and change webhooks",
}
TLS = {"starttls": "STARTTLS", "tls": "TLS from the first byte", "none": "no TLS, this computer only"}


def plan_share(plan: Plan) -> float | None:
    """Used over limit, or None where there is no limit to share."""
    return None if not plan.limit else plan.used / plan.limit


def plan_card(plan: Plan, profile: Profile, service: str) -> Card:
    """How much of one plan is used, and until when it runs."""
    card = Card()
    kind = f"{plan.interval.lower()} plan" if plan.interval else "plan"
    ends = _ends(plan)
    card.add(
        row(
            Dot(profile_colour(profile), ring=profile.is_sandbox, size=10),
            Label(profile_name(profile), "strong"),
            Label(f"{service}, {kind}", tone="muted", elide="right"),
            Label(ends, "small", "muted", tabular=True),
        )
    )
    share = plan_share(plan)
    used, limit = words.number(plan.used), "no limit" if plan.limit is None else words.number(plan.limit)
    numbers = row(Label(used, "hero", tabular=True), gap=8)
    bottom = Qt.AlignmentFlag.AlignBottom
    of = limit if plan.limit is None else f"of {limit}"
    numbers.addWidget(_raised(Label(of, tone="muted", tabular=True)), 1, bottom)
    if share is not None:
        numbers.addWidget(_raised(Label(words.percent(share), "strong", tabular=True)), 0, bottom)
    card.body.setSpacing(theme.px(8))
    card.add(numbers)
    meter = Meter(name=f"{kind}, used")
    meter.set_share(share, f"{used} of {limit}")
    card.add(meter)
    card.add(_verdict(plan, share))
    return card


def _raised(label: Label) -> QWidget:
    """Sets small words on the base line of the large number beside them."""
    label.setContentsMargins(0, 0, 0, theme.px(4))
    return label


def _ends(plan: Plan) -> str:
    if plan.expires is None:
        return ""
    return f"{'expired' if plan.expired else 'expires'} {words.day(plan.expires)}"


def _verdict(plan: Plan, share: float | None) -> QWidget:
    icon, tone, says = _standing(plan, share)
    line = QWidget()
    last = f"last used {words.when(plan.last_used)}" if plan.last_used else "never used"
    line.setLayout(
        row(
            IconLabel(icon, tone, 14),
            Label(says, "small", elide="right"),
            Label(last, "small", "muted"),
            gap=6,
        )
    )
    return line


def _standing(plan: Plan, share: float | None) -> tuple[str, str, str]:
    if plan.expired:
        return "warning", "danger", "Expired: nothing more can be sent on it"
    if not plan.active:
        return "pause", "muted", "Not active"
    if plan.limit is None or share is None:
        return "check", "success", "No limit"
    left = max(0, plan.limit - plan.used)
    if share >= 1:
        return "warning", "danger", "Used up"
    if share >= ALARMS_FROM:
        return "warning", "danger", f"Only {words.number(left)} left"
    if share >= WARNS_FROM:
        return "warning", "warning", f"{words.number(left)} left"
    return "check", "success", f"{words.number(left)} left"


class WhoCard(Card):
    """Who is signed in, as far as the provider says, in one line of facts."""

    sign_out_asked = Signal()

    def __init__(self, info: AccountInfo, parent: QWidget | None = None) -> None:
        super().__init__(parent=parent)
        self.body.setSpacing(theme.px(8))
        standing = ("active", "success") if info.active else ("not active", "danger")
        self.sign_out_button = Button(
            "Sign out",
            kind="quiet",
            size="small",
            tip="Gives the sign-in back to the provider; the key stays",
        )
        self.sign_out_button.clicked.connect(self.sign_out_asked)
        self.add(
            row(
                Label("Signed in as", "section"),
                Label(standing[0], tone=standing[1]),
                None,
                self.sign_out_button,
            )
        )
        self.add(
            _facts(
                ("E-mail", info.email, "medium"),
                ("Account id", info.id, "mono"),
                ("Sends from", info.ip, "mono"),
                ("Gateway", info.gateway, "mono"),
            )
        )


class RelayCard(Card):
    """Where the mail of an account goes over SMTP. `alone`: the account has nothing else."""

    test_asked = Signal()

    def __init__(self, profile: Profile, *, alone: bool, parent: QWidget | None = None) -> None:
        super().__init__(parent=parent)
        self.body.setSpacing(theme.px(8))
        self.test_button = Button("Test", "refresh", size="small")
        self.test_button.clicked.connect(self.test_asked)
        says = "it can only send" if alone else "beside the API"
        self.add(
            row(Label("SMTP relay", "section"), Label(says, tone="muted", elide="right"), self.test_button)
        )
        self.add(
            _facts(
                ("Host", profile.smtp_host, "medium"),
                ("Port", str(profile.smtp_port), "medium"),
                ("TLS", TLS.get(profile.smtp_tls, profile.smtp_tls), "body"),
                ("User", profile.user, "body"),
                ("Trusts also", "" if profile.is_sandbox else Path(profile.ca_file).name, "mono"),
            )
        )
        if alone:
            why = "SMTP has no questions: bounces, statistics and plans stand on the provider's own pages."
            self.add(Label(why, "small", "muted", wrap=True))


def _facts(*facts: tuple[str, str, str]) -> FlowLayout:
    """Facts side by side, those that are known: name, value, role."""
    flow = FlowLayout(28)
    for name, value, role in facts:
        if value:
            flow.addWidget(_fact(name, value, role))
    return flow


def _fact(name: str, value: str, role: str) -> QWidget:
    holder = QWidget()
    label = Label(value, role, elide="middle")
    label.setAccessibleName(f"{name}: {value}")
    holder.setLayout(column(Label(name, "small", "muted"), label, gap=0))
    return holder


class FailedCard(Card):
    """A part that could not be read: what it is, the sentence, and another try."""

    again_asked = Signal()

    def __init__(self, title: str, error: TurbodeskError, parent: QWidget | None = None) -> None:
        super().__init__(parent=parent)
        self.body.setSpacing(theme.px(4))
        again = Link("Try again", "small-medium")
        again.setAccessibleName(f"Read {title.lower()} again")
        again.clicked.connect(self.again_asked)
        self.add(row(IconLabel("warning", "warning"), Label(title, "section", elide="right"), again))
        says = Label(f"{error.says} {error.hint}".strip(), tone="muted", wrap=True)
        says.setContentsMargins(theme.px(24), 0, 0, 0)
        self.add(says)


class NotOfferedCard(Card):
    """What this account does not tell, each with the sentence that says why."""

    def __init__(self, missing: Sequence[tuple[str, str]], parent: QWidget | None = None) -> None:
        super().__init__(padding=0, tone="sunken", parent=parent)
        self.body.setSpacing(0)
        self.body.setContentsMargins(1, 1, 1, theme.px(8))
        title = Label("Not offered here", "section", "muted")
        title.setContentsMargins(theme.px(16), theme.px(12), theme.px(16), theme.px(10))
        self.add(title)
        self.add(Rule())
        for name, why in _joined(missing):
            line = QWidget()
            inner = row(gap=8)
            inner.setContentsMargins(theme.px(16), theme.px(8), theme.px(16), 0)
            top = Qt.AlignmentFlag.AlignTop
            inner.addWidget(IconLabel("close", "muted", 14, name="no"), 0, top)
            what = Label(name, "medium", "muted", wrap=True)
            what.setFixedWidth(theme.px(168))
            inner.addWidget(what, 0, top)
            inner.addWidget(Label(why, tone="muted", wrap=True), 1)
            line.setLayout(inner)
            self.add(line)


def _joined(missing: Sequence[tuple[str, str]]) -> list[tuple[str, str]]:
    """The same with those of one reason in one line."""
    names: dict[str, list[str]] = {}
    for name, why in missing:
        names.setdefault(why, []).append(name)
    return [(", ".join([one[0], *map(str.lower, one[1:])]), why) for why, one in names.items()]


def may_list(offers: frozenset[Capability], *, relay: bool = False) -> QWidget:
    """What the account can and cannot do here, each with its sign; a `relay` can only send."""
    holder = QWidget()
    box = QVBoxLayout(holder)
    box.setContentsMargins(0, 0, 0, 0)
    box.setSpacing(theme.px(6))
    for capability, says in {Capability.SEND: "Send by SMTP"}.items() if relay else MAY.items():
        may = capability in offers
        icon, tone, aloud = ("check", "success", "yes") if may else ("close", "muted", "no")
        sentence = says if may else f"{says}: not over this API"
        label = Label(sentence, tone="text" if may else "muted", wrap=True)
        line = QWidget()
        inner = row(gap=8)
        inner.addWidget(IconLabel(icon, tone, name=aloud), 0, Qt.AlignmentFlag.AlignTop)
        inner.addWidget(label, 1)
        line.setLayout(inner)
        box.addWidget(line)
    return holder
