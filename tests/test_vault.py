"""The vault where there is no keyring, a forbidden one, a silent one, or another than before."""

from __future__ import annotations

import json
import socket
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from turbodesk.errors import FileTrouble, InvalidDraft, SecretsLocked
from turbodesk.model.account import Secret
from turbodesk.vault import BACKENDS, MEMORY, NONE, MemoryVault, Vault

ROOT = Path(__file__).parents[1]
SECRET = Secret("correct horse")


@pytest.fixture(autouse=True)
def no_keyring_of_ours(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """No session bus and no choice of the person who runs the tests."""
    monkeypatch.setenv("DBUS_SESSION_BUS_ADDRESS", f"unix:path={tmp_path / 'no-bus'}")
    monkeypatch.setenv("XDG_CONFIG_HOME", str(tmp_path / "xdg"))
    monkeypatch.delenv("PYTHON_KEYRING_BACKEND", raising=False)


@pytest.fixture
def silent_bus(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[socket.socket]:
    """A session bus that takes connections and never says a word."""
    path = tmp_path / "silent-bus"
    with socket.socket(socket.AF_UNIX) as listener:
        listener.bind(str(path))
        listener.listen()
        monkeypatch.setenv("DBUS_SESSION_BUS_ADDRESS", f"unix:path={path}")
        yield listener


def write_book(config: Path, **entries: str) -> None:
    taken = {f"{name}/password": keyring for name, keyring in entries.items()}
    (config / "vault.json").write_text(json.dumps({"id": "0011223344556677", "entries": taken}))


def test_without_a_keyring_secrets_stay_in_memory(tmp_path: Path) -> None:
    config = tmp_path / "config"
    vault = Vault(config)

    kept = vault.write("live", SECRET)

    assert kept is False
    assert vault.state == NONE
    assert "memory" in vault.notice
    assert vault.read("live") == SECRET
    assert Vault(config).read("live") is None
    assert not config.exists()


def test_forgetting_takes_it_out_of_memory_too(tmp_path: Path) -> None:
    vault = Vault(tmp_path)
    vault.write("live", SECRET)

    vault.forget("live")

    assert vault.read("live") is None


@pytest.mark.parametrize(
    "backend", ["keyring.backends.null.Keyring", "keyring.backends.fail.Keyring", "plain.PlaintextKeyring"]
)
@pytest.mark.parametrize("where", ["environment", "file"])
def test_a_backend_that_is_not_on_our_list_is_not_used(
    backend: str, where: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    code = tmp_path / "code"
    code.mkdir()
    (code / "plain.py").write_text(f"open({str(tmp_path / 'ran')!r}, 'w').close()\n")
    if where == "environment":
        monkeypatch.setenv("PYTHON_KEYRING_BACKEND", backend)
        monkeypatch.syspath_prepend(str(code))
    else:
        (tmp_path / "xdg" / "python_keyring").mkdir(parents=True)
        (tmp_path / "xdg" / "python_keyring" / "keyringrc.cfg").write_text(
            f"[backend]\ndefault-keyring={backend}\nkeyring-path={code}\n"
        )
    path_before = list(sys.path)
    vault = Vault(tmp_path / "config")

    assert vault.state == NONE
    assert vault.write("live", SECRET) is False
    assert sys.path == path_before
    assert not (tmp_path / "ran").exists()
    assert not (tmp_path / "config").exists()


def test_the_list_holds_no_file_no_null_and_no_chain() -> None:
    modules = {module for places in BACKENDS.values() for _, module, _ in places}

    assert modules == {
        f"keyring.backends.{name}" for name in ("SecretService", "kwallet", "libsecret", "Windows", "macOS")
    }


def test_a_bus_that_never_answers_counts_as_locked(tmp_path: Path, silent_bus: socket.socket) -> None:
    vault = Vault(tmp_path, answer_within_s=0.2)

    assert vault.state == "locked"
    assert "does not answer" in vault.notice
    with pytest.raises(SecretsLocked, match="did not answer"):
        vault.write("live", SECRET)
    with pytest.raises(SecretsLocked, match="did not answer"):
        write_book(tmp_path, live="Secret Service")
        vault.read("live")


def test_another_keyring_than_before_is_named_and_not_asked(tmp_path: Path) -> None:
    write_book(tmp_path, live="KWallet")

    with pytest.raises(SecretsLocked) as caught:
        Vault(tmp_path).read("live")

    assert "KWallet" in caught.value.says
    assert "no keyring here" in caught.value.says


def test_what_the_keyring_still_has_is_not_forgotten_unasked(tmp_path: Path) -> None:
    write_book(tmp_path, live="KWallet")
    before = (tmp_path / "vault.json").read_bytes()

    with pytest.raises(SecretsLocked):
        Vault(tmp_path).forget("live")

    assert (tmp_path / "vault.json").read_bytes() == before


def test_a_broken_book_is_said(tmp_path: Path) -> None:
    (tmp_path / "vault.json").write_text('{"id": ')

    with pytest.raises(FileTrouble, match="could not be understood"):
        Vault(tmp_path).read("live")


@pytest.mark.parametrize("text", ["", "two\nlines", "two\rlines", "nul\0"])
def test_what_cannot_be_a_secret_is_refused(text: str, tmp_path: Path) -> None:
    for vault in (Vault(tmp_path), MemoryVault()):
        with pytest.raises(InvalidDraft) as caught:
            vault.write("live", Secret(text))
        assert caught.value.field == "password"


class Forgetful:
    """A keyring that takes everything and gives back what it likes."""

    def __init__(self, gives: str | None) -> None:
        self.gives = gives
        self.asked: list[str] = []

    def set_password(self, service: str, user: str, secret: str) -> None:
        self.asked.append(user)

    def get_password(self, service: str, user: str) -> str | None:
        return self.gives


@pytest.mark.parametrize("gives", [None, "", "another"])
def test_a_keyring_that_gives_back_something_else_has_stored_nothing(
    gives: str | None, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    vault = Vault(tmp_path)
    monkeypatch.setattr(vault, "_keyring", lambda: ("Secret Service", Forgetful(gives)))

    with pytest.raises(SecretsLocked, match="counts as not stored"):
        vault.write("live", SECRET)

    assert vault.read("live") is None


def test_what_is_too_long_for_the_windows_vault_is_told_before_it_is_asked(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    keyring = Forgetful(None)
    vault = Vault(tmp_path)
    monkeypatch.setattr(vault, "_keyring", lambda: ("Windows Credential Manager", keyring))

    for text in ("x" * 1281, "\U0001f511" * 641):
        with pytest.raises(InvalidDraft) as told:
            vault.write("live", Secret(text))
        assert "1,280 characters" in str(told.value.problems["password"])
    assert keyring.asked == []
    keyring.gives = "x" * 1280
    assert vault.write("live", Secret("x" * 1280))


def test_a_memory_vault_says_what_it_is() -> None:
    vault = MemoryVault()
    vault.write("live", SECRET)
    vault.write("other", SECRET, "token")
    vault.forget("live")

    assert vault.state == MEMORY
    assert vault.notice
    assert vault.read("live") is None
    assert vault.read("other", "token") == SECRET


def test_importing_the_vault_loads_no_keyring() -> None:
    loaded = "[name in sys.modules for name in ('keyring', 'filelock')]"
    script = f"import sys, turbodesk.vault, turbodesk.settings; print({loaded})"

    done = subprocess.run(
        [sys.executable, "-c", script], cwd=ROOT, capture_output=True, text=True, check=True
    )

    assert done.stdout.strip() == "[False, False]"
