"""Finds a file of resources/ in a checkout, in a wheel and in a bundle."""

from __future__ import annotations

import sys
from functools import cache
from pathlib import Path


def path(name: str) -> Path:
    """The file or folder `name` (`icons/send.svg`) of the resources.

    Raises FileNotFoundError, which is our bug: what we name, we ship.
    """
    found = root() / name
    if not found.exists():
        raise FileNotFoundError(f"resources/{name} is not here")
    return found


@cache
def root() -> Path:
    """The folder of the resources: the bundle's, the installed package's, or the checkout's."""
    package = Path(__file__).resolve().parent
    bundle = getattr(sys, "_MEIPASS", None)  # set by PyInstaller's start code, nowhere else
    here = [package / "_resources", package.parent / "resources"]
    for place in [Path(bundle) / "resources"] if bundle else here:
        if place.is_dir():
            return place
    raise FileNotFoundError("the folder of the resources is not here")
