"""curl against the sandbox: what turboSMTP's documentation tells its users to type, typed."""

from __future__ import annotations

import base64
import csv
import io
import json
import shutil
import subprocess
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from .conftest import Caller

CURL = shutil.which("curl") or ""
pytestmark = pytest.mark.skipif(not CURL, reason="there is no curl here")
DAYS = ["-d", "from=2000-01-01", "-d", "to=2090-12-31"]
PNG = base64.b64encode(b"\x89PNG\r\n\x1a\n" + bytes(range(64))).decode()


class Shell:
    """Types curl's command lines; keeps the status and the type of the last answer."""

    def __init__(self, caller: Caller) -> None:
        self.caller = caller
        self.v1 = caller.at.dashboard_url
        self.v2 = caller.at.turbosmtp_v2.base_url
        self.keys = [
            "-H", f"consumerKey: {caller.at.turbosmtp_v2.consumer_key}",
            "-H", f"consumerSecret: {caller.at.turbosmtp_v2.consumer_secret}",
        ]  # fmt: skip
        self.status = 0
        self.type = ""

    def text(self, *arguments: str) -> str:
        line = [CURL, "-sS", "--noproxy", "*", "-w", "\n%{http_code} %{content_type}", *arguments]
        done = subprocess.run(line, capture_output=True, check=True, timeout=30)
        assert done.stderr == b""
        body, _, told = done.stdout.decode().rpartition("\n")
        status, _, self.type = told.partition(" ")
        self.status = int(status)
        return body

    def json(self, *arguments: str) -> Any:
        answer = self.text(*arguments)
        assert self.type == "application/json"
        return json.loads(answer)

    def table(self, *arguments: str) -> list[dict[str, str]]:
        answer = self.text(*arguments)
        assert (self.status, self.type.partition(";")[0]) == (200, "text/csv")
        return list(csv.DictReader(io.StringIO(answer, newline=""), delimiter=";"))

    def caught(self) -> dict[str, Any]:
        return self.caller.show()


@pytest.fixture
def curl(sandbox: Caller) -> Shell:
    return Shell(sandbox)


def as_json(body: object) -> list[str]:
    return ["-H", "Content-Type: application/json; charset=utf-8", "--data-binary", json.dumps(body)]


LETTER = {
    "from": "Example Shop <shop@example.com>",
    "to": "Ann <ann@example.com>, hardbounce@example.org",
    "cc": "carl@example.net",
    "subject": "Grüße: 20 % off & more",
    "content": "Hello\nyou",
    "html_content": "<p>Hello <b>you</b></p>",
}


# API v1


def test_v1_signs_in_and_out(curl: Shell) -> None:
    login = {"email": curl.caller.at.user, "password": curl.caller.at.password}
    token = curl.json("-X", "POST", f"{curl.v1}/api/authorize", *as_json({**login, "no_expire": "1"}))
    assert (curl.status, list(token)) == (200, ["auth"])
    header = ["-H", f"Authorization: {token['auth']}"]
    assert curl.json(f"{curl.v1}/api/user/info", *header)["email"] == login["email"]
    assert curl.json(f"{curl.v1}/api/plans", "-b", f"Authorization={token['auth']}")[0]["active"] is True
    assert curl.json("-X", "POST", f"{curl.v1}/api/deauthorize", *header) == {"message": "Token deauthorized"}
    gone = curl.json("-X", "POST", f"{curl.v1}/api/deauthorize", *header)
    assert (curl.status, gone["errorCode"]) == (401, 9)
    wrong = curl.json("-X", "POST", f"{curl.v1}/api/authorize", *as_json({**login, "password": "x"}))
    assert (curl.status, wrong) == (401, {"errorCode": 1, "message": "Wrong credentials specified"})


def v1_token(curl: Shell) -> list[str]:
    login = {"email": curl.caller.at.user, "password": curl.caller.at.password}
    token = curl.json("-X", "POST", f"{curl.v1}/api/authorize", *as_json(login))["auth"]
    return ["-H", f"Authorization: {token}"]


def test_v1_sends_as_json_as_a_form_and_in_parts(curl: Shell, tmp_path: Path) -> None:
    secrets = {"authuser": curl.caller.at.user, "authpass": curl.caller.at.password}
    attachment = {"content": PNG, "name": "logo.png", "type": "image/png"}
    whole = {**secrets, **LETTER, "custom_headers": {"X-Entity-Ref-ID": "7"}, "attachments": [attachment]}
    sent = curl.json("-X", "POST", f"{curl.caller.at.send_url}/api/v2/mail/send", *as_json(whole))
    assert (curl.status, sent) == (200, {"message": "OK", "mid": sent["mid"]})
    caught = curl.caught()
    assert caught["id"] == str(sent["mid"])
    assert (caught["subject"], caught["text"]) == (LETTER["subject"], LETTER["content"])
    assert caught["attachments"][0]["content_base64"] == PNG
    assert ["X-Entity-Ref-ID", "7"] in caught["headers"]

    path = f"{curl.caller.at.send_url}/api/mail/send"
    fields = [argument for name in LETTER for argument in ("--data-urlencode", f"{name}={LETTER[name]}")]
    login = ["-H", f"authuser: {secrets['authuser']}", "-H", f"authpass: {secrets['authpass']}"]
    assert curl.json(path, *fields, *login) == {"message": "OK"}
    assert curl.caught()["html"] == LETTER["html_content"]

    message = tmp_path / "message.eml"
    message.write_bytes(b"Subject: raw\r\nX-Own: 1\r\n\r\nLine one\r\nLine two\r\n")
    named = {**secrets, "from": LETTER["from"], "to": "ok@example.com"}
    parts = [argument for name, value in named.items() for argument in ("--form-string", f"{name}={value}")]
    assert curl.json(path, *parts, "-F", f"mime_raw=<{message}") == {"message": "OK"}
    caught = curl.caught()
    assert (caught["subject"], caught["text"].splitlines()) == ("raw", ["Line one", "Line two"])


def test_v1_lists_counts_exports_and_deletes(curl: Shell) -> None:
    secrets = {"authuser": curl.caller.at.user, "authpass": curl.caller.at.password}
    curl.json("-X", "POST", f"{curl.v1}/api/v2/mail/send", *as_json({**secrets, **LETTER}))
    token = v1_token(curl)
    reports, stats = f"{curl.v1}/web/api/reports", f"{curl.v1}/api/stats"
    today = datetime.now(UTC).strftime("%Y-%m-%d")
    day = ["-G", "-d", f"start={today}", "-d", "end=2090-01-01", "--data-urlencode", "tz=+00:00"]
    rows = curl.json(f"{reports}/bounce", *day, "-d", "page=1", *token)
    assert [row["email"] for row in rows] == ["hardbounce@example.org"]
    assert curl.json(f"{reports}/bounce/count", *day, *token) == {"count": 1}
    assert [row["To"] for row in curl.table(f"{reports}/bounce/csv", *day, *token)] == [
        "hardbounce@example.org"
    ]
    status = ["-G", "--data-urlencode", 'filter=["SUCCESS"]', *token]
    emails = curl.json(f"{stats}/panes/emails", *status)
    assert {row["recipient"] for row in emails} == {"ann@example.com", "carl@example.net"}
    assert curl.json(f"{stats}/panes/emails/count", *status) == {"count": 2}
    assert len(curl.table(f"{stats}/emails/csv", *token)) == 3
    gone = curl.json("-X", "DELETE", f"{reports}/bounce?ids={rows[0]['cid']}", *token)
    assert gone == {"success": True}
    assert curl.json(f"{reports}/bounce/all/count", *token) == {"count": 0}
    enabled = curl.json("-X", "PUT", f"{curl.v1}/api/tools/clickTracking/disable", *token)["enabled"]
    assert enabled is False
    curl.json("-X", "PUT", f"{curl.v1}/api/tools/clickTracking/enable", *token)


# API v2


def test_v2_signs_in_makes_a_key_and_uses_it(curl: Shell) -> None:
    login = {"email": curl.caller.at.user, "password": curl.caller.at.password, "no_expire": False}
    token = curl.json("-X", "POST", f"{curl.v2}/authorize", *as_json(login))
    assert (curl.status, list(token)) == (200, ["auth"])
    header = ["-H", f"Authorization: {token['auth']}"]
    before = curl.json(f"{curl.v2}/user/consumerKeys", *header)["count"]
    wish = {"label": "From the shell", "permissions": ["SEND_API", "APIS"], "ips": ["127.0.0.1"]}
    made = curl.json("-X", "POST", f"{curl.v2}/user/consumerKeys", *header, *as_json(wish))
    assert (curl.status, list(made)) == (201, ["consumerKey", "consumerSecret"])
    listed = curl.json(f"{curl.v2}/user/consumerKeys", *header)
    assert listed["count"] == before + 1
    row = next(row for row in listed["results"] if row["consumerKey"] == made["consumerKey"])
    assert {name: row[name] for name in wish} == wish
    own = ["-H", f"Consumerkey: {made['consumerKey']}", "-H", f"CONSUMERSECRET: {made['consumerSecret']}"]
    assert curl.json(f"{curl.v2}/user/config", *own)["account_type"] == "paid"
    sent = curl.json("-X", "POST", f"{curl.v2}/mail/send", *own, *as_json(LETTER))
    assert sent["message"] == "OK"
    path = f"{curl.v2}/user/consumerKeys/{made['consumerKey']}"
    assert curl.json("-X", "DELETE", path, *header) == {"message": "success"}
    assert curl.json("-X", "DELETE", path, *header) == {"message": "key_not_found"}
    assert curl.status == 404
    assert curl.json(f"{curl.v2}/user/config", *own) == {"message": "invalid_authorization_key"}
    assert curl.status == 401
    assert curl.json("-X", "POST", f"{curl.v2}/deauthorize", *header) == {"message": "token_deauthorized"}
    bad = curl.json("-X", "POST", f"{curl.v2}/authorize", *as_json({**login, "password": "x"}))
    assert (curl.status, bad) == (403, {"message": "wrong_credentials_specified"})


def test_v2_sends_as_json_as_a_form_and_in_parts(curl: Shell, tmp_path: Path) -> None:
    logo = {"content": PNG, "name": "logo.png", "type": "image/png", "content_id": "logo"}
    whole = {
        **LETTER,
        "bcc": None,
        "html_content": '<img src="cid:logo@example.com">',
        "custom_headers": {"List-Unsubscribe": "<https://example.com/u>"},
        "attachments": [logo],
        "X-campaign-ID": "spring",
        "reference_id": "r-1",
    }
    sent = curl.json("-X", "POST", f"{curl.v2}/mail/send", *curl.keys, *as_json(whole))
    assert (curl.status, sent) == (200, {"message": "OK", "mid": sent["mid"]})
    caught = curl.caught()
    assert (caught["sender"]["name"], len(caught["recipients"])) == ("Example Shop", 3)
    assert caught["attachments"][0]["content_id"] == "logo@example.com"
    assert ["List-Unsubscribe", "<https://example.com/u>"] in caught["headers"]

    text = tmp_path / "note.txt"
    text.write_text("in a file", encoding="utf-8")
    encoded = tmp_path / "note.base64"
    encoded.write_bytes(base64.b64encode(text.read_bytes()))
    pairs = {**LETTER, "custom_headers": '{"X-A": "1"}', "attachments[0][name]": "note.txt",
             "attachments[0][type]": "text/plain", "X-campaign-ID": "spring"}  # fmt: skip
    form = [argument for name, value in pairs.items() for argument in ("--data-urlencode", f"{name}={value}")]
    form += ["--data-urlencode", f"attachments[0][content]@{encoded}"]
    assert curl.json(f"{curl.v2}/mail/send", *curl.keys, *form)["message"] == "OK"
    parts = [argument for name, value in pairs.items() for argument in ("--form-string", f"{name}={value}")]
    parts += ["-F", f"attachments[0][content]=<{encoded}"]
    assert curl.json(f"{curl.v2}/mail/send", *curl.keys, *parts)["message"] == "OK"
    for id in [mail["id"] for mail in curl.caller.caught()][:2]:
        seen = curl.caller.show(id)
        assert base64.b64decode(seen["attachments"][0]["content_base64"]) == b"in a file"
        assert (seen["subject"], ["X-A", "1"] in seen["headers"]) == (LETTER["subject"], True)


def test_v2_refuses_in_its_words(curl: Shell) -> None:
    send = ["-X", "POST", f"{curl.v2}/mail/send"]
    wrong = {**LETTER, "to": '"Doe, Jane" <jane@example.com>'}
    assert curl.json(*send, *curl.keys, *as_json(wrong)) == {
        "message": "error",
        "errors": ["'\"Doe' 'to' email not valid"],
    }
    assert curl.status == 400
    assert curl.json(*send, *as_json(LETTER)) == {
        "errorCode": 3,
        "message": "Invalid authorization token",
        "details": "No authorization key was specified for request: POST /api/mail/send",
    }
    assert curl.status == 401
    assert curl.json(f"{curl.v2}/analytics", "-G", *DAYS) == {"message": "missing_authorization_key"}
    assert curl.status == 401
    assert curl.json(f"{curl.v2}/nothing", *curl.keys) == {"message": "not_found"}
    assert curl.status == 404


def test_v2_lists_one_and_exports(curl: Shell) -> None:
    curl.json(
        "-X", "POST", f"{curl.v2}/mail/send", *curl.keys, *as_json({**LETTER, "X-campaign-ID": "spring"})
    )
    question = ["-G", *DAYS, "--data-urlencode", "tz=+02:00", *curl.keys]
    body = curl.json(f"{curl.v2}/analytics", *question, "-d", "limit=2", "-d", "page=2")
    assert (body["count"], len(body["results"])) == (3, 1)
    some = curl.json(
        f"{curl.v2}/analytics", *question, "--data-urlencode", "status[]=FAIL",
        "--data-urlencode", "status[]=SYSFAIL", "-d", "filter=hardbounce", "-d", "filter_by=recipient",
        "-d", "smart_search=true", "-d", "orderby=recipient", "-d", "ordertype=asc",
    )  # fmt: skip
    assert [(row["recipient"], row["status"], row["x_campaign_id"]) for row in some["results"]] == [
        ("hardbounce@example.org", "FAIL", "spring")
    ]
    one = curl.json(f"{curl.v2}/analytics/{some['results'][0]['id']}?tz=%2B02:00", *curl.keys)
    assert one == some["results"][0]
    rows = curl.table(f"{curl.v2}/analytics/csv", *question)
    assert [row["To"] for row in rows] == ["carl@example.net", "hardbounce@example.org", "ann@example.com"]
    assert curl.json(f"{curl.v2}/analytics", *curl.keys) == {"message": "missing_required_parameter_from"}
    assert curl.json(f"{curl.v2}/analytics/x", *curl.keys) == {"message": "invalid_id"}
    assert len(curl.json(f"{curl.v2}/subaccounts/list?limit=3", *curl.keys)["results"]) == 3


def test_v2_imports_lists_and_deletes_suppressions(curl: Shell, tmp_path: Path) -> None:
    path = f"{curl.v2}/suppressions"
    people = {"type": "manual", "reason": "by telephone", "content": ["ann@example.com", "no address"]}
    added = curl.json("-X", "POST", f"{path}/import", *curl.keys, *as_json(people))
    assert added == {"status": "success", "valid": ["ann@example.com"], "invalid": ["no address"]}
    upload = tmp_path / "people.csv"
    upload.write_text("bob@example.com\ncarl@example.net\n", encoding="utf-8")
    parts = ["-F", "type=file", "-F", "reason=from a file", "-F", f"file=@{upload};type=text/csv"]
    assert curl.json(f"{path}/import", *curl.keys, *parts)["valid"] == ["bob@example.com", "carl@example.net"]
    body = curl.json(path, "-G", *DAYS, "-d", "filter_by=manual", "-d", "filter_by=spam", *curl.keys)
    assert (body["count"], {row["source"] for row in body["results"]}) == (3, {"manual"})
    restrict = {"by": "reason", "operator": "include", "filter": "telephone", "smart_search": True}
    days = {"from": "2000-01-01", "to": "2090-12-31"}
    found = curl.json("-X", "POST", path, *curl.keys, *as_json({**days, "restrict": [restrict]}))
    assert [(row["recipient"], row["reason"]) for row in found["results"]] == [
        ("ann@example.com", "by telephone")
    ]
    rows = curl.table(
        f"{path}/csv", "-G", *DAYS, "-d", "orderby=recipient", "-d", "ordertype=asc", *curl.keys
    )
    assert [(row["Status"], row["To"][:3]) for row in rows] == [
        ("MANUAL", to) for to in ("ann", "bob", "car")
    ]
    curl.json("-X", "POST", f"{curl.v2}/mail/send", *curl.keys, *as_json(LETTER))
    sent = curl.json(f"{curl.v2}/analytics", "-G", *DAYS, "-d", "status=SYSFAIL", *curl.keys)
    assert {row["recipient"] for row in sent["results"]} == {"ann@example.com", "carl@example.net"}
    gone = curl.json(
        "-X", "POST", f"{path}/bulk_delete", *curl.keys, *as_json(["ann@example.com", "x@example.com"])
    )
    assert gone == {"success": True}
    rest = {**days, "filter": "from a file"}
    assert curl.json("-X", "POST", f"{path}/delete", *curl.keys, *as_json(rest)) == {"success": True}
    left = curl.json(path, "-G", *DAYS, *curl.keys)["results"]
    assert [(row["source"], row["recipient"]) for row in left] == [("bounce", "hardbounce@example.org")]
    empty = curl.json("-X", "POST", f"{path}/bulk_delete", *curl.keys, *as_json([]))
    assert (curl.status, empty) == (400, {"message": "no_contacts_were_provided"})
