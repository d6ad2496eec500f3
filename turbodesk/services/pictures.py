"""Which attachments are pictures inside the HTML, and what the HTML calls them."""

from __future__ import annotations

import re
from collections.abc import Sequence
from html import unescape
from pathlib import PurePath
from urllib.parse import unquote

_NAMED = re.compile(r"(?<![\w.-])cid:([^\s\"'<>()]+)", re.IGNORECASE)


def named_pictures(html: str) -> list[str]:
    """The names that `html` gives to pictures as `cid:NAME`, exactly as written, each once, in order."""
    return list(dict.fromkeys(unescape(match[1]) for match in _NAMED.finditer(html)))


def shown_as(html: str, files: Sequence[str]) -> list[str]:
    """For each file name what the HTML calls it, empty where it does not name it.

    A file is named by its whole name or by its stem, letter case aside; of two files that one name fits,
    the one whose whole name it is comes first, then the one that was attached first.
    """
    found = [""] * len(files)
    wholes, stems = [name.casefold() for name in files], [PurePath(name).stem.casefold() for name in files]
    for name in named_pictures(html):
        bare = unquote(name).casefold()
        fitting = [place for names in (wholes, stems) for place, file in enumerate(names) if file == bare]
        if (free := next((place for place in fitting if not found[place]), None)) is not None:
            found[free] = name
    return found
