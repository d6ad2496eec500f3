"""The window over a config dir of its own: every account opens, and the first page leads where it says."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import pytest
from PySide6.QtCore import Qt
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication

from turbodesk.desktop import Desktop
from turbodesk.gui import theme
from turbodesk.gui.parts.button import Button
from turbodesk.gui.sign_in_dialog import SignInDialog
from turbodesk.model.account import SANDBOX, SANDBOXES, Credential, Profile, Secret
from turbodesk.providers import origin_of

Run = Callable[..., Any]


@pytest.fixture(autouse=True)
def _one_themer(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """The window brings a themer of its own; the one of all tests comes back afterwards."""
    monkeypatch.setattr(theme, "_themer", theme._themer)
    monkeypatch.setattr(theme, "_now", theme._now)
    yield


@pytest.fixture
def started(qapp: QApplication, tmp_path: Path) -> Callable[..., Any]:
    """`async with started() as desktop`: shown, and open on the sandbox; secrets stay in memory."""

    @asynccontextmanager
    async def start(size: tuple[int, int] = (1280, 800)) -> AsyncIterator[Desktop]:
        desktop = Desktop(qapp, tmp_path, theme="light", size=size, touring=True)
        try:
            desktop.show()
            await desktop.open()
            yield desktop
        finally:
            desktop.window.close()
            await desktop.aclose()
            desktop.window.deleteLater()
            await asyncio.sleep(0)

    return start


def dialog() -> SignInDialog | None:
    return next(
        (it for it in QApplication.topLevelWidgets() if isinstance(it, SignInDialog) and it.isVisible()), None
    )


def test_every_built_in_account_opens_from_the_menu(started: Any, run: Run, until: Any, grab: Run) -> None:
    async def go() -> None:
        async with started() as desktop:
            window = desktop.window
            actions = window.header.profile_button.actions_by_key
            assert [action.text() for action in actions] == [
                "Sandbox as turboSMTP v1",
                "Sandbox as turboSMTP v2",
                "Sandbox as SendPost",
                "Sandbox as SMTP relay",
            ]
            for place, name in reversed(list(enumerate(SANDBOXES))):
                window.header.profile_button.actions_by_key[place].trigger()
                await until(lambda name=name: window.desk.profile.name == name)
                assert window.notices.latest is None
                assert (window.desk.relay is None) == (name == "sandbox-smtp")
                assert desktop.settings.last_profile == name
                assert "Sandbox running on 127.0.0.1:" in window.status_bar.live_text
                assert desktop.secret_kept(name) == "needs no key"
                window.turn("account")
                await window.tab("account").work.settled()
                rows = window.tab("account").profiles.rows
                await until(lambda name=name, rows=rows: rows[name].isChecked() and rows[name].isVisible())
                grab(window, f"window-{name}")
            assert window.windowTitle() == "Sandbox - Turbodesk"

    run(go(), 60)


def test_the_own_accounts_stand_above_the_built_in_ones(started: Any, run: Run, until: Any) -> None:
    async def go() -> None:
        async with started() as desktop:
            place = await desktop.place()
            there = place.endpoints
            shop = Profile("Shop & Co", "sendpost", api_url=origin_of(there.sendpost.base_url))
            await place.keep(shop, {Credential.SUBACCOUNT_KEY: Secret(there.sendpost.subaccount_key)})
            desktop.settings = place.settings
            desktop.window.refresh_profiles()
            button = desktop.window.header.profile_button
            texts = [action.text() for action in button.menu().actions() if action.text()]
            assert texts[0] == "Shop && Co    SendPost" and texts[1].startswith("On this computer")
            assert not button.menu().actions()[2].isEnabled(), "a heading"
            button.actions_by_key[0].trigger()
            await until(lambda: desktop.window.desk.profile == shop)
            assert desktop.window.status_bar.live_text == "SendPost as Shop & Co"
            assert desktop.secret_kept("Shop & Co") == "keys in memory, until you close Turbodesk"
            await desktop.remove_profile("Shop & Co")
            assert desktop.window.desk.profile.name == SANDBOX

    run(go(), 60)


@pytest.mark.parametrize("provider", ["turbosmtp-v2", "sendpost", "smtp"])
def test_the_first_page_connects_every_service(started: Any, run: Run, until: Any, provider: str) -> None:
    async def go() -> None:
        async with started() as desktop:
            first = desktop.window.first_run
            desktop.window.show_first_run()
            QTest.mouseClick(first.connect_buttons[provider], Qt.MouseButton.LeftButton)
            await until(dialog)
            assert dialog().form.provider == provider
            dialog().reject()
            await desktop.window.work.settled()
            assert desktop.window.key == "", "whoever backs out stays on the first page"

    run(go(), 60)


def test_an_account_connected_on_the_first_page_is_open(started: Any, run: Run, until: Any) -> None:
    async def go() -> None:
        async with started() as desktop:
            there = (await desktop.place()).endpoints
            desktop.window.show_first_run()
            QTest.mouseClick(desktop.window.first_run.connect_buttons["sendpost"], Qt.MouseButton.LeftButton)
            await until(dialog)
            form = dialog().form
            dialog().name.setText("News")
            form.hosts.api_url.setText(there.sendpost.base_url)
            form.hosts.sure.setChecked(True)
            form.subaccount_key.setText(there.sendpost.subaccount_key)
            for _ in range(2):
                asked = dialog()
                asked.keep_button.click()
                await asked.work.settled()
            await desktop.window.work.settled()
            assert desktop.window.desk.profile.name == "News" and desktop.window.key == "compose"

    run(go(), 60)


def test_the_first_page_shows_the_other_services_of_the_sandbox(started: Any, run: Run) -> None:
    async def go() -> None:
        async with started() as desktop:
            first = desktop.window.first_run
            desktop.window.show_first_run()
            actions = first.sandbox_button.menu().actions()
            assert [action.text() for action in actions][2] == "Sandbox as SendPost"
            actions[2].trigger()
            await desktop.window.work.settled()
            assert desktop.window.desk.profile.name == "sandbox-sendpost"

    run(go(), 60)


@pytest.mark.parametrize("look", ["light", "dark"])
@pytest.mark.parametrize("size", [(1280, 800), (900, 600)])
def test_the_first_page_shows_all_its_cards(
    started: Any, run: Run, grab: Run, until: Any, look: str, size: tuple[int, int]
) -> None:
    async def go() -> None:
        async with started(size) as desktop:
            theme.themer().pin(look)
            desktop.window.show_first_run()
            first = desktop.window.first_run

            def in_sight(button: Button) -> bool:
                return first.rect().contains(button.mapTo(first, button.rect().bottomRight()))

            buttons = (first.send_button, *first.connect_buttons.values(), first.sandbox_button)
            await until(lambda: all(button.isVisible() and in_sight(button) for button in buttons))
            grab(desktop.window, f"first-run-{size[0]}-{look}")

    run(go(), 60)
