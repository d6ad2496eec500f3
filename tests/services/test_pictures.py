"""Pictures inside the HTML: which attachment each name means."""

from __future__ import annotations

import pytest

from turbodesk.services.pictures import named_pictures, shown_as


@pytest.mark.parametrize(
    ("html", "names"),
    [
        ("", []),
        ('<img src="cid:logo"> <img src="CID:a%20b.png">', ["logo", "a%20b.png"]),
        (
            "<td style=\"background:url(cid:tea.jpg)\"><img src='cid:logo'><img src=cid:logo>",
            ["tea.jpg", "logo"],
        ),
        ('<img src="cid:a&amp;b.png">', ["a&b.png"]),
        ("<p>acid:rain and lucid:dreams</p>", []),
    ],
)
def test_names_are_told_as_written(html: str, names: list[str]) -> None:
    assert named_pictures(html) == names


@pytest.mark.parametrize(
    ("html", "files", "shown"),
    [
        ("<img src=cid:logo>", ["guide.pdf", "Logo.PNG"], ["", "logo"]),
        ("<img src=cid:logo.png>", ["logo.jpg", "logo.png"], ["", "logo.png"]),
        ("<img src=cid:logo>", ["logo.jpg", "logo"], ["", "logo"]),
        ("<img src=cid:logo>", ["logo.jpg", "logo.png"], ["logo", ""]),
        ('<img src="cid:my%20tea.png">', ["my tea.png"], ["my%20tea.png"]),
        ("<img src=cid:logo><img src=cid:logo.png>", ["logo.png", "logo.gif"], ["logo", ""]),
    ],
)
def test_each_name_means_one_file(html: str, files: list[str], shown: list[str]) -> None:
    assert shown_as(html, files) == shown
