"""What guards a profile, as the window shows it, changes it, and asks before many are written to."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import asynccontextmanager
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from PySide6.QtCore import QPoint, Qt
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication, QWidget

from tests.gui.conftest import until
from turbodesk import settings
from turbodesk.desktop import Desktop
from turbodesk.errors import Guarded
from turbodesk.gui import theme
from turbodesk.gui.confirm_send import ConfirmSend, confirm_send
from turbodesk.gui.guards_dialog import GuardsDialog
from turbodesk.gui.header import Header
from turbodesk.gui.parts.label import Label
from turbodesk.gui.sign_in_dialog import SignInDialog
from turbodesk.model.account import Profile
from turbodesk.model.message import Address, Message
from turbodesk.providers.port import Capability
from turbodesk.workplace import sandbox_profile

Run = Callable[..., Any]
SHOP = Profile("Shop", "turbosmtp-v2", locked=True)
GUARDED = replace(SHOP, viewer=True, allow=("example.com",), block=("tom@example.com",), daily_cap=7)


@pytest.fixture
def window(window_of: Run) -> QWidget:
    """What a dialog stands over."""
    shown: QWidget = window_of(QWidget(), 1280, 800)
    return shown


# before many are written to


def asked(window: QWidget, recipients: int, *, typed: bool, **more: Any) -> ConfirmSend:
    given = {"subject": "News", "profile": SHOP, "way": "api", "facts": [], "foot": "", **more}
    made = ConfirmSend(window, recipients=recipients, typed=typed, **given)
    made.open()
    return made


def test_many_are_asked_about_in_words_that_name_count_profile_and_way(window: QWidget, grab: Run) -> None:
    facts = [("Left in the plan", "5,816, then 5,688"), ("Skipped", "2 suppressed addresses")]
    dialog = asked(window, 128, typed=True, subject="November order guide", facts=facts, foot="10 s to undo")
    assert dialog.heading.text() == "Send to 128 people?"
    assert dialog.says.text() == "“November order guide” goes out through Shop, over the API, now."
    told = [label.text() for label in dialog.facts.findChildren(Label)]
    assert told == [text for fact in facts for text in fact]
    assert dialog.foot_note.text() == "10 s to undo"
    assert dialog.send_button.text() == "Send to 128"
    grab(dialog, "confirm-send")
    dialog.reject()
    later = asked(window, 6, typed=False, way="smtp", when="on 3 Dec, 09:00", subject=" <b>x</b>\n ")
    assert later.says.text() == "“<b>x</b>” goes out through Shop, by SMTP, on 3 Dec, 09:00."
    later.reject()


def test_the_number_must_be_typed_before_it_goes_and_enter_never_sends(window: QWidget) -> None:
    dialog = asked(window, 1024, typed=True)
    assert dialog.number is not None and dialog.focusWidget() is dialog.number.edit
    for text in ("", "1", "1023", "01024", "1024x", "Send"):
        dialog.number.setText(text)
        assert not dialog.send_button.isEnabled()
        assert "Type 1,024 first." in dialog.send_button.toolTip()
    for text in (" 1024 ", "1,024"):
        dialog.number.setText(text)
        assert dialog.send_button.isEnabled()
    QTest.keyClick(dialog.number.edit, Qt.Key.Key_Return)
    assert dialog.isVisible(), "Enter does not send what had to be typed"
    dialog.number.setText("")
    assert not dialog.send_button.isEnabled()
    dialog.reject()


@pytest.mark.parametrize(("key", "said"), [(Qt.Key.Key_Return, True), (Qt.Key.Key_Escape, False)])
def test_a_few_go_with_enter_and_stay_with_escape(window: QWidget, run: Run, key: Qt.Key, said: bool) -> None:
    async def go() -> None:
        asking = asyncio.ensure_future(
            confirm_send(
                window, subject="", recipients=6, profile=SHOP, way="api", facts=[], typed=False, foot=""
            )
        )
        await asyncio.sleep(0)
        (dialog,) = window.findChildren(ConfirmSend)
        assert dialog.number is None
        assert dialog.says.text().startswith("“No subject” goes out")
        QTest.keyClick(dialog, key)
        assert await asking is said

    run(go())


# the limits


def test_limits_are_written_read_back_and_told_where_they_are_none(window: QWidget, settle: Run) -> None:
    dialog = GuardsDialog(window, GUARDED)
    dialog.open()
    assert dialog.allow.edit.toPlainText() == "example.com"
    assert dialog.cap.text() == "7"
    dialog.allow.edit.setPlainText("@Example.ORG, *.example.net;\nann@Bücher.example\nexample.org")
    dialog.block.edit.setPlainText("tom@")
    before = dialog.height()
    dialog.keep_button.click()
    settle()
    assert dialog.isVisible() and dialog.block.message.sentence.startswith("tom@: ")
    assert dialog.focusWidget() is dialog.block.edit and dialog.height() > before
    assert dialog.limited(SHOP).allow == ("example.com",), "nothing is taken before all of it can be"
    dialog.block.edit.setPlainText("")
    assert dialog.block.message.sentence == ""
    dialog.cap.setText("")
    dialog.keep_button.click()
    assert not dialog.isVisible()
    found = dialog.limited(SHOP)
    assert found.allow == ("example.org", "*.example.net", "ann@xn--bcher-kva.example")
    assert (found.block, found.daily_cap, found.locked, found.viewer) == ((), 0, True, False)


def test_a_cap_takes_digits_alone(window: QWidget) -> None:
    dialog = GuardsDialog(window, SHOP)
    dialog.open()
    QTest.keyClicks(dialog.cap.edit, "-1e5.0x")
    assert dialog.limited(SHOP).daily_cap == 150
    dialog.reject()


# the header


def test_the_tags_say_what_guards_the_profile_and_keep_their_words_longest(
    window_of: Run, settle: Run
) -> None:
    holder = QWidget()
    header = Header(holder)
    for key in ("compose", "outbox", "reports", "stats", "tools", "account"):
        header.tab_row.add(key, key.capitalize(), key)
    header.resize(1280, 60)
    window_of(holder, 1280, 120)
    tags = header.guard_tags
    for profile in (replace(SHOP, locked=False), SHOP, GUARDED):
        header.profile_button.show_profile(profile, "turboSMTP")
        header.show_guards(profile)
        assert tags.lock.isVisible() is profile.locked
        assert tags.viewer.isVisible() is profile.viewer
    whole = tags.lock.width()
    seen = []
    for width in range(1280, 500, -10):
        header.resize(width, header.height())
        settle()
        shape = (header.tab_row._icons, tags.lock.sizeHint().width() == whole, header.height() > theme.px(60))
        if shape not in seen:
            seen.append(shape)
    assert seen[:4] == [
        (True, True, False),
        (False, True, False),
        (False, False, False),
        (True, True, True),
    ], "icons of tabs, then words of tags, then a second row"
    assert tags.lock.accessibleName() == "Production lock" and "5 recipients" in tags.lock.toolTip()


# the window over a config dir of its own


@pytest.fixture(autouse=True)
def _one_themer(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """A window brings a themer of its own; the one of all tests comes back afterwards."""
    monkeypatch.setattr(theme, "_themer", theme._themer)
    monkeypatch.setattr(theme, "_now", theme._now)
    yield


@asynccontextmanager
async def started(qapp: QApplication, config_dir: Path, **guards: Any) -> AsyncIterator[Desktop]:
    """The window, open in Account on a profile “Shop” with these guards, at the sandbox behind turboSMTP."""
    desktop = Desktop(qapp, config_dir, theme="light", size=(1280, 800), touring=True)
    try:
        desktop.show()
        await desktop.open()
        place = await desktop.place()
        await (await place.desk("sandbox-v2")).aclose()
        assert place.endpoints is not None
        profile, credentials = sandbox_profile(place.profile("sandbox-v2"), place.endpoints)
        await place.keep(replace(profile, name="Shop", colour="pink", **guards), credentials)
        desktop.settings = place.settings
        await _open(desktop)
        yield desktop
    finally:
        desktop.window.close()
        await desktop.aclose()
        desktop.window.deleteLater()
        await asyncio.sleep(0)


async def _open(desktop: Desktop) -> None:
    window = desktop.window
    window.refresh_profiles()
    window.open_profile("Shop")
    await until(lambda: window.desk is not None and window.desk.profile.name == "Shop")
    window.turn("account")
    await window.tab("account").work.settled()


def kept(desktop: Desktop) -> Profile:
    """The profile as it is on disk."""
    found = settings.load(desktop.config_dir).profile("Shop")
    assert found is not None
    return found


def edges(window: QWidget) -> set[str]:
    """The colours in the middle of the window's four edges."""
    picture = window.grab().toImage()
    right, bottom = picture.width() - 1, picture.height() - 1
    spots = [(right // 2, 0), (0, bottom // 2), (right, bottom // 2), (right // 2, bottom)]
    return {picture.pixelColor(QPoint(*spot)).name() for spot in spots}


def test_the_lock_puts_a_red_frame_around_everything_at_once(
    qapp: QApplication, tmp_path: Path, run: Run, grab: Run
) -> None:
    async def go() -> None:
        async with started(qapp, tmp_path) as desktop:
            window, tab = desktop.window, desktop.window.tab("account")
            red = theme.colour("danger-fill").name()
            assert red not in edges(window)
            pane = tab.guards
            assert pane.isVisible() and not pane.lock_switch.state
            pane.lock_switch.click()
            await tab.work.settled()
            await until(lambda: edges(window) == {red})  # no nested loop: what waits looks on meanwhile
            assert pane.lock_switch.state and kept(desktop).locked
            assert window.header.guard_tags.lock.isVisible()
            assert window.desk is not None and window.desk.profile.locked
            (action, *_) = window.header.profile_button.actions_by_key
            assert "production lock" in action.text() and action.shortcut().toString() == "Ctrl+1"
            grab(window, "production-lock")
            pane.lock_switch.click()
            await tab.work.settled()
            await until(lambda: red not in edges(window))
            assert not kept(desktop).locked

    run(go(), 60)


def test_a_viewer_is_opened_as_one_at_once_and_sends_nothing(
    qapp: QApplication, tmp_path: Path, run: Run
) -> None:
    async def go() -> None:
        async with started(qapp, tmp_path) as desktop:
            window, tab = desktop.window, desktop.window.tab("account")
            tab.guards.viewer_switch.click()
            await tab.work.settled()
            await asyncio.sleep(0)
            assert kept(desktop).viewer
            desk = window.desk
            assert desk is not None and desk.profile.viewer
            assert not desk.has(Capability.SEND)
            assert desk.relay is None or Capability.SEND not in desk.relay.offers
            assert window.header.guard_tags.viewer.isVisible()
            message = Message(Address("me@example.com"), (Address("you@example.org"),), "Hi", "x")
            with pytest.raises(Guarded):
                await (await desktop.outbox()).send(message)
            await tab.work.settled()
            assert not tab.keys.create_button.isEnabled()
            assert "only looks" in tab.keys.create_button.toolTip()
            window.turn("reports")
            reports = window.tab("reports")
            await reports.work.settled()
            assert not reports.suppress_button.isEnabled()
            window.turn("compose")
            assert "only looks" in window.tab("compose").way.why_not
            window.turn("account")
            tab.guards.viewer_switch.click()
            await tab.work.settled()
            await asyncio.sleep(0)
            assert not kept(desktop).viewer
            assert window.desk is not None and window.desk.has(Capability.SEND)

    run(go(), 60)


def test_limits_are_kept_beside_what_another_program_changed(
    qapp: QApplication, tmp_path: Path, run: Run
) -> None:
    async def go() -> None:
        async with started(qapp, tmp_path) as desktop:
            window, tab = desktop.window, desktop.window.tab("account")
            elsewhere = replace(kept(desktop), locked=True)
            settings.change(desktop.config_dir, lambda there: there.with_profile(elsewhere))
            tab.guards.change_button.click()
            await until(lambda: window.findChildren(GuardsDialog))
            (dialog,) = window.findChildren(GuardsDialog)
            dialog.allow.edit.setPlainText("example.com")
            dialog.cap.setText("250")
            dialog.keep_button.click()
            await tab.work.settled()
            found = kept(desktop)
            assert (found.allow, found.daily_cap, found.locked) == (("example.com",), 250, True)
            assert window.desk is not None and window.desk.profile.locked
            told = [label.text() for label in tab.guards.facts.findChildren(Label)]
            assert "example.com" in told and "at most 250 recipients" in told

    run(go(), 60)


@pytest.mark.parametrize("guards", [{"viewer": True}, {"locked": True}])
def test_guards_that_another_program_sets_hold_for_the_open_window(
    qapp: QApplication, tmp_path: Path, run: Run, guards: dict[str, bool]
) -> None:
    async def go() -> None:
        async with started(qapp, tmp_path) as desktop:
            window = desktop.window
            assert window.desk is not None and window.desk.has(Capability.SEND)
            elsewhere = replace(kept(desktop), **guards)
            settings.change(desktop.config_dir, lambda there: there.with_profile(elsewhere))
            await until(lambda: window.desk.profile.guarded_as(elsewhere) == window.desk.profile)
            await until(lambda: window.notices.latest is not None)
            assert "changed by another program" in window.notices.latest.what
            assert window.desk.has(Capability.SEND) is not guards.get("viewer", False)
            await window.work.settled()

    run(go(), 60)


def test_a_built_in_sandbox_has_no_guards_to_change(qapp: QApplication, tmp_path: Path, run: Run) -> None:
    async def go() -> None:
        async with started(qapp, tmp_path, locked=True) as desktop:
            window, tab = desktop.window, desktop.window.tab("account")
            assert tab.guards.isVisible() and tab.profiles.rows["Shop"].profile.locked
            window.open_profile("sandbox")
            await until(lambda: window.desk.profile.is_sandbox)
            await tab.work.settled()
            assert not tab.guards.isVisible()
            assert not window.header.guard_tags.isVisible()
            assert theme.colour("danger-fill").name() not in edges(window)

    run(go(), 60)


def test_signing_in_anew_keeps_the_guards_and_a_viewer_makes_no_key_pair(
    qapp: QApplication, tmp_path: Path, run: Run
) -> None:
    async def go() -> None:
        async with started(qapp, tmp_path, viewer=True, locked=True, block=("example.net",)) as desktop:
            place = await desktop.place()
            there = place.endpoints
            assert there is not None
            before = await (await place.desk("sandbox-v2")).provider.keys()
            dialog = SignInDialog(desktop.window, place, place.profile("Shop"))
            dialog.open()
            form: Any = dialog.form
            form.way.segment("login").click()
            form.user.setText(there.user)
            form.password.setText(there.password)
            form.create_box.click()
            dialog.try_and_keep()
            await dialog.work.settled()
            assert "only looks" in dialog.message.sentence and dialog.isVisible()
            assert await (await place.desk("sandbox-v2")).provider.keys() == before
            form.way.segment("pair").click()
            form.consumer_key.setText(there.turbosmtp_v2.consumer_key)
            form.consumer_secret.setText(there.turbosmtp_v2.consumer_secret)
            dialog.try_and_keep()
            await dialog.work.settled()
            dialog.keep()
            await dialog.work.settled()
            assert dialog.kept_name == "Shop", dialog.message.sentence
            found = kept(desktop)
            assert (found.viewer, found.locked, found.block) == (True, True, ("example.net",))

    run(go(), 60)
