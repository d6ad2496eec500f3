"""What is found in a file of recipients before anything goes: by kind, by row, and what it does."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from enum import StrEnum

from turbodesk.errors import InvalidDraft


class Kind(StrEnum):
    """What a finding is about."""

    COPIES = "copies"  # Cc and Bcc
    TEMPLATE = "template"  # a text that is no template, or makes no letter of a row
    MISSING = "missing"  # variables
    SUBJECT = "subject"
    NAME = "name"
    NOBODY = "nobody"
    BARRED = "barred"  # by the block-list or the allow-list
    SYNTAX = "syntax"
    DUPLICATE = "duplicate"
    SUPPRESSED = "suppressed"
    NEAR_MISS = "near-miss"
    ROLE = "role"
    SHORT = "short"  # rows with fewer cells than columns
    DAMAGED = "damaged"
    GUESSED = "guessed"  # letters beyond ASCII of a file that does not prove its encoding
    EMPTY = "empty"  # cells that a letter writes out
    ANOTHER = "another"  # a column of addresses that the letters do not go to
    UNWRITTEN = "unwritten"  # variables where none is written out


class Effect(StrEnum):
    """What a finding does: nothing goes, these rows do not go, or it is only shown."""

    STOPS = "stops"
    SKIPS = "skips"
    SHOWN = "shown"


@dataclass(frozen=True, slots=True)
class Finding:
    """One thing to say about a batch. `rows` are their numbers in order, empty where it is about all of it;
    `notes` has a few words for each row, or is empty. `field` is the draft's field it belongs to."""

    kind: Kind
    effect: Effect
    says: str
    rows: tuple[int, ...] = ()
    notes: tuple[str, ...] = ()
    field: str = ""


@dataclass(frozen=True, slots=True)
class Checked:
    """What will be sent: the numbers of the rows to go, in order, and all that was found. While something
    stops it, nothing goes."""

    going: tuple[int, ...]
    findings: tuple[Finding, ...]

    @property
    def stops(self) -> tuple[Finding, ...]:
        """Why nothing may go; empty where it may."""
        return tuple(it for it in self.findings if it.effect is Effect.STOPS)

    def refuse(self) -> None:
        """Raises InvalidDraft, by field, where something stops it."""
        problems: dict[str, list[str]] = {}
        for it in self.stops:
            problems.setdefault(it.field, []).append(it.says)
        if problems:
            raise InvalidDraft({name: " ".join(told) for name, told in problems.items()})


def row_words(rows: Iterable[int], named: int = 5) -> str:
    """ "row 4", "rows 4, 7 and 9", "rows 4, 7, 9 and 120 more"."""
    listed = list(rows)
    if len(listed) == 1:
        return f"row {listed[0]:,}"
    shown = [f"{row:,}" for row in listed[:named]]
    if (more := len(listed) - named) > 0:
        return f"rows {', '.join(shown)} and {more:,} more"
    return f"rows {', '.join(shown[:-1])} and {shown[-1]}"


def said_of(kind: Kind, rows: list[int]) -> tuple[Effect, str]:
    """What a kind that is met row by row does, and its sentence."""
    effect, one, many = SAID[kind]
    if effect is Effect.STOPS:  # says where, for nothing goes before it is mended
        named = row_words(rows)
        return effect, f"{named[:1].upper()}{named[1:]}: {one if len(rows) == 1 else many}"
    return effect, one if len(rows) == 1 else many.format(f"{len(rows):,}")


SAID = {
    Kind.NAME: (
        Effect.STOPS,
        "its name holds a character that no letter may carry. Take it out of the cell.",
        "their names hold characters that no letter may carry. Take them out of the cells.",
    ),
    Kind.BARRED: (
        Effect.STOPS,
        "the guards of the profile let no letter to it. Take the row out of the file.",
        "the guards of the profile let no letter to them. Take those rows out of the file.",
    ),
    Kind.SYNTAX: (
        Effect.SKIPS,
        "1 row has no valid address and is skipped.",
        "{} rows have no valid address and are skipped.",
    ),
    Kind.DUPLICATE: (
        Effect.SKIPS,
        "1 address stands there again; its first row goes.",
        "{} addresses stand there again; the first row of each goes.",
    ),
    Kind.SUPPRESSED: (
        Effect.SKIPS,
        "1 address is suppressed and is skipped.",
        "{} addresses are suppressed and are skipped.",
    ),
    Kind.NEAR_MISS: (
        Effect.SHOWN,
        "1 domain looks like a slip.",
        "{} domains look like slips.",
    ),
    Kind.ROLE: (
        Effect.SHOWN,
        "1 address belongs to an office rather than to a person.",
        "{} addresses belong to an office rather than to a person.",
    ),
    Kind.GUESSED: (
        Effect.SHOWN,
        "1 row has letters that the file does not say how to read. Look whether they are right.",
        "{} rows have letters that the file does not say how to read. Look whether they are right.",
    ),
    Kind.SHORT: (
        Effect.SHOWN,
        "1 row ends before its last column.",
        "{} rows end before their last column.",
    ),
    Kind.DAMAGED: (
        Effect.SHOWN,
        "1 row holds a letter that was lost before (\ufffd).",
        "{} rows hold letters that were lost before (\ufffd).",
    ),
}
