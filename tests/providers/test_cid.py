"""Pictures inside a letter: which links to them are given the sender's domain."""

from __future__ import annotations

import pytest

from turbodesk.providers.cid import with_domain


@pytest.mark.parametrize(
    ("html", "ids", "wanted"),
    [
        ('<img src="cid:logo">', ["logo"], '<img src="cid:logo@example.com">'),
        ("<img src='cid:logo'>", ["logo"], "<img src='cid:logo@example.com'>"),
        ("<img src=cid:logo>", ["logo"], "<img src=cid:logo@example.com>"),
        (
            "<td style='background:url(cid:logo)'>",
            ["logo"],
            "<td style='background:url(cid:logo@example.com)'>",
        ),
        ('<img src="CID:logo">', ["logo"], '<img src="CID:logo@example.com">'),
        (
            '<img src="cid:a"><img src="cid:a">',
            ["a"],
            '<img src="cid:a@example.com"><img src="cid:a@example.com">',
        ),
        ('srcset="cid:a 1x, cid:b 2x"', ["a", "b"], 'srcset="cid:a@example.com 1x, cid:b@example.com 2x"'),
        ('src="cid:logo.png"', ["logo.png"], 'src="cid:logo.png@example.com"'),
        ('src="cid:grüße"', ["grüße"], 'src="cid:grüße@example.com"'),
        ('src="cid:a+(1)"', ["a+(1)"], 'src="cid:a+(1)@example.com"'),
        ('src="cid:a.*[b]|c"', ["a.*[b]|c", ".*"], 'src="cid:a.*[b]|c@example.com"'),
        ('style="background:url(cid:logo)"', ["logo"], 'style="background:url(cid:logo@example.com)"'),
        (
            'style="background:URL( &quot;Cid:logo&quot; )"',
            ["logo"],
            'style="background:URL( &quot;Cid:logo@example.com&quot; )"',
        ),
        ('srcset="cid:a,cid:b"', ["a", "b"], 'srcset="cid:a@example.com,cid:b@example.com"'),
        ("<img src=cid:logo/>", ["logo"], "<img src=cid:logo@example.com/>"),
        ("<img src=\n cid:logo\n>", ["logo"], "<img src=\n cid:logo@example.com\n>"),
        ("<p>cid:logo", ["logo"], "<p>cid:logo@example.com"),
    ],
)
def test_a_link_is_given_the_domain(html: str, ids: list[str], wanted: str) -> None:
    assert with_domain(html, ids, "example.com") == wanted


@pytest.mark.parametrize(
    ("html", "ids"),
    [
        ('<img src="cid:logo2">', ["logo"]),  # the beginning of a longer id is another id
        ('<img src="cid:logo.png">', ["logo"]),
        ('<img src="cid:logo-big">', ["logo"]),
        ('<img src="cid:logo_big">', ["logo"]),
        ('<img src="cid:logo%20big">', ["logo"]),
        ('<img src="cid:logoü">', ["logo"]),
        ('<img src="cid:mylogo">', ["logo"]),
        ('<img src="cid:Logo">', ["logo"]),
        ('<img src="cid:logo@example.org">', ["logo"]),
        ('<img src="cid:logo@example.org">', ["logo@example.org"]),
        ('<img src="cid:logo/2">', ["logo"]),
        ('<img src="cid:logo#2">', ["logo"]),
        ('<img src="cid:logo!">', ["logo"]),
        ('<img src="cid:logo&amp;co">', ["logo"]),
        ('<img src="cid:logoX">', ["logo."]),  # a dot is a dot
        ('<img src="lucid:logo">', ["logo"]),
        ('<img src="x-cid:logo">', ["logo"]),
        ('<img src="x.cid:logo">', ["logo"]),
        ('<img src="logo">cid: logo', ["logo"]),
        ('<img src="cid:">', [""]),
        ('<img src="cid:logo">', []),
        ("", ["logo"]),
    ],
)
def test_what_is_no_link_to_a_picture_is_left_alone(html: str, ids: list[str]) -> None:
    assert with_domain(html, ids, "example.com") == html


def test_of_ids_that_begin_alike_each_is_found_once() -> None:
    html = '<img src="cid:a"><img src="cid:a.b"><img src="cid:a.b.c">'
    assert with_domain(html, ["a", "a.b", "a.b.c"], "x.org") == (
        '<img src="cid:a@x.org"><img src="cid:a.b@x.org"><img src="cid:a.b.c@x.org">'
    )


def test_a_backslash_in_the_domain_means_nothing() -> None:
    assert with_domain("cid:a", ["a"], r"\g<0>.org") == r"cid:a@\g<0>.org"
