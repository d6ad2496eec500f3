"""No cell of ours is taken for a formula."""

from __future__ import annotations

import csv
import io

import pytest

from turbodesk.services.csv_lines import csv_lines


@pytest.mark.parametrize(
    "cell",
    ["=1+1", "+1", "-1", "@SUM(1)", "\t=1", "\r=1", "\n=1", " =1", "\xa0=1", "\u200b=1", "\ufeff=1", "＝1"],
)
def test_what_would_be_a_formula_begins_with_an_apostrophe(cell: str) -> None:
    text = csv_lines([("a", cell)]).decode()
    ((first, second),) = csv.reader(io.StringIO(text, newline=""), delimiter=";")
    assert (first, second) == ("a", f"'{cell}")


@pytest.mark.parametrize("cell", ["", "a=1", "1", " a", "550 5.1.1 <a@example.com>"])
def test_what_is_none_stays_as_it_is(cell: str) -> None:
    assert csv_lines([(cell, "b")]).decode() == f"{cell};b\r\n"
