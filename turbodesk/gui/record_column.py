"""One field of a record: where a Column reads it, what it shows of it, how it sorts and finds by it."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from turbodesk.gui.parts.pill import PILLS


def identity(value: Any) -> Any:
    """The value as it is, to sort by."""
    return value


@dataclass(frozen=True)
class Column:
    """One field of a record: `read` takes it from a row, `show` makes what is seen, `sort` its order.

    What `show` gives depends on `kind`: words (or words and a muted rest) for text, medium, muted, mono and
    address; a state or (state, label) for pill, an empty state for none; [(icon, tone, n)] for counts;
    (share, words) for meter, and for progress, which is no limit; (icon, tone, words) for icon. `find` gives
    the text that the filter looks in, by default what is shown; None as `sort` makes the column keep its
    order. `width` is in px of the drawings; columns with `stretch` share what is left, and give way down to
    half. Where the room is short, those with the highest `keep` go.
    """

    title: str
    read: Callable[[Any], Any]
    show: Callable[[Any], Any] = str
    sort: Callable[[Any], Any] | None = identity
    find: Callable[[Any], str] | None = None
    width: int = 120
    stretch: int = 0
    align: str = "left"
    kind: str = "text"
    keep: int = 1

    def shown(self, row: Any) -> Any:
        """What is seen of a row, as its kind wants it."""
        return self.show(self.read(row))

    def words(self, row: Any) -> str:
        """What is seen of a row, in words: for copying, for tooltips, for those who cannot see."""
        shown = self.shown(row)
        if self.kind == "pill":
            state, label = shown if isinstance(shown, tuple) else (shown, None)
            return (PILLS[state].word if state else "") if label is None else label
        if self.kind == "counts":
            return ", ".join(f"{n} {icon}" for icon, _tone, n in shown)
        if self.kind in ("meter", "progress", "icon"):
            return str(shown[-1])
        return " ".join(part for part in shown if part) if isinstance(shown, tuple) else str(shown)

    def found(self, row: Any) -> str:
        """The text the filter looks in."""
        return self.words(row) if self.find is None else self.find(row)
