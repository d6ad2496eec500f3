"""Letters to begin from: plain files in a folder, made to be kept in git and edited anywhere.

`NAME.html` is the HTML part, as it is. `NAME.txt` has the subject and the text part, written like a mail: a
line `Subject: …`, an empty line, then the text. Either may be missing; a `NAME.txt` that does not begin with
`Subject:` is all text. Both are UTF-8.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

from turbodesk import files, json_file
from turbodesk.errors import FileTrouble, InvalidDraft

FOLDER = "templates"
HTML, TEXT = ".html", ".txt"
LONGEST_NAME = 80
NOTHING = "Nothing was kept"

_NO_NAME = re.compile(r'[/\\:*?"<>|]')
_DEVICE = re.compile(r"(?:con|prn|aux|nul|com[0-9]|lpt[0-9])(?:\..*)?", re.IGNORECASE)
_FIELD = re.compile(r"(?P<name>[A-Za-z][A-Za-z-]*):.*")
_FOLDED = re.compile(r"\s*[\r\n\x0b\x0c\x85\u2028\u2029]\s*")


@dataclass(frozen=True, slots=True)
class Template:
    """What a letter may begin from; each part may be empty."""

    name: str
    subject: str = ""
    html: str = ""
    text: str = ""


def check_name(text: str) -> str:
    """`text` as the name of a template, which is a file's: no part of a path, good on every system.

    Raises InvalidDraft with the field `name`.
    """
    name = unicodedata.normalize("NFC", text.strip())
    if problem := _problem_of_name(name):
        raise InvalidDraft({"name": problem}, NOTHING)
    return name


def _problem_of_name(name: str) -> str:
    if not name:
        return "Give the template a name."
    if len(name) > LONGEST_NAME or len(name.encode("utf-8", "replace")) > 200:
        return f"A template's name has at most {LONGEST_NAME} characters; this one has {len(name)}."
    if not name.isprintable():
        return "A template's name has printable characters only."
    if _NO_NAME.search(name) or name.startswith((".", "-")) or name.endswith("."):
        return (
            "A template's name is a file's: it does not begin with a dot or a dash, does not end with a "
            'dot, and has none of / \\ : * ? " < > |.'
        )
    if _DEVICE.fullmatch(name):
        return f"“{name}” is the name of a device on Windows; choose another."
    return ""


def file_name(subject: str) -> str:
    """A name of a file made of a subject: `November order guide` becomes `november-order-guide`; it may be
    empty."""
    words = re.sub(r"[^\w]+", "-", re.sub(r"\{\{.*?\}\}", "", subject.lower()))
    return words.strip("-_")[:LONGEST_NAME].strip("-_")


class Templates:
    """The templates of one config dir. All of it blocks, and raises FileTrouble."""

    def __init__(self, config_dir: Path) -> None:
        self.folder = config_dir / FOLDER

    def names(self) -> tuple[str, ...]:
        """What there is, by name; files of other kinds, and those with a name we would not give, are none."""
        try:
            found = {path.stem for path in self.folder.iterdir() if path.suffix in (HTML, TEXT)}
        except FileNotFoundError:
            return ()
        except OSError as error:
            raise FileTrouble(
                f"The folder {self.folder} cannot be read.",
                hint="Change its permissions, or move it away.",
                detail=f"{type(error).__name__}: {error.strerror}",
            ) from error
        return tuple(sorted((name for name in found if not _problem_of_name(name)), key=str.casefold))

    def load(self, name: str) -> Template:
        """The template of that name. One with a part that cannot be read is none; the sentence says why."""
        html, text = self._path(name, HTML), self._path(name, TEXT)
        if not html.exists() and not text.exists():
            raise FileTrouble(f"There is no template {name}.", hint=f"Look in {self.folder}.")
        subject, body = _read(files.read_text(text), text.name) if text.exists() else ("", "")
        return Template(name, subject, files.read_text(html) if html.exists() else "", body)

    def save(self, template: Template) -> None:
        """Writes it in place of the one of that name, each file whole or not at all. Raises InvalidDraft
        where the name cannot be used."""
        name = check_name(template.name)
        json_file.make_directory(self.folder)
        head = f"Subject: {_FOLDED.sub(' ', template.subject).strip()}\n\n"
        files.write_whole(self._path(name, TEXT), _encoded((head, template.text)))
        if template.html:
            files.write_whole(self._path(name, HTML), _encoded((template.html,)))
        else:
            self._remove(self._path(name, HTML))

    def remove(self, name: str) -> None:
        """Takes it away; nothing happens where there is none."""
        for ending in (TEXT, HTML):
            self._remove(self._path(name, ending))

    def _path(self, name: str, ending: str) -> Path:
        return self.folder / f"{check_name(name)}{ending}"

    def _remove(self, path: Path) -> None:
        try:
            path.unlink(missing_ok=True)
        except OSError as error:
            raise FileTrouble(
                f"{path} cannot be removed.",
                hint="Change the permissions of its folder, or remove it by hand.",
                detail=f"{type(error).__name__}: {error.strerror}",
            ) from error
        with suppress(OSError):
            files.sync_directory(path.parent)


def _read(text: str, file: str) -> tuple[str, str]:
    """The subject and the text of a `NAME.txt`; raises FileTrouble with the line that is wrong."""
    text = text.replace("\r\n", "\n")
    if text[:8].lower() != "subject:":
        return "", text
    head, _, body = text.partition("\n\n")
    first, _, more = head.rstrip("\n").partition("\n")
    if more:
        match = _FIELD.fullmatch(more.partition("\n")[0])
        what = f"a template has no field {match['name']}" if match else "an empty line is missing before it"
        raise FileTrouble(
            f"{file} cannot be understood: line 2, {what}.",
            hint="It begins with a line Subject: …, then an empty line, then the text.",
        )
    return first[8:].strip(), body


def _encoded(pieces: Iterable[str]) -> bytes:
    """UTF-8; halves of characters, which no encoding could write, are replaced."""
    return "".join(pieces).encode("utf-16", "surrogatepass").decode("utf-16", "replace").encode()
