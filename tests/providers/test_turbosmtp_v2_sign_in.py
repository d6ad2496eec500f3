"""Signing in at turboSMTP v2: tokens that die, what each key is worth, and who never hears a secret."""

from __future__ import annotations

import asyncio
import json
import logging
import traceback
from typing import Any
from urllib.parse import quote, quote_plus

import pytest

from tests.providers.turbosmtp_v2_script import NONE, refusal, run
from turbodesk.errors import (
    NoConnection,
    NotOffered,
    NotSignedIn,
    ProviderBroken,
    SignInRefused,
    TurbodeskError,
)
from turbodesk.model.account import Credential, Profile, Secret
from turbodesk.model.reports import ALL_TIME
from turbodesk.providers import open_provider
from turbodesk.providers.port import Provider

# ---- signing in


def test_signing_in_and_out_with_a_password(tools: Any) -> None:
    async def go() -> None:
        script = tools.Script(
            [tools.answer({"auth": tools.token}), tools.answer({"message": "token_deauthorized"})]
        )
        async with script.serve() as server, tools.gateway() as gateway:
            provider = tools.turbosmtp_v2(gateway, server.origin, pair=False, password=True, no_expire=True)
            await provider.sign_in()
            await provider.sign_out()
            await provider.sign_out()  # there is nothing to give back any more
        signing_in, signing_out = script.seen
        assert (signing_in.method, signing_in.target) == ("POST", "/api/v2/authorize")
        assert signing_in.json == {"email": tools.user, "password": tools.password, "no_expire": True}
        assert not {"authorization", "consumerkey"} & set(signing_in.headers)
        assert (signing_out.method, signing_out.target, signing_out.body) == (
            "POST",
            "/api/v2/deauthorize",
            b"",
        )
        assert signing_out.headers["authorization"] == tools.token

    asyncio.run(go())


@pytest.mark.parametrize("password", ["wrong", "credentials", "specified", "e"])
def test_a_password_that_is_part_of_the_answer_does_not_hide_what_it_means(tools: Any, password: str) -> None:
    async def go() -> None:
        no = tools.answer({"message": "wrong_credentials_specified"}, 403)
        async with tools.Script([no]).serve() as server, tools.gateway() as gateway:
            profile = Profile("test", "turbosmtp-v2", user=tools.user, api_url=server.origin)
            provider = open_provider(profile, {Credential.PASSWORD: Secret(password)}, gateway)
            with pytest.raises(SignInRefused) as refused:
                await provider.sign_in()
            assert password == "e" or password not in refused.value.detail

    asyncio.run(go())


def test_a_key_pair_is_proved_by_a_cheap_question_and_has_nothing_to_give_back(tools: Any) -> None:
    async def work(p: Provider) -> None:
        await p.sign_in()
        await p.sign_out()

    _, (seen,) = run(tools, work, tools.answer(NONE), password=True)
    assert (seen.method, seen.path, seen.query["limit"]) == ("GET", "/api/v2/analytics", "1")
    assert seen.query["from"] == seen.query["to"]


def test_a_refused_key_pair_is_named_and_not_tried_again(tools: Any) -> None:
    async def work(p: Provider) -> None:
        with pytest.raises(SignInRefused, match="key pair") as refused:
            await p.sign_in()
        assert "APIS" in refused.value.hint

    assert len(run(tools, work, refusal(tools, "invalid_authorization_key", 401), password=True)[1]) == 1


def test_nothing_known_is_told_without_asking(tools: Any) -> None:
    async def work(p: Provider) -> None:
        assert p.offers == frozenset()
        with pytest.raises(NotSignedIn):
            await p.sign_in()
        for ask in (p.account, lambda: p.stats(ALL_TIME), p.keys, lambda: p.delete_suppressions(["a@b.c"])):
            with pytest.raises(NotOffered):
                found = ask()
                await found
        assert await p.check() == ()

    assert run(tools, work, tools.answer({}), pair=False)[1] == []


def test_a_wrong_password_is_tried_once_however_many_ask(tools: Any) -> None:
    async def go() -> None:
        wrong = refusal(tools, "wrong_credentials_specified", 403)
        async with tools.Script([wrong]).serve() as server, tools.gateway() as gateway:
            provider = tools.turbosmtp_v2(gateway, server.origin, pair=False, password=True)
            found = await asyncio.gather(
                provider.account(), provider.sub_accounts(), provider.keys(), return_exceptions=True
            )
            assert [type(each) for each in found] == [SignInRefused] * 3
            assert "user name and password" in str(found[0])
            assert len(server.seen) == 1

    asyncio.run(go())


@pytest.mark.parametrize("odd", ["pasted\nkey", "pasted\r\n", "k\x00ey", "schlüssel", "zero\u200bwidth"])
@pytest.mark.parametrize("half", [Credential.CONSUMER_KEY, Credential.CONSUMER_SECRET])
def test_a_key_that_no_header_can_carry_is_told_and_nothing_leaves(
    tools: Any, odd: str, half: Credential
) -> None:
    async def go() -> None:
        async with tools.Script([tools.answer(NONE)]).serve() as server, tools.gateway() as gateway:
            profile = Profile("t", "turbosmtp-v2", api_url=server.origin, send_url=server.origin)
            pair = {Credential.CONSUMER_KEY: Secret("k"), Credential.CONSUMER_SECRET: Secret("s")}
            provider = open_provider(profile, {**pair, half: Secret(odd)}, gateway)
            marks = tools.Marks()
            for work in (provider.sign_in(), provider.check(), provider.send(tools.message(), marks)):
                with pytest.raises(NoConnection, match="may not travel") as refused:
                    await work
                assert "enter it again" in refused.value.hint
                assert odd not in f"{refused.value!r} {refused.value.detail}"
            assert (server.seen, marks.count) == ([], 0)

    asyncio.run(go())


@pytest.mark.parametrize("token", ["", "  ", "a\nb", "tökén", 7, None, ["x"]])
def test_a_token_that_no_header_can_carry_is_no_token(tools: Any, token: Any) -> None:
    async def go() -> None:
        async with (
            tools.Script([tools.answer({"auth": token})]).serve() as server,
            tools.gateway() as gateway,
        ):
            provider = tools.turbosmtp_v2(gateway, server.origin, pair=False, password=True)
            with pytest.raises(ProviderBroken):
                await provider.account()
            assert {seen.path for seen in server.seen} == {"/api/v2/authorize"}

    asyncio.run(go())


# ---- what each key is worth


def worth(tools: Any, *replies: Any, **known: bool) -> list[Any]:
    return list(run(tools, lambda p: p.check(), *replies, **known)[0])


def test_a_key_pair_alone_is_judged_by_one_question(tools: Any) -> None:
    (pair,) = worth(tools, tools.answer(NONE))
    assert (pair.credential, pair.taken) == ("key pair", True)
    assert "SEND_API" in pair.words and {"send", "suppressions"} <= set(pair.unlocks)
    (pair,) = worth(tools, refusal(tools, "invalid_authorization_key", 401))
    assert (pair.taken, pair.unlocks) == (False, ())
    assert "APIS" in pair.words
    (pair,) = worth(tools, refusal(tools, "feature_not_available_for_active_plan", 403))
    assert pair.taken


def key_list(tools: Any, key: str, **more: Any) -> Any:
    return tools.answer({"count": 1, "results": [{"consumerKey": key, "label": "x", **more}]})


@pytest.mark.parametrize(
    ("more", "lists_open", "taken", "told", "opened", "closed"),
    [
        ({"permissions": ["SEND_SMTP", "SEND_API", "APIS"]}, True, True, "", {"send", "suppressions"}, set()),
        ({"permissions": ["APIS"]}, True, True, "SEND_API", {"suppressions"}, {"send"}),
        ({"permissions": ["SEND_API"]}, False, True, "APIS", {"send"}, {"suppressions"}),
        ({"permissions": ["SEND_SMTP"]}, False, True, "SEND_API and APIS", set(), {"send", "suppressions"}),
        ({"is_legacy": True}, True, True, "", {"send", "suppressions"}, set()),
        ({"permissions": ["APIS"], "ips": ["192.0.2.1"]}, False, False, "192.0.2.1", set(), {"send"}),
        ({"permissions": ["APIS"]}, False, False, "secret", set(), {"suppressions"}),
    ],
)
def test_with_a_password_the_list_of_keys_says_what_the_pair_may_do(
    tools: Any,
    more: dict[str, Any],
    lists_open: bool,
    taken: bool,
    told: str,
    opened: set[str],
    closed: set[str],
) -> None:
    probe = tools.answer(NONE) if lists_open else refusal(tools, "invalid_authorization_key", 401)
    pair, password = worth(tools, key_list(tools, tools.key, **more), probe, password=True)
    assert (pair.taken, password.taken) == (taken, True)
    assert told in pair.words and bool(told) == bool(pair.words)
    assert opened <= set(pair.unlocks) and not closed & set(pair.unlocks)
    assert "keys" in password.unlocks and "send" not in password.unlocks


def test_a_key_of_another_account_is_told(tools: Any) -> None:
    pair, _ = worth(tools, key_list(tools, "z" * 32), tools.answer(NONE), password=True)
    assert pair.taken and "no such key" in pair.words


@pytest.mark.parametrize("status", [401, 403])
def test_a_list_of_keys_that_is_refused_leaves_the_pair_to_its_question(tools: Any, status: int) -> None:
    def reply(seen: Any) -> Any:
        keys = seen.path.endswith("/consumerKeys")
        return refusal(tools, "not_allowed", status) if keys else tools.answer(NONE)

    pair, password = worth(tools, reply, password=True)
    assert pair.taken and password.taken


def test_a_wrong_password_is_an_answer(tools: Any) -> None:
    async def go() -> None:
        def reply(seen: Any) -> Any:
            if seen.path.endswith("/authorize"):
                return refusal(tools, "wrong_credentials_specified", 403)
            return tools.answer(NONE)

        async with tools.Script([reply]).serve() as server, tools.gateway() as gateway:
            pair, password = await tools.turbosmtp_v2(gateway, server.origin, password=True).check()
        assert (pair.taken, password.taken, password.unlocks) == (True, False, ())
        assert password.words

    asyncio.run(go())


def test_half_of_something_can_not_be_tried(tools: Any) -> None:
    async def go() -> None:
        async with tools.Script([tools.answer({})]).serve() as server, tools.gateway() as gateway:
            profile = Profile("t", "turbosmtp-v2", api_url=server.origin)
            halves = {Credential.CONSUMER_KEY: Secret("k"), Credential.PASSWORD: Secret("p")}
            pair, password = await open_provider(profile, halves, gateway).check()
            assert (pair.taken, password.taken) == (None, None)
            assert "secret" in pair.words and "e-mail" in password.words
            assert server.seen == []

    asyncio.run(go())


def test_a_check_without_a_connection_is_no_verdict(tools: Any) -> None:
    async def work(p: Provider) -> None:
        with pytest.raises(NoConnection):
            await p.check()

    run(tools, work, tools.close)


# ---- secrets


def shapes(secret: str) -> set[str]:
    return {secret, json.dumps(secret)[1:-1], quote(secret), quote_plus(secret), repr(secret)[1:-1]}


def echo(tools: Any, status: int) -> Any:
    """Answers with everything that was asked, as a chatty error page does."""

    def reply(seen: Any) -> Any:
        said = f"{seen.target} {seen.headers} ".encode() + seen.body
        return tools.answer(b"<pre>" + said + b"</pre>", status, "text/html")

    return reply


def echo_json(tools: Any, status: int) -> Any:
    def reply(seen: Any) -> Any:
        held = [seen.headers.get(name, "") for name in ("consumerkey", "consumersecret", "authorization")]
        return tools.answer({"message": "error", "errors": [*held, seen.body.decode()]}, status)

    return reply


def half_of_a_secret(tools: Any) -> Any:
    """Answers that hold secrets come cut, so that they can't be read."""
    made = {"consumerKey": "made-key-1", "consumerSecret": "made-secret-1"}

    def reply(seen: Any) -> Any:
        if seen.path.endswith("/authorize"):
            return tools.answer(json.dumps({"auth": tools.token})[:-1])
        if seen.path.endswith("/consumerKeys"):
            return tools.answer(json.dumps({"results": [made], **made})[:-1])
        return tools.answer(NONE)

    return reply


FAULTS = "echo 200,echo 400,echo 401,echo 429,echo 500,json 200,json 400,json 401,closed,half"


@pytest.mark.parametrize("signs_in", [True, False])
@pytest.mark.parametrize("fault", FAULTS.split(","))
def test_no_error_no_log_line_and_no_repr_holds_a_secret(
    tools: Any, caplog: pytest.LogCaptureFixture, fault: str, signs_in: bool
) -> None:
    caplog.set_level(logging.DEBUG)
    kind, _, status = fault.partition(" ")
    reply = {
        "echo": lambda: echo(tools, int(status)),
        "json": lambda: echo_json(tools, int(status)),
        "closed": lambda: tools.close,
        "half": lambda: half_of_a_secret(tools),
    }[kind]()
    told: list[str] = []

    async def go() -> None:
        script = tools.signed_in(reply) if signs_in else tools.Script([reply])
        async with script.serve() as server, tools.gateway() as gateway:
            provider = tools.turbosmtp_v2(gateway, server.origin, password=True)
            told.append(f"{provider!r} {vars(provider)!r} {gateway!r}")
            for work in (
                provider.account(),
                provider.keys(),
                provider.create_key("x"),
                provider.revoke_key("revoked-key-1"),
                provider.delete_suppressions(["a@example.com"]),
                provider.send(tools.message(), tools.Marks()),
                anext(provider.stats_csv(ALL_TIME)),
                provider.sign_in(),
                provider.check(),
            ):
                try:
                    await work
                except TurbodeskError as error:
                    told.extend(traceback.format_exception(error))
                    told.append(f"{error!r} {error} {error.args} {vars(error)}")
            await provider.aclose()

    asyncio.run(go())
    told.extend(record.getMessage() for record in caplog.records)
    everything = "\n".join(told)
    assert len(told) > 10
    made = ("made-key-1", "made-secret-1", "revoked-key-1")
    for secret in (tools.password, tools.token, tools.key, tools.key_secret, *made):
        for shape in shapes(secret):
            assert shape not in everything


def test_a_password_that_an_answer_to_a_question_repeats_is_struck_out(tools: Any) -> None:
    async def work(p: Provider) -> None:
        with pytest.raises(ProviderBroken) as broken:
            await p.count_stats(ALL_TIME)
        assert "passwd" in broken.value.detail
        assert not any(shape in broken.value.detail for shape in shapes(tools.password))

    run(tools, work, tools.answer({"passwd": tools.password}), pair=False, password=True)
