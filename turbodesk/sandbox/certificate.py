"""The relay's certificate, new with every start, and the file of the authority that vouches for it."""

from __future__ import annotations

import os
import ssl
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import BinaryIO

_NAMES = ("127.0.0.1", "localhost", "::1")
_SUFFIX = ".pem"


def certified() -> tuple[ssl.SSLContext, bytes]:
    """A server's TLS under the names of this machine, and its authority as PEM, whose key is forgotten."""
    import trustme  # slow to import, and only servers need it

    authority = trustme.CA(organization_name="Turbodesk sandbox", organization_unit_name="Pretend relay")
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.minimum_version = ssl.TLSVersion.TLSv1_2
    authority.issue_cert(*_NAMES).configure_cert(context)
    return context, authority.cert_pem.bytes()


@contextmanager
def published(pem: bytes, data: Path | None) -> Iterator[Path]:
    """A file with `pem` while the context lasts: beside `data`, or among the temporary files.

    Its name is its own: servers over the same data do not share it. Those that killed servers left beside
    `data` are taken away.
    """
    folder = Path(tempfile.gettempdir()) if data is None else data.absolute().parent
    prefix = f"{'turbodesk-sandbox' if data is None else data.stem}-ca-"
    if data is not None:
        for left in folder.glob(f"{prefix}*{_SUFFIX}"):
            _sweep(left)
    path, file = _claimed(folder, prefix)
    try:
        with file:
            file.write(pem)
            file.flush()
            yield path
    finally:
        path.unlink(missing_ok=True)


def _claimed(folder: Path, prefix: str) -> tuple[Path, BinaryIO]:
    """A new file, locked for as long as it is open: the sign that its server lives."""
    while True:
        handle, name = tempfile.mkstemp(_SUFFIX, prefix, folder)
        path, file = Path(name), os.fdopen(handle, "wb")
        if _lock(file) and path.exists():
            return path, file
        file.close()  # somebody swept it before it was locked
        path.unlink(missing_ok=True)


def _sweep(path: Path) -> None:
    with suppress(OSError):
        with path.open("rb") as file:
            if not _lock(file):
                return
            if sys.platform != "win32":
                path.unlink()
        if sys.platform == "win32":  # where an open file cannot be deleted, and needs no other lock
            path.unlink()


def _lock(file: BinaryIO) -> bool:
    """Whether nobody else holds it."""
    if sys.platform == "win32":
        return True
    import fcntl

    try:
        fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    return True
