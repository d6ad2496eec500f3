"""Prints one table of ratios to floors of the same run. `--json` for programs, words to choose rows.

Nothing here passes or fails; the budgets are those the project sets itself.
"""

from __future__ import annotations

import argparse
import json
import sys
from dataclasses import asdict
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))

from bench import attachment, batch, lists, sandbox_rows, sends, start, tables
from bench.measure import Row

PARTS = {
    "start": start.rows,
    "sends": sends.rows,
    "batch": batch.rows,
    "attachment": attachment.rows,
    "tables": tables.rows,
    "lists": lists.rows,
    "sandbox": sandbox_rows.rows,
}


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("parts", nargs="*", choices=[*PARTS, []], help="which parts; none: all")
    parser.add_argument("--json", action="store_true", help="one JSON document on stdout")
    options = parser.parse_args()
    rows: list[Row] = []
    for part in options.parts or PARTS:
        print(f"… {part}", file=sys.stderr)
        rows.extend(PARTS[part]())
    if options.json:
        print(json.dumps([{**asdict(row), "ratio": row.ratio} for row in rows], indent=1))
        return
    heads = ("Row", "Floor", "floor", "ours", "unit", "ratio", "budget")
    lines = [
        (
            row.name,
            row.floor_name,
            f"{row.floor:,.4g}",
            f"{row.ours:,.4g}",
            row.unit,
            f"{row.ratio:.2f}",
            row.budget,
        )
        for row in rows
    ]
    widths = [max(len(line[n]) for line in (heads, *lines)) for n in range(len(heads))]
    for line in (heads, *lines):
        print("  ".join(text.ljust(width) for text, width in zip(line, widths, strict=True)).rstrip())


if __name__ == "__main__":
    main()
