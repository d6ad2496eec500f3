"""turboSMTP v2 over real sockets: what is asked, word for word, with which keys, and what is not asked."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest

from tests.providers.turbosmtp_v2_script import (
    ASKED,
    BY_ADDRESS,
    CSV,
    DAYS,
    DONE,
    EVER,
    EVER_ASKED,
    FIELDS,
    KEYS,
    MID,
    NEW_KEY,
    RESTRICT,
    ROW,
    STATS,
    SUBS,
    SUPPRESSED,
    Expected,
    Work,
    all_of,
    refusal,
    rows_of,
    run,
)
from turbodesk.errors import NoConnection, NotOffered
from turbodesk.model.account import Secret
from turbodesk.model.reports import ALL_TIME, BOUNCED, ReportType, Suppressing
from turbodesk.providers.port import Capability, Provider
from turbodesk.providers.turbosmtp_fields import SEND_HOSTS
from turbodesk.providers.turbosmtp_v2 import MAIN
from turbodesk.providers.turbosmtp_v2_worth import LISTS, SENDING

# ---- every question, word for word
CALLS: dict[str, tuple[Work, Any, Expected]] = {
    "statistics": (
        lambda p: all_of(p.stats(DAYS, statuses=BOUNCED)),
        STATS,
        ("GET", "analytics", f"{ASKED}&status%5B%5D=FAIL&page=1&limit=1000", None),
    ),
    "statistics of all time": (
        lambda p: all_of(p.stats(ALL_TIME)),
        STATS,
        ("GET", "analytics", f"{EVER_ASKED}&page=1&limit=1000", None),
    ),
    "count of statistics": (
        lambda p: p.count_stats(DAYS),
        STATS,
        ("GET", "analytics", f"{ASKED}&page=1&limit=1", None),
    ),
    "newest messages": (
        lambda p: p.last_stats(30),
        STATS,
        ("GET", "analytics", f"{EVER_ASKED}&page=1&limit=30", None),
    ),
    "export of statistics": (
        lambda p: all_of(p.stats_csv(DAYS, statuses=BOUNCED)),
        CSV,
        ("GET", "analytics/csv", f"{ASKED}&status%5B%5D=FAIL", None),
    ),
    "one message": (
        lambda p: p.message(str(MID)),
        ROW,
        ("GET", f"analytics/{MID}", "tz=%2B00:00", None),
    ),
    "reports": (
        lambda p: all_of(p.reports(ReportType.UNSUBSCRIBE, DAYS)),
        SUPPRESSED,
        ("GET", "suppressions", f"{ASKED}&filter_by=unsubscribe&page=1&limit=1000", None),
    ),
    "reports of one address": (
        lambda p: all_of(p.reports(ReportType.BOUNCE, DAYS, text="a+b")),
        SUPPRESSED,
        (
            "POST",
            "suppressions",
            "",
            {**FIELDS, "filter_by": ["bounce"], "restrict": RESTRICT, "page": 1, "limit": 1000},
        ),
    ),
    "count of reports": (
        lambda p: p.count_reports(ReportType.SPAM, ALL_TIME),
        SUPPRESSED,
        ("GET", "suppressions", f"{EVER_ASKED}&filter_by=spam&page=1&limit=1", None),
    ),
    "export of reports": (
        lambda p: all_of(p.reports_csv(ReportType.MANUAL, DAYS)),
        CSV,
        ("GET", "suppressions/csv", f"{ASKED}&filter_by=manual", None),
    ),
    "delete reports": (
        lambda p: p.delete_reports(ReportType.BOUNCE, ["a@example.com", "b@example.com"]),
        DONE,
        ("POST", "suppressions/bulk_delete", "", ["a@example.com", "b@example.com"]),
    ),
    "delete all spam": (
        lambda p: p.delete_all_spam(),
        DONE,
        ("POST", "suppressions/delete", "", {**EVER, "filter_by": ["spam"]}),
    ),
    "suppressions": (
        lambda p: all_of(p.suppressions(Suppressing(DAYS))),
        SUPPRESSED,
        ("GET", "suppressions", f"{ASKED}&page=1&limit=1000", None),
    ),
    "suppressions with a text": (
        lambda p: all_of(
            p.suppressions(Suppressing(DAYS, frozenset({ReportType.SPAM, ReportType.BOUNCE}), "a+b ü"))
        ),
        SUPPRESSED,
        (
            "GET",
            "suppressions",
            f"{ASKED}&filter=a%2Bb%20%C3%BC&smart_search=true&filter_by=bounce&filter_by=spam&page=1&limit=1000",
            None,
        ),
    ),
    "suppressions with a restriction": (
        lambda p: all_of(p.suppressions(Suppressing(DAYS, text="x", restrictions=BY_ADDRESS))),
        SUPPRESSED,
        (
            "POST",
            "suppressions",
            "",
            {**FIELDS, "filter": "x", "smart_search": True, "restrict": RESTRICT, "page": 1, "limit": 1000},
        ),
    ),
    "export of suppressions": (
        lambda p: all_of(p.suppressions_csv(Suppressing(ALL_TIME))),
        CSV,
        ("GET", "suppressions/csv", EVER_ASKED, None),
    ),
    "export of suppressions with a restriction": (
        lambda p: all_of(p.suppressions_csv(Suppressing(DAYS, restrictions=BY_ADDRESS))),
        CSV,
        ("POST", "suppressions/csv", "", {**FIELDS, "restrict": RESTRICT}),
    ),
    "import": (
        lambda p: p.import_suppressions(["a@example.com"], reason="asked"),
        {"status": "success", "valid": ["a@example.com"], "invalid": []},
        (
            "POST",
            "suppressions/import",
            "",
            {"type": "manual", "reason": "asked", "content": ["a@example.com"]},
        ),
    ),
    "delete suppressions": (
        lambda p: p.delete_suppressions(["a@example.com"]),
        DONE,
        ("POST", "suppressions/bulk_delete", "", ["a@example.com"]),
    ),
    "delete what matches": (
        lambda p: p.delete_suppressions_where(Suppressing(DAYS, text="x", restrictions=BY_ADDRESS)),
        DONE,
        (
            "POST",
            "suppressions/delete",
            "",
            {**FIELDS, "filter": "x", "smart_search": True, "restrict": RESTRICT},
        ),
    ),
    "account": (lambda p: p.account(), {"email": "o@example.com"}, ("GET", "user/config", "", None)),
    "sub-accounts": (
        lambda p: p.sub_accounts(),
        SUBS,
        ("GET", "subaccounts/list", "page=1&limit=1000", None),
    ),
}
OF_KEYS: dict[str, tuple[Work, Any, Expected]] = {
    "keys": (lambda p: p.keys(), KEYS, ("GET", "user/consumerKeys", "", None)),
    "create a key": (
        lambda p: p.create_key("Shop"),
        NEW_KEY,
        (
            "POST",
            "user/consumerKeys",
            "",
            {"label": "Shop", "permissions": ["SEND_SMTP", "SEND_API", "APIS"]},
        ),
    ),
    "create a bound key": (
        lambda p: p.create_key("Shop", permissions=["APIS"], ips=["192.0.2.1"]),
        NEW_KEY,
        (
            "POST",
            "user/consumerKeys",
            "",
            {"label": "Shop", "permissions": ["APIS"], "ips": ["192.0.2.1"]},
        ),
    ),
    "revoke a key": (
        lambda p: p.revoke_key("k" * 32),
        {"message": "success"},
        ("DELETE", f"user/consumerKeys/{'k' * 32}", "", None),
    ),
}


def check_call(tools: Any, case: tuple[Work, Any, Expected], **known: bool) -> Any:
    work, body, (method, path, query, wanted) = case
    answer = tools.answer(body, 200, "text/csv") if body is CSV else tools.answer(body)
    _, (seen,) = run(tools, work, answer, **known)
    assert (seen.method, seen.target.partition("?")[0]) == (method, f"/api/v2/{path}")
    assert seen.raw_query == query
    if wanted is None:
        assert seen.body == b""
    else:
        assert seen.headers["content-type"] == "application/json; charset=utf-8"
        assert seen.json == wanted
    usual = {"host", "user-agent", "accept", "accept-encoding", "connection"}
    carried = {"content-type", "content-length"} if seen.body else {"content-length"}
    assert seen.body or seen.headers.get("content-length", "0") == "0"
    logins = ({"authorization"}, {"consumerkey", "consumersecret"})
    assert set(seen.headers) - usual - carried in logins
    assert seen.headers["accept-encoding"] == "identity"
    return seen


@pytest.mark.parametrize("password", [False, True])
@pytest.mark.parametrize("name", CALLS)
def test_every_question_stands_on_the_wire_as_documented_with_the_key_pair(
    tools: Any, name: str, password: bool
) -> None:
    seen = check_call(tools, CALLS[name], pair=True, password=password)
    assert {"consumerKey", "consumerSecret"} <= set(seen.header_names)
    assert (seen.headers["consumerkey"], seen.headers["consumersecret"]) == (tools.key, tools.key_secret)
    assert "authorization" not in seen.headers


@pytest.mark.parametrize("name", CALLS)
def test_every_question_goes_with_the_bare_token_where_there_is_no_key_pair(tools: Any, name: str) -> None:
    seen = check_call(tools, CALLS[name], pair=False, password=True)
    assert seen.headers["authorization"] == tools.token
    assert not {"consumerkey", "consumersecret"} & set(seen.headers)


@pytest.mark.parametrize("pair", [False, True])
@pytest.mark.parametrize("name", OF_KEYS)
def test_what_is_about_keys_goes_with_the_token_alone(tools: Any, name: str, pair: bool) -> None:
    seen = check_call(tools, OF_KEYS[name], pair=pair, password=True)
    assert seen.headers["authorization"] == tools.token
    assert not {"consumerkey", "consumersecret"} & set(seen.headers)


def test_what_comes_back(tools: Any) -> None:
    async def work(p: Provider) -> tuple[Any, ...]:
        return (
            await rows_of(p.stats(ALL_TIME)),
            await p.count_stats(ALL_TIME),
            await p.last_stats(10),
            await p.message("7"),
        )

    (rows, count, last, record), _ = run(
        tools, work, tools.answer(STATS), *[tools.answer(STATS)] * 2, tools.answer(ROW)
    )
    assert [row.id for row in rows] == [row.id for row in last] == ["1800872493473406976"]
    assert (count, record.stat) == (1, rows[0])
    (reports, made, keys), _ = run(
        tools,
        lambda p: _three(rows_of(p.reports(ReportType.BOUNCE, ALL_TIME)), p.create_key("x"), p.keys()),
        tools.answer(SUPPRESSED),
        tools.answer(NEW_KEY, 201),
        tools.answer(KEYS),
        password=True,
    )
    assert [(row.id, row.email, row.words) for row in reports] == [
        ("gone@example.org", "gone@example.org", "550 no")
    ]
    assert (made.key, made.secret) == (Secret("n" * 32), Secret("t" * 32))
    assert [key.label for key in keys] == ["Shop"]


async def _three(*works: Any) -> list[Any]:
    return [await work for work in works]


# ---- hosts


def test_where_questions_and_letters_go_by_default() -> None:
    assert MAIN == "https://pro.api.serversmtp.com"
    assert SEND_HOSTS == {"world": "https://api.turbo-smtp.com", "eu": "https://api.eu.turbo-smtp.com"}


def test_letters_go_to_the_send_host_and_questions_to_the_other(tools: Any) -> None:
    async def go() -> None:
        main, post = tools.Script([tools.answer(STATS)]), tools.Script([tools.answer({"message": "OK"})])
        async with main.serve(), post.serve(), tools.gateway() as gateway:
            provider = tools.turbosmtp_v2(gateway, main.origin, send_url=post.origin)
            await provider.count_stats(DAYS)
            await provider.send(tools.message(), tools.Marks())
        assert [seen.path for seen in main.seen] == ["/api/v2/analytics"]
        assert [seen.path for seen in post.seen] == ["/api/v2/mail/send"]

    asyncio.run(go())


# ---- what is offered, and why the rest is not


@pytest.mark.parametrize(
    ("known", "has", "lacks"),
    [
        ({"pair": True}, SENDING | LISTS, {Capability.KEYS}),
        ({"pair": False, "password": True}, LISTS | {Capability.KEYS}, SENDING),
        ({"pair": True, "password": True}, SENDING | LISTS | {Capability.KEYS}, set()),
        ({"pair": True, "password": True, "user": ""}, SENDING | LISTS, {Capability.KEYS}),
        ({"pair": False}, set(), SENDING | LISTS | {Capability.KEYS}),
    ],
)
def test_what_is_offered_depends_on_what_is_known(
    tools: Any, known: dict[str, Any], has: set[Capability], lacks: set[Capability]
) -> None:
    async def work(p: Provider) -> None:
        assert p.offers == has
        for capability in Capability:
            sentence = p.why_not(capability)
            assert bool(sentence) == (capability not in has)
            assert sentence.count(". ") <= 1
        for capability in lacks:
            assert "key" in p.why_not(capability)
        assert "https://dashboard.serversmtp.com" in p.why_not(Capability.TRACKING)

    assert run(tools, work, tools.answer({}), **known)[1] == []


def test_keys_need_the_password(tools: Any) -> None:
    async def work(p: Provider) -> None:
        for ask in (p.keys(), p.create_key("x"), p.revoke_key("k" * 32)):
            with pytest.raises(NotOffered, match="password"):
                await ask

    assert run(tools, work, tools.answer({}))[1] == []


# ---- exports


def test_an_export_comes_as_it_is_and_breaks_off_aloud(tools: Any) -> None:
    blob = "Status;Über\r\n".encode() * 100_000
    chunks, _ = run(tools, lambda p: all_of(p.stats_csv(ALL_TIME)), tools.answer(blob, 200, "text/csv"))
    assert b"".join(chunks) == blob
    cut = tools.cut(b"HTTP/1.1 200 OK\r\nContent-Type: text/csv\r\nContent-Length: 100\r\n\r\nStatus\r\n")

    async def work(p: Provider) -> None:
        with pytest.raises(NoConnection, match="broke off"):
            await all_of(p.suppressions_csv(Suppressing()))

    run(tools, work, cut)


def test_an_export_signs_in_again_once(tools: Any) -> None:
    refused = refusal(tools, "invalid_authorization_key", 401)
    chunks, asked = run(
        tools,
        lambda p: all_of(p.stats_csv(ALL_TIME)),
        refused,
        tools.answer(CSV, 200, "text/csv"),
        pair=False,
        password=True,
    )
    assert (b"".join(chunks), len(asked)) == (CSV, 2)
