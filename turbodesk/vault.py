"""Secrets, in the system keyring and nowhere else.

keyring is imported when a secret is first asked for: it costs more than an empty window. Backends are
taken from a list of ours and made here, because keyring by itself chooses whatever plug-in is
installed, plain files included, and runs code named in its own configuration file.
"""

from __future__ import annotations

import logging
import os
import secrets
import sys
import threading
from collections.abc import Callable
from functools import partial
from importlib import import_module
from pathlib import Path
from typing import TYPE_CHECKING, Any, Protocol, TypeVar

from turbodesk import json_file
from turbodesk.errors import FileTrouble, InvalidDraft, SecretsLocked
from turbodesk.model.account import Secret

if TYPE_CHECKING:
    from keyring.backend import KeyringBackend

_log = logging.getLogger(__name__)

SERVICE = "turbodesk"
FILE = "vault.json"
NONE = "none"
LOCKED = "locked"
MEMORY = "memory"
ANSWER_WITHIN_S = 20.0
WINDOWS_LIMIT_BYTES = 2_560  # of UTF-16, in one credential of the Windows vault

BACKENDS: dict[str, tuple[tuple[str, str, str], ...]] = {
    "win32": (("Windows Credential Manager", "keyring.backends.Windows", "WinVaultKeyring"),),
    "darwin": (("macOS Keychain", "keyring.backends.macOS", "Keyring"),),
    "linux": (
        ("Secret Service", "keyring.backends.SecretService", "Keyring"),
        ("KWallet", "keyring.backends.kwallet", "DBusKeyring"),
        ("Secret Service (libsecret)", "keyring.backends.libsecret", "Keyring"),
    ),
}
"""The keyrings that we trust, by platform, best first: our name for it, its module, its class."""

Answer = TypeVar("Answer")


class Secrets(Protocol):
    """A place for secrets, as the desk needs it. All of it blocks; call it off the loop."""

    @property
    def state(self) -> str:
        """The keyring's name, or `none`, or `locked` (it does not answer), or `memory` (as intended)."""

    @property
    def notice(self) -> str:
        """A sentence for the user where secrets do not outlive this run; empty where they do."""

    def read(self, profile: str, field: str = "password") -> Secret | None:
        """The secret, or None where none was stored. Raises SecretsLocked."""

    def write(self, profile: str, secret: Secret, field: str = "password") -> bool:
        """Stores it; whether it outlives this run comes back.

        Raises SecretsLocked, InvalidDraft, FileTrouble.
        """

    def forget(self, profile: str) -> None:
        """Removes all secrets of that profile; there may be none. Raises SecretsLocked, FileTrouble."""


class MemoryVault:
    """Secrets for as long as this process lives."""

    state = MEMORY
    notice = "Secrets are kept in memory only and are forgotten when Turbodesk ends."

    def __init__(self) -> None:
        self._kept: dict[tuple[str, str], Secret] = {}

    def read(self, profile: str, field: str = "password") -> Secret | None:
        """The secret, or None where none was stored."""
        return self._kept.get((profile, field))

    def write(self, profile: str, secret: Secret, field: str = "password") -> bool:
        """Keeps it; False, because it does not outlive this run. Raises InvalidDraft where it is empty."""
        _check(secret, field)
        self._kept[profile, field] = secret
        return False

    def forget(self, profile: str) -> None:
        """Removes all secrets of that profile."""
        self._kept = {key: secret for key, secret in self._kept.items() if key[0] != profile}


class Vault:
    """The secrets of one config dir, in the system keyring.

    Each stands there under the service `turbodesk` and the user `<id of the config dir>/<profile>/<field>`,
    so that two config dirs never see each other's. `vault.json` remembers the id and which keyring took
    which entry, never a secret. Where there is no keyring that we trust, secrets stay in memory.
    """

    def __init__(self, config_dir: Path, *, answer_within_s: float = ANSWER_WITHIN_S) -> None:
        self._path = config_dir / FILE
        self._answer_within_s = answer_within_s
        self._memory = MemoryVault()
        self._found: tuple[str, KeyringBackend] | None = None

    @property
    def state(self) -> str:
        """The keyring's name, `none` where there is none that we trust, `locked` where it does not answer."""
        try:
            found = self._keyring()
        except SecretsLocked:
            return LOCKED
        return found[0] if found else NONE

    @property
    def notice(self) -> str:
        """A sentence where secrets do not outlive this run; empty where they do."""
        sentences = {
            NONE: "There is no system keyring here: secrets are kept in memory and forgotten at the end.",
            LOCKED: "The system keyring does not answer: unlock it, or secrets cannot be stored.",
        }
        return sentences.get(self.state, "")

    def read(self, profile: str, field: str = "password") -> Secret | None:
        """The secret, or None where none was stored.

        Raises SecretsLocked where the keyring does not open, does not answer, or is not the one that took it.
        """
        kept = self._memory.read(profile, field)
        entry = f"{profile}/{field}"
        if kept is not None or entry not in (book := self._book())["entries"]:
            return kept
        name, keyring = self._keyring_of(book, entry)
        value = self._ask(name, lambda: keyring.get_password(SERVICE, f"{book['id']}/{entry}"))
        if value is None:  # KWallet says so too while it is locked (keyring #327)
            raise SecretsLocked(
                f"{name} does not show the secret of “{profile}” that was stored there.",
                hint="Unlock the keyring and try again, or sign in again.",
            )
        return Secret(value)

    def write(self, profile: str, secret: Secret, field: str = "password") -> bool:
        """Stores it, reads it back and compares; True where it is in the keyring, False where only in memory.

        Raises SecretsLocked (what was stored before is still there), InvalidDraft, FileTrouble.
        """
        _check(secret, field)
        found = self._keyring()
        if found is None:
            return self._memory.write(profile, secret, field)
        name, keyring = found
        if name.startswith("Windows") and len(secret.reveal().encode("utf-16-le")) > WINDOWS_LIMIT_BYTES:
            raise InvalidDraft({field: f"{name} takes at most {WINDOWS_LIMIT_BYTES // 2:,} characters."})
        entry = f"{profile}/{field}"
        user = f"{self._identified()['id']}/{entry}"
        self._ask(name, lambda: keyring.set_password(SERVICE, user, secret.reveal()), secret)
        if self._ask(name, lambda: keyring.get_password(SERVICE, user), secret) != secret.reveal():
            self._note(entry, None)
            raise SecretsLocked(
                f"{name} took the secret but gave back something else; it counts as not stored.",
                hint="Check the system keyring, then sign in again.",
            )
        self._note(entry, name)  # only now: before, another keyring may still have it
        return True

    def forget(self, profile: str) -> None:
        """Removes all secrets of that profile from the keyring.

        Raises SecretsLocked where the keyring that has them does not open; they are still known then.
        """
        self._memory.forget(profile)
        book = self._book()
        for entry in [entry for entry in book["entries"] if entry.rpartition("/")[0] == profile]:
            name, keyring = self._keyring_of(book, entry)
            self._ask(name, partial(_remove, keyring, f"{book['id']}/{entry}"))
            self._note(entry, None)

    def _keyring_of(self, book: dict[str, Any], entry: str) -> tuple[str, KeyringBackend]:
        """The keyring that has `entry`; another one is never asked in its place."""
        found, stored_in = self._keyring(), book["entries"][entry]
        if found is None or found[0] != stored_in:
            here = f"the keyring here is {found[0]}" if found else "there is no keyring here that we trust"
            raise SecretsLocked(
                f"The secret was stored in {stored_in}, but {here}.",
                hint=f"Start {stored_in}, or sign in again.",
            )
        return found

    def _keyring(self) -> tuple[str, KeyringBackend] | None:
        if self._found is None:
            self._found = self._ask("The system keyring", _find)
        return self._found

    def _ask(self, name: str, question: Callable[[], Answer], secret: Secret | None = None) -> Answer:
        """What `question` answers. It runs in a thread: D-Bus may never answer (SecretStorage #33)."""
        answers: list[Answer] = []
        failures: list[BaseException] = []

        def work() -> None:
            try:
                answers.append(question())
            except BaseException as error:
                failures.append(error)

        thread = threading.Thread(target=work, name="keyring", daemon=True)
        thread.start()
        thread.join(self._answer_within_s)
        if answers:
            return answers[0]
        if not failures:
            raise SecretsLocked(
                f"{name} did not answer within {self._answer_within_s:g} seconds.",
                hint="Answer its dialog or unlock it, then try again.",
            )
        words = str(failures[0])
        if secret:
            words = words.replace(secret.reveal(), repr(secret))
        raise SecretsLocked(
            f"{name} does not open.",
            hint="Unlock it, then try again. What is stored there was not changed.",
            detail=f"{type(failures[0]).__name__}: {words}",
        )

    def _book(self) -> dict[str, Any]:
        """`vault.json`: `id`, empty before the first entry; `entries`, each with the keyring that has it."""
        for path in (self._path, json_file.backup_of(self._path)):
            try:
                book = json_file.read(path)
            except FileNotFoundError:
                continue
            except json_file.NotOursError:
                book = {}
            if isinstance(book.get("id"), str) and isinstance(book.get("entries"), dict):
                return book
        if self._path.exists():
            raise FileTrouble(
                f"{self._path} could not be understood, so stored secrets cannot be found.",
                hint="Move it away and sign in again.",
            )
        return {"id": "", "entries": {}}

    def _identified(self) -> dict[str, Any]:
        """The book with its id, which is made once."""
        book = self._book()
        return book if book["id"] else self._changed(lambda book: None)

    def _note(self, entry: str, keyring: str | None) -> None:
        """Remembers which keyring has `entry`, None for no longer any."""

        def change(book: dict[str, Any]) -> None:
            book["entries"].pop(entry, None)
            if keyring:
                book["entries"][entry] = keyring

        self._changed(change)

    def _changed(self, change: Callable[[dict[str, Any]], None]) -> dict[str, Any]:
        with json_file.locked(self._path):
            book = self._book()
            book["id"] = book["id"] or secrets.token_hex(8)
            change(book)
            json_file.write(self._path, book)
        return book


def _check(secret: Secret, field: str) -> None:
    if not secret:
        raise InvalidDraft({field: "It is empty."})
    if "\n" in secret.reveal() or "\r" in secret.reveal() or "\0" in secret.reveal():
        raise InvalidDraft({field: "It has a line break in it; paste it again without."})


def _find() -> tuple[str, KeyringBackend] | None:
    """The best keyring of our list that works here, or None.

    A choice of the user's in keyring's own places narrows our list and never widens it.
    """
    wanted = _wanted()
    for name, module, kind in BACKENDS.get(sys.platform, BACKENDS["linux"]):
        if wanted in ("", f"{module}.{kind}") and (made := _made(module, kind)):
            return name, made
    return None


def _made(module: str, kind: str) -> KeyringBackend | None:
    """That backend, or None where it cannot work here."""
    try:
        backend: type[KeyringBackend] = getattr(import_module(module), kind)
        _ = backend.priority  # raises; RuntimeError by its contract, whatever D-Bus meets in truth
        return backend()
    except Exception as error:
        _log.debug("%s cannot be used: %s", module, type(error).__name__)
        return None


def _wanted() -> str:
    """The backend the user chose for keyring, empty where none; the chain of all is no choice.

    Its file is read by us: keyring itself would also obey `keyring-path` and run code from there.
    """
    from configparser import Error, RawConfigParser

    from keyring.util.platform_ import config_root

    chosen = os.environ.get("PYTHON_KEYRING_BACKEND", "")
    if not chosen:
        file = RawConfigParser()
        try:
            file.read(Path(config_root()) / "keyringrc.cfg", encoding="utf-8")
            chosen = file.get("backend", "default-keyring", fallback="").strip()
        except (Error, UnicodeDecodeError):
            chosen = ""
    return "" if chosen == "keyring.backends.chainer.ChainerBackend" else chosen


def _remove(keyring: KeyringBackend, user: str) -> None:
    from keyring.errors import PasswordDeleteError

    try:
        keyring.delete_password(SERVICE, user)
    except PasswordDeleteError:
        if keyring.get_password(SERVICE, user) is not None:
            raise
