"""What is remembered between runs, never a secret: one dataclass, one JSON file."""

from __future__ import annotations

import unicodedata
from collections.abc import Callable, Iterable, Mapping
from dataclasses import asdict, dataclass, field, fields, replace
from pathlib import Path
from typing import Any

from turbodesk import json_file
from turbodesk.errors import FileTrouble, InvalidDraft
from turbodesk.model.account import SANDBOX, SANDBOXES, Profile

FILE = "settings.json"
FORMAT = 1
THEMES = ("system", "light", "dark")
LONGEST_NAME = 40
LONGEST_UNDO_S = 30


@dataclass(frozen=True, slots=True)
class Settings:
    """What one config dir remembers.

    `profiles` are those that the user added, in that order; the sandbox is never among them. `geometry`
    is Qt's own description of the window, as Base64, `undo_s` for how long its letters can be taken back.
    `note` tells what happened while loading (a broken file was set aside) and is not kept.
    """

    profiles: tuple[Profile, ...] = ()
    last_profile: str = SANDBOX
    last_tab: str = ""
    theme: str = "system"
    geometry: str = ""
    seen_first_run: bool = False
    undo_s: int = 5
    note: str = field(default="", compare=False)

    def profile(self, name: str) -> Profile | None:
        """The added profile of that name, or None."""
        return next((profile for profile in self.profiles if profile.name == name), None)

    def with_profile(self, profile: Profile) -> Settings:
        """With `profile` at the end, or in place of the one that had its name."""
        if self.profile(profile.name) is None:
            return replace(self, profiles=(*self.profiles, profile))
        kept = tuple(profile if old.name == profile.name else old for old in self.profiles)
        return replace(self, profiles=kept)

    def without_profile(self, name: str) -> Settings:
        """Without the profile of that name; where it was the last one used, the sandbox is now."""
        last = SANDBOX if self.last_profile == name else self.last_profile
        kept = tuple(profile for profile in self.profiles if profile.name != name)
        return replace(self, profiles=kept, last_profile=last)


def make_config_dir(config_dir: Path) -> None:
    """Makes the folder where it is missing, open to its owner alone. Raises FileTrouble."""
    json_file.make_directory(config_dir)


def check_profile_name(text: str, taken: Iterable[str] = ()) -> str:
    """`text` as the name of a new profile: 1 to 40 printable characters, no part of a path.

    `taken` are the names that are in use. Raises InvalidDraft with the field `name`.
    """
    name = unicodedata.normalize("NFC", text.strip())
    problem = _problem_of_name(name)
    if not problem and name.casefold() in {other.casefold() for other in taken}:
        problem = f"There is already a profile “{name}”."
    if problem:
        raise InvalidDraft({"name": problem}, "Nothing was kept")
    return name


def _problem_of_name(name: str) -> str:
    if not name:
        return "Give the profile a name."
    if len(name) > LONGEST_NAME:
        return f"A profile's name has at most {LONGEST_NAME} characters; this one has {len(name)}."
    if not name.isprintable():
        return "A profile's name has printable characters only."
    if name.startswith((".", "-")) or not {"/", "\\", ":"}.isdisjoint(name):
        return "A profile's name does not begin with a dot or a dash and has no slash, backslash or colon."
    if name.casefold() in SANDBOXES:
        return f"“{name}” is a built-in sandbox; choose another name."
    return ""


def load(config_dir: Path) -> Settings:
    """What was saved there, or the defaults.

    A file that we did not write so is set aside under a name with its date, the last good state is used,
    and `note` says both. Raises FileTrouble where the file is there and cannot be read.
    """
    path = config_dir / FILE
    try:
        return _decode(json_file.read(path))
    except FileNotFoundError:
        # Taken away between two renames, or by hand: the last good state is better than nothing.
        saved, _ = _last_good(path)
        return saved
    except json_file.NotOursError as problem:
        aside = json_file.set_aside(path)
        saved, found = _last_good(path)
        used = "the last good settings are used" if found else "the settings begin anew"
        note = f"{FILE} could not be understood ({problem}). It is kept as {aside.name}; {used}."
        return replace(saved, note=note)


def stamp(config_dir: Path) -> tuple[int, ...] | None:
    """What is another value whenever the file there was written anew, None where there is no file."""
    try:
        found = (config_dir / FILE).stat()
    except OSError:
        return None
    return found.st_mtime_ns, found.st_size, found.st_ino


def save(config_dir: Path, settings: Settings) -> None:
    """Writes all of it. Raises FileTrouble."""
    json_file.write(config_dir / FILE, _encode(settings))


def change(config_dir: Path, changed: Callable[[Settings], Settings]) -> Settings:
    """Loads, lets `changed` change, saves, and gives back what was saved; no other process comes between.

    Nothing is written where nothing changed. Raises FileTrouble, and what `changed` raises.
    """
    with json_file.locked(config_dir / FILE):
        before = load(config_dir)
        after = changed(before)
        if after != before or before.note:
            save(config_dir, after)
        return after


def _last_good(path: Path) -> tuple[Settings, bool]:
    try:
        return _decode(json_file.read(json_file.backup_of(path))), True
    except (FileNotFoundError, json_file.NotOursError, FileTrouble):
        return Settings(), False


def _encode(settings: Settings) -> dict[str, Any]:
    members = {name: value for name, value in asdict(settings).items() if name != "note"}
    return {"format": FORMAT, **members, "profiles": [asdict(profile) for profile in settings.profiles]}


def _decode(value: Mapping[str, Any]) -> Settings:
    """Raises NotOursError with the name of the member that is wrong."""
    if value.get("format") != FORMAT:
        raise json_file.NotOursError(f"“format” is not {FORMAT}")
    entries = value.get("profiles", [])
    if not isinstance(entries, list):
        raise json_file.NotOursError("“profiles” is not a list")
    profiles = tuple(_decode_profile(entry) for entry in entries)
    if len({profile.name for profile in profiles}) != len(profiles):
        raise json_file.NotOursError("two profiles have one name")
    known = {item.name: item.default for item in fields(Settings) if item.name not in ("profiles", "note")}
    members = _members(value, known, "")
    if members.get("theme", "system") not in THEMES:
        raise json_file.NotOursError("“theme” is none of " + ", ".join(THEMES))
    if not 0 <= members.get("undo_s", 0) <= LONGEST_UNDO_S:
        raise json_file.NotOursError(f"“undo_s” is not between 0 and {LONGEST_UNDO_S}")
    return Settings(profiles=profiles, **members)


def _decode_profile(value: object) -> Profile:
    if not isinstance(value, dict):
        raise json_file.NotOursError("a profile is not an object")
    if "dashboard_url" in value:  # its name in the first version
        value = {"api_url": value["dashboard_url"], **value}
    members = _members(value, {item.name: item.default for item in fields(Profile)}, "profiles: ")
    name, provider = members.get("name"), members.get("provider")
    if not name or not provider or _problem_of_name(name):
        raise json_file.NotOursError("a profile's “name” or “provider” is missing or not allowed")
    if members.get("daily_cap", 0) < 0:
        raise json_file.NotOursError("profiles: “daily_cap” is less than 0")
    return Profile(**members)


def _members(value: Mapping[str, Any], known: Mapping[str, object], where: str) -> dict[str, Any]:
    """Those members of `value` that are known, each of its default's type (a text where it has none); a
    list of texts comes back as a tuple."""
    found = {name: value[name] for name in known if name in value}
    words: dict[type, str] = {bool: "yes or no", int: "whole number", str: "text"}
    for name, member in found.items():
        if isinstance(known[name], tuple):
            found[name] = _texts(member, f"{where}“{name}”")
            continue
        wanted = type(known[name]) if type(known[name]) in words else str
        if type(member) is not wanted:
            raise json_file.NotOursError(f"{where}“{name}” is not a {words[wanted]}")
    return found


def _texts(member: object, what: str) -> tuple[str, ...]:
    if not isinstance(member, list) or not all(isinstance(text, str) for text in member):
        raise json_file.NotOursError(f"{what} is not a list of texts")
    return tuple(member)
