"""Which column of a recipients' file is what: guessed from headers and cells, remembered by headers."""

from __future__ import annotations

import keyword
import re
import unicodedata
from collections.abc import Mapping as Map
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from turbodesk import json_file
from turbodesk.services.recipient_file import RecipientFile, like_address

FILE = "columns.json"
FORMAT = 1
REMEMBERED = 100  # sets of headers; the oldest is forgotten

_LOOKED_AT = 200  # rows that say whether a column holds addresses
_ADDRESS_HEADERS = (
    *("email", "emailaddress", "mail", "mailaddress", "emailadresse", "mailadresse", "adresseemail"),
    *("adressemail", "courriel", "correo", "correoelectronico", "indirizzoemail", "recipient", "to"),
    *("email1", "email1value", "primaryemail", "contactemail", "address", "adresse"),
)
_NAME_HEADERS = (
    *("name", "fullname", "displayname", "contactname", "contact", "nombre", "nom", "nome"),
    *("firstname", "givenname", "vorname", "prenom", "forename", "first"),
)
_TAKEN = frozenset(
    {
        *keyword.kwlist,
        *("true", "false", "none", "loop", "range", "self", "context", "environment"),
        *("autoescape", "block", "call", "do", "endif", "endfor", "extends", "filter", "include", "macro"),
        *("endset", "set"),
    }
)


@dataclass(frozen=True, slots=True)
class Mapping:
    """Which column is the address, which the name (None: none), and which each variable of a letter stands
    for. Columns are called as in `RecipientFile.columns`."""

    address: str
    name: str | None = None
    variables: Map[str, str] = field(default_factory=dict)


def guessed(file: RecipientFile) -> Mapping:
    """What the headers say, and the cells where those say nothing; every column is a variable."""
    address = max(
        range(len(file.columns)), key=lambda at: (_holds_addresses(file, at), _rank(file.columns[at]), -at)
    )
    ranked = [(_NAME_HEADERS.index(word), at) for at, word in enumerate(map(_word, file.columns))
              if word in _NAME_HEADERS and at != address]  # fmt: skip
    name = file.columns[min(ranked)[1]] if ranked else None
    return Mapping(file.columns[address], name, variables_of(file.columns))


def address_columns(file: RecipientFile) -> tuple[str, ...]:
    """The columns most of whose cells look like addresses, in their order."""
    return tuple(column for at, column in enumerate(file.columns) if _holds_addresses(file, at) == 2)


def _holds_addresses(file: RecipientFile, at: int) -> int:
    """2 where most cells look like addresses, 1 where some do, 0 where none does."""
    cells = [row[at] for row in file.rows[:_LOOKED_AT] if at < len(row) and row[at].strip()]
    found = sum(map(like_address, cells))
    return 0 if not found else 1 + (found * 2 > len(cells))


def _rank(column: str) -> int:
    word = _word(column)
    if word in _ADDRESS_HEADERS:
        return len(_ADDRESS_HEADERS) + 1 - _ADDRESS_HEADERS.index(word)
    return int("mail" in word)


def _word(column: str) -> str:
    """A header as bare letters and digits: "E-Mail Adresse" is "emailadresse"."""
    plain = unicodedata.normalize("NFKD", column.casefold())
    return "".join(char for char in plain if char.isalnum())


def variables_of(columns: Sequence[str]) -> dict[str, str]:
    """A name for each column that a letter can write: "First name" is `first_name`; then the headers as they
    are, where they are such names already. Two that would be one name are numbered."""
    found: dict[str, str] = {}
    for column in columns:
        base = variable_name(column)
        name, number = base, 2
        while name in found:
            name, number = f"{base}_{number}", number + 1
        found[name] = column
    for column in columns:
        if column.isidentifier() and column.casefold() not in _TAKEN:
            found.setdefault(column, column)
    return found


def variable_name(column: str) -> str:
    """The column's name in lower case, anything but letters and digits as one underscore."""
    name = re.sub(r"\W+", "_", unicodedata.normalize("NFKC", column).casefold()).strip("_")
    if not name or not name.isidentifier():
        name = f"column_{name}".rstrip("_")
    if not name.isidentifier():
        name = "column"
    return f"{name}_" if name in _TAKEN else name


class ColumnMemory:
    """The mappings that were chosen, in one JSON file, found again by the headers they belong to."""

    def __init__(self, config_dir: Path) -> None:
        self._path = config_dir / FILE

    def recall(self, columns: Sequence[str]) -> Mapping | None:
        """What was chosen for these headers, in whatever order they stand; None where nothing was.

        Of a file that cannot be understood nothing is recalled. Blocks; raises FileTrouble where it cannot
        be read.
        """
        with suppress(FileNotFoundError, json_file.NotOursError):
            for headers, mapping in reversed(_decoded(json_file.read(self._path))):
                if sorted(headers) == sorted(columns):
                    return mapping
        return None

    def mapping_for(self, file: RecipientFile) -> Mapping:
        """What was chosen for such a file before, else what is guessed. Blocks; raises FileTrouble."""
        kept = self.recall(file.columns) if file.has_header else None
        if kept is None:
            return guessed(file)
        return Mapping(kept.address, kept.name, variables_of(file.columns))

    def remember(self, columns: Sequence[str], mapping: Mapping) -> None:
        """Keeps it for files with these headers; a file that is not understood is set aside first. Blocks;
        raises FileTrouble."""
        with json_file.locked(self._path):
            try:
                kept = _decoded(json_file.read(self._path))
            except FileNotFoundError:
                kept = []
            except json_file.NotOursError:
                json_file.set_aside(self._path)
                kept = []
            others = [it for it in kept if sorted(it[0]) != sorted(columns)]
            json_file.write(self._path, _encoded([*others, (tuple(columns), mapping)][-REMEMBERED:]))


_Kept = list[tuple[tuple[str, ...], Mapping]]


def _encoded(kept: _Kept) -> dict[str, Any]:
    listed = [{"columns": list(it), "address": chosen.address, "name": chosen.name} for it, chosen in kept]
    return {"format": FORMAT, "remembered": listed}


def _decoded(value: dict[str, Any]) -> _Kept:
    """Raises NotOursError with the place that is wrong."""
    if value.get("format") != FORMAT or not isinstance(listed := value.get("remembered"), list):
        raise json_file.NotOursError(f"“format” is not {FORMAT}, or “remembered” is no list")
    found: _Kept = []
    for entry in listed:
        if not isinstance(entry, dict):
            raise json_file.NotOursError("what is remembered is not a list of objects")
        columns, address, name = entry.get("columns"), entry.get("address"), entry.get("name")
        if not isinstance(columns, list) or not all(isinstance(it, str) for it in columns):
            raise json_file.NotOursError("“columns” is not a list of texts")
        if not isinstance(address, str) or address not in columns or name not in (None, *columns):
            raise json_file.NotOursError("“address” or “name” is none of the columns")
        found.append((tuple(columns), Mapping(address, name, variables_of(columns))))
    return found
