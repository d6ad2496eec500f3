"""What a file was when it was attached, and what is said where it is another one by now."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from turbodesk.files import safe_name
from turbodesk.model.message import Attachment

AGAIN = "Attach it again or remove it."


@dataclass(frozen=True, slots=True)
class Attached:
    """A file as it was read when it was attached; an empty `sha256` where it was not read yet."""

    path: Path
    size_bytes: int = 0
    sha256: str = ""

    @classmethod
    def of(cls, path: Path, attachment: Attachment) -> Attached:
        """The file as it is now."""
        return cls(path, attachment.size_bytes, attachment.sha256)

    def plain(self) -> dict[str, Any]:
        """As plain values for a file; `read` reads them."""
        return {"path": str(self.path), "size": self.size_bytes, "sha256": self.sha256}


def read(value: object) -> Attached | None:
    """What `plain` gave, or a path alone; None for anything else."""
    if isinstance(value, str):
        return Attached(Path(value)) if value else None
    if not isinstance(value, Mapping) or not isinstance(path := value.get("path"), str) or not path:
        return None
    size, sha256 = value.get("size"), value.get("sha256")
    if type(size) is not int or size < 0 or not isinstance(sha256, str):
        return Attached(Path(path))
    return Attached(Path(path), size, sha256)


def changed(was: Attached, now: Attachment) -> str:
    """A sentence where the file is another one than it was, empty where it is the same."""
    if not was.sha256 or was.sha256 == now.sha256:
        return ""
    before, after = _size(was.size_bytes), _size(now.size_bytes)
    if before == after and was.size_bytes != now.size_bytes:
        before, after = f"{was.size_bytes:,} bytes", f"{now.size_bytes:,} bytes"
    then = f"{before} then, {after} now" if before != after else f"{after} as before, but other bytes"
    return f"{safe_name(was.path.name)} changed since it was attached: {then}. {AGAIN}"


def gone(was: Attached, why: str) -> str:
    """A sentence where the file cannot be read any more; `why` is the reader's."""
    size = f" It had {_size(was.size_bytes)} when it was attached." if was.sha256 else ""
    return f"{why}{size}"


def _size(size_bytes: int) -> str:
    if size_bytes < 1_000:
        return f"{size_bytes} bytes"
    return f"{size_bytes / 1_000:.0f} KB" if size_bytes < 999_500 else f"{size_bytes / 1_000_000:.1f} MB"
