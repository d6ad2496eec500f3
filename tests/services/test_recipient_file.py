"""Files of recipients as programs write them: how they are read, and what is said of each that cannot be."""

from __future__ import annotations

import asyncio
import codecs
import json
import os
import sys
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from turbodesk.errors import FileTrouble
from turbodesk.services import recipient_file
from turbodesk.services.columns import ColumnMemory, Mapping, guessed, variable_name, variables_of
from turbodesk.services.recipient_file import RecipientFile, open_recipients, read

PLAIN = "Email,Name,City\nanna@example.com,Anna,Köln\nben@example.org,Ben,Łódź\n"
WESTERN = "Email;Name\r\nzoë@bücher.example;Zoë\r\nben@example.org;“Ben”\r\n"


def written(tmp_path: Path, content: str | bytes, name: str = "list.csv") -> Path:
    path = tmp_path / name
    path.write_bytes(content.encode() if isinstance(content, str) else content)
    return path


def opened(tmp_path: Path, content: str | bytes) -> RecipientFile:
    return read(written(tmp_path, content))


def refused(tmp_path: Path, content: str | bytes) -> FileTrouble:
    with pytest.raises(FileTrouble) as told:
        opened(tmp_path, content)
    assert told.value.hint
    return told.value


@pytest.mark.parametrize(
    ("raw", "encoding"),
    [
        (PLAIN.encode(), "UTF-8"),
        (codecs.BOM_UTF8 + PLAIN.encode(), "UTF-8"),
        (codecs.BOM_UTF16_LE + PLAIN.encode("utf-16-le"), "UTF-16"),
        (codecs.BOM_UTF16_BE + PLAIN.encode("utf-16-be"), "UTF-16"),
        (PLAIN.encode("utf-16-le"), "UTF-16"),
        (PLAIN.encode("utf-16-be"), "UTF-16"),
    ],
)
def test_the_encoding_is_found(tmp_path: Path, raw: bytes, encoding: str) -> None:
    found = opened(tmp_path, raw)
    assert found.encoding == encoding and not found.guessed
    assert found.columns == ("Email", "Name", "City")
    assert found.rows == (("anna@example.com", "Anna", "Köln"), ("ben@example.org", "Ben", "Łódź"))
    assert found.size_bytes == len(raw) and len(found.sha256) == 64


def test_what_is_no_utf_8_is_read_as_western_and_said_so(tmp_path: Path) -> None:
    found = opened(tmp_path, WESTERN.encode("cp1252"))
    assert found.rows == (("zoë@bücher.example", "Zoë"), ("ben@example.org", "“Ben”"))
    assert found.guessed
    assert found.words == (
        "Windows-1252, because it is not UTF-8, parted by semicolons, the first row names the columns"
    )


def test_two_encodings_in_one_file_are_no_letters_to_guess_at(tmp_path: Path) -> None:
    trouble = refused(tmp_path, PLAIN.encode() + "carl@example.com,Zoë,Ulm\n".encode("cp1252"))
    assert "UTF-8 in some lines and something else in others, line 4" in trouble.says


def test_bytes_of_no_known_encoding_are_named_with_their_line(tmp_path: Path) -> None:
    assert "line 2 holds the byte 81" in refused(tmp_path, b"email\na\x81@example.com\n").says
    cut = codecs.BOM_UTF16_LE + "email\na@example.com\n".encode("utf-16-le")[:-1]
    assert "begins as UTF-16, and line 2 is not" in refused(tmp_path, cut).says
    assert (
        "begins as UTF-8, and line 2 is not" in refused(tmp_path, codecs.BOM_UTF8 + b"email\n\xff@x.de").says
    )


@pytest.mark.parametrize("sign", [",", ";", "\t", "|"])
def test_the_delimiter_is_found(tmp_path: Path, sign: str) -> None:
    text = f'Email{sign}"Full{sign} name"\nanna@example.com{sign}"Doe, Anna; née | Roe"\n'
    found = opened(tmp_path, text)
    assert found.delimiter == sign and found.columns == ("Email", " ".join(f"Full{sign} name".split()))
    assert found.rows == (("anna@example.com", "Doe, Anna; née | Roe"),)


def test_commas_in_names_do_not_make_it_a_comma_file(tmp_path: Path) -> None:
    rows = "".join(f"a{number}@example.com;Doe, Anna, {number}\n" for number in range(60))
    assert opened(tmp_path, f"email;name, first\n{rows}").delimiter == ";"


@pytest.mark.parametrize("first", ["sep=;", '"sep=;"', "SEP=;"])
def test_a_line_that_names_the_delimiter_is_no_row(tmp_path: Path, first: str) -> None:
    path = tmp_path / "list.csv"
    path.write_text(f"{first}\r\nEmail;Sizes\r\na@example.com;1,2,3\r\nb@example.com;x;y\r\n")
    with pytest.raises(FileTrouble, match=r"row 2 \(line 4\) has 3 cells"):
        read(path)
    path.write_text(f"{first}\r\nEmail;Sizes\r\na@example.com;1,2,3\r\n")
    assert read(path).rows == (("a@example.com", "1,2,3"),)


def test_one_column_is_a_table_too(tmp_path: Path) -> None:
    found = opened(tmp_path, "email\nanna@example.com\n\nben@example.org\n")
    assert (found.delimiter, found.columns) == ("", ("email",))
    assert found.rows == (("anna@example.com",), ("ben@example.org",))
    assert found.words == "UTF-8, one column, the first row names the columns"


def test_a_file_without_a_header_has_numbered_columns(tmp_path: Path) -> None:
    found = opened(tmp_path, "anna@example.com,Anna\nben@example.org,Ben\n")
    assert not found.has_header and found.columns == ("Column 1", "Column 2")
    assert len(found.rows) == 2 and found.words.endswith("no header")
    assert opened(tmp_path, "anna@example.com").rows == (("anna@example.com",),)
    assert not opened(tmp_path, "anna@example,Anna\nben@example.org,Ben\n").has_header


def test_lines_end_as_they_like_and_blank_ones_are_none(tmp_path: Path) -> None:
    for end in ("\n", "\r\n", "\r"):
        text = f"email;name{end}{end}a@example.com;A{end};{end}b@example.com;B"
        assert opened(tmp_path, text).rows == (("a@example.com", "A"), ("b@example.com", "B"))


def test_a_cell_may_have_several_lines(tmp_path: Path) -> None:
    found = opened(tmp_path, 'email,note\na@example.com,"two\nlines, ""quoted"""\n')
    assert found.rows == (("a@example.com", 'two\nlines, "quoted"'),)


def test_an_unclosed_quotation_mark_is_told_with_its_row_and_nothing_is_read(tmp_path: Path) -> None:
    rows = [f"a{number}@example.com,Anna" for number in range(1, 5001)]
    rows[1] = 'a2@example.com,"Anna'
    trouble = refused(tmp_path, "\n".join(["email,name", *rows]))
    assert "row 2 (line 3) opens a quotation mark that is never closed" in trouble.says
    assert "Nothing of it was read" in trouble.hint
    rows[4000] = '"b@example.com","Ben"'
    assert "row 2 (line 3)" in refused(tmp_path, "\n".join(["email,name", *rows])).says
    assert "row 2 (line 2)" in refused(tmp_path, "\n".join(rows)).says


def test_what_stands_behind_a_closing_mark_is_told(tmp_path: Path) -> None:
    trouble = refused(tmp_path, 'email,name\na@example.com,A\nb@example.com,"B" C\n')
    assert "row 2 (line 3) goes on behind a closing quotation mark, where a comma" in trouble.says


def test_a_huge_cell_is_told_with_its_row(tmp_path: Path) -> None:
    trouble = refused(tmp_path, f"email,name\na@example.com,A\nb@example.com,{'x' * 200_000}\n")
    assert "row 2 (line 3) holds a cell of more than 131,072 characters" in trouble.says


def test_rows_with_too_many_cells_are_told(tmp_path: Path) -> None:
    text = "email,name\n" + "a@example.com,Doe,A\n" * 6 + "b@example.com,B\n"
    trouble = refused(tmp_path, text)
    assert (
        "row 1 (line 2) has 3 cells, the header has 2; too many have also rows 2, 3 and 3 more."
        in trouble.says
    )
    assert opened(tmp_path, "email,name,\na@example.com,A,,\n").rows == (("a@example.com", "A"),)


def test_rows_with_too_few_cells_stay_as_they_are(tmp_path: Path) -> None:
    found = opened(tmp_path, "email,name,city\na@example.com,A\nb@example.com,B,Ulm\n")
    assert found.rows[0] == ("a@example.com", "A")
    assert found.preview() == (("a@example.com", "A", ""), ("b@example.com", "B", "Ulm"))
    assert found.preview(1) == (("a@example.com", "A", ""),)


@pytest.mark.parametrize(
    ("content", "said"),
    [
        ("", "is empty"),
        (" \n\n", "is empty"),
        (";;\n;;\n", "is empty"),
        ("email,name\n", "has a header (line 1) and no row"),
        ("email,Name,NAME\na@example.com,A,B\n", "two columns called “NAME”, 2 and 3 (line 1)"),
        (b"email,name\na@example.com,\0\n", "NUL character in line 2"),
        (",".join(f"c{number}" for number in range(1001)) + "\na@example.com\n", "has 1,001 columns"),
    ],
)
def test_what_is_no_table_is_told(tmp_path: Path, content: str | bytes, said: str) -> None:
    assert said in refused(tmp_path, content).says


def test_columns_without_a_name_are_numbered(tmp_path: Path) -> None:
    assert opened(tmp_path, "email,,city,\na@example.com,1,2,\n").columns == ("email", "Column 2", "city")


def test_there_are_caps(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(recipient_file, "MOST_ROWS", 2)
    assert "more than 2 rows; line 4" in refused(tmp_path, "email\na@b.c\nb@b.c\nc@b.c\n").says
    monkeypatch.setattr(recipient_file, "LARGEST_BYTES", 10)
    assert "at most 10 are read" in refused(tmp_path, PLAIN).says


def test_what_is_no_file_is_refused(tmp_path: Path) -> None:
    with pytest.raises(FileTrouble, match="is a folder"):
        read(tmp_path)
    with pytest.raises(FileTrouble, match="not there"):
        read(tmp_path / "none.csv")
    if sys.platform != "win32":
        os.mkfifo(tmp_path / "pipe.csv")
        with pytest.raises(FileTrouble, match="is a pipe"):
            asyncio.run(open_recipients(tmp_path / "pipe.csv"))


CELLS = st.text(st.characters(exclude_characters="\0", exclude_categories=["Cs"]), max_size=12)


@given(
    st.lists(st.tuples(CELLS, CELLS), min_size=1, max_size=8),
    st.sampled_from([",", ";", "\t", "|"]),
    st.sampled_from(["utf-8", "utf-8-sig", "utf-16"]),
)
def test_what_was_written_comes_back(
    tmp_path_factory: pytest.TempPathFactory, pairs: list[tuple[str, str]], sign: str, codec: str
) -> None:
    rows = [(f"a{number}@example.com", *pair) for number, pair in enumerate(pairs)]
    quoted = [[f'"{cell.replace(chr(34), chr(34) * 2)}"' for cell in row] for row in rows]
    text = "\r\n".join(sign.join(row) for row in [["Email", "One", "Two"], *quoted])
    path = tmp_path_factory.mktemp("written") / "list.csv"
    path.write_bytes(text.encode(codec))
    found = read(path)
    assert found.rows == tuple(rows) and found.columns == ("Email", "One", "Two")


# Columns


@pytest.mark.parametrize(
    ("header", "row", "address", "name"),
    [
        ("E-Mail,Name", "a@example.com,A", "E-Mail", "Name"),
        ("Vorname;Nachname;E-Mail-Adresse", "A;B;a@example.com", "E-Mail-Adresse", "Vorname"),
        ("address,email", "1 Long Lane,a@example.com", "email", None),
        ("who,where", "a@example.com,Ulm", "who", None),
        ("first_name,Full Name,mail", "A,A B,a@example.com", "mail", "Full Name"),
        ("Email,Contact email", "a@example.com,b@example.com", "Email", None),
    ],
)
def test_the_mapping_is_guessed(
    tmp_path: Path, header: str, row: str, address: str, name: str | None
) -> None:
    found = guessed(opened(tmp_path, f"{header}\n{row}\n"))
    assert (found.address, found.name) == (address, name)


def test_each_column_is_a_variable() -> None:
    assert variables_of(["E-Mail", "First name", "first_name", "2nd", "if", "Größe", "City", "—"]) == {
        "e_mail": "E-Mail",
        "first_name": "First name",
        "first_name_2": "first_name",
        "column_2nd": "2nd",
        "if_": "if",
        "grösse": "Größe",
        "city": "City",
        "column": "—",
        "Größe": "Größe",
        "City": "City",
    }


@given(st.text(max_size=20))
def test_a_variable_is_always_a_name(column: str) -> None:
    assert variable_name(column).isidentifier()


def test_a_mapping_is_remembered_by_its_headers(tmp_path: Path) -> None:
    memory, file = (
        ColumnMemory(tmp_path / "config"),
        opened(tmp_path, "who,email\na@example.com,b@example.com\n"),
    )
    assert memory.recall(file.columns) is None and memory.mapping_for(file).address == "email"
    memory.remember(file.columns, Mapping("who"))
    memory.remember(("a", "b"), Mapping("a", "b"))
    assert ColumnMemory(tmp_path / "config").mapping_for(file) == Mapping(
        "who", None, variables_of(file.columns)
    )
    assert memory.recall(("email", "who")) is not None and memory.recall(("email",)) is None
    memory.remember(file.columns, Mapping("email", "who"))
    assert memory.mapping_for(file).name == "who"


def test_the_oldest_mapping_is_forgotten(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("turbodesk.services.columns.REMEMBERED", 2)
    memory = ColumnMemory(tmp_path)
    for column in ("a", "b", "c"):
        memory.remember((column,), Mapping(column))
    assert [memory.recall((column,)) is not None for column in ("a", "b", "c")] == [False, True, True]


@pytest.mark.parametrize(
    "content",
    [
        "{", "[]", '{"format": 2, "remembered": []}', '{"format": 1, "remembered": [3]}',
        '{"format": 1, "remembered": [{"columns": ["a"], "address": "b", "name": null}]}',
        '{"format": 1, "remembered": [{"columns": [1], "address": 1, "name": null}]}',
    ],
)  # fmt: skip
def test_a_memory_that_is_not_ours_is_set_aside(tmp_path: Path, content: str) -> None:
    (tmp_path / "columns.json").write_text(content)
    memory = ColumnMemory(tmp_path)
    assert memory.recall(("a",)) is None
    memory.remember(("a",), Mapping("a"))
    assert memory.recall(("a",)) == Mapping("a", None, {"a": "a"})
    (aside,) = tmp_path.glob("columns.broken-*.json")
    assert aside.read_text() == content
    assert json.loads((tmp_path / "columns.json").read_text())["format"] == 1
