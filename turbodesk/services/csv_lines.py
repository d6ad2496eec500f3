"""Rows as CSV that a spreadsheet opens without taking any cell for a formula."""

from __future__ import annotations

import io
from collections.abc import Iterable, Sequence

FORMULA = frozenset("=+-@\t\r\n\0＝＋－＠")  # OWASP: CSV injection
UNSEEN = " \xa0\u200b\u200c\u200d\u2060\ufeff"  # some spreadsheets pass over these before they look
ROWS_AT_ONCE = 1000


def csv_lines(rows: Iterable[Sequence[str]]) -> bytes:
    """The rows as UTF-8 lines, cells parted by semicolons as the provider's own files have them.

    A cell that a spreadsheet would take for a formula begins with an apostrophe.
    """
    import csv  # not before something is exported

    buffer = io.StringIO()
    csv.writer(buffer, delimiter=";", lineterminator="\r\n").writerows(
        [f"'{cell}" if cell.lstrip(UNSEEN)[:1] in FORMULA else cell for cell in row] for row in rows
    )
    return buffer.getvalue().encode()
