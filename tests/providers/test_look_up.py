"""A send whose answer was lost is found at its provider, or surely is not there; nothing is guessed."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from tests.providers.conftest import Script, answer
from turbodesk.errors import OutcomeUnknown, ProviderBroken, TurbodeskError
from turbodesk.model.account import Credential, Profile, Secret
from turbodesk.model.lookup import Found, Sought, Trace
from turbodesk.model.message import Address, Message
from turbodesk.model.outcome import Verdict
from turbodesk.providers import open_provider, open_relay
from turbodesk.providers.gateway import Gateway
from turbodesk.providers.port import Provider
from turbodesk.providers.sandbox_control import SandboxControl
from turbodesk.sandbox.server import Endpoints, SandboxServer
from turbodesk.workplace import sandbox_profile

ASKED = ["turbosmtp-v1", "turbosmtp-v2", "sendpost"]
KEYED = ["turbosmtp-v2", "sendpost"]


@pytest.fixture(scope="module")
def there() -> Iterator[Endpoints]:
    server = SandboxServer(history_rows=60, history_days=20)
    try:
        yield server.start()
    finally:
        server.stop()


class Stage:
    """One provider over the sandbox, its relay, and the sandbox's other side."""

    def __init__(self, provider: Provider, relay: Provider | None, control: SandboxControl) -> None:
        self.provider, self.relay, self.control = provider, relay, control

    async def lost(self, message: Message, *, sender: Provider | None = None) -> Sought:
        """Sends; whatever the answer, what is known of the send when it is forgotten."""
        began = datetime.now(UTC)
        with contextlib.suppress(OutcomeUnknown):
            await (sender or self.provider).send(message, _nothing)
        return sought(message, began, by_relay=sender is not None)

    async def looked(self, message: Message, **more: Any) -> Found:
        return await self.provider.look_up(replace(await self.lost(message), **more))


def sought(message: Message, began: datetime, **more: Any) -> Sought:
    return Sought(
        key=message.key,
        sender=message.sender,
        subject=message.subject,
        recipients=message.recipients,
        began=began,
        ended=datetime.now(UTC),
        groups=message.groups,
        **more,
    )


_numbers = iter(range(10**6))


def letter(*to: str, **more: Any) -> Message:
    number = next(_numbers)
    fields: dict[str, Any] = {
        "sender": Address("me@example.com", "Me"),
        "subject": f"Order {number}",
        "text": "Hello",
        "key": f"td-{number:026}".replace("0", "a").replace("1", "b"),
    }
    return Message(to=tuple(map(Address.parse, to)), **{**fields, **more})


async def _nothing() -> None:
    pass


@contextlib.asynccontextmanager
async def opened(name: str, there: Endpoints) -> AsyncIterator[Stage]:
    gateway = Gateway()
    profile, credentials = sandbox_profile(Profile("test", name), there)
    provider, relay = open_provider(profile, credentials, gateway), open_relay(profile, credentials, gateway)
    try:
        yield Stage(provider, relay, SandboxControl(there.inbox_url, gateway, Secret(there.control_token)))
    finally:
        await provider.aclose()
        if relay is not None:
            await relay.aclose()
        await gateway.aclose()


def play(name: str, there: Endpoints, scene: Callable[[Stage], Awaitable[None]]) -> None:
    async def go() -> None:
        async with opened(name, there) as stage:
            await scene(stage)

    asyncio.run(go())


@pytest.mark.parametrize("name", ASKED)
def test_a_lost_answer_is_found_and_nothing_goes_again(name: str, there: Endpoints) -> None:
    async def scene(stage: Stage) -> None:
        message = letter("drop@example.com")
        before = (await stage.control.accepted())["total"]
        with pytest.raises(OutcomeUnknown):
            await stage.provider.send(message, _nothing)
        found = await stage.provider.look_up(sought(message, datetime.now(UTC)))
        assert found.trace is Trace.FOUND, found
        (outcome,) = found.outcomes
        assert (outcome.verdict, outcome.address.email) == (Verdict.ACCEPTED, "drop@example.com")
        assert outcome.provider_id and found.provider_id == outcome.provider_id
        assert (await stage.control.accepted())["total"] == before + 1

    play(name, there, scene)


@pytest.mark.parametrize("name", ASKED)
def test_what_never_went_is_absent(name: str, there: Endpoints) -> None:
    async def scene(stage: Stage) -> None:
        found = await stage.provider.look_up(sought(letter("ok@example.com"), datetime.now(UTC)))
        assert (found.trace, found.outcomes) == (Trace.ABSENT, ())
        assert "turboSMTP" in found.words or "SendPost" in found.words

    play(name, there, scene)


@pytest.mark.parametrize("name", ASKED)
def test_every_recipient_has_an_outcome(name: str, there: Endpoints) -> None:
    async def scene(stage: Stage) -> None:
        message = letter(
            "ok@example.com",
            "hardbounce@example.com",
            cc=(Address("copy@example.com"),),
            bcc=(Address("blind@example.com"),),
        )
        found = await stage.looked(message)
        assert found.trace is Trace.FOUND, found
        assert [(it.kind, it.address) for it in found.outcomes] == list(message.recipients)
        assert {it.verdict for it in found.outcomes} == {Verdict.ACCEPTED}

    play(name, there, scene)


@pytest.mark.parametrize("name", ASKED)
def test_one_that_is_not_there_stays_unknown(name: str, there: Endpoints) -> None:
    async def scene(stage: Stage) -> None:
        message = letter("ok@example.com")
        more = replace(message, to=(*message.to, Address("other@example.com")))
        found = await stage.provider.look_up(replace(await stage.lost(message), recipients=more.recipients))
        assert found.trace is Trace.PARTLY
        assert [it.verdict for it in found.outcomes] == [Verdict.ACCEPTED, Verdict.UNKNOWN]

    play(name, there, scene)


@pytest.mark.parametrize("name", KEYED)
def test_by_its_key_two_equal_letters_are_told_apart(name: str, there: Endpoints) -> None:
    async def scene(stage: Stage) -> None:
        first = letter("ok@example.com")
        second = replace(letter("ok@example.com"), subject=first.subject)
        found = [await stage.looked(it, alone=False) for it in (first, second)]
        assert [it.trace for it in found] == [Trace.FOUND] * 2
        assert found[0].provider_id != found[1].provider_id

    play(name, there, scene)


def test_without_a_key_nothing_is_guessed(there: Endpoints) -> None:
    async def scene(stage: Stage) -> None:
        first = letter("ok@example.com")
        lost = await stage.lost(first)
        assert (await stage.provider.look_up(lost)).trace is Trace.FOUND
        assert (await stage.provider.look_up(replace(lost, alone=False))).trace is Trace.UNCLEAR
        await stage.lost(replace(letter("ok@example.com"), subject=first.subject))
        assert (await stage.provider.look_up(lost)).trace is Trace.UNCLEAR
        earlier = timedelta(minutes=30)
        other = replace(lost, began=lost.began - earlier, ended=lost.ended - earlier)
        assert (await stage.provider.look_up(other)).trace is Trace.UNCLEAR, "one like it, at another time"

    play("turbosmtp-v1", there, scene)


def test_with_a_campaign_of_its_own_it_is_found_by_likeness(there: Endpoints) -> None:
    async def scene(stage: Stage) -> None:
        found = await stage.looked(letter("ok@example.com", groups=("Autumn",)))
        assert found.trace is Trace.FOUND and "sender, subject, recipient" in found.words

    play("turbosmtp-v2", there, scene)


@pytest.mark.parametrize("name", ASKED)
def test_what_went_by_the_relay_is_found_over_the_api(name: str, there: Endpoints) -> None:
    async def scene(stage: Stage) -> None:
        assert stage.relay is not None
        message = letter("ok@example.com")
        found = await stage.provider.look_up(await stage.lost(message, sender=stage.relay))
        assert found.trace is Trace.FOUND, found

    play(name, there, scene)


def test_a_relay_alone_cannot_and_says_so(there: Endpoints) -> None:
    async def scene(stage: Stage) -> None:
        found = await stage.looked(letter("ok@example.com"))
        assert (found.trace, found.outcomes) == (Trace.CANNOT, ())
        assert "answers no questions" in found.words

    play("smtp", there, scene)


def test_sendpost_without_its_account_key_cannot_and_asks_nothing() -> None:
    async def go() -> None:
        async with Script([answer({})]).serve() as script:
            gateway = Gateway()
            profile = Profile("test", "sendpost", api_url=script.origin)
            provider = open_provider(profile, {Credential.SUBACCOUNT_KEY: Secret("sub")}, gateway)
            found = await provider.look_up(sought(letter("ok@example.com"), datetime.now(UTC)))
            await gateway.aclose()
            assert (found.trace, script.seen) == (Trace.CANNOT, [])
            assert "account key" in found.words

    asyncio.run(go())


# ---- what is asked, field by field


KEY = "td-aaaaaaaaaaaaaaaaaaaaaaaaaa"
TOKEN = {"auth": "t0ken-0123456789abcdef0123456789abcdef"}


def asked_over(name: str, credentials: dict[Credential, Secret], *replies: Any) -> tuple[Any, Script, Sought]:
    """What a look-up brings or raises against a script, what was asked, and what was sought."""

    async def go() -> tuple[Any, Script, Sought]:
        async with Script(list(replies)).serve() as script:
            gateway = Gateway(sleep=_at_once)
            profile = Profile(
                "test", name, user="owner@example.com", api_url=script.origin, send_url=script.origin
            )
            provider = open_provider(profile, credentials, gateway)
            began = datetime(2026, 11, 3, 12, 0, 5, tzinfo=UTC)
            lost = replace(
                sought(letter("ann@example.com", key=KEY), began), ended=began + timedelta(seconds=40)
            )
            try:
                return await provider.look_up(lost), script, lost
            except TurbodeskError as error:
                return error, script, lost
            finally:
                await gateway.aclose()

    return asyncio.run(go())


async def _at_once(_seconds: float) -> None:
    pass


PAIR = {Credential.CONSUMER_KEY: Secret("key"), Credential.CONSUMER_SECRET: Secret("secret")}
PASSWORD = {Credential.PASSWORD: Secret("password")}
BOTH = {Credential.ACCOUNT_KEY: Secret("account"), Credential.SUBACCOUNT_KEY: Secret("sub")}


def test_v2_is_asked_for_the_key_without_naming_a_column() -> None:
    rows = [{"id": 7, "subject": "x", "sender": "me@example.com", "recipient": "ann@example.com"}]
    found, script, lost = asked_over("turbosmtp-v2", PAIR, answer({"count": 1, "results": rows}))
    (request,) = script.seen
    assert (request.method, request.path) == ("GET", "/api/v2/analytics")
    assert request.query.keys() == {"from", "to", "tz", "filter", "page", "limit"}
    assert request.query["filter"] == lost.key
    assert request.query["from"] <= "2026-11-02" and request.query["to"] >= "2026-11-04"
    assert (request.headers["consumerkey"], request.headers["consumersecret"]) == ("key", "secret")
    assert found.trace is Trace.ABSENT, "a row of another campaign is not ours"


def test_v2_that_wants_a_column_is_asked_for_each_recipient() -> None:
    no = answer({"errors": ["missing_required_parameter_filter_by"]}, 400)
    rows = [{"id": 7, "recipient": "Ann@example.com", "x_campaign_id": KEY}]
    found, script, _ = asked_over("turbosmtp-v2", PAIR, no, answer({"count": 1, "results": rows}))
    second = script.seen[1].query
    assert (second["filter"], second["filter_by"]) == ("ann@example.com", "recipient")
    assert (found.trace, found.provider_id) == (Trace.FOUND, "7")


def test_v1_is_asked_for_two_hours_to_the_second() -> None:
    _, script, _ = asked_over("turbosmtp-v1", PASSWORD, answer(TOKEN), answer({"count": 0}), answer([]))
    questions = [it for it in script.seen if it.method == "GET"]
    assert questions[0].path == "/api/stats/panes/emails/count"
    query = {"start": "2026-11-03 11:00:05", "end": "2026-11-03 13:00:45", "tz": "+00:00"}
    assert questions[0].query == query


def test_sendpost_is_asked_for_messages_and_for_its_count() -> None:
    nothing, counted = answer([]), answer({"processed": 1, "delivered": 1})
    found, script, lost = asked_over("sendpost", BOTH, nothing, counted)
    messages, count = script.seen
    assert (messages.method, messages.path) == ("GET", "/api/v1/account/message")
    assert messages.query == {
        "from": "2026-11-03T11:00:05Z",
        "to": "2026-11-03T13:00:46Z",
        "limit": "25",
        "offset": "0",
    }
    assert count.path == "/api/v1/account/stat/aggregate/group"
    assert count.query["group"] == lost.key
    assert all(it.headers["x-account-apikey"] == "account" for it in script.seen)
    assert all("x-subaccount-apikey" not in it.headers for it in script.seen)
    assert found.trace is Trace.FOUND and "counted 1" in found.words


@pytest.mark.parametrize("name", ASKED)
@pytest.mark.parametrize(
    "odd", [answer("<html>no</html>", type="text/html"), answer(b"{", 200), answer({}, 500)], ids=str
)
def test_an_odd_answer_settles_nothing(name: str, odd: bytes) -> None:
    credentials = {"turbosmtp-v1": PASSWORD, "turbosmtp-v2": PAIR, "sendpost": BOTH}[name]
    replies = [answer(TOKEN), odd] if name == "turbosmtp-v1" else [odd]
    found, *_ = asked_over(name, credentials, *replies)
    assert isinstance(found, ProviderBroken), found
