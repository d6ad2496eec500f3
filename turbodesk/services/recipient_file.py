"""A file of recipients as people's programs write it: encoding and delimiter found, all of it or nothing."""

from __future__ import annotations

import asyncio
import codecs
import hashlib
import io
import os
import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from itertools import islice
from pathlib import Path

from turbodesk.errors import FileTrouble
from turbodesk.files import FileSource, open_regular, safe_name

LARGEST_BYTES = 64_000_000
MOST_ROWS = 1_000_000
MOST_COLUMNS = 1000
LONGEST_FIELD = 131_072  # characters, the csv module's own limit
PREVIEWED = 20
SAMPLED_ROWS = 50  # so many rows say which delimiter parts them
TOLD_ROWS = 3

DELIMITERS = {",": "comma", ";": "semicolon", "\t": "tab", "|": "vertical bar"}
GUESSED = "Windows-1252"

_SNIFFED_BYTES = 4096
_UTF8_LETTER = re.compile(rb"[\xc2-\xdf][\x80-\xbf]|[\xe0-\xef][\x80-\xbf]{2}|[\xf0-\xf4][\x80-\xbf]{3}")
_LIKE_ADDRESS = re.compile(r"[^@\s]+@[^@\s]+\.[^@\s]+")
_WRITTEN_ADDRESS = re.compile(r"\S@\S")
_NAMED_DELIMITER = re.compile(r'"?sep=([,;\t|])"?(?=[\r\n])', re.IGNORECASE)
_LINE = re.compile(r"\r\n|\r|\n")
_ANOTHER = "Choose a file with one row for each recipient."
_SAVE_AS_UTF8 = "Save it as UTF-8 (“CSV UTF-8” in a spreadsheet), then choose it again."
_MEND = "Mend it there, then choose the file again. Nothing of it was read."


@dataclass(frozen=True, slots=True)
class RecipientFile:
    """A table of recipients as it was when it was read.

    `rows` are in the file's order, blank ones left out; row 1 is the first below the header. A row may have
    fewer cells than there are `columns`, never more. `encoding` is for people, `guessed` says that the file
    itself did not prove it. `delimiter` is one of `DELIMITERS`, empty where there is one column.
    """

    path: Path
    encoding: str
    delimiter: str
    columns: tuple[str, ...]
    rows: tuple[tuple[str, ...], ...] = field(repr=False)
    sha256: str
    size_bytes: int
    has_header: bool = True
    guessed: bool = False

    @property
    def name(self) -> str:
        """The file's name as it may be shown."""
        return safe_name(self.path.name)

    @property
    def words(self) -> str:
        """How it was read, for people: "UTF-8, parted by semicolons, the first row names the columns"."""
        encoding = f"{self.encoding}, because it is not UTF-8" if self.guessed else self.encoding
        parted = f"parted by {_plural(DELIMITERS[self.delimiter])}" if self.delimiter else "one column"
        header = "the first row names the columns" if self.has_header else "no header"
        return f"{encoding}, {parted}, {header}"

    def preview(self, count: int = PREVIEWED) -> tuple[tuple[str, ...], ...]:
        """The first rows, each filled up with empty cells."""
        width = len(self.columns)
        return tuple(row + ("",) * (width - len(row)) for row in self.rows[:count])


def _plural(word: str) -> str:
    return word if word.endswith("s") else f"{word}s"


async def open_recipients(path: Path) -> RecipientFile:
    """The file, read off the loop; raises FileTrouble as `read` does."""
    return await asyncio.to_thread(read, path)


def read(path: Path) -> RecipientFile:
    """All rows of a CSV or TSV file. Blocks.

    Raises FileTrouble, with the number of the row where there is one; then nothing was read.
    """
    raw = _bytes_of(path)
    name = safe_name(path.name)
    text, encoding = _decoded(name, raw)
    _refuse_nul(name, text)
    named = _NAMED_DELIMITER.match(text)  # a line for spreadsheets, no row
    text = text[named.end() :] if named else text
    delimiter = named[1] if named else _delimiter_of(text)
    columns, rows, has_header = _Table(name, delimiter or ",").read(text)
    return RecipientFile(
        path=path,
        encoding=encoding,
        delimiter=delimiter,
        columns=columns,
        rows=rows,
        sha256=hashlib.sha256(raw).hexdigest(),
        size_bytes=len(raw),
        has_header=has_header,
        guessed=encoding == GUESSED,
    )


def like_address(cell: str) -> bool:
    """Whether a cell looks as if it were meant for an address; no check of one."""
    bare = cell.strip()
    if bare.endswith(">"):
        bare = bare.rpartition("<")[2][:-1]
    return _LIKE_ADDRESS.fullmatch(bare) is not None


def _bytes_of(path: Path) -> bytes:
    with open_regular(path) as file:
        now = os.fstat(file.fileno())
    if now.st_size > LARGEST_BYTES:
        raise FileTrouble(
            f"{safe_name(path.name)} has {now.st_size:,} bytes; at most {LARGEST_BYTES:,} are read.",
            hint="Part it into several files.",
        )
    return b"".join(FileSource(path, now.st_size, now.st_mtime_ns).slices())


# Encoding


def _decoded(name: str, raw: bytes) -> tuple[str, str]:
    """The text, and what its encoding is called. Raises FileTrouble with the row that fits none."""
    if raw.startswith(codecs.BOM_UTF8):
        return _strictly(name, raw[3:], "utf-8", "UTF-8"), "UTF-8"
    if raw.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)):
        return _strictly(name, raw, "utf-16", "UTF-16"), "UTF-16"
    if codec := _utf16_without_mark(raw):
        return _strictly(name, raw, codec, "UTF-16"), "UTF-16"
    try:
        return raw.decode("utf-8"), "UTF-8"
    except UnicodeDecodeError as error:
        return _one_byte_each(name, raw, error.start), GUESSED


def _strictly(name: str, raw: bytes, codec: str, called: str) -> str:
    try:
        return raw.decode(codec)
    except UnicodeDecodeError as error:
        line = _lines(raw[: error.start].decode(codec, "replace"))
        raise FileTrouble(f"{name} begins as {called}, and line {line} is not.", hint=_SAVE_AS_UTF8) from None


def _utf16_without_mark(raw: bytes) -> str:
    """The codec where every other byte is NUL, as in Latin letters of UTF-16; else empty."""
    head = raw[:_SNIFFED_BYTES]
    half = len(head) // 2
    first, second = head[::2].count(0), head[1::2].count(0)
    if half and second > 0.6 * half and first < 0.1 * half:
        return "utf-16-le"
    if half and first > 0.6 * half and second < 0.1 * half:
        return "utf-16-be"
    return ""


def _one_byte_each(name: str, raw: bytes, at: int) -> str:
    """The text as Windows-1252, where nothing speaks for anything else."""
    if _UTF8_LETTER.search(raw):
        line = _lines(raw[:at].decode("utf-8"))
        raise FileTrouble(
            f"{name} is UTF-8 in some lines and something else in others, line {line} being the first.",
            hint=_SAVE_AS_UTF8,
        )
    try:
        return raw.decode("cp1252")
    except UnicodeDecodeError as error:
        line = _lines(raw[: error.start].decode("latin-1"))
        raise FileTrouble(
            f"{name} is neither UTF-8 nor UTF-16 nor {GUESSED}: line {line} holds the byte "
            f"{raw[error.start]:02x}.",
            hint=_SAVE_AS_UTF8,
        ) from None


def _lines(before: str) -> int:
    """In which line the text goes on after `before`."""
    return len(_LINE.findall(before)) + 1


def _refuse_nul(name: str, text: str) -> None:
    if (at := text.find("\0")) >= 0:
        raise FileTrouble(
            f"{name} holds a NUL character in line {_lines(text[:at])}; it is no text.", hint=_SAVE_AS_UTF8
        )


# Delimiter


def _delimiter_of(text: str) -> str:
    """The one under which most rows have as many cells as the first, at least two; of equals, the one with
    more cells. Empty where there is one column."""
    scores = {sign: _score(text, sign) for sign in DELIMITERS}
    best = max(scores, key=scores.__getitem__)
    return best if scores[best][1] > 1 else ""


def _score(text: str, sign: str) -> tuple[float, int]:
    """The share of the first rows that are as wide as the first one, and that width; 0 where it is 1."""
    import csv

    widths: list[int] = []
    try:
        for row in islice(_records(text, sign), SAMPLED_ROWS):
            if row:
                widths.append(len(row))
    except csv.Error:
        widths.append(0)  # a row that this delimiter makes no sense of
    if not widths or widths[0] < 2:
        return 0.0, 1
    return sum(width == widths[0] for width in widths) / len(widths), widths[0]


def _records(text: str, sign: str) -> Iterator[list[str]]:
    import csv  # not before a file is chosen

    return csv.reader(io.StringIO(text, newline=""), delimiter=sign, strict=True)


# Rows


class _Table:
    """One reading of a text as rows; knows which row and line it is at when something is wrong."""

    def __init__(self, name: str, delimiter: str) -> None:
        self._name, self._delimiter = name, delimiter
        self._has_header = True

    def read(self, text: str) -> tuple[tuple[str, ...], tuple[tuple[str, ...], ...], bool]:
        """The columns, the rows, and whether the first row names the columns. Raises FileTrouble."""
        records = self._numbered(text)
        first_line, first = next(records, (0, []))
        if not first:
            raise FileTrouble(f"{self._name} is empty.", hint=_ANOTHER)
        self._has_header = not any(map(_WRITTEN_ADDRESS.search, first))
        columns = self._header(first, first_line) if self._has_header else _numbers(len(first))
        self._refuse_many_columns(columns)
        rows = self._rows(records, len(columns), [] if self._has_header else [tuple(first)])
        if not rows:
            raise FileTrouble(
                f"{self._name} has a header (line {first_line}) and no row below it.", hint=_ANOTHER
            )
        return columns, tuple(rows), self._has_header

    def _rows(
        self, records: Iterator[tuple[int, list[str]]], width: int, rows: list[tuple[str, ...]]
    ) -> list[tuple[str, ...]]:
        wide: list[tuple[int, int, int]] = []
        for line, record in records:
            if len(record) > width:
                if any(map(str.strip, record[width:])):
                    wide.append((len(rows) + 1, line, len(record)))
                record = record[:width]  # blank ones: some programs end each line with a delimiter
            rows.append(tuple(record))
            if len(rows) > MOST_ROWS:
                raise FileTrouble(
                    f"{self._name} has more than {MOST_ROWS:,} rows; line {line} is one too many.",
                    hint="Part it into several files.",
                )
        if wide:
            raise self._too_wide(wide, width)
        return rows

    def _numbered(self, text: str) -> Iterator[tuple[int, list[str]]]:
        """Every record that is not blank, with the line it begins in."""
        import csv

        reader = csv.reader(io.StringIO(text, newline=""), delimiter=self._delimiter, strict=True)
        line, count = 1, 0
        while True:
            try:
                record = next(reader)
            except StopIteration:
                return
            except csv.Error as error:
                raise self._broken(error, count, line, reader.line_num) from None
            if any(map(str.strip, record)):
                count += 1
                yield line, record
            line = reader.line_num + 1

    def _broken(self, error: Exception, before: int, line: int, last: int) -> FileTrouble:
        """What is wrong with the record that begins in `line`, `before` of them being whole."""
        row = before if self._has_header else before + 1
        where = f"row {row} (line {line})" if before else f"line {line}"
        if "field limit" in str(error) and last == line:
            what = f"holds a cell of more than {LONGEST_FIELD:,} characters"
        elif "expected after" in str(error) and last == line:
            sign = DELIMITERS[self._delimiter]
            what = f"goes on behind a closing quotation mark, where a {sign} or the end of the line must be"
        else:
            what = "opens a quotation mark that is never closed"
        return FileTrouble(
            f"{self._name}: {where} {what}.", hint=_MEND, detail=f"{type(error).__name__}: {error}"
        )

    def _header(self, cells: Sequence[str], line: int) -> tuple[str, ...]:
        """The names of the columns, those without one numbered; blank ones at the end are none."""
        named = [" ".join(cell.split()) for cell in cells]
        while not named[-1]:
            named.pop()
        names = [name or f"Column {number}" for number, name in enumerate(named, 1)]
        places: dict[str, int] = {}
        for number, name in enumerate(names, 1):
            if (other := places.setdefault(name.casefold(), number)) != number:
                raise FileTrouble(
                    f"{self._name} has two columns called “{name}”, {other} and {number} (line {line}).",
                    hint="Give each a name of its own, then choose the file again.",
                )
        return tuple(names)

    def _refuse_many_columns(self, columns: Sequence[str]) -> None:
        if len(columns) > MOST_COLUMNS:
            raise FileTrouble(
                f"{self._name} has {len(columns):,} columns; at most {MOST_COLUMNS:,} are read.",
                hint="Leave out those that the letter does not need.",
            )

    def _too_wide(self, wide: list[tuple[int, int, int]], width: int) -> FileTrouble:
        row, line, cells = wide[0]
        others = [str(number) for number, _, _ in wide[1:TOLD_ROWS]]
        more = len(wide) - 1 - len(others)
        told = f"; too many have also {_rows_named(others, more)}" if others else ""
        than = "the header" if self._has_header else "the first row"
        return FileTrouble(
            f"{self._name}: row {row} (line {line}) has {cells} cells, {than} has {width}{told}.",
            hint=f"A cell that holds a {DELIMITERS[self._delimiter]} stands in quotation marks. {_MEND}",
        )


def _rows_named(numbers: Sequence[str], more: int) -> str:
    rows = f"row {numbers[0]}" if len(numbers) == 1 else f"rows {', '.join(numbers)}"
    return f"{rows} and {more:,} more" if more else rows


def _numbers(count: int) -> tuple[str, ...]:
    return tuple(f"Column {number}" for number in range(1, count + 1))
