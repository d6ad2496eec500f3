"""SendPost: who may ask, both contracts, error bodies, sub-accounts, domains, behaviours."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import httpx
import pytest

from turbodesk.sandbox.state import SMTP_PASSWORD, SMTP_USER

from .conftest import Caller, Opener
from .sendpost_caller import BLOCKED, TODAY, SendPostCaller

WINDOW = f"from={TODAY}&to={TODAY}"
READS = [
    f"/account/message?{WINDOW}",
    "/account/message/5ad9d5a4-0000-4000-8000-000000000000",
    "/account/message/5ad9d5a4-0000-4000-8000-000000000000/events?subAccountId=117",
    "/account/recipient/a@example.com/messages",
    f"/account/stat?{WINDOW}",
    f"/account/stat/aggregate?{WINDOW}",
    f"/account/stat/group?group=g&{WINDOW}",
    f"/account/stat/aggregate/group?group=g&{WINDOW}",
    f"/account/subaccount/stat/117?{WINDOW}",
    f"/account/subaccount/stat/117/aggregate?{WINDOW}",
    f"/account/subaccount/stat/117/group?group=g&{WINDOW}",
    "/account/subaccount/",
    "/account/subaccount/117",
    f"/subaccount/stat?{WINDOW}",
    f"/subaccount/stat/aggregate?{WINDOW}",
    f"/subaccount/stat/group?group=g&{WINDOW}",
    f"/subaccount/stat/aggregate/group?group=g&{WINDOW}",
    f"/subaccount/suppression?{WINDOW}",
    "/subaccount/domain",
    "/subaccount/domain/2001",
]
WRITES = [
    ("POST", "/subaccount/email/"),
    ("POST", "/subaccount/email/template"),
    ("POST", "/subaccount/suppression"),
    ("DELETE", "/subaccount/suppression"),
]


@pytest.fixture
def v1(sandbox: Caller) -> SendPostCaller:
    return SendPostCaller(sandbox)


@pytest.fixture(params=["v1", "legacy", ""])
def each(request: pytest.FixtureRequest, sandbox: Caller) -> SendPostCaller:
    return SendPostCaller(sandbox, request.param)


def url(caller: SendPostCaller, path: str) -> str:
    return caller.at.base_url + path


@pytest.mark.parametrize(("method", "path"), [*(("GET", path) for path in READS), *WRITES])
def test_every_path_wants_the_key_of_its_kind(v1: SendPostCaller, method: str, path: str) -> None:
    account, own = v1.at.account_key, v1.at.subaccount_key
    right, other = (account, own) if path.startswith("/account") else (own, account)
    header, wrong_header = (
        ("X-Account-ApiKey", "X-SubAccount-ApiKey")
        if path.startswith("/account")
        else ("X-SubAccount-ApiKey", "X-Account-ApiKey")
    )
    asked = v1.sandbox.http.build_request(method, url(v1, path), json={} if method != "GET" else None)

    def status(**headers: str) -> int:
        request = httpx.Request(
            method, asked.url, headers={**asked.headers, **headers}, content=asked.content
        )
        return v1.sandbox.http.send(request).status_code

    refused = [
        {},
        {header: other},
        {wrong_header: right},
        {header: "wrong"},
        {header: f"Bearer {right}"},
        {header: right[:-1]},
        {header: ""},
    ]
    assert [status(**headers) for headers in refused] == [401] * len(refused)
    assert status(**{header: right}) != 401
    assert status(**{header.upper(): right}) != 401
    assert status(**{header.lower(): right}) != 401


@pytest.mark.parametrize("path", [*READS, *(path for _, path in WRITES)])
def test_a_slash_at_the_end_is_neither_missed_nor_redirected(v1: SendPostCaller, path: str) -> None:
    method = next((method for method, it in WRITES if it == path), "GET")
    bare, _, query = path.partition("?")
    bare = bare.rstrip("/")
    body = {"to": []} if method != "GET" else None
    answers = [
        v1.sandbox.http.request(
            method,
            f"{url(v1, spelling)}?{query}",
            json=body,
            headers={"X-Account-ApiKey": v1.at.account_key, "X-SubAccount-ApiKey": v1.at.subaccount_key},
        )
        for spelling in (bare, f"{bare}/")
    ]
    assert answers[0].status_code == answers[1].status_code < 500
    assert not answers[0].is_redirect
    assert answers[0].json() == answers[1].json()


@pytest.mark.parametrize(
    ("asked", "served"),
    [(None, "legacy"), ("legacy", "legacy"), ("v1", "v1"), ("V1", "v1"), ("v9", "legacy")],
)
@pytest.mark.parametrize("key", ["right", "wrong"])
def test_answers_name_their_contract(v1: SendPostCaller, asked: str | None, served: str, key: str) -> None:
    headers = {"X-Account-ApiKey": v1.at.account_key if key == "right" else "no"}
    if asked:
        headers["x-sendpost-public-contract"] = asked
    answer = v1.sandbox.http.get(url(v1, "/account/subaccount/"), headers=headers)
    assert answer.headers["content-type"] == "application/json"
    assert answer.headers["X-SendPost-Public-Contract"] == served
    assert ("Deprecation" in answer.headers) is ("Sunset" in answer.headers) is (served == "legacy")
    if served == "legacy":
        assert answer.headers["Deprecation"] == "true"
        assert answer.headers["Sunset"].endswith(" GMT")
        assert answer.headers["Link"].endswith('>; rel="deprecation"')
    if key == "wrong":
        assert ("error" in answer.json()) is (served == "v1")


@pytest.mark.parametrize(
    ("status", "code", "kind"),
    [
        (400, "invalid_request", "invalid_request_error"),
        (401, "authentication_failed", "authentication_error"),
        (403, "resource_exists", "conflict_error"),
        (404, "resource_not_found", "not_found_error"),
        (406, "resource_not_found", "not_found_error"),
        (422, "validation_error", "invalid_request_error"),
        (429, "rate_limit_exceeded", "rate_limit_error"),
        (500, "internal_error", "api_error"),
        (503, "internal_error", "api_error"),
    ],
)
def test_every_status_has_its_error_body(each: SendPostCaller, status: int, code: str, kind: str) -> None:
    each.sandbox.fault("status", status=status, match="/api/v1/", retry_after=3)
    answer = each.ask("GET", "/account/subaccount/")
    assert (answer.status_code, answer.headers["Retry-After"]) == (status, "3")
    said = answer.json()
    if each.contract == "v1":
        assert (said["error"]["code"], said["error"]["type"]) == (code, kind)
        assert said["error"]["message"]
    else:
        assert said == {"status": "error", "message": said["message"]}


def test_what_is_not_there(each: SendPostCaller) -> None:
    for method, path in [
        ("GET", "/nothing"),
        ("GET", "/account/nothing"),
        ("GET", "/account"),
        ("GET", "/subaccount/email"),
        ("PUT", "/subaccount/suppression"),
        ("PATCH", "/account/subaccount/"),
        ("GET", "/accounting"),
        ("GET", ""),
        ("PATCH", "/subaccount/domain"),
    ]:
        assert each.refusal(method, path) == 404, path
    assert each.refusal("GET", "/account/nothing", key="") == 401
    assert each.refusal("GET", "/nothing", key="") == 404
    assert each.refusal("GET", "/account/subaccount/999") == 404
    assert each.refusal("GET", "/account/subaccount/x") == 404
    assert each.refusal("GET", "/account/message/5ad9d5a4-0000-4000-8000-000000000000") == 404
    assert each.refusal("GET", "/account/message/1") == 404
    assert each.refusal("GET", "/subaccount/domain/999") == 406
    assert each.refusal("GET", "/subaccount/domain/x") == 406
    for more in ("", "/aggregate"):
        query = {"from": TODAY, "to": TODAY}
        assert each.refusal("GET", f"/account/subaccount/stat/999{more}", **query) == 406


def test_bodies_that_are_no_json_objects(v1: SendPostCaller) -> None:
    headers = {"X-SubAccount-ApiKey": v1.at.subaccount_key, "Content-Type": "application/json"}
    for content in (b"", b"{", b"[]", b'"text"', b"null", b"\xff", b"[" * 100_000, b"to=a@example.com"):
        for method, path in WRITES:
            answer = v1.sandbox.http.request(method, url(v1, path), content=content, headers=headers)
            assert answer.status_code == 422, content[:20]


def test_a_body_that_is_too_large(each: SendPostCaller) -> None:
    answer = each.ask("POST", "/subaccount/email/", body={"textBody": "x" * 67_200_000})
    assert answer.status_code == 413
    assert answer.json()


# sub-accounts and domains


def test_sub_accounts_in_v1(v1: SendPostCaller) -> None:
    first, second = v1.get("/account/subaccount/")
    members = {"id", "accountId", "name", "apiKey", "type", "isPlus", "labels", "blocked", "created"}
    assert set(first) == set(second) == members
    assert (first["type"], first["blocked"], first["apiKey"]) == (0, False, v1.at.subaccount_key)
    assert (second["type"], second["blocked"], second["apiKey"]) == (1, True, BLOCKED)
    assert first["id"] == int(SMTP_USER.partition("@")[2].partition(".")[0])
    assert len(str(first["created"])) == 19
    assert set(first["labels"][0]) == {"id", "name", "color", "type", "created"}
    assert v1.get(f"/account/subaccount/{first['id']}") == first
    assert v1.get("/account/subaccount/", search="PARTNER") == [second]
    assert v1.get("/account/subaccount/", limit=1) == [first]
    assert v1.get("/account/subaccount/", limit=1, offset=1) == [second]
    assert v1.get("/account/subaccount/", offset=2) == []


def test_sub_accounts_as_they_were(sandbox: Caller) -> None:
    first, second = SendPostCaller(sandbox, "").get("/account/subaccount/")
    (login,) = first["smtpAuths"]
    assert (login["username"], login["password"]) == (SMTP_USER, SMTP_PASSWORD)
    assert second["smtpAuths"] == []
    assert (first["blocked_at"], first["block_reason"]) == (0, "")
    assert second["blocked_at"] > 10**18 and second["block_reason"]
    assert "accountId" not in first
    assert all(isinstance(label, str) for label in first["labels"])


def test_domains_in_both_contracts(sandbox: Caller) -> None:
    v1, legacy = SendPostCaller(sandbox), SendPostCaller(sandbox, "legacy")
    domains = v1.get("/subaccount/domain")
    assert {it["name"]: it["verified"] for it in domains} == {
        "example.com": True,
        "example.org": True,
        "example.net": True,
        "example.edu": False,
    }
    for it in domains:
        records = [it[name] for name in ("dkim", "returnPath", "track", "dmarc")]
        assert all(set(record) == {"host", "type", "textValue"} for record in records)
        assert {record["type"] for record in records} == {"TXT", "CNAME"}
        assert it["dkimVerified"] is it["verified"] is (it["dkimFailureReason"] == "")
        assert it["domainRegisteredDate"] == "1995-08-14"
        assert it["dnsProvider"] and "spf" not in it
        assert v1.get(f"/subaccount/domain/{it['id']}") == it
    assert [it["name"] for it in v1.get("/subaccount/domain", search="ORG")] == ["example.org"]
    assert [it["name"] for it in v1.get("/subaccount/domain", limit=1, offset=1)] == ["example.org"]
    old = legacy.get("/subaccount/domain")[0]
    assert {"spf", "spfVerified", "gpt", "gptVerified", "mailboxVerified", "dkimConfig"} <= set(old)
    assert "dnsProvider" not in old


@pytest.mark.parametrize(
    "query", [{"limit": 0}, {"limit": -1}, {"limit": "x"}, {"offset": -1}, {"limit": "1.0"}]
)
def test_pages_that_cannot_be(v1: SendPostCaller, query: dict[str, Any]) -> None:
    window = {"from": TODAY, "to": TODAY}
    assert v1.refusal("GET", "/account/subaccount/", **query) == 400
    assert v1.refusal("GET", "/subaccount/domain", **query) == 400
    assert v1.refusal("GET", "/account/message", **window, **query) == 400
    assert v1.refusal("GET", "/subaccount/suppression", **window, **query) == 400


def test_the_blocked_sub_account_has_nothing_and_may_do_nothing(each: SendPostCaller) -> None:
    each.sent("hardbounce@example.com", groups=["spring"])
    window = {"from": TODAY, "to": TODAY + timedelta(1)}

    def asks(path: str, **query: object) -> Any:
        answer = each.ask("GET", path, key=BLOCKED, **query)  # type: ignore[arg-type]
        assert answer.status_code == 200, answer.text
        return answer.json()

    assert asks("/subaccount/suppression", **window) == []
    assert [it["name"] for it in asks("/subaccount/domain")] == ["partner.example"]
    assert asks("/subaccount/stat", **window) == []
    assert set(asks("/subaccount/stat/aggregate", **window).values()) == {0}
    assert set(asks("/subaccount/stat/aggregate/group", group="spring", **window).values()) == {0}
    assert each.get("/account/subaccount/stat/118", **window) == []
    assert set(each.get("/account/subaccount/stat/118/aggregate", **window).values()) == {0}
    assert each.refusal("GET", "/subaccount/domain/2001", key=BLOCKED) == 406
    address = [{"email": "hardbounce@example.com"}]
    assert each.refusal("POST", "/subaccount/suppression", key=BLOCKED, body={"manual": address}) == 401
    assert (
        each.refusal("DELETE", "/subaccount/suppression", key=BLOCKED, body={"suppressions": address}) == 401
    )
    mail = {"from": {"email": "me@example.com"}, "to": [{"email": "ok@example.com"}], "textBody": "x"}
    assert each.refusal("POST", "/subaccount/email/", key=BLOCKED, body=mail) == 401
    assert len(each.sandbox.caught()) == 1
    assert len(each.suppressed()) == 1


# what it can be told to do


def test_v1_can_be_the_contract_of_those_who_ask_for_none(sandbox: Caller) -> None:
    sandbox.fault("v1_by_default", match="/api/v1/")
    answers = [
        SendPostCaller(sandbox, contract).ask("GET", "/account/subaccount/")
        for contract in ("", "v1", "legacy")
    ]
    assert [it.headers["X-SendPost-Public-Contract"] for it in answers] == ["v1", "v1", "legacy"]
    assert ["Deprecation" in it.headers for it in answers] == [False, False, True]


def test_v1_can_be_unheard_of(v1: SendPostCaller) -> None:
    v1.sandbox.fault("legacy_only", match="/api/v1/")
    assert "smtpAuths" in v1.get("/account/subaccount/")[0]


def test_empty_lists_can_be_null(v1: SendPostCaller) -> None:
    (entry,) = v1.sent("ok@example.com")
    v1.sandbox.fault("null_lists", match="/api/v1/")
    assert v1.suppressed() is None
    message = v1.get(f"/account/message/{entry['messageId']}")
    assert message["attachments"] is message["groups"] is message["headerCc"] is message["to"]["bcc"] is None


def test_the_routes_nobody_promised_can_be_off(v1: SendPostCaller) -> None:
    (entry,) = v1.sent("ok@example.com")
    paths = (
        (f"/account/message/{entry['messageId']}/events", {"subAccountId": 117}),
        ("/account/recipient/ok@example.com/messages", {}),
    )
    for path, query in paths:
        assert len(v1.get(path, **query)) == 3
    v1.sandbox.fault("hidden_off", match="/api/v1/")
    for path, query in paths:
        assert v1.refusal("GET", path, **query) == 404
    assert v1.get(f"/account/message/{entry['messageId']}")


def test_a_batch_can_be_refused_in_part(v1: SendPostCaller) -> None:
    v1.sandbox.fault("partial_failure", match="/api/v1/subaccount/email")
    assert v1.codes(*(f"a{n}@example.com" for n in range(5))) == [0, 4, 0, 4, 0]
    assert len(v1.sandbox.caught()[0]["recipients"]) == 3


def test_other_faults_work_here_too(v1: SendPostCaller) -> None:
    v1.sandbox.fault("html", match="/api/v1/account", status=502)
    assert v1.ask("GET", "/account/subaccount/").text.startswith("<!doctype html>")
    v1.sandbox.fault("close_after", match="/api/v1/subaccount/email")
    with pytest.raises(httpx.RemoteProtocolError):
        v1.send("ok@example.com")
    assert len(v1.sandbox.caught()) == 1


def test_mail_outlives_a_restart(opened: Opener, tmp_path: Any) -> None:
    data = tmp_path / "sandbox"
    with opened(data) as caller:
        (entry,) = SendPostCaller(caller).sent("ok@example.com", groups=["spring"])
    with opened(data) as caller:
        again = SendPostCaller(caller)
        assert again.get(f"/account/message/{entry['messageId']}")["groups"] == ["spring"]
        assert again.today("/account/stat/aggregate/group", group="spring")["processed"] == 1
