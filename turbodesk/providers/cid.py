"""Pictures inside a letter: `cid:` in the HTML as a server writes the Content-ID of its parts."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping

# What may stand before a link and after its id; after anything else it is a longer id.
_BEGINS = r"(?<![\w.+-])"
_ENDS = r"""(?=[\s"'<>(),;\\]|&(?:quot|apos|#3[49]|#x2[27]);|/>|$)"""


def with_domain(html: str, ids: Iterable[str], domain: str) -> str:
    """The HTML with every `cid:<id>` of these ids as `cid:<id>@<domain>`, for a server that adds the
    sender's domain to the ids it is given.

    An id matches whole and in its own letter case only; one that holds an @ is left as it is.
    """
    return renamed(html, {id: f"{id}@{domain}" for id in ids if id and "@" not in id})


def renamed(html: str, names: Mapping[str, str]) -> str:
    """The HTML with every `cid:<id>` of these ids under its new name; an id matches as in `with_domain`."""
    if not names:
        return html
    longest_first = sorted(names, key=len, reverse=True)
    pattern = re.compile(rf"{_BEGINS}((?i:cid:))({'|'.join(map(re.escape, longest_first))}){_ENDS}")
    return pattern.sub(lambda found: found[1] + names[found[2]], html)
