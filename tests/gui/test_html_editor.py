"""The editor: colours, numbers, line heights, and what goes in is what comes out."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from PySide6.QtCore import QMimeData, Qt
from PySide6.QtTest import QTest

from turbodesk.gui import theme
from turbodesk.gui.html_editor import LARGEST_COLOURED, LINE, HtmlEditor

Run = Callable[..., Any]


@pytest.fixture
def editor(window_of: Run) -> HtmlEditor:
    """An editor on a screen."""
    shown: HtmlEditor = window_of(HtmlEditor(name="HTML part", hint="Write here"), 500, 300)
    return shown


def inks(editor: HtmlEditor, line: int) -> dict[str, str]:
    """The words of a line that are coloured, and in which colour."""
    block = editor.document().findBlockByNumber(line)
    found = {}
    for span in block.layout().formats():
        word = block.text()[span.start : span.start + span.length]
        found[word] = span.format.foreground().color().name()
    return found


def test_tags_names_values_placeholders_and_comments_differ(editor: HtmlEditor) -> None:
    editor.set_text("<a href=\"x\"\n  title='y'>Hi {{ name }}</a><!-- one\ntwo --><b>")
    tokens = {"tag": "accent-ink", "name": "info", "value": "success", "hole": "warning", "note": "muted"}
    ink = {name: theme.colour(token).name() for name, token in tokens.items()}
    assert inks(editor, 0) == {"<a": ink["tag"], "href": ink["name"], '"x"': ink["value"]}
    assert inks(editor, 1)["'y'"] == ink["value"] and inks(editor, 1)["{{ name }}"] == ink["hole"]
    assert inks(editor, 1)["<!-- one"] == ink["note"]
    assert inks(editor, 2) == {"two -->": ink["note"], "<b>": ink["tag"]}


def test_colours_follow_the_theme(editor: HtmlEditor, themer: Any) -> None:
    editor.set_text("<p>")
    light = inks(editor, 0)
    themer.pin("dark")
    assert inks(editor, 0).keys() == light.keys() and inks(editor, 0) != light
    editor.undo()
    assert editor.text() == ""  # another theme is no edit


@pytest.mark.parametrize("text", ["", "a\nb\n", "<p>\tx</p>\n\n\n", "ä\U0001f600 \u00a0x"])
def test_what_goes_in_comes_out(editor: HtmlEditor, text: str) -> None:
    editor.setPlainText(text)
    assert editor.text() == text


def test_every_line_has_the_height_of_the_drawings(editor: HtmlEditor) -> None:
    editor.set_text("one\ntwo")
    QTest.keyClick(editor, Qt.Key.Key_Return)
    given = QMimeData()
    given.setText("a\nb\nc")
    given.setHtml("<h1>a</h1>")
    editor.insertFromMimeData(given)
    block = editor.document().firstBlock()
    while block.isValid():
        assert block.blockFormat().lineHeight() == theme.px(LINE)
        block = block.next()
    assert "<h1>" not in editor.text()


def test_writing_can_be_undone_and_forgetting_cannot(editor: HtmlEditor) -> None:
    editor.set_text("one")
    editor.set_text("two")
    editor.undo()
    assert editor.text() == "one"
    editor.forget_text()
    assert editor.text() == "" and not editor.document().isUndoAvailable()


def test_a_large_text_stays_plain_and_a_small_one_after_it_is_coloured(
    editor: HtmlEditor, settle: Run
) -> None:
    editor.set_text("<p>x</p>\n" * (LARGEST_COLOURED // 8))
    assert inks(editor, 0) == {}
    editor.set_text("<p>")
    settle()
    assert inks(editor, 0) != {}


def test_the_gutter_grows_with_the_numbers(editor: HtmlEditor) -> None:
    narrow = editor.gutter_width()
    editor.set_text("\n" * 100_000)
    assert editor.gutter_width() > narrow
    editor.verticalScrollBar().setValue(editor.verticalScrollBar().maximum())
    editor.grab()
