"""How many kills and power cuts the proofs have played in this process, and what was found wrong after
them."""

from __future__ import annotations

found = {
    "kills": 0,
    "accepted twice": 0,
    "lost": 0,
    "power cuts": 0,
    "lost by them": 0,
    "damaged": 0,
    "faults": 0,
    "faults shown": 0,
    "events": 0,
    "event posts": 0,
    "event ms": 0,
    "receiver kills": 0,
    "events lost": 0,
    "events twice": 0,
}


def add(**more: int) -> None:
    """Counts more of them; underscores stand for spaces."""
    for name, number in more.items():
        found[name.replace("_", " ")] += number
