"""Is everything here that we need? asked of a checkout, a wheel and a bundle.

Each check imports what it asks about by itself, so that one miss does not hide the others.
"""

from __future__ import annotations

import asyncio
import sys
from collections.abc import Callable
from dataclasses import dataclass
from importlib import import_module
from importlib.util import find_spec
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from turbodesk.model.message import Message
    from turbodesk.workplace import Workplace

NEEDED = (
    "PySide6.QtCore", "PySide6.QtGui", "PySide6.QtSvg", "PySide6.QtWidgets", "qasync", "pyqtgraph",
    "httpx", "sniffio", "truststore", "msgspec", "pybase64", "email_validator", "nh3", "jinja2",
    "keyring", "platformdirs", "filelock", "click", "starlette", "uvicorn", "python_multipart", "sqlite3",
    "aiosmtplib", "aiosmtpd", "trustme",
)  # fmt: skip
WINDOW_MODULES = ("turbodesk.app", "turbodesk.gui.main_window")
LATE_MODULES = tuple(
    f"turbodesk.sandbox.openapi.{name}" for name in ("turbosmtp_v1", "turbosmtp_v2", "sendpost")
)  # imported by whoever asks the sandbox for them
CALLS = 20_000


@dataclass(frozen=True, slots=True)
class Check:
    """One thing that was looked at: its name, whether it is as it must be, and a line about what was seen."""

    name: str
    ok: bool
    detail: str


def run(config_dir: Path) -> list[Check]:
    """Looks at everything, in a fixed order; never raises. It takes seconds and blocks.

    `config_dir` is only read, for the keyring; the test message goes through a sandbox over a folder of
    its own that is removed again.
    """
    checks: list[tuple[str, Callable[[], str]]] = [
        ("imports", _imports),
        ("resources", _resources),
        ("keyring", lambda: _keyring(config_dir)),
        ("certificates", _certificates),
        ("reference counts", _reference_counts),
        ("a send over every wire of the sandbox", _send),
    ]
    return [_looked_at(name, look) for name, look in checks]


def text(checks: list[Check]) -> str:
    """The checks as lines for people, a last line that sums them up."""
    lines = [f"{'ok  ' if check.ok else 'MISS'}  {check.name}: {check.detail}" for check in checks]
    missed = sum(not check.ok for check in checks)
    summary = f"{missed} of {len(checks)} checks failed." if missed else "Everything is here."
    return "\n".join([*lines, summary])


def main(config_dir: Path | None = None) -> int:
    """Looks, prints what was seen, and gives back the exit code: 0 where everything is here, else 1."""
    if config_dir is None:
        from platformdirs import user_config_path

        config_dir = user_config_path("turbodesk", appauthor=False)
    checks = run(config_dir)
    if sys.stdout is not None:  # a windowed program on Windows has none
        sys.stdout.write(text(checks) + "\n")
    return 0 if all(check.ok for check in checks) else 1


class _MissError(Exception):
    """Something is not as it must be; the text says what."""


def _looked_at(name: str, look: Callable[[], str]) -> Check:
    try:
        return Check(name, True, look())
    except _MissError as miss:
        return Check(name, False, str(miss))
    except Exception as error:
        return Check(name, False, f"{type(error).__name__}: {error}")


def _imports() -> str:
    misses = []
    for name in (*NEEDED, *WINDOW_MODULES, *LATE_MODULES):
        try:
            import_module(name)
        except Exception as error:
            misses.append(f"{name} ({type(error).__name__}: {error})")
    if misses:
        raise _MissError("; ".join(misses))
    from PySide6.QtCore import qVersion

    python = ".".join(map(str, sys.version_info[:3]))
    return f"{len(NEEDED)} parts; Python {python}, Qt {qVersion()}"


def _resources() -> str:
    import json

    from PySide6.QtSvg import QSvgRenderer

    from turbodesk import resources

    tokens = json.loads(resources.path("tokens.json").read_text("utf-8"))
    style = resources.path("style.qss").read_text("utf-8")
    icons = sorted(resources.path("icons").glob("*.svg"))
    broken = [icon.name for icon in icons if not QSvgRenderer(str(icon)).isValid()]
    if broken or not (tokens and style and icons):
        raise _MissError(f"icons that cannot be drawn: {', '.join(broken) or 'none'}; or a part is empty")
    return f"{len(tokens)} colours, {len(icons)} icons, the style sheet"


def _keyring(config_dir: Path) -> str:
    from turbodesk.vault import BACKENDS, NONE, Vault

    if find_spec("keyrings") and find_spec("keyrings.alt"):
        raise _MissError("keyrings.alt is installed, which keeps secrets in plain files; remove it")
    _, module, kind = BACKENDS.get(sys.platform, BACKENDS["linux"])[0]
    backend = getattr(import_module(module), kind)
    state = Vault(config_dir).state
    found = "no keyring runs here" if state == NONE else state
    return f"{found}; {backend.__module__} is ready"


def _certificates() -> str:
    import ssl

    from turbodesk.providers.gateway import system_certificates

    context = system_certificates()
    if context.verify_mode is not ssl.CERT_REQUIRED or not context.check_hostname:
        raise _MissError("servers would not be checked")
    return f"{ssl.OPENSSL_VERSION}; certificates and host names are checked"


def _reference_counts() -> str:
    """PySide6 6.12.0 takes a reference from None at every call that returns nothing, until Python aborts."""
    from PySide6.QtCore import QObject

    thing = QObject()
    before = sys.getrefcount(None)
    for _ in range(CALLS):
        thing.setObjectName("x")
    lost = before - sys.getrefcount(None)
    if lost > CALLS // 100:
        raise _MissError(f"{lost} references to None lost in {CALLS} calls: this PySide6 is broken here")
    return f"{CALLS} calls lose nothing"


def _send() -> str:
    with asyncio.Runner(loop_factory=asyncio.SelectorEventLoop) as runner:  # whatever policy Qt has set
        return runner.run(_sent())


async def _sent() -> str:
    from turbodesk.model.account import SANDBOXES
    from turbodesk.model.message import Address, Attachment, Message
    from turbodesk.vault import MemoryVault
    from turbodesk.workplace import Workplace

    data = bytes(range(256)) * 100
    message = Message(
        sender=Address.parse("me@example.com"),
        to=(Address.parse("you@example.com"),),
        subject="Self-check",
        text="Is everything here?",
        attachments=(Attachment.of_bytes("bytes.bin", data),),
    )
    with TemporaryDirectory(prefix="turbodesk-") as folder:
        async with Workplace(Path(folder), vault=MemoryVault(), history_rows=0) as place:
            for name in SANDBOXES:
                await _sent_by(place, name, message, data)
    return f"accepted by all {len(SANDBOXES)}, {len(data):,} bytes attached and found again"


async def _sent_by(place: Workplace, name: str, message: Message, data: bytes) -> None:
    from turbodesk.model.outcome import SendState

    desk = await place.desk(name)
    try:
        entry = await (await place.outbox(desk)).send(message)
        if entry.state is not SendState.ACCEPTED or desk.control is None:
            raise _MissError(f"{name} did not accept it: {entry.state}, {entry.reason}")
        caught = await desk.control.message((await desk.control.messages(1))[0].id)
    finally:
        await desk.aclose()
    if [attachment.content for attachment in caught.attachments] != [data]:
        raise _MissError(f"the attachment did not arrive at {name} as it was sent")
