"""turboSMTP v1 over real sockets: what is asked, word for word, and how a token is kept."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Awaitable, Callable
from datetime import date
from typing import Any

import pytest

from turbodesk.errors import NoConnection, NotOffered, ProviderBroken, Refused, SignInRefused, TurbodeskError
from turbodesk.model.message import Address, Attachment, Message
from turbodesk.model.reports import ALL_TIME, BOUNCED, Period, ReportType
from turbodesk.providers.port import Provider
from turbodesk.providers.turbosmtp_fields import DASHBOARD, SEND_HOSTS

DAYS = Period(date(2026, 3, 1), date(2026, 3, 31))
COUNT, NONE, DONE = b'{"count": 0}', b"[]", b'{"success": true}'


async def all_of(found: Any) -> list[Any]:
    return [each async for each in found]


def run(
    tools: Any, work: Callable[[Provider], Awaitable[Any]], *replies: Any, **profile: Any
) -> tuple[Any, list[Any]]:
    """What `work` returns, and what was asked for it after signing in."""

    async def go() -> tuple[Any, list[Any]]:
        script = tools.signed_in(*replies)
        async with script.serve() as server, tools.gateway() as gateway:
            provider = tools.provider(gateway, server.origin, **profile)
            result = await work(provider)
            await provider.aclose()
            return result, tools.asked(script)

    return asyncio.run(go())


Work = Callable[[Any], Any]
Expected = tuple[str, str, str]

CALLS: dict[str, tuple[Work, list[str], list[Expected]]] = {
    "reports of a period": (
        lambda p: all_of(p.reports(ReportType.HARD_BOUNCE, DAYS, text="a+b")),
        ["count.json", "reports.json"],
        [
            (
                "GET",
                "/web/api/reports/hardbounce/count",
                "start=2026-03-01&end=2026-03-31&filter=a%2Bb&tz=%2B00:00",
            ),
            (
                "GET",
                "/web/api/reports/hardbounce",
                "start=2026-03-01&end=2026-03-31&filter=a%2Bb&tz=%2B00:00&page=1",
            ),
        ],
    ),
    "reports of all time": (
        lambda p: all_of(p.reports(ReportType.SPAM, ALL_TIME)),
        ["0", "[]"],
        [
            ("GET", "/web/api/reports/spam/all/count", "tz=%2B00:00"),
            ("GET", "/web/api/reports/spam/all", "tz=%2B00:00&page=1"),
        ],
    ),
    "count of reports": (
        lambda p: p.count_reports(ReportType.UNSUBSCRIBE, ALL_TIME),
        ["count.json"],
        [("GET", "/web/api/reports/unsub/all/count", "tz=%2B00:00")],
    ),
    "export of reports": (
        lambda p: all_of(p.reports_csv(ReportType.BOUNCE, DAYS)),
        ["csv"],
        [("GET", "/web/api/reports/bounce/csv", "start=2026-03-01&end=2026-03-31&tz=%2B00:00")],
    ),
    "export of all soft bounces": (
        lambda p: all_of(p.reports_csv(ReportType.SOFT_BOUNCE, ALL_TIME)),
        ["csv"],
        [("GET", "/web/api/reports/softbounce/csv", "start=2000-01-01&end=2099-12-31&tz=%2B00:00")],
    ),
    "delete": (
        lambda p: p.delete_reports(ReportType.HARD_BOUNCE, ["323223135", "7"]),
        ["deleted.json"],
        [("DELETE", "/web/api/reports/bounce", "ids=323223135,7")],
    ),
    "delete all spam": (
        lambda p: p.delete_all_spam(),
        ["deleted.json"],
        [("DELETE", "/web/api/reports/spam/all", "")],
    ),
    "statistics": (
        lambda p: all_of(p.stats(DAYS, statuses=BOUNCED)),
        ["0", "[]"],
        [
            (
                "GET",
                "/api/stats/panes/emails/count",
                "start=2026-03-01%2000:00:00&end=2026-03-31%2023:59:59&filter=%5B%22FAIL%22%5D&tz=%2B00:00",
            ),
            (
                "GET",
                "/api/stats/panes/emails",
                "start=2026-03-01%2000:00:00&end=2026-03-31%2023:59:59&filter=%5B%22FAIL%22%5D&tz=%2B00:00&page=1",
            ),
        ],
    ),
    "count of statistics": (
        lambda p: p.count_stats(ALL_TIME),
        ["count.json"],
        [("GET", "/api/stats/panes/emails/count", "tz=%2B00:00")],
    ),
    "last feed": (
        lambda p: p.last_stats(30),
        ["stats.json"],
        [("GET", "/api/stats/email-feed-last/30", "tz=%2B00:00")],
    ),
    "export of statistics": (
        lambda p: all_of(p.stats_csv(DAYS)),
        ["csv"],
        [
            (
                "GET",
                "/api/stats/emails/csv",
                "start_date=2026-03-01%2000:00:00&end_date=2026-03-31%2023:59:59&tz=%2B00:00",
            )
        ],
    ),
    "switch off": (
        lambda p: p.set_tracking("open-tracking", False),
        ["tool.json"],
        [("PUT", "/api/tools/openingTracking/disable", "")],
    ),
    "switch on": (
        lambda p: p.set_tracking("click-tracking", True),
        ["tool.json"],
        [("PUT", "/api/tools/clickTracking/enable", "")],
    ),
    "account": (lambda p: p.account(), ["user_info.json"], [("GET", "/api/user/info", "")]),
    "plans": (lambda p: p.plans(), ["plans.json"], [("GET", "/api/plans", "")]),
    "sub-accounts": (
        lambda p: p.sub_accounts(),
        ["sub_accounts.json"],
        [("GET", "/api/useraccounts/summary", "")],
    ),
}


@pytest.mark.parametrize("name", CALLS)
def test_every_call_stands_on_the_wire_as_documented(
    tools: Any, sample: Callable[[str], bytes], name: str
) -> None:
    work, bodies, expected = CALLS[name]
    plain = {"0": COUNT, "[]": NONE}
    replies = [
        tools.answer(b"a;b\r\n", 200, "text/csv")
        if body == "csv"
        else tools.answer(plain.get(body) or sample(body))
        for body in bodies
    ]
    _, asked = run(tools, work, *replies)
    assert [
        (seen.method, seen.target.partition("?")[0], seen.raw_query) for seen in asked[: len(expected)]
    ] == expected
    for seen in asked:
        assert seen.headers["authorization"] == tools.token
        assert seen.headers["accept-encoding"] == "identity"
        assert seen.body == b""
        assert "authuser" not in seen.target


def test_the_tools_are_asked_one_by_one(tools: Any, sample: Callable[[str], bytes]) -> None:
    found, asked = run(tools, lambda p: p.tracking_tools(), tools.answer(sample("tool.json")))
    assert sorted(seen.target for seen in asked) == ["/api/tools/clickTracking", "/api/tools/openingTracking"]
    assert [tool.enabled for tool in found] == [True, True]


@pytest.mark.parametrize(
    ("form", "path", "media_type"),
    [
        ("v2", "/api/v2/mail/send", "application/json; charset=utf-8"),
        ("v1", "/api/mail/send", "application/json; charset=utf-8"),
        ("beta", "/api/mail/send", "application/x-www-form-urlencoded"),
    ],
)
@pytest.mark.parametrize("attached", [False, True])
def test_a_send_is_one_post_with_the_password_and_no_token(
    tools: Any, form: str, path: str, media_type: str, attached: bool
) -> None:
    blob = bytes(range(256)) * 8000
    files = (Attachment.of_bytes("a ü.bin", blob, "image/png"),) if attached else ()
    message: Message = tools.message(attachments=files, bcc=(Address("c@example.net"),))

    async def work(provider: Provider) -> Any:
        await provider.sign_in()
        return await provider.send(message, tools.Marks())

    result, asked = run(
        tools, work, tools.answer({"message": "OK", "mid": 1475205839938715648}), send_form=form
    )
    assert result.provider_id == "1475205839938715648"
    assert [outcome.address.email for outcome in result.outcomes] == ["you@example.org", "c@example.net"]
    (seen,) = asked
    assert (seen.method, seen.target, seen.headers["content-type"]) == ("POST", path, media_type)
    assert int(seen.headers["content-length"]) == len(seen.body)
    assert not {"authorization", "cookie", "expect", "transfer-encoding"} & set(seen.headers)
    fields = seen.form if form == "beta" else seen.json
    assert (fields["authuser"], fields["authpass"]) == (tools.user, tools.password)
    assert (fields["from"], fields["to"], fields["bcc"]) == (
        "me@example.com",
        "you@example.org",
        "c@example.net",
    )


def test_where_letters_go_by_default() -> None:
    assert DASHBOARD == "https://dashboard.serversmtp.com"
    assert SEND_HOSTS == {"world": "https://api.turbo-smtp.com", "eu": "https://api.eu.turbo-smtp.com"}


@pytest.mark.parametrize(("form", "limit"), [("v2", 24_000_000), ("v1", 4_000_000), ("beta", 4_000_000)])
def test_the_limit_depends_on_the_form(tools: Any, form: str, limit: int) -> None:
    provider, _ = run(tools, _itself, tools.answer({}), send_form=form)
    assert provider.wire_limit_bytes == limit


async def _itself(provider: Provider) -> Provider:
    return provider


# ---- the token


def test_signing_in_and_out(tools: Any) -> None:
    async def go() -> None:
        script = tools.Script(
            [tools.answer({"auth": tools.token}), tools.answer({"message": "Token deauthorized"})]
        )
        async with script.serve() as server, tools.gateway() as gateway:
            provider = tools.provider(gateway, server.origin, no_expire=True)
            await provider.sign_in()
            await provider.sign_out()
            await provider.sign_out()  # there is nothing to give back any more
        signing_in, signing_out = script.seen
        assert (signing_in.method, signing_in.target) == ("POST", "/api/authorize")
        assert signing_in.json == {"email": tools.user, "password": tools.password, "no_expire": "1"}
        assert "authorization" not in signing_in.headers
        assert (signing_out.method, signing_out.target) == ("POST", "/api/deauthorize")
        assert signing_out.headers["authorization"] == tools.token

    asyncio.run(go())


def test_a_token_that_is_gone_already_is_as_good_as_given_back(tools: Any) -> None:
    gone = tools.answer({"errorCode": 9, "message": "This authorization token doesn't exist."}, 401)

    async def work(provider: Provider) -> None:
        await provider.sign_in()
        await provider.sign_out()

    _, asked = run(tools, work, gone)
    assert len(asked) == 1


def test_a_wrong_password_is_tried_once_however_many_ask(tools: Any) -> None:
    async def go() -> None:
        wrong = tools.answer({"errorCode": 1, "message": "Wrong credentials specified"}, 401)
        async with tools.Script([wrong]).serve() as server, tools.gateway() as gateway:
            provider = tools.provider(gateway, server.origin)
            found = await asyncio.gather(
                provider.account(), provider.plans(), provider.sub_accounts(), return_exceptions=True
            )
            assert [type(each) for each in found] == [SignInRefused] * 3
            assert len(server.seen) == 1

    asyncio.run(go())


def test_an_inactive_account_is_told_apart(tools: Any) -> None:
    async def go() -> None:
        inactive = tools.answer({"error": 3, "message": "Account for  o@example.com  is inactive"}, 401)
        async with tools.Script([inactive]).serve() as server, tools.gateway() as gateway:
            provider = tools.provider(gateway, server.origin)
            for work in (provider.sign_in(), provider.send(tools.message(), tools.Marks())):
                with pytest.raises(SignInRefused, match="not active"):
                    await work

    asyncio.run(go())


class Dashboard:
    """A list of statistics behind tokens that die after a number of pages."""

    def __init__(
        self, tools: Any, rows: int, dies_at: int | None = None, always_refuses: bool = False
    ) -> None:
        self.tools, self.rows, self.dies_at, self.always = tools, rows, dies_at, always_refuses
        self.tokens, self.pages = 0, 0
        self.script = tools.Script([self.reply])

    def reply(self, seen: Any) -> bytes:
        answer = self.tools.answer
        if seen.path == "/api/authorize":
            self.tokens += 1
            return answer({"auth": f"token{self.tokens}"})  # type: ignore[no-any-return]
        if self.always or seen.headers["authorization"] != f"token{self.tokens}":
            return answer({"errorCode": 3, "message": "Invalid authorization token"}, 401)  # type: ignore[no-any-return]
        if seen.path.endswith("/count"):
            return answer({"count": self.rows})  # type: ignore[no-any-return]
        if self.dies_at and int(seen.query["page"]) >= self.dies_at:
            self.dies_at = 0
            self.tokens += 1  # the old one is not known any more
            return answer({"errorCode": 3, "message": "Invalid authorization token"}, 401)  # type: ignore[no-any-return]
        start = (int(seen.query["page"]) - 1) * 10
        return answer([{"id": 5_000_000_000 - row} for row in range(start, min(start + 10, self.rows))])  # type: ignore[no-any-return]


def test_a_token_that_dies_while_paging_is_renewed_once_and_no_row_is_lost(tools: Any) -> None:
    async def go() -> None:
        dashboard = Dashboard(tools, rows=195, dies_at=7)
        async with dashboard.script.serve() as server, tools.gateway() as gateway:
            provider = tools.provider(gateway, server.origin)
            pages = await all_of(provider.stats(ALL_TIME))
        ids = [row.id for page in pages for row in page.rows]
        assert ids == [str(5_000_000_000 - row) for row in range(195)]
        assert pages[-1].complete
        assert sum(seen.path == "/api/authorize" for seen in dashboard.script.seen) == 2
        assert tools.naps == []

    asyncio.run(go())


def test_a_second_401_ends_it(tools: Any) -> None:
    async def go() -> None:
        dashboard = Dashboard(tools, rows=100, always_refuses=True)
        async with dashboard.script.serve() as server, tools.gateway() as gateway:
            with pytest.raises(SignInRefused):
                await all_of(tools.provider(gateway, server.origin).stats(ALL_TIME))
        paths = [seen.path for seen in dashboard.script.seen]
        assert paths.count("/api/authorize") == 2
        assert paths.count("/api/stats/panes/emails/count") == 2

    asyncio.run(go())


# ---- reading lists


def test_rows_that_come_between_two_pages_are_shown_once_and_the_list_is_marked(tools: Any) -> None:
    async def go() -> None:
        rows = [{"cid": 1000 - number, "email": f"{number}@example.com"} for number in range(50)]

        def reply(seen: Any) -> bytes:
            if seen.path == "/api/authorize":
                return tools.answer({"auth": "t"})  # type: ignore[no-any-return]
            if seen.path.endswith("/count"):
                return tools.answer({"count": 50})  # type: ignore[no-any-return]
            page = int(seen.query["page"])
            if page == 2:
                rows.insert(0, {"cid": 5000, "email": "new@example.com"})
            return tools.answer(rows[(page - 1) * 20 : page * 20])  # type: ignore[no-any-return]

        async with tools.Script([reply]).serve() as server, tools.gateway() as gateway:
            pages = await all_of(tools.provider(gateway, server.origin).reports(ReportType.BOUNCE, ALL_TIME))
        ids = [row.id for page in pages for row in page.rows]
        assert len(ids) == len(set(ids))
        assert set(ids) >= {str(1000 - number) for number in range(50)}
        assert not pages[-1].complete

    asyncio.run(go())


def test_a_list_that_makes_no_sense_is_asked_thrice_and_told(tools: Any) -> None:
    async def go() -> None:
        script = tools.signed_in(
            tools.answer(COUNT), tools.answer(b"<html>Maintenance</html>", 200, "text/html")
        )
        async with script.serve() as server, tools.gateway() as gateway:
            with pytest.raises(ProviderBroken) as broken:
                await all_of(tools.provider(gateway, server.origin).reports(ReportType.BOUNCE, ALL_TIME))
        assert "Maintenance" in broken.value.detail
        assert len(tools.asked(script)) == 4

    asyncio.run(go())


def test_rows_without_an_id_are_kept(tools: Any) -> None:
    rows = [{"email": f"{number}@example.com"} for number in range(3)]
    pages, _ = run(
        tools,
        lambda p: all_of(p.reports(ReportType.BOUNCE, ALL_TIME)),
        tools.answer({"count": 3}),
        tools.answer(rows),
    )
    assert [row.email for row in pages[0].rows] == [row["email"] for row in rows]


def test_what_is_not_offered_is_not_asked(tools: Any) -> None:
    async def work(provider: Provider) -> None:
        for wrong in (provider.last_stats(11), provider.set_tracking("nothing", True)):
            with pytest.raises(NotOffered):
                await wrong

    _, asked = run(tools, work, tools.answer({}))
    assert asked == []


# ---- exports


def test_an_export_comes_as_it_is(tools: Any) -> None:
    blob = "Status;Über\r\n".encode() * 100_000
    chunks, _ = run(tools, lambda p: all_of(p.stats_csv(ALL_TIME)), tools.answer(blob, 200, "text/csv"))
    assert b"".join(chunks) == blob
    assert max(map(len, chunks)) <= 65536


@pytest.mark.parametrize(
    ("reply", "kind"),
    [
        (({"errorCode": 4, "message": "no such resource"}, 404), Refused),
        (({"message": "error", "errors": ["not today"]}, 200), Refused),
        (([], 200), ProviderBroken),
        (("<html>", 500), ProviderBroken),
    ],
)
def test_words_instead_of_a_file_are_an_error(tools: Any, reply: Any, kind: type[TurbodeskError]) -> None:
    body, status = reply
    with pytest.raises(kind):
        run(tools, lambda p: all_of(p.stats_csv(ALL_TIME)), tools.answer(body, status))


def test_an_export_that_breaks_off_is_told(tools: Any) -> None:
    broken = tools.cut(
        b"HTTP/1.1 200 OK\r\nContent-Type: text/csv\r\nContent-Length: 100\r\n\r\nId;Status\r\n"
    )

    async def work(provider: Provider) -> None:
        found = []
        with pytest.raises(NoConnection, match="broke off"):
            async for chunk in provider.stats_csv(ALL_TIME):
                found.append(chunk)
        assert found == [b"Id;Status\r\n"]

    run(tools, work, broken)


def test_an_export_may_be_left_in_the_middle(tools: Any) -> None:
    async def work(provider: Provider) -> bytes:
        chunks = provider.stats_csv(ALL_TIME)
        first = await anext(chunks)
        await chunks.aclose()  # type: ignore[attr-defined]
        return first

    first, _ = run(tools, work, tools.answer(b"x" * 5_000_000, 200, "text/csv"))
    assert first


# ---- refusals of a send


def test_a_refused_send_keeps_the_servers_words_and_names_the_field(
    tools: Any, sample: Callable[[str], bytes]
) -> None:
    async def work(provider: Provider) -> None:
        with pytest.raises(Refused) as refused:
            await provider.send(tools.message(), tools.Marks())
        error = refused.value
        assert error.words == (
            "'broken@@@x.@@' 'to' email not valid",
            "'broken@@@y.@@' 'bcc' email not valid",
        )
        assert (error.field, error.status) == ("to", 400)
        assert error.words[0] in error.says

    _, asked = run(tools, work, tools.answer(json.loads(sample("e5.json")), 400))
    assert len(asked) == 1
