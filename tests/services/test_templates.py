"""Templates as plain files: kept, listed, loaded, and what is said of one that is broken."""

from __future__ import annotations

from pathlib import Path

import pytest

from turbodesk.errors import FileTrouble, InvalidDraft
from turbodesk.services.templates import Template, Templates, check_name


def test_what_was_saved_comes_back(tmp_path: Path) -> None:
    templates = Templates(tmp_path / "config")
    assert templates.names() == ()
    guide = Template("Guide, November", "Your guide – {{ month }}", "<p>Täglich</p>\n", "Subject: no\n\nHi\n")
    plain = Template("plain", "", "", "Hi\r\nyou")
    for it in (guide, plain):
        templates.save(it)
    assert templates.names() == ("Guide, November", "plain")
    assert templates.load("Guide, November") == guide
    assert templates.load("plain").text == "Hi\nyou"


def test_it_is_files_that_anybody_can_write(tmp_path: Path) -> None:
    templates = Templates(tmp_path)
    templates.save(Template("guide", "Line\r\n one ", "<p>x</p>", "Hello\n"))
    assert (templates.folder / "guide.html").read_bytes() == b"<p>x</p>"
    assert (templates.folder / "guide.txt").read_bytes() == b"Subject: Line one\n\nHello\n"
    (templates.folder / "by-hand.txt").write_bytes(b"\xef\xbb\xbfsubject:  Hi: you\r\n\r\nText\r\n\r\nmore")
    assert templates.load("by-hand") == Template("by-hand", "Hi: you", "", "Text\n\nmore")
    (templates.folder / "only.html").write_text("<b>x</b>")
    assert templates.load("only") == Template("only", html="<b>x</b>")
    (templates.folder / "head.txt").write_text("Subject: alone")
    assert templates.load("head") == Template("head", "alone")
    (templates.folder / "words.txt").write_text("No head\n\nat all")
    assert templates.load("words") == Template("words", text="No head\n\nat all")
    (templates.folder / ".git").mkdir()
    (templates.folder / "README.md").write_text("x")
    assert templates.names() == ("by-hand", "guide", "head", "only", "words")


def test_without_html_the_old_html_goes(tmp_path: Path) -> None:
    templates = Templates(tmp_path)
    templates.save(Template("guide", "a", "<p>x</p>", ""))
    templates.save(Template("guide", "b", "", "text"))
    assert templates.load("guide") == Template("guide", "b", "", "text")
    templates.remove("guide")
    templates.remove("guide")
    assert templates.names() == ()


def test_half_a_character_does_not_stop_it(tmp_path: Path) -> None:
    templates = Templates(tmp_path)
    templates.save(Template("guide", "a", "<p>\ud800</p>", ""))
    assert templates.load("guide").html == "<p>\ufffd</p>"


@pytest.mark.parametrize(
    "name",
    ["", " ", "../x", "a/b", "a\\b", ".x", "-x", "x.", "a:b", "con", "COM1.x", "x" * 81, "a\tb", "ä" * 101],
)
def test_a_name_is_no_path(tmp_path: Path, name: str) -> None:
    with pytest.raises(InvalidDraft) as caught:
        Templates(tmp_path).save(Template(name, "a"))
    assert list(caught.value.problems) == ["name"]
    with pytest.raises(InvalidDraft):
        Templates(tmp_path).load(name)
    assert not list(tmp_path.rglob("*"))


def test_a_name_is_trimmed_and_composed() -> None:
    assert check_name(" Gru\u0308n ") == "Grün"


@pytest.mark.parametrize(
    ("raw", "said"),
    [
        (b"Subject: a\nFrom: b\n\ntext", "x.txt cannot be understood: line 2, a template has no field From."),
        (b"Subject: a\ntext\n\nmore", "line 2, an empty line is missing before it"),
        (b"Subject: \xff\n\n", "not written in UTF-8"),
    ],
)
def test_a_broken_template_is_a_sentence(tmp_path: Path, raw: bytes, said: str) -> None:
    templates = Templates(tmp_path)
    templates.folder.mkdir()
    (templates.folder / "x.txt").write_bytes(raw)
    with pytest.raises(FileTrouble) as caught:
        templates.load("x")
    assert said in caught.value.says and caught.value.hint


def test_what_is_missing_or_no_file_is_a_sentence(tmp_path: Path) -> None:
    templates = Templates(tmp_path)
    with pytest.raises(FileTrouble, match="There is no template nothing"):
        templates.load("nothing")
    (templates.folder / "x.html").mkdir(parents=True)
    with pytest.raises(FileTrouble, match="is a folder"):
        templates.load("x")
    with pytest.raises(FileTrouble, match="cannot be written"):
        templates.save(Template("x", html="<p>"))
    (tmp_path / "other").mkdir()
    (tmp_path / "other" / "templates").write_text("in the way")
    with pytest.raises(FileTrouble, match="cannot be read"):
        Templates(tmp_path / "other").names()
