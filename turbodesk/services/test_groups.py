"""Named lists of people who get the tests, kept in one JSON file."""

from __future__ import annotations

import unicodedata
from collections.abc import Iterable
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

from turbodesk import json_file
from turbodesk.checks.addresses import check_address, split_addresses
from turbodesk.errors import FileTrouble, InvalidDraft
from turbodesk.model.message import Address, AddressError

FILE = "test-groups.json"
FORMAT = 1
LONGEST_NAME = 40
FIRST_NAME = "Testers"
NOTHING = "Nothing was kept"


@dataclass(frozen=True, slots=True)
class Group:
    """Some people by one name, each mailbox once."""

    name: str
    testers: tuple[Address, ...]


@dataclass(frozen=True, slots=True)
class Groups:
    """All groups in their order, the name of the one that tests go to, and whether tests are marked as such.

    `note` tells what happened while loading (a file that could not be understood) and is not kept.
    """

    groups: tuple[Group, ...] = ()
    chosen: str = ""
    mark: bool = True
    note: str = field(default="", compare=False)

    @property
    def current(self) -> Group | None:
        """The group that tests go to: the chosen one, else the first, None where there is none."""
        return self.group(self.chosen) or next(iter(self.groups), None)

    def group(self, name: str) -> Group | None:
        """The group of that name, or None."""
        return next((group for group in self.groups if group.name == name), None)

    def with_group(self, group: Group, instead_of: str = "") -> Groups:
        """With `group`, chosen: in place of `instead_of` or of the one that had its name, else at the end."""
        replaced = {instead_of, group.name}
        place = next((i for i, old in enumerate(self.groups) if old.name in replaced), len(self.groups))
        kept = [old for old in self.groups if old.name not in replaced]
        kept.insert(place, group)
        return replace(self, groups=tuple(kept), chosen=group.name)

    def without_group(self, name: str) -> Groups:
        """Without the group of that name."""
        kept = tuple(group for group in self.groups if group.name != name)
        return replace(self, groups=kept, chosen="" if self.chosen == name else self.chosen)

    def choosing(self, name: str) -> Groups:
        """With the group of that name chosen."""
        return replace(self, chosen=name)


def checked(name: str, addresses: str, taken: Iterable[str] = ()) -> Group:
    """A group of what was written: addresses as `split_addresses` reads them, each mailbox once.

    `taken` are names that are in use. Raises InvalidDraft with the fields `name` and `testers`.
    """
    problems: dict[str, str] = {}
    name = unicodedata.normalize("NFC", name.strip())
    if problem := _problem_of_name(name, taken):
        problems["name"] = problem
    testers: dict[str, Address] = {}
    wrong: list[str] = []
    for entry in split_addresses(addresses):
        try:
            address = Address.parse(entry)
        except AddressError:
            wrong.append(check_address(entry).sentence)
        else:
            testers.setdefault(address.key, address)
    if wrong:
        more = f" And {len(wrong) - 3} more." if len(wrong) > 3 else ""
        problems["testers"] = " ".join(wrong[:3]) + more
    elif not testers:
        problems["testers"] = "Write at least one address."
    if problems:
        raise InvalidDraft(problems, NOTHING)
    return Group(name, tuple(testers.values()))


def _problem_of_name(name: str, taken: Iterable[str]) -> str:
    if not name:
        return "Give the group a name."
    if len(name) > LONGEST_NAME:
        return f"A group's name has at most {LONGEST_NAME} characters; this one has {len(name)}."
    if not name.isprintable():
        return "A group's name has printable characters only."
    if name.casefold() in {other.casefold() for other in taken}:
        return f"There is already a group “{name}”."
    return ""


def load(config_dir: Path) -> Groups:
    """What was kept there, nothing where there is none. Of a file that cannot be understood the last good
    state is given, and `note` says so. Blocks; raises FileTrouble where it cannot be read."""
    path = config_dir / FILE
    try:
        return _decoded(json_file.read(path))
    except FileNotFoundError:
        return _last_good(path)
    except json_file.NotOursError as problem:
        found = _last_good(path)
        used = "the last good state is used" if found.groups else "the test groups begin anew"
        return replace(found, note=f"{path} could not be understood ({problem}); {used}.")


def keep(config_dir: Path, groups: Groups) -> None:
    """Writes all of it; a file that was not understood is set aside first. Blocks; raises FileTrouble."""
    path = config_dir / FILE
    with json_file.locked(path):
        try:
            _decoded(json_file.read(path))
        except json_file.NotOursError:
            json_file.set_aside(path)
        except FileNotFoundError:
            pass
        json_file.write(path, _encoded(groups))


def _last_good(path: Path) -> Groups:
    try:
        return _decoded(json_file.read(json_file.backup_of(path)))
    except (FileNotFoundError, json_file.NotOursError, FileTrouble):
        return Groups()


def _encoded(groups: Groups) -> dict[str, Any]:
    listed = [{"name": it.name, "testers": [str(address) for address in it.testers]} for it in groups.groups]
    return {"format": FORMAT, "chosen": groups.chosen, "mark": groups.mark, "groups": listed}


def _decoded(value: dict[str, Any]) -> Groups:
    """Raises NotOursError with the place that is wrong."""
    if value.get("format") != FORMAT:
        raise json_file.NotOursError(f"“format” is not {FORMAT}")
    listed, chosen, mark = value.get("groups"), value.get("chosen", ""), value.get("mark", True)
    if not isinstance(listed, list) or not isinstance(chosen, str) or not isinstance(mark, bool):
        raise json_file.NotOursError("“groups” is no list, “chosen” no text, or “mark” not yes or no")
    found: list[Group] = []
    for entry in listed:
        name, testers = (entry.get("name"), entry.get("testers")) if isinstance(entry, dict) else (None, None)
        if not isinstance(name, str) or not isinstance(testers, list):
            raise json_file.NotOursError("a group has no “name”, or “testers” is not a list")
        if not all(isinstance(text, str) for text in testers):
            raise json_file.NotOursError(f"a tester of “{name[:LONGEST_NAME]}” is not a text")
        try:
            found.append(checked(name, "\n".join(testers), (it.name for it in found)))
        except InvalidDraft as error:
            raise json_file.NotOursError(f"group “{name[:LONGEST_NAME]}”: {error.says}") from None
    return Groups(tuple(found), chosen, mark)
