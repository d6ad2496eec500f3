"""Mail HTML made safe, and made into plain text: pure functions, so plain tests."""

from __future__ import annotations

import time

import pytest

from turbodesk.services.mail_html import content_id, plain_reading, reading, text_of, web_address


def test_what_is_allowed_stays() -> None:
    html = '<p style="color:#333;font-size:18px">Hi <b>there</b>, <a href="https://example.com/a?b=1&c=2">go</a></p>'
    assert reading(html).html == html.replace("&c", "&amp;c")


def test_what_is_not_allowed_goes() -> None:
    found = reading(
        '<p onclick="x()" style="position:fixed;color:red" id="a" class="b">x</p><script>y()</script>'
    )
    assert found.html == '<p style="color:red">x</p>'


@pytest.mark.parametrize(
    "style",
    [
        "background:url(/x.png)",
        "background-image:url(x)",
        "color:red url(x)",
        "width:expression(alert(1))",
        "font-size:999999px",
        "font-size:50em",
        "margin:-9999px",
        "width:99999px",
        "color:\\72 ed",
        "list-style-image:url(x)",
        "float:left",
    ],
)
def test_no_style_that_fetches_or_bursts(style: str) -> None:
    assert reading(f'<p style="{style}">x</p>').html == "<p>x</p>"


def test_a_plain_background_becomes_a_colour() -> None:
    assert reading('<td style="background:#fff url(x.png)">').html == ""  # no table, no cell
    found = reading('<table><tr><td style="background: #FFEEDD">x</td></tr></table>')
    assert 'style="background-color:#FFEEDD"' in found.html


@pytest.mark.parametrize(
    ("url", "kept"),
    [
        ("https://example.com", True),
        ("HTTP://EXAMPLE.COM/a b", False),
        ("https://user:pass@example.com/", True),
        ("mailto:a@example.com?subject=Hi", True),
        ("https://[::1", False),
        ("http://\\evil", False),
        ("ftp://example.com", False),
        ("javascript:alert(1)//https://example.com", False),
        ("https://" + "a" * 5000, False),
    ],
)
def test_only_whole_web_and_mail_addresses(url: str, kept: bool) -> None:
    assert web_address(url) == (url if kept else "")


def test_images_of_the_letter_are_named_by_us_and_others_leave_their_room() -> None:
    html = (
        '<img src="cid:logo" width="40"><img src="cid:other" alt="Tea &amp; more">'
        '<img src="https://example.com/x.png" width="200" height="80" alt="Sale">'
        '<img src="https://example.com/pixel.gif" width="1" height="1">'
    )
    found = reading(html, ["<logo>"])
    assert found.images == ("logo",)
    assert '<img src="cid:shown-0" width="40">' in found.html
    assert "Tea &amp; more" in found.html and "pixel" not in found.html and "example.com" not in found.html
    assert [(blank.width, blank.height, blank.alt) for blank in found.blanks] == [(200, 80, "Sale")]


def test_content_ids_are_compared_bare() -> None:
    assert content_id(" <logo%40example.com> ") == "logo@example.com"


@pytest.mark.parametrize(
    ("body", "ground"),
    [
        ('<body style="margin:0;background:#F2F0EA">x', "#f2f0ea"),
        ("<body bgcolor=navy>x", "navy"),
        ('<body bgcolor="#F2F0EA">x', "#f2f0ea"),
        ('<body bgcolor="#f2f">x', "#f2f"),
        ('<body bgcolor="#f2f0">x', ""),
        ('<body style="background:url(x.png)">x', ""),
        ('<body style="background:transparent">x', ""),
        ("<p>x", ""),
        ('<body bgcolor="red;border:url(x)">x', "red"),
    ],
)
def test_the_colour_of_the_page(body: str, ground: str) -> None:
    assert reading(body).ground == ground


BOMBS = {
    "no space": "<p>" + "a" * 1_000_000 + "</p>",
    "a run in a letter": "<p>words and " + "a" * 6_000 + "</p>",
    "deep": "<div>" * 20_000,
    "very deep": "<div>" * 180_000,
    "deep but allowed raw": "<div>" * 150 + "x",
    "tables 14 deep": "<table><tr><td>" * 14 + "x",
    "tables 60 deep": "<table><tr><td>" * 60 + "x",
    "cells": "<table>" + ("<tr>" + "<td>x</td>" * 50 + "</tr>") * 1_500 + "</table>",
    "many nested": ("<table><tr><td>" * 7 + "x" + "</td></tr></table>" * 7) * 200,
    "columns": "<table><tr>" + "<td colspan=99 rowspan=99>x</td>" * 40 + "</tr></table>",
    "formats reopened": "".join(f"<font color=#{n:06x}>" for n in range(3_000)) + "<p>x" * 3_000,
    "too long": "<p>words</p>" * 120_000,
}


@pytest.mark.parametrize("html", BOMBS.values(), ids=BOMBS.keys())
def test_what_would_stop_the_window_is_shown_as_text(html: str) -> None:
    begun = time.monotonic()
    found = reading(html)
    assert time.monotonic() - begun < 20
    assert found.html == "" and "shown as text" in found.why
    assert max(map(len, found.text.split("\n"))) <= 2_000 and len(found.text) < 400_000


QUICK = {
    "signs": "<" * 500_000,
    "comments": "<!--" * 200_000,
    "attributes": "<p " + "a=b " * 200_000 + ">",
    "quotes": "<p a='" * 100_000,
    "ampersands": "<p>" + "&amp; " * 30_000,
    "declarations": "<![x[" * 100_000,
}


@pytest.mark.parametrize("html", QUICK.values(), ids=QUICK.keys())
def test_nothing_keeps_the_parser_busy(html: str) -> None:
    begun = time.monotonic()
    reading(html)
    text_of(html)
    assert time.monotonic() - begun < 20


def test_an_ordinary_newsletter_is_not_too_complex() -> None:
    row = (
        "<tr>"
        + "<td style='padding:8px'><table><tr><td>Tea</td><td>6.40</td></tr></table></td>" * 3
        + "</tr>"
    )
    html = f"<table width=600><tr><td><table>{row * 40}</table></td></tr></table>"
    assert reading(html).why == ""


def test_a_plain_text_is_broken_for_the_eye_only_where_it_must() -> None:
    assert plain_reading("a\r\nb\rc").text == "a\nb\nc"
    found = plain_reading("x" * 4_500)
    assert [len(line) for line in found.text.split("\n")] == [2_000, 2_000, 500]
    assert "more characters" in plain_reading("word " * 100_000).text


@pytest.mark.parametrize(
    ("html", "text"),
    [
        ("<h1>Hello</h1><p>Dear   you,<br>two</p>", "Hello\n\nDear you,\ntwo"),
        ('<p><a href="https://example.com/">Open</a></p>', "Open (https://example.com/)"),
        ('<p><a href="https://example.com">https://example.com</a></p>', "https://example.com"),
        ('<p><a href="mailto:a@example.com">a@example.com</a></p>', "a@example.com"),
        ('<p><a href="javascript:x">Open</a></p>', "Open"),
        ("<ul><li>one<li>two<ol><li>a<li>b</ol></ul><p>end", "- one\n- two\n  1. a\n  2. b\n\nend"),
        ("<table><tr><td>a</td><td>b</td></tr><tr><td>c</td></tr></table>", "a  b\nc"),
        ("<style>p{}</style><script>x()</script><title>t</title><p>x</p>", "x"),
        ('<div style="display:none">preheader <b>x</b></div><p>seen</p>', "seen"),
        ("<pre>a\n  b</pre>", "a\n  b"),
        ("a<hr>b", "a\n\n" + "-" * 40 + "\n\nb"),
        ('<img src="x.png" alt="Tea">', "Tea"),
        ("&lt;b&gt; &amp;&nbsp;more", "<b> & more"),
        ("", ""),
    ],
)
def test_html_as_plain_text(html: str, text: str) -> None:
    assert text_of(html) == text
