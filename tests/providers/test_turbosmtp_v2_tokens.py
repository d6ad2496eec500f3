"""Tokens of turboSMTP v2: they die amid a list, are wanted by several at once, and are given back."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from typing import Any

import pytest

from tests.providers.turbosmtp_v2_script import MID, STATS, all_of, refusal, run
from turbodesk.errors import NotSignedIn, SignInRefused
from turbodesk.model.reports import ALL_TIME
from turbodesk.providers.port import Provider


class Analytics:
    """A list behind tokens that die after a number of pages."""

    def __init__(self, tools: Any, rows: int, dies_at: int = 0, always_refuses: bool = False) -> None:
        self.tools, self.rows, self.dies_at, self.always = tools, rows, dies_at, always_refuses
        self.tokens = 0
        self.script = tools.Script([self.reply])

    def reply(self, seen: Any) -> Any:
        if seen.path == "/api/v2/authorize":
            self.tokens += 1
            return self.tools.answer({"auth": f"token{self.tokens}"})
        page, limit = int(seen.query["page"]), int(seen.query["limit"])
        if self.dies_at and page >= self.dies_at:
            self.dies_at = 0
            self.tokens += 1  # the old one is not known any more
        if self.always or seen.headers["authorization"] != f"token{self.tokens}":
            return refusal(self.tools, "invalid_authorization_key", 401)
        ids = range(MID - (page - 1) * limit, MID - min(page * limit, self.rows), -1)
        return self.tools.answer({"count": self.rows, "results": [{"id": id} for id in ids]})


def test_a_token_that_dies_while_paging_is_renewed_once_and_no_row_is_lost(tools: Any) -> None:
    async def go() -> None:
        there = Analytics(tools, rows=5500, dies_at=4)
        async with there.script.serve() as server, tools.gateway() as gateway:
            provider = tools.turbosmtp_v2(gateway, server.origin, pair=False, password=True)
            pages = await all_of(provider.stats(ALL_TIME))
        assert [row.id for page in pages for row in page.rows] == [str(MID - row) for row in range(5500)]
        assert pages[-1].complete
        asked = [seen for seen in there.script.seen if seen.path != "/api/v2/authorize"]
        assert len(there.script.seen) - len(asked) == 2
        assert [seen.query["page"] for seen in asked].count("1") == 1
        assert tools.naps == []

    asyncio.run(go())


def test_a_second_401_ends_it(tools: Any) -> None:
    async def go() -> None:
        there = Analytics(tools, rows=100, always_refuses=True)
        async with there.script.serve() as server, tools.gateway() as gateway:
            provider = tools.turbosmtp_v2(gateway, server.origin, pair=False, password=True)
            with pytest.raises(SignInRefused):
                await all_of(provider.stats(ALL_TIME))
        assert [seen.path.rpartition("/")[2] for seen in there.script.seen] == ["authorize", "analytics"] * 2

    asyncio.run(go())


def test_a_token_that_is_gone_already_is_as_good_as_given_back(tools: Any) -> None:
    async def work(p: Provider) -> None:
        await p.sign_in()
        await p.sign_out()

    gone = refusal(tools, "invalid_authorization_key", 401)
    assert len(run(tools, work, gone, pair=False, password=True)[1]) == 1


class Doorkeeper:
    """A server whose tokens are good until they are given back; every question counts as one that hangs
    until `go_on`."""

    def __init__(self, tools: Any, *, slow_door: bool = False) -> None:
        self.tools, self.slow_door = tools, slow_door
        self.good: set[str] = set()
        self.tokens = 0
        self.asked = asyncio.Event()
        self.go_on = asyncio.Event()
        self.script = tools.Script([self.reply])

    def reply(self, seen: Any) -> Any:
        async def play(_script: Any, writer: Any) -> None:
            word = seen.path.rpartition("/")[2]
            if word == "authorize":
                await self._wait(self.slow_door)
                self.tokens += 1
                self.good.add(f"token{self.tokens}")
                answer = self.tools.answer({"auth": f"token{self.tokens}"})
            elif word == "deauthorize":
                self.good.remove(seen.headers["authorization"])
                answer = self.tools.answer({"message": "token_deauthorized"})
            else:
                await self._wait(not self.slow_door)
                good = seen.headers["authorization"] in self.good
                answer = (
                    self.tools.answer(STATS)
                    if good
                    else refusal(self.tools, "invalid_authorization_key", 401)
                )
            writer.write(answer)
            await writer.drain()

        return play

    async def _wait(self, here: bool) -> None:
        if here:
            self.asked.set()
            await self.go_on.wait()


def at_the_door(tools: Any, work: Callable[[Any, Doorkeeper], Awaitable[None]], **how: bool) -> Doorkeeper:
    async def go() -> Doorkeeper:
        door = Doorkeeper(tools, **how)
        async with door.script.serve() as server, tools.gateway() as gateway:
            provider = tools.turbosmtp_v2(gateway, server.origin, pair=False, password=True)
            await work(provider, door)
            await provider.aclose()
        return door

    return asyncio.run(go())


def test_two_that_ask_at_once_sign_in_once(tools: Any) -> None:
    async def work(p: Provider, door: Doorkeeper) -> None:
        asking = [asyncio.create_task(p.count_stats(ALL_TIME)) for _ in range(5)]
        await door.asked.wait()
        door.go_on.set()
        assert await asyncio.gather(*asking) == [1] * 5

    assert at_the_door(tools, work, slow_door=True).tokens == 1


def test_a_question_under_way_does_not_sign_in_again_after_signing_out(tools: Any) -> None:
    async def work(p: Provider, door: Doorkeeper) -> None:
        asking = asyncio.create_task(p.count_stats(ALL_TIME))
        await door.asked.wait()
        await p.sign_out()
        door.go_on.set()
        with pytest.raises(SignInRefused):
            await asking

    door = at_the_door(tools, work)
    assert (door.tokens, door.good) == (1, set())


def test_a_token_that_is_on_its_way_is_given_back_too(tools: Any) -> None:
    async def work(p: Provider, door: Doorkeeper) -> None:
        signing_in = asyncio.create_task(p.sign_in())
        await door.asked.wait()
        signing_out = asyncio.create_task(p.sign_out())
        door.go_on.set()
        await asyncio.gather(signing_in, signing_out)

    door = at_the_door(tools, work, slow_door=True)
    assert (door.tokens, door.good) == (1, set())


def test_who_is_signed_out_signs_in_again_with_the_next_question(tools: Any) -> None:
    async def work(p: Provider, door: Doorkeeper) -> None:
        door.go_on.set()
        await p.sign_in()
        await p.sign_out()
        assert await p.count_stats(ALL_TIME) == 1

    assert at_the_door(tools, work).tokens == 2


def test_closing_while_signing_in_is_told_to_who_asked(tools: Any) -> None:
    async def work(p: Provider, door: Doorkeeper) -> None:
        asking = asyncio.create_task(p.count_stats(ALL_TIME))
        await door.asked.wait()
        await p.aclose()
        with pytest.raises(NotSignedIn, match="closed"):
            await asking
        door.go_on.set()

    at_the_door(tools, work, slow_door=True)


def test_who_stops_asking_while_signing_in_is_simply_stopped(tools: Any) -> None:
    async def work(p: Provider, door: Doorkeeper) -> None:
        asking, other = (asyncio.create_task(p.count_stats(ALL_TIME)) for _ in range(2))
        await door.asked.wait()
        asking.cancel()
        with pytest.raises(asyncio.CancelledError):
            await asking
        door.go_on.set()
        assert await other == 1

    assert at_the_door(tools, work, slow_door=True).tokens == 1


def test_a_renewal_that_failed_is_not_tried_by_the_next_in_line(tools: Any) -> None:
    async def go() -> None:
        both, passwords = asyncio.Barrier(2), 0

        def reply(seen: Any) -> Any:
            nonlocal passwords
            if seen.path.endswith("/authorize"):
                passwords += 1
                good = passwords == 1
                word = refusal(tools, "wrong_credentials_specified", 403)
                return tools.answer({"auth": "old"}) if good else word

            async def play(_script: Any, writer: Any) -> None:
                await both.wait()
                writer.write(refusal(tools, "invalid_authorization_key", 401))
                await writer.drain()

            return play

        async with tools.Script([reply]).serve() as server, tools.gateway() as gateway:
            provider = tools.turbosmtp_v2(gateway, server.origin, pair=False, password=True)
            await provider.sign_in()
            asking = (provider.count_stats(ALL_TIME), provider.sub_accounts())
            found = await asyncio.gather(*asking, return_exceptions=True)
            assert [type(each) for each in found] == [SignInRefused] * 2
            assert passwords == 2

    asyncio.run(go())


def test_stopping_in_the_middle_of_a_list_leaves_nothing_behind(tools: Any) -> None:
    async def go() -> None:
        there = Analytics(tools, rows=50_000)
        async with there.script.serve() as server, tools.gateway() as gateway:
            provider = tools.turbosmtp_v2(gateway, server.origin, pair=False, password=True)
            before = asyncio.all_tasks()
            first_page = asyncio.Event()

            async def read() -> None:
                async for _page in provider.stats(ALL_TIME):
                    first_page.set()

            reading = asyncio.create_task(read())
            await first_page.wait()
            reading.cancel()
            with pytest.raises(asyncio.CancelledError):
                await reading
            left = asyncio.all_tasks() - before
            names = {getattr(task.get_coro(), "__qualname__", "") for task in left}
            assert names <= {"listening.<locals>.connection"}  # the server's own
            assert await provider.count_stats(ALL_TIME) == 50_000
        assert len(there.script.seen) < 15

    asyncio.run(go())
