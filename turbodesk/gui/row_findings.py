"""What was found in a recipients' file, by count; the rows of each are one link away."""

from __future__ import annotations

from PySide6.QtCore import Qt, Signal
from PySide6.QtWidgets import QHBoxLayout, QSizePolicy, QVBoxLayout, QWidget

from turbodesk.gui import theme, words
from turbodesk.gui.parts.card import Rule, clear_layout
from turbodesk.gui.parts.field import IconLabel
from turbodesk.gui.parts.label import Label, Link
from turbodesk.services.merge import Checked, Effect, Finding

SIGNS = {
    Effect.STOPS: ("refused", "danger"),
    Effect.SKIPS: ("suppressed", "warning"),
    Effect.SHOWN: ("warning", "warning"),
}
ORDER = (Effect.STOPS, Effect.SKIPS, Effect.SHOWN)


class RowFindings(QWidget):
    """One line for all, then one for each finding, those that stop the send first. `asked` tells the finding
    whose rows are wanted."""

    asked = Signal(object)

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.lines: list[Line] = []
        self._box = QVBoxLayout(self)
        self._box.setContentsMargins(0, 0, 0, 0)
        self._box.setSpacing(0)
        self.setSizePolicy(QSizePolicy.Policy.Preferred, QSizePolicy.Policy.Maximum)

    def show_waiting(self) -> None:
        """Says that the rows are being looked through."""
        self._put([Line("clock", "muted", "Looking through the rows …")])

    def show_checked(self, checked: Checked, total: int) -> None:
        """Shows what was found in `total` rows."""
        lines = [_sum(checked, total)]
        for finding in sorted(checked.findings, key=lambda it: ORDER.index(it.effect)):
            line = Line(*SIGNS[finding.effect], finding.says, _link(finding))
            line.link.clicked.connect(lambda _checked=False, finding=finding: self.asked.emit(finding))
            lines.append(line)
        self._put(lines)

    def _put(self, lines: list[Line]) -> None:
        clear_layout(self._box)
        self.lines = lines
        for line in lines:
            self._box.addWidget(line)
            self._box.addWidget(Rule())


class Line(QWidget):
    """One line: a sign, a sentence, a link where there are rows to show."""

    def __init__(
        self, icon: str, tone: str, says: str, link: str = "", parent: QWidget | None = None
    ) -> None:
        super().__init__(parent)
        self.says = says
        self.link = Link(link, "small-medium")
        self.link.setVisible(bool(link))
        self.link.setAccessibleName(f"{link}: {says}")
        row = QHBoxLayout(self)
        row.setContentsMargins(theme.px(16), theme.px(6), theme.px(16), theme.px(6))
        row.setSpacing(theme.px(8))
        top = Qt.AlignmentFlag.AlignTop
        row.addWidget(IconLabel(icon, tone), 0, top)
        row.addWidget(Label(says, wrap=True), 1)
        row.addWidget(self.link)


def _sum(checked: Checked, total: int) -> Line:
    if stops := len(checked.stops):
        things = "one thing is mended" if stops == 1 else f"{words.number(stops)} things are mended"
        return Line("refused", "danger", f"Nothing goes until {things}.")
    going = len(checked.going)
    if going == total:
        return Line(
            "check-circle", "success", f"{words.counted(total, 'row')}, each gets a letter of its own."
        )
    verb = "goes" if going == 1 else "go"
    return Line("check-circle", "success", f"{words.number(going)} of {words.counted(total, 'row')} {verb}.")


def _link(finding: Finding) -> str:
    return f"Show {words.counted(len(finding.rows), 'row')}" if finding.rows else ""
