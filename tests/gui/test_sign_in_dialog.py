"""Signing in, as a person would, against the real sandbox on loopback."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import pytest
from PySide6.QtCore import Qt
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication, QLineEdit, QWidget

from turbodesk.errors import SecretsLocked
from turbodesk.gui.parts.field import Field
from turbodesk.gui.profile_form_turbosmtp_v1 import TurboSmtpV1Form
from turbodesk.gui.sign_in_dialog import SignInDialog, sign_in
from turbodesk.model.account import Profile, Secret
from turbodesk.vault import MemoryVault
from turbodesk.workplace import Workplace

Run = Callable[..., Any]
CANARY = "a-wrong-one-that-must-not-be-seen"


class LockedVault(MemoryVault):
    """A keyring that does not open."""

    def write(self, profile: str, secret: Secret, field: str = "password") -> bool:
        raise SecretsLocked("The keyring does not open.", hint="Unlock it, then try again.")


@asynccontextmanager
async def placed(config_dir: Path, vault: MemoryVault | None = None) -> AsyncIterator[Workplace]:
    """A workplace whose sandbox runs."""
    async with Workplace(config_dir, vault=vault or MemoryVault(), environment={}, history_rows=0) as place:
        desk = await place.desk("sandbox")
        await desk.aclose()
        yield place


def filled(dialog: SignInDialog, place: Workplace, **other: str) -> TurboSmtpV1Form:
    """Types the sandbox's account of the old API into its form, some fields otherwise."""
    there = place.endpoints
    assert there is not None
    form = dialog.form
    assert isinstance(form, TurboSmtpV1Form)
    dialog.name.setText(other.pop("name", "Shop"))
    typed = {
        "user": there.user,
        "password": there.password,
        "api_url": there.dashboard_url,
        "send_url": there.send_url,
        **other,
    }
    for field, text in typed.items():
        at(dialog, field).setText(text)
    form.hosts.sure.setChecked(True)
    return form


def at(dialog: SignInDialog, name: str) -> Field:
    """The field of that name."""
    return dialog.name if name == "name" else dialog.form.fields[name.replace("_url", "-url")]


async def press(dialog: SignInDialog) -> None:
    """Presses Test and keep, and waits for what comes of it."""
    QTest.mouseClick(dialog.keep_button, Qt.MouseButton.LeftButton)
    await dialog.work.settled()


@pytest.fixture
def window(window_of: Run) -> QWidget:
    """What the dialog stands over."""
    shown: QWidget = window_of(QWidget(), 900, 600)
    return shown


async def opened(window: QWidget, place: Workplace, **given: Any) -> SignInDialog:
    """The dialog with the form of the old API, open and at rest."""
    dialog = SignInDialog(window, place, provider="turbosmtp-v1", **given)
    dialog.open()
    await dialog.work.settled()
    return dialog


def test_a_tried_account_is_kept_and_its_secret_only_in_the_vault(
    window: QWidget, run: Run, tmp_path: Path, until: Any, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.DEBUG)

    async def go() -> None:
        async with placed(tmp_path / "config") as place:
            asking = asyncio.ensure_future(sign_in(window, place, provider="turbosmtp-v1"))
            await until(lambda: _dialog() is not None)
            dialog = _dialog()
            await dialog.work.settled()
            filled(dialog, place, password=CANARY)
            await press(dialog)
            filled(dialog, place)
            await press(dialog)
            assert await asking == "Shop"
            profile = place.profile("Shop")
            assert (profile.region, profile.send_form, profile.no_expire) == ("world", "v2", False)
            secret = place.vault.read("Shop")
            assert secret is not None and place.endpoints is not None
            assert secret.reveal() == place.endpoints.password
            written = b"".join(path.read_bytes() for path in (tmp_path / "config").glob("*.json*"))
            assert b"password" not in written and CANARY.encode() not in written
            assert CANARY not in caplog.text
            desk = await place.desk("Shop")
            await desk.aclose()

    run(go(), 30)


@pytest.mark.parametrize(
    ("typed", "field", "words"),
    [
        ({"password": "wrong"}, "password", "did not take the user name and password"),
        ({"user": "inactive@example.com"}, "user", "not active"),
        ({"user": "nobody"}, "user", "exactly one @"),
        ({"user": ""}, "user", "Write the e-mail address"),
        ({"password": ""}, "password", "Write the password"),
        ({"name": ""}, "name", "name"),
        ({"name": "sandbox"}, "name", "built-in sandbox"),
        ({"api_url": "http://dashboard.example.com"}, "api_url", "http"),
        ({"api_url": "https://user:pass@example.com"}, "api_url", "asked for separately"),
        ({"api_url": "http://127.0.0.1:1"}, "api_url", ""),
        ({"send_url": "https://example.com/path"}, "send_url", "without a path"),
    ],
)
def test_what_is_wrong_is_said_at_its_field(
    window: QWidget, run: Run, tmp_path: Path, typed: dict[str, str], field: str, words: str
) -> None:
    async def go() -> None:
        async with placed(tmp_path) as place:
            dialog = await opened(window, place)
            filled(dialog, place, **typed)
            await press(dialog)
            said = at(dialog, field).message.sentence
            assert said and words in said and dialog.isVisible()
            assert at(dialog, field).edit.hasFocus()
            assert place.settings.profiles == () and place.vault.read("Shop") is None
            assert at(dialog, "user").text() == typed.get(
                "user", place.endpoints.user
            )  # nothing typed is lost
            assert dialog.keep_button.isEnabled() and dialog.foot_note.text() == ""
            at(dialog, field).setText("x")
            assert at(dialog, field).message.sentence == ""
            dialog.reject()

    run(go(), 40)


def test_other_hosts_are_confirmed_first(window: QWidget, run: Run, tmp_path: Path) -> None:
    async def go() -> None:
        async with placed(tmp_path) as place:
            dialog = await opened(window, place)
            hosts = filled(dialog, place).hosts
            hosts.sure.setChecked(False)
            await press(dialog)
            assert "Your password would go to 127.0.0.1" in hosts.message.sentence
            assert hosts.sure.isVisible() and place.settings.profiles == ()
            dialog.reject()

    run(go(), 30)


def test_a_keyring_that_does_not_open_leaves_nothing_behind(
    window: QWidget, run: Run, tmp_path: Path
) -> None:
    async def go() -> None:
        async with placed(tmp_path, LockedVault()) as place:
            dialog = await opened(window, place)
            filled(dialog, place)
            await press(dialog)
            assert "does not open" in dialog.message.sentence and dialog.isVisible()
            assert place.settings.profiles == ()
            dialog.reject()

    run(go(), 30)


def test_memory_only_is_said(window: QWidget, run: Run, tmp_path: Path) -> None:
    async def go() -> None:
        async with placed(tmp_path) as place:
            dialog = await opened(window, place)
            assert "memory" in dialog.vault_message.sentence
            dialog.reject()

    run(go(), 30)


def test_the_password_is_hidden_and_gone_at_the_end(window: QWidget, run: Run, tmp_path: Path) -> None:
    async def go() -> None:
        async with placed(tmp_path) as place:
            dialog = await opened(window, place)
            form = filled(dialog, place)
            assert form.password.edit.echoMode() is QLineEdit.EchoMode.Password
            secret = place.endpoints.password
            assert secret not in form.password.edit.displayText() and secret not in dialog.windowTitle()
            dialog.reject()
            assert form.password.text() == ""

    run(go(), 30)


def test_signing_in_again_keeps_the_profile_as_it_was(
    window: QWidget, run: Run, tmp_path: Path, until: Any
) -> None:
    async def go() -> None:
        async with placed(tmp_path) as place:
            there = place.endpoints
            old = Profile(
                "Shop",
                "turbosmtp-v1",
                there.user,
                there.dashboard_url,
                there.send_url,
                there.inbox_url,
                send_form="v2",
                colour="pink",
            )
            place.change(lambda kept: kept.with_profile(old))
            dialog = await opened(window, place, again=old)
            password = at(dialog, "password")
            assert dialog.name.edit.isReadOnly() and password.edit.hasFocus()
            password.setText(there.password)
            await press(dialog)
            assert dialog.kept_name == "Shop" and place.settings.profiles == (old,)
            assert place.vault.read("Shop") == Secret(there.password)

    run(go(), 30)


def test_backing_out_stops_the_try(window: QWidget, run: Run, tmp_path: Path) -> None:
    async def go() -> None:
        async with placed(tmp_path) as place:
            asking = asyncio.ensure_future(sign_in(window, place, provider="turbosmtp-v1"))
            await asyncio.sleep(0)
            dialog = _dialog()
            filled(dialog, place)
            dialog.try_and_keep()
            dialog.reject()
            assert await asking is None
            await dialog.work.settled()
            assert place.settings.profiles == ()

    run(go(), 30)


@pytest.mark.parametrize("theme", ["light", "dark"])
def test_it_is_as_high_as_it_needs(
    window: QWidget, run: Run, tmp_path: Path, grab: Run, themer: Any, until: Any, theme: str
) -> None:
    async def go() -> None:
        themer.pin(theme)
        async with placed(tmp_path) as place:
            dialog = await opened(window, place)
            low = dialog.height()
            dialog.form.more.link.click()
            filled(dialog, place, user="nobody", password="")
            await press(dialog)
            lines = [at(dialog, "user").message, at(dialog, "password").message]
            await until(lambda: all(line.isVisible() and line.height() >= 16 for line in lines))
            assert dialog.height() > low
            grab(dialog, f"sign-in-{theme}")
            dialog.reject()

    run(go(), 30)


def _dialog() -> Any:
    return next(
        (w for w in QApplication.topLevelWidgets() if isinstance(w, SignInDialog) and w.isVisible()), None
    )


def test_what_was_said_before_is_gone_at_the_next_try(window: QWidget, run: Run, tmp_path: Path) -> None:
    async def go() -> None:
        async with placed(tmp_path) as place:
            dialog = await opened(window, place)
            filled(dialog, place, password="wrong")
            await press(dialog)
            password, send_url = at(dialog, "password"), at(dialog, "send_url")
            assert password.message.sentence
            send_url.setText("https://example.com/path")
            await press(dialog)
            assert send_url.message.sentence and not password.message.sentence
            dialog.reject()

    run(go(), 40)
