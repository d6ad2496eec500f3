"""A draft and a file of recipients become one letter for each row; what stands against that, by row."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator, Sequence
from collections.abc import Set as AbstractSet
from dataclasses import dataclass, field, replace
from difflib import get_close_matches
from typing import TYPE_CHECKING

from turbodesk.checks.addresses import check_address, is_role, split_addresses
from turbodesk.checks.headers import subject_problem
from turbodesk.checks.near_miss import near_miss
from turbodesk.errors import InvalidDraft
from turbodesk.model.message import Address, AddressError
from turbodesk.services.columns import ColumnMemory, Mapping, address_columns, guessed
from turbodesk.services.compose import Draft
from turbodesk.services.findings import SAID, Checked, Effect, Finding, Kind, row_words, said_of
from turbodesk.services.recipient_file import RecipientFile

if TYPE_CHECKING:
    from turbodesk.services.row_template import RowTemplate, TemplateTrouble

__all__ = ["Checked", "ColumnMemory", "Effect", "Finding", "Kind", "Mapping", "Merge", "People", "guessed"]

ONLY_TO = (
    "With a recipients' file nobody stands in {}: each copy would go once for every row. "
    "Take them out, or make them rows of the file."
)
GUESSED_ADDRESS = (
    "{} has letters beyond ASCII, and the file does not say how they are written. Save it as UTF-8."
)
LOST_LETTER = "\ufffd"
NOTED = 40  # characters of a cell that a note shows
ONLY_WRITTEN = (
    "{} holds {}, which goes as it stands: variables are written out in subject, HTML and text alone."
)

_PLAIN_LOCAL = re.compile(r"[A-Za-z0-9_+-]+(\.[A-Za-z0-9_+-]+)*")
_VARIABLE = re.compile(r"\{\{.{0,60}?\}\}|\{%.{0,60}?%\}", re.DOTALL)
_PLAIN_NAME = re.compile(r"[\w' -]+")
_LONGEST_LOCAL, _LONGEST = 64, 254


@dataclass(frozen=True, slots=True)
class People:
    """The addresses of a file, read once: for each row in order who it is, or None and why not.

    `wrong` maps row numbers to sentences; `unnamed` those whose name no letter may carry.
    """

    addresses: tuple[Address | None, ...]
    wrong: dict[int, str] = field(default_factory=dict)
    unnamed: dict[int, str] = field(default_factory=dict)

    @classmethod
    def read(cls, file: RecipientFile, mapping: Mapping) -> People:
        """Blocks: a second for some 100,000 rows."""
        return _read_people(file, mapping)


class Merge:
    """One draft, one file, one mapping: a letter for any row, and what is to be said before they go.

    The draft's own To is left alone and not used. Rows are numbered from 1, as in the file below its header.
    """

    def __init__(
        self, draft: Draft, file: RecipientFile, mapping: Mapping, people: People | None = None
    ) -> None:
        self.draft, self.file, self.mapping = draft, file, mapping
        self.people = people or People.read(file, mapping)
        self._places = {name: file.columns.index(column) for name, column in mapping.variables.items()}
        self._texts = [_Text(*it) for it in _TEXTS]
        for text in self._texts:
            text.compile(draft)

    def __len__(self) -> int:
        return len(self.file.rows)

    def values(self, row: int) -> dict[str, str]:
        """What the variables are for a row; those are left out whose cells the row does not have."""
        cells = self.file.rows[row - 1]
        return {name: cells[at] for name, at in self._places.items() if at < len(cells)}

    def message_for(self, row: int) -> Draft:
        """The draft for one row, written out, to nobody but its address. Where the provider keeps the letter,
        the variables of the row go along as its placeholders.

        Raises InvalidDraft, by field, with all that stands against this row; IndexError where there is none.
        """
        if not 1 <= row <= len(self):
            raise IndexError(f"there is no row {row} of {len(self)}")
        problems = _copies(self.draft)
        address = self.people.addresses[row - 1]
        if address is None:
            problems["to"] = f"Row {row}: {self.people.wrong[row]}"
        elif row in self.people.unnamed:
            problems["to"] = f"Row {row}: {self.people.unnamed[row]}"
        written, troubles = self._written(row)
        for trouble in troubles:
            problems.setdefault(trouble.field, f"Row {row}: {trouble.sentence}")
        if problems or address is None:
            raise InvalidDraft(problems)
        to, subject, html, text = str(address), written["subject"], written["html"], written["text"]
        draft = replace(self.draft, to=to, cc="", bcc="", subject=subject, html=html, text=text)
        if draft.template:  # only the provider can write it out, and needs to know what the row has
            draft.fields = list({**self.values(row), **dict(self.draft.fields)}.items())
        return draft

    def drafts(self, rows: Iterable[int]) -> Iterator[tuple[int, Draft]]:
        """Those rows with their drafts, each written out when it is asked for."""
        for row in rows:
            yield row, self.message_for(row)

    def check(
        self,
        suppressed: AbstractSet[str] = frozenset(),
        stopped: Callable[[], bool] = lambda: False,
        barred: Callable[[Address], str] = lambda _address: "",
    ) -> Checked:
        """What will be sent, and all that is to be said first. Blocks: each row is written out once.

        `suppressed` are addresses that the provider takes no letters for, `barred` tells why one may not be
        written to. Where `stopped` says so, it ends
        early and what comes back is of no use.
        """
        findings = [
            Finding(kind, effect, says, field=name)
            for kind, effect, found in (
                (Kind.COPIES, Effect.STOPS, _copies(self.draft)),
                (Kind.UNWRITTEN, Effect.SHOWN, _unwritten(self.draft)),
            )
            for name, says in found.items()
        ]
        sorter = _Sorter(self, {address.casefold() for address in suppressed}, barred)
        sorter.sort()
        findings += self._letters(sorter.going, stopped)
        findings += [*self._empty_cells(sorter.going), *self._other_addresses()]
        if not sorter.going:
            says = f"No row of {self.file.name} can be sent to."
            findings.append(Finding(Kind.NOBODY, Effect.STOPS, says, field="to"))
        return Checked(tuple(sorter.going), (*findings, *sorter.findings()))

    def _written(self, row: int) -> tuple[dict[str, str], list[_Trouble]]:
        """The texts of a row by the draft's members, and what went wrong with those that are left out."""
        values = self.values(row)
        found: dict[str, str] = {}
        troubles: list[_Trouble] = []
        for text in self._texts:
            try:
                found[text.member] = text.write(values)
            except _Trouble as trouble:
                troubles.append(trouble)
        if problem := subject_problem(found.get("subject", "")):
            troubles.append(_Trouble("subject", problem, Kind.SUBJECT))
        return found, troubles

    def _letters(self, rows: Iterable[int], stopped: Callable[[], bool]) -> list[Finding]:
        """What stops the letters of these rows, one finding for each thing that is wrong."""
        found: dict[tuple[str, str], tuple[_Trouble, list[int]]] = {}
        broken = [text.broken for text in self._texts if text.broken is not None]
        if broken:  # the same for every row
            return [Finding(Kind.TEMPLATE, Effect.STOPS, it.sentence, field=it.field) for it in broken]
        for row in rows:
            if stopped():
                break
            for trouble in self._written(row)[1]:
                found.setdefault((trouble.field, trouble.same), (trouble, []))[1].append(row)
        return [
            Finding(it.kind, Effect.STOPS, self._stopping(it, rows), tuple(rows), field=it.field)
            for it, rows in found.values()
        ]

    def _empty_cells(self, rows: Sequence[int]) -> list[Finding]:
        """One finding for each variable that a text writes out and some rows leave empty."""
        used = {name for text in self._texts for name in text.names} & self._places.keys()
        found = []
        for name in sorted(used):
            at = self._places[name]
            cells = ((row, self.file.rows[row - 1]) for row in rows)
            bare = tuple(row for row, them in cells if at < len(them) and not them[at].strip())
            if bare:
                says = f"{{{{ {name} }}}} is empty in {row_words(bare)}."
                found.append(Finding(Kind.EMPTY, Effect.SHOWN, says, bare, field="body"))
        return found

    def _other_addresses(self) -> list[Finding]:
        """One finding where another column holds addresses as well."""
        others = [it for it in address_columns(self.file) if it != self.mapping.address]
        if not others:
            return []
        named = ", ".join(f"“{it}”" for it in others[:3])
        verb = "holds" if len(others) == 1 else "hold"
        says = f"{named} {verb} addresses too; the letters go to those in “{self.mapping.address}”."
        return [Finding(Kind.ANOTHER, Effect.SHOWN, says, field="to")]

    def _stopping(self, trouble: _Trouble, rows: list[int]) -> str:
        words = row_words(rows)
        if not trouble.missing:
            return f"{words[:1].upper()}{words[1:]}: {trouble.sentence}"
        says = f"{trouble.where}: {{{{ {trouble.missing} }}}} is missing in {words}"
        if trouble.missing in self._places:
            return f"{says}."
        meant = get_close_matches(trouble.missing, self._places, 1)
        likely = f" Did you mean {{{{ {meant[0]} }}}}?" if meant else ""
        return f"{says}: {self.file.name} has no such column.{likely}"


def _copies(draft: Draft) -> dict[str, str]:
    """What is said of Cc and Bcc where somebody stands there, by field."""
    filled = {"cc": draft.cc, "bcc": draft.bcc}
    return {name: ONLY_TO.format(name.title()) for name, text in filled.items() if split_addresses(text)}


def _unwritten(draft: Draft) -> dict[str, str]:
    """What is said of variables where none is written out, by field."""
    headers = "\n".join(value for pair in draft.headers for value in pair)
    fields = "\n".join(value for pair in draft.fields for value in pair)
    texts = (
        ("from", "The sender", draft.sender),
        ("reply-to", "Reply-To", draft.reply_to),
        ("headers", "A header", headers),
        ("groups", "The campaign", draft.groups),
        ("fields", "A custom field", fields),
    )
    met = ((name, called, _VARIABLE.search(text)) for name, called, text in texts)
    return {name: ONLY_WRITTEN.format(called, found[0]) for name, called, found in met if found}


# People


def _read_people(file: RecipientFile, mapping: Mapping) -> People:
    at = file.columns.index(mapping.address)
    named_at = None if mapping.name is None else file.columns.index(mapping.name)
    reader = _Addresses(guessed=file.guessed)
    found: list[Address | None] = []
    wrong: dict[int, str] = {}
    unnamed: dict[int, str] = {}
    for row, cells in enumerate(file.rows, 1):
        cell = cells[at].strip() if at < len(cells) else ""
        try:
            address = reader.read(cell)
        except AddressError as error:
            found.append(None)
            wrong[row] = str(error)
            continue
        name = cells[named_at].strip() if named_at is not None and named_at < len(cells) else ""
        if name:
            address = Address(address.email, name)
            if problem := _name_problem(address):
                unnamed[row] = problem
        found.append(address)
    return People(tuple(found), wrong, unnamed)


class _Addresses:
    """Reads addresses as `Address.parse` does, plain ones at domains it has met in a fraction of the time."""

    def __init__(self, *, guessed: bool) -> None:
        self._guessed = guessed
        self._domains: dict[str, str] = {}

    def read(self, cell: str) -> Address:
        """Raises AddressError with a sentence for people."""
        local, _, domain = cell.rpartition("@")
        known = self._domains.get(domain)
        short = len(local) <= _LONGEST_LOCAL and len(local) + len(domain) < _LONGEST
        if known is not None and short and _PLAIN_LOCAL.fullmatch(local):
            return Address(f"{local}@{known}")
        if self._guessed and not domain.isascii():
            raise AddressError(GUESSED_ADDRESS.format(cell))
        try:
            address = Address.parse(cell)
        except AddressError:
            raise AddressError(check_address(cell).sentence) from None
        if not address.name and address.email == f"{local}@{address.domain}":
            self._domains[domain] = address.domain
        return address


def _name_problem(address: Address) -> str:
    """What is wrong with its name, in one sentence: it must be read again as it is written."""
    if _PLAIN_NAME.fullmatch(address.name):
        return ""
    written = str(address)
    try:
        parsed = [Address.parse(entry) for entry in split_addresses(written)]
    except AddressError:
        return f"The name {address.name!a} holds a character that no letter may carry."
    return "" if parsed == [address] else f"The name {address.name!a} cannot stand beside an address."


# Texts


class _Trouble(Exception):
    """A text that makes no letter of a row: its field in the draft and its sentence, where it is named."""

    def __init__(self, field: str, sentence: str, kind: Kind, where: str = "", missing: str = "") -> None:
        super().__init__(sentence)
        self.field, self.sentence, self.kind, self.where, self.missing = field, sentence, kind, where, missing

    @property
    def same(self) -> str:
        """Equal for rows that have one and the same problem."""
        return self.missing or f"{self.kind}\n{self.where}"


_TEXTS = (("subject", "subject", "Subject"), ("html", "body", "HTML"), ("text", "body", "Text part"))


class _Text:
    """A text of the draft: as it stands, or as a template where Jinja would find something in it."""

    def __init__(self, member: str, field: str, called: str) -> None:
        self.member, self._field, self._called = member, field, called
        self._plain = ""
        self._template: RowTemplate | None = None
        self.names: frozenset[str] = frozenset()  # the variables that it writes out
        self.broken: _Trouble | None = None

    def compile(self, draft: Draft) -> None:
        text: str = getattr(draft, self.member)
        self._plain = text
        if not any(sign in text for sign in ("{{", "{%", "{#")):
            return
        # Imports Jinja: not before a letter is merged.
        from turbodesk.services import row_template

        try:
            self._template = row_template.RowTemplate(text, html=self.member == "html")
            self.names = self._template.names
        except row_template.TemplateTrouble as trouble:
            self.broken = self._told(trouble)

    def write(self, values: dict[str, str]) -> str:
        """Raises _Trouble."""
        if self.broken is not None:
            raise self.broken
        if self._template is None:
            return self._plain
        from turbodesk.services import row_template

        try:
            return self._template.write(values)
        except row_template.TemplateTrouble as trouble:
            raise self._told(trouble) from None

    def _told(self, trouble: TemplateTrouble) -> _Trouble:
        line = f", line {trouble.line}" if trouble.line and self.member != "subject" else ""
        where = f"{self._called}{line}"
        if trouble.missing:
            sentence = f"{where}: {{{{ {trouble.missing} }}}} is missing."
            return _Trouble(self._field, sentence, Kind.MISSING, where, trouble.missing)
        return _Trouble(self._field, f"{where}: {trouble.words}", Kind.TEMPLATE, where)


# Rows


class _Sorter:
    """Which rows go, which do not, and which are to be looked at."""

    def __init__(self, merge: Merge, suppressed: AbstractSet[str], barred: Callable[[Address], str]) -> None:
        self._file, self._people, self._suppressed = merge.file, merge.people, suppressed
        self._barred = barred
        self.going: list[int] = []
        self._found: dict[Kind, dict[int, str]] = {kind: {} for kind in Kind}

    def sort(self) -> None:
        first: dict[str, int] = {}
        meant: dict[str, str] = {}
        width = len(self._file.columns)
        for row, (address, cells) in enumerate(zip(self._people.addresses, self._file.rows, strict=True), 1):
            if address is None:
                self._found[Kind.SYNTAX][row] = self._people.wrong[row]
                continue
            mailbox = address.email.casefold()  # two that differ in case are one person almost everywhere
            if (before := first.setdefault(mailbox, row)) != row:
                self._found[Kind.DUPLICATE][row] = f"as row {before:,}"
                continue
            if mailbox in self._suppressed:
                self._found[Kind.SUPPRESSED][row] = ""
                continue
            if why := self._barred(address):
                self._found[Kind.BARRED][row] = why
            self.going.append(row)
            self._look(row, address, meant)
            if len(cells) < width:
                self._found[Kind.SHORT][row] = f"{len(cells)} of {width} cells"
            if any(LOST_LETTER in cell for cell in cells):
                self._found[Kind.DAMAGED][row] = ""
            if self._file.guessed and (odd := next((it for it in cells if not it.isascii()), "")):
                self._found[Kind.GUESSED][row] = odd.strip()[:NOTED]

    def _look(self, row: int, address: Address, meant: dict[str, str]) -> None:
        if address.domain not in meant:
            meant[address.domain] = near_miss(address.domain)
        if likely := meant[address.domain]:
            self._found[Kind.NEAR_MISS][row] = f"{likely}?"
        if is_role(address):
            self._found[Kind.ROLE][row] = ""
        if row in self._people.unnamed:
            self._found[Kind.NAME][row] = self._people.unnamed[row]

    def findings(self) -> list[Finding]:
        """One for each kind that was met."""
        made = []
        for kind in SAID:
            if rows := self._found[kind]:
                effect, says = said_of(kind, list(rows))
                made.append(Finding(kind, effect, says, tuple(rows), tuple(rows.values()), "to"))
        return made
