"""What two programs over one config dir know of one another, and what one of them opens only once."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Awaitable, Callable
from dataclasses import replace
from pathlib import Path

import pytest

from turbodesk.errors import ConfirmFirst, FileTrouble, Guarded
from turbodesk.model.account import Profile
from turbodesk.model.message import Address, Message
from turbodesk.model.outcome import SendState
from turbodesk.settings import FILE
from turbodesk.vault import MemoryVault
from turbodesk.workplace import Workplace

NOBODY = Profile("Shop", "smtp", smtp_host="127.0.0.1", smtp_port=1, smtp_tls="none")
LETTER = Message(Address("me@example.com"), (Address("tom@example.com"),), "Hi", "Hello")


def over_two(tmp_path: Path, play: Callable[[Workplace, Workplace], Awaitable[None]]) -> None:
    async def both() -> None:
        vault = MemoryVault()
        async with (
            Workplace(tmp_path, vault=vault, environment={}) as window,
            Workplace(tmp_path, vault=vault, environment={}) as line,
        ):
            line.change(lambda settings: settings.with_profile(NOBODY))
            await play(window, line)

    asyncio.run(both())


@pytest.mark.parametrize(
    ("guards", "stands"),
    [
        ({"viewer": True}, Guarded),
        ({"block": ("example.com",)}, Guarded),
        ({"allow": ("example.org",)}, Guarded),
        ({"daily_cap": 1, "locked": True}, None),
    ],
)
def test_guards_set_elsewhere_hold_for_a_desk_that_is_open(
    tmp_path: Path, guards: dict[str, object], stands: type[Exception] | None
) -> None:
    async def play(window: Workplace, line: Workplace) -> None:
        outbox = await window.outbox(await window.desk("Shop"))
        assert (await outbox.send(LETTER)).state is SendState.QUEUED  # nobody listens there
        waiting = await outbox.send(LETTER)

        line.change(lambda settings: settings.with_profile(replace(NOBODY, **guards)))  # type: ignore[arg-type]

        if stands is None:
            many = replace(LETTER, to=tuple(Address(f"p{it}@example.com") for it in range(6)))
            with pytest.raises(Guarded):
                await outbox.send(many)
            line.change(lambda settings: settings.with_profile(replace(NOBODY, locked=True)))
            with pytest.raises(ConfirmFirst):
                await outbox.send(many)
        else:
            with pytest.raises(stands):
                await outbox.send(LETTER)
            with pytest.raises(stands):
                await outbox.send_again(waiting.id)
        line.change(lambda settings: settings.with_profile(NOBODY))
        assert (await outbox.send(LETTER)).state is SendState.QUEUED

    over_two(tmp_path, play)


def test_settings_are_read_again_only_where_somebody_wrote_them(tmp_path: Path) -> None:
    async def play(window: Workplace, line: Workplace) -> None:
        first = window.settings
        assert window.settings is first
        line.change(lambda settings: replace(settings, theme="dark"))
        assert window.settings.theme == "dark"
        assert window.settings is window.settings

    over_two(tmp_path, play)


def test_settings_that_broke_meanwhile_are_told_until_they_are_written_again(tmp_path: Path) -> None:
    async def play(window: Workplace, line: Workplace) -> None:
        assert window.settings.profile("Shop") == NOBODY
        (tmp_path / FILE).write_text("{")
        assert "could not be understood" in window.settings.note
        assert "could not be understood" in window.settings.note  # and is set aside by now
        assert window.settings.profile("Shop") == NOBODY
        window.change(lambda settings: replace(settings, theme="dark"))
        assert json.loads((tmp_path / FILE).read_text())["profiles"][0]["name"] == "Shop"
        assert window.settings.note == ""

    over_two(tmp_path, play)


def test_where_the_guards_cannot_be_read_nothing_is_sent(tmp_path: Path) -> None:
    async def play(window: Workplace, line: Workplace) -> None:
        outbox = await window.outbox(await window.desk("Shop"))
        await outbox.send(LETTER)
        (tmp_path / FILE).unlink()
        (tmp_path / FILE).mkdir()
        with pytest.raises(FileTrouble):
            await outbox.send(LETTER)
        assert len(await outbox.entries()) == 1
        (tmp_path / FILE).rmdir()

    over_two(tmp_path, play)


def test_of_two_who_ask_at_once_for_a_desk_of_their_own_both_get_the_same(tmp_path: Path) -> None:
    async def play() -> None:
        async with Workplace(tmp_path, vault=MemoryVault(), environment={}) as place:
            desks = await asyncio.gather(*(place._own_desk("sandbox") for _ in range(4)))
            assert len(set(map(id, desks))) == 1
            assert await place._own_desk("sandbox", 3) is not desks[0]

    asyncio.run(play())


def test_a_desk_of_its_own_outlives_new_guards_but_not_a_new_account(tmp_path: Path) -> None:
    async def play(window: Workplace, line: Workplace) -> None:
        desk = await window._own_desk("Shop")
        line.change(lambda settings: settings.with_profile(replace(NOBODY, daily_cap=3)))
        assert await window._own_desk("Shop") is desk
        line.change(lambda settings: settings.with_profile(replace(NOBODY, smtp_port=2)))
        other = await window._own_desk("Shop")
        assert other is not desk
        line.change(lambda settings: settings.with_profile(replace(NOBODY, smtp_port=2, viewer=True)))
        assert await window._own_desk("Shop") is not other

    over_two(tmp_path, play)
