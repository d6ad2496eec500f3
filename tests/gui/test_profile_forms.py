"""The forms of every provider, filled in as a person would, against the real sandbox on loopback."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import pytest
from PySide6.QtCore import Qt
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication, QWidget

from turbodesk.errors import SecretsLocked
from turbodesk.gui.profile_form_relay import RelayFields
from turbodesk.gui.profile_form_sendpost import SendPostForm
from turbodesk.gui.profile_form_smtp import SmtpForm
from turbodesk.gui.profile_form_turbosmtp import TurboSmtpForm
from turbodesk.gui.sign_in_dialog import SERVICES, SignInDialog
from turbodesk.model.account import Credential, Profile, Secret
from turbodesk.providers import origin_of
from turbodesk.sandbox.server import Endpoints
from turbodesk.vault import MemoryVault
from turbodesk.workplace import Workplace

Run = Callable[..., Any]
WRONG = "0123456789abcdef0123456789abcdef"


class LockedVault(MemoryVault):
    """A keyring that does not open."""

    def write(self, profile: str, secret: Secret, field: str = "password") -> bool:
        raise SecretsLocked("The keyring does not open.", hint="Unlock it, then try again.")


@pytest.fixture
def window(window_of: Run) -> QWidget:
    """What the dialog stands over."""
    shown: QWidget = window_of(QWidget(), 1280, 800)
    return shown


@asynccontextmanager
async def opened(
    window: QWidget, config_dir: Path, provider: str, vault: MemoryVault | None = None, name: str = "Shop"
) -> AsyncIterator[tuple[SignInDialog, Any, Workplace, Endpoints]]:
    """The dialog at the form of a provider, its name written, and the sandbox that it may sign in to."""
    async with Workplace(config_dir, vault=vault or MemoryVault(), environment={}, history_rows=0) as place:
        await (await place.desk("sandbox")).aclose()
        assert place.endpoints is not None
        dialog = SignInDialog(window, place, provider=provider)
        dialog.open()
        await dialog.work.settled()
        dialog.name.setText(name)
        yield dialog, dialog.form, place, place.endpoints
        dialog.reject()
        await dialog.work.settled()


async def press(dialog: SignInDialog) -> None:
    """Presses the button at the right, and waits for what comes of it."""
    QTest.mouseClick(dialog.keep_button, Qt.MouseButton.LeftButton)
    await dialog.work.settled()


def to_sandbox(form: TurboSmtpForm | SendPostForm, there: Endpoints) -> None:
    """Writes the sandbox's hosts under Advanced, and confirms them."""
    if isinstance(form, TurboSmtpForm):
        form.hosts.api_url.setText(there.turbosmtp_v2.base_url)
        form.hosts.send_url.setText(there.turbosmtp_v2.send_url)
    else:
        form.hosts.api_url.setText(there.sendpost.base_url)
    form.hosts.sure.setChecked(True)


def fill_relay(relay: RelayFields, there: Endpoints, password: str = "") -> None:
    """Writes the sandbox's relay."""
    relay.host.setText(there.smtp.host)
    relay.port.setText(str(there.smtp.port))
    relay.ca_file.setText(str(there.smtp.ca_file))
    relay.user.setText(there.smtp.user)
    relay.password.setText(password or there.smtp.password)


def credentials_found(dialog: SignInDialog) -> dict[str, bool | None]:
    """What the dialog shows of each credential."""
    return {one.credential: one.taken for one in dialog.found.shown}


# turboSMTP


def test_a_key_pair_is_shown_for_what_it_unlocks_and_then_kept(
    window: QWidget, run: Run, tmp_path: Path
) -> None:
    async def go() -> None:
        async with opened(window, tmp_path, "turbosmtp-v2") as (dialog, form, place, there):
            to_sandbox(form, there)
            form.consumer_key.setText(f" {there.turbosmtp_v2.consumer_key}\n")
            form.consumer_secret.setText(there.turbosmtp_v2.consumer_secret)
            await press(dialog)
            assert credentials_found(dialog) == {"key pair": True} and dialog.found.isVisible()
            assert place.settings.profiles == () and dialog.keep_button.text() == "Keep"
            await press(dialog)
            assert dialog.kept_name == "Shop" and not dialog.isVisible()
            profile = place.profile("Shop")
            assert profile.provider == "turbosmtp-v2" and profile.user == ""
            assert profile.api_url == origin_of(there.turbosmtp_v2.base_url)
            kept = await place.credentials(profile)
            assert kept == {
                Credential.CONSUMER_KEY: Secret(there.turbosmtp_v2.consumer_key),
                Credential.CONSUMER_SECRET: Secret(there.turbosmtp_v2.consumer_secret),
            }
            written = b"".join(path.read_bytes() for path in tmp_path.glob("*.json*"))
            assert there.turbosmtp_v2.consumer_secret.encode() not in written
            assert there.turbosmtp_v2.consumer_key.encode() not in written
            assert not form.consumer_secret.text() and not form.consumer_key.text()

    run(go(), 30)


def test_a_wrong_pair_is_said_at_its_secret_and_not_kept(window: QWidget, run: Run, tmp_path: Path) -> None:
    async def go() -> None:
        async with opened(window, tmp_path, "turbosmtp-v2") as (dialog, form, place, there):
            to_sandbox(form, there)
            form.consumer_key.setText(there.turbosmtp_v2.consumer_key)
            form.consumer_secret.setText(WRONG)
            await press(dialog)
            assert form.consumer_secret.message.sentence and form.consumer_secret.edit.hasFocus()
            assert credentials_found(dialog) == {"key pair": False}
            assert dialog.keep_button.text() == "Test and keep" and place.settings.profiles == ()
            assert form.consumer_secret.text() == WRONG, "nothing typed is lost"
            form.consumer_secret.setText("x")
            assert not dialog.found.isVisible() and not form.consumer_secret.message.sentence

    run(go(), 30)


async def keys_at(place: Workplace) -> list[str]:
    """The labels of the key pairs that the sandbox's account has."""
    there = place.endpoints
    assert there is not None
    profile = Profile("x", "turbosmtp-v2", there.user, origin_of(there.turbosmtp_v2.base_url))
    desk = place.desk_with(profile, {Credential.PASSWORD: Secret(there.password)})
    try:
        return [key.label for key in await desk.provider.keys()]
    finally:
        await desk.aclose()


def test_e_mail_and_password_make_a_key_pair_only_with_consent(
    window: QWidget, run: Run, tmp_path: Path
) -> None:
    async def go() -> None:
        async with opened(window, tmp_path, "turbosmtp-v2") as (dialog, form, place, there):
            before = await keys_at(place)
            to_sandbox(form, there)
            form.way.segment("login").click()
            assert form.create_box.isVisible() and not form.consumer_key.isVisible()
            form.user.setText(there.user)
            form.password.setText(there.password)
            await press(dialog)
            assert "tick the box" in form.create_message.sentence
            assert await keys_at(place) == before
            form.create_box.click()
            await press(dialog)
            assert dialog.kept_name == "Shop"
            assert sorted(await keys_at(place)) == sorted([*before, form.label])
            kept = await place.credentials(place.profile("Shop"))
            assert set(kept) == {Credential.CONSUMER_KEY, Credential.CONSUMER_SECRET}
            assert place.profile("Shop").user == "", "the password was not to be kept"
            desk = await place.desk("Shop")
            assert {one.taken for one in await desk.provider.check()} == {True}
            await desk.aclose()

    run(go(), 30)


def test_the_password_is_kept_where_that_is_wanted(window: QWidget, run: Run, tmp_path: Path) -> None:
    async def go() -> None:
        async with opened(window, tmp_path, "turbosmtp-v2") as (dialog, form, place, there):
            to_sandbox(form, there)
            form.way.segment("login").click()
            form.user.setText(there.user)
            form.password.setText(there.password)
            form.create_box.click()
            form.keep_box.click()
            await press(dialog)
            profile = place.profile("Shop")
            assert profile.user == there.user
            assert (await place.credentials(profile))[Credential.PASSWORD] == Secret(there.password)

    run(go(), 30)


def test_a_pair_that_was_made_is_not_made_twice_where_it_cannot_be_kept(
    window: QWidget, run: Run, tmp_path: Path
) -> None:
    async def go() -> None:
        async with opened(window, tmp_path, "turbosmtp-v2", LockedVault()) as (dialog, form, place, there):
            before = await keys_at(place)
            to_sandbox(form, there)
            form.way.segment("login").click()
            form.user.setText(there.user)
            form.password.setText(there.password)
            form.create_box.click()
            for _ in range(2):
                await press(dialog)
            assert form.way.key == "pair" and form.consumer_key.text() and form.consumer_secret.text()
            assert len(await keys_at(place)) == len(before) + 1
            await press(dialog)
            assert "does not open" in dialog.message.sentence and place.settings.profiles == ()

    run(go(), 40)


def test_a_wrong_password_makes_nothing(window: QWidget, run: Run, tmp_path: Path) -> None:
    async def go() -> None:
        async with opened(window, tmp_path, "turbosmtp-v2") as (dialog, form, place, there):
            to_sandbox(form, there)
            form.way.segment("login").click()
            form.user.setText(there.user)
            form.password.setText("not this one")
            form.create_box.click()
            await press(dialog)
            assert form.password.message.sentence and form.password.edit.hasFocus()
            assert form.way.key == "login" and place.settings.profiles == ()

    run(go(), 30)


# SendPost


def test_sendpost_says_which_of_its_keys_is_wrong(window: QWidget, run: Run, tmp_path: Path) -> None:
    async def go() -> None:
        async with opened(window, tmp_path, "sendpost") as (dialog, form, place, there):
            to_sandbox(form, there)
            form.subaccount_key.setText(there.sendpost.subaccount_key)
            form.account_key.setText(WRONG)
            await press(dialog)
            assert credentials_found(dialog) == {"sub-account key": True, "account key": False}
            assert form.account_key.message.sentence and not form.subaccount_key.message.sentence
            assert form.account_key.edit.hasFocus() and place.settings.profiles == ()
            form.account_key.setText(there.sendpost.account_key)
            await press(dialog)
            assert credentials_found(dialog) == {"sub-account key": True, "account key": True}
            await press(dialog)
            kept = await place.credentials(place.profile("Shop"))
            assert set(kept) == {Credential.SUBACCOUNT_KEY, Credential.ACCOUNT_KEY}

    run(go(), 30)


@pytest.mark.parametrize("given", ["subaccount_key", "account_key"])
def test_one_key_of_sendpost_is_enough(window: QWidget, run: Run, tmp_path: Path, given: str) -> None:
    async def go() -> None:
        async with opened(window, tmp_path, "sendpost") as (dialog, form, place, there):
            to_sandbox(form, there)
            await press(dialog)
            assert "or both" in form.subaccount_key.message.sentence
            getattr(form, given).setText(getattr(there.sendpost, given))
            await press(dialog)
            assert sorted(credentials_found(dialog).values(), key=str) == [None, True]
            await press(dialog)
            assert [it.value for it in await place.credentials(place.profile("Shop"))] == [given]

    run(go(), 30)


def test_what_was_changed_after_the_test_is_tested_again(window: QWidget, run: Run, tmp_path: Path) -> None:
    async def go() -> None:
        async with opened(window, tmp_path, "sendpost") as (dialog, form, place, there):
            to_sandbox(form, there)
            form.subaccount_key.setText(there.sendpost.subaccount_key)
            await press(dialog)
            assert dialog.keep_button.text() == "Keep"
            form.subaccount_key.setText(WRONG)
            assert dialog.keep_button.text() == "Test and keep"
            await press(dialog)
            assert place.settings.profiles == () and form.subaccount_key.message.sentence

    run(go(), 30)


def test_an_account_may_have_a_relay_beside_its_api(window: QWidget, run: Run, tmp_path: Path) -> None:
    async def go() -> None:
        async with opened(window, tmp_path, "sendpost") as (dialog, form, place, there):
            to_sandbox(form, there)
            form.subaccount_key.setText(there.sendpost.subaccount_key)
            form.more.link.click()
            form.beside.on.click()
            assert form.beside.relay.host.text() == "smtp.sendpost.io"
            await press(dialog)
            assert form.beside.relay.user.message.sentence and form.beside.relay.password.message.sentence
            fill_relay(form.beside.relay, there, password="wrong")
            await press(dialog)
            assert form.beside.relay.password.message.sentence and place.settings.profiles == ()
            fill_relay(form.beside.relay, there)
            await press(dialog)
            assert list(credentials_found(dialog).values()) == [True, None, True]
            await press(dialog)
            desk = await place.desk("Shop")
            assert desk.relay is not None and desk.profile.user == there.smtp.user
            await desk.aclose()

    run(go(), 30)


# SMTP


def test_a_relay_is_tried_and_kept(window: QWidget, run: Run, tmp_path: Path) -> None:
    async def go() -> None:
        async with opened(window, tmp_path, "smtp") as (dialog, form, place, there):
            fill_relay(form.relay, there, password="wrong")
            await press(dialog)
            assert form.relay.password.message.sentence and form.relay.password.edit.hasFocus()
            fill_relay(form.relay, there)
            await press(dialog)
            if dialog.isVisible():
                await press(dialog)
            profile = place.profile("Shop")
            assert (profile.smtp_host, profile.smtp_port) == (there.smtp.host, there.smtp.port)
            assert await place.credentials(profile) == {Credential.PASSWORD: Secret(there.smtp.password)}

    run(go(), 30)


@pytest.mark.parametrize(
    ("typed", "field", "words"),
    [
        ({"host": ""}, "host", "Write the host"),
        ({"host": "https://smtp.example.com"}, "host", "no name of a server"),
        ({"port": "x"}, "port", "between 1 and 65535"),
        ({"port": "1"}, "host", ""),
        ({"password": ""}, "password", "Write the password"),
        ({"user": ""}, "user", "Write the user name"),
    ],
)
def test_what_is_wrong_with_a_relay_is_said_at_its_field(
    window: QWidget, run: Run, tmp_path: Path, typed: dict[str, str], field: str, words: str
) -> None:
    async def go() -> None:
        async with opened(window, tmp_path, "smtp") as (dialog, form, place, there):
            fill_relay(form.relay, there)
            for name, text in typed.items():
                form.fields[name].setText(text)
            await press(dialog)
            said = form.fields[field].message.sentence
            assert said and words in said and form.fields[field].edit.hasFocus()
            assert place.settings.profiles == ()

    run(go(), 40)


def test_a_preset_fills_host_port_and_tls(qapp: QApplication) -> None:
    relay = RelayFields(login=True)
    relay.choose("turbosmtp-eu")
    assert (relay.host.text(), relay.port.text(), relay.tls.key) == (
        "pro.eu.turbo-smtp.com",
        "587",
        "starttls",
    )
    relay.tls.segment("tls").click()
    assert relay.port.text() == "465" and relay.preset.key == "turbosmtp-eu"
    relay.port.setText("2400")
    relay.tls.segment("starttls").click()
    assert relay.port.text() == "2400", "a port of the user's own stays"
    relay.host.setText("smtp.sendpost.io")
    assert relay.preset.key == "sendpost"
    relay.host.setText("mail.example.com")
    assert relay.preset.key == "other" and relay.tls.segment("none").isHidden()
    relay.host.setText("127.0.0.1")
    assert not relay.tls.segment("none").isHidden(), "without TLS on this computer only"


def test_the_relay_of_turbosmtp_follows_the_region(qapp: QApplication) -> None:
    form = TurboSmtpForm()
    form.beside.on.click()
    form.region.segment("eu").click()
    base = Profile("Shop", "turbosmtp-v2")
    assert form.profile(base).smtp_host == "pro.eu.turbo-smtp.com" and form.profile(base).region == "eu"
    form.beside.relay.host.setText("mail.example.com")
    form.region.segment("world").click()
    assert form.profile(base).smtp_host == "mail.example.com"
    form.beside.on.click()
    assert form.profile(base).smtp_host == ""


# all of them


def test_another_service_keeps_what_is_typed_and_closing_forgets_the_secrets(
    window: QWidget, run: Run, tmp_path: Path
) -> None:
    async def go() -> None:
        async with opened(window, tmp_path, "turbosmtp-v2") as (dialog, form, _place, _there):
            form.consumer_secret.setText("canary-1")
            dialog.service.segment("sendpost").click()
            sendpost = dialog.form
            assert isinstance(sendpost, SendPostForm) and sendpost.isVisible() and not form.isVisible()
            sendpost.account_key.setText("canary-2")
            dialog.service.segment("smtp").click()
            smtp = dialog.form
            assert isinstance(smtp, SmtpForm)
            smtp.relay.password.setText("canary-3")
            dialog.service.segment("turbosmtp-v2").click()
            assert form.consumer_secret.text() == "canary-1" and dialog.name.text() == "Shop"
            dialog.reject()
            secrets = (form.consumer_secret, sendpost.account_key, smtp.relay.password)
            assert [field.text() for field in secrets] == ["", "", ""]

    run(go(), 30)


def test_changing_an_account_forgets_the_keys_that_are_not_given_any_more(
    window: QWidget, run: Run, tmp_path: Path
) -> None:
    async def go() -> None:
        async with Workplace(tmp_path, vault=MemoryVault(), environment={}, history_rows=0) as place:
            await (await place.desk("sandbox")).aclose()
            there = place.endpoints
            assert there is not None
            old = Profile("News", "sendpost", api_url=origin_of(there.sendpost.base_url), colour="pink")
            both = {
                Credential.SUBACCOUNT_KEY: Secret("old"),
                Credential.ACCOUNT_KEY: Secret(there.sendpost.account_key),
            }
            await place.keep(old, both)
            dialog = SignInDialog(window, place, old)
            dialog.open()
            await dialog.work.settled()
            form = dialog.form
            assert isinstance(form, SendPostForm) and not dialog.service.isVisible()
            assert form.hosts.api_url.text() == old.api_url and not form.account_key.text()
            form.subaccount_key.setText(there.sendpost.subaccount_key)
            await press(dialog)
            await press(dialog)
            assert place.settings.profiles == (old,)
            assert set(await place.credentials(old)) == {Credential.SUBACCOUNT_KEY}

    run(go(), 30)


@pytest.mark.parametrize("theme", ["light", "dark"])
@pytest.mark.parametrize("provider", list(SERVICES))
def test_every_form_fits_into_its_window(
    window: QWidget,
    run: Run,
    tmp_path: Path,
    grab: Run,
    themer: Any,
    until: Any,
    theme: str,
    provider: str,
) -> None:
    async def go() -> None:
        themer.pin(theme)
        window.resize(900, 600)
        async with opened(window, tmp_path, provider) as (dialog, form, _place, _there):
            grab(dialog, f"form-{provider}-{theme}")
            if hasattr(form, "more"):
                form.more.link.click()
                form.beside.on.click()
            await until(lambda: dialog.foot_note.parentWidget().geometry().bottom() == dialog.height() - 1)
            assert dialog.height() <= window.height()
            for field in form.fields.values():
                assert not field.isVisible() or field.width() >= field.minimumSizeHint().width()
            grab(dialog, f"form-{provider}-more-{theme}")

    run(go(), 30)
