"""Sends to SendPost: what is refused as a whole, what one by one, and what becomes of the rest."""

from __future__ import annotations

import asyncio
import base64
import time
import uuid
from typing import Any

import httpx
import pytest

from turbodesk.sandbox.sendpost_send import ATTACHMENTS_LIMIT_BYTES
from turbodesk.sandbox.state import USER

from .conftest import Caller, Clock, Opener
from .sendpost_caller import TODAY, SendPostCaller

SCENARIOS = [f"{it}@playwithsendpost.io" for it in ("test", "deliver", "hardbounce", "softbounce", "dropped")]


@pytest.fixture
def v1(sandbox: Caller) -> SendPostCaller:
    return SendPostCaller(sandbox)


def statuses(v1: SendPostCaller) -> dict[str, str]:
    return {row["email"]: row["status"] for mail in v1.sandbox.caught() for row in mail["recipients"]}


def wrong(v1: SendPostCaller, **fields: Any) -> list[str]:
    """The members that a send is refused for, once as v1 says it and once as it was said before."""
    answer = v1.send("ok@example.com", **fields)
    assert answer.status_code == 422, answer.text
    error = answer.json()["error"]
    assert (error["code"], error["type"]) == ("validation_error", "invalid_request_error")
    assert all(it["message"] for it in error["details"])
    assert error["param"] == error["details"][0]["field"]
    assert error["message"] == error["details"][0]["message"]
    old = SendPostCaller(v1.sandbox, "legacy").send("ok@example.com", **fields)
    assert (old.status_code, old.json()) == (422, {"status": "error", "message": error["message"]})
    assert v1.sandbox.caught() == []
    return [it["field"] for it in error["details"]]


# what comes back


@pytest.mark.parametrize("contract", ["v1", "legacy", ""])
def test_everybody_has_an_entry_and_an_id(opened: Opener, clock: Clock, contract: str) -> None:
    with opened(clock=clock) as caller:
        first, second = SendPostCaller(caller, contract).sent("one@example.com", "Two@Example.org")
        assert set(first) == {"to", "messageId", "submittedAt", "errorCode", "message"}
        assert (first["to"], second["to"]) == ("one@example.com", "Two@Example.org")
        assert first["messageId"] != second["messageId"]
        assert str(uuid.UUID(first["messageId"])) == first["messageId"]
        assert first["submittedAt"] == second["submittedAt"] == int(clock.now * 1000) * 1_000_000
        assert (first["errorCode"], first["message"]) == (0, "Email submitted successfully")


def test_the_smallest_send_there_is(v1: SendPostCaller) -> None:
    body = {
        "from": {"email": "ops@example.com"},
        "to": [{"email": "me@example.com"}],
        "subject": "Test",
        "textBody": "Hello",
        "trackOpens": False,
        "trackClicks": False,
    }
    answer = v1.ask("POST", "/subaccount/email/", body=body)
    assert (answer.status_code, answer.json()[0]["errorCode"]) == (200, 0)
    mail = v1.sandbox.show()
    assert (mail["sender"], mail["subject"], mail["text"].strip()) == (
        {"email": "ops@example.com", "name": ""},
        "Test",
        "Hello",
    )


def test_a_mixed_batch_is_200_and_has_a_code_for_each(v1: SendPostCaller) -> None:
    v1.sent("hardbounce@example.com", "gone@example.com")
    v1.ask("POST", "/subaccount/suppression", body={"manual": [{"email": "Gone@Example.com"}]})
    entries = v1.sent("ok@example.com", "not an address", "gone@example.com", "ratelimit@example.com", "x@")
    assert [it["errorCode"] for it in entries] == [0, 1, 2, 4, 1]
    assert [bool(it["messageId"]) for it in entries] == [True, False, True, False, False]
    assert all(it["message"] for it in entries)
    assert [row["email"] for row in v1.sandbox.caught()[0]["recipients"]] == [
        "ok@example.com",
        "gone@example.com",
    ]
    assert statuses(v1)["gone@example.com"] == "SUCCESS"  # of the send before
    assert v1.sandbox.caught()[0]["recipients"][1]["status"] == "SYSFAIL"
    assert "uppressed" in v1.sandbox.caught()[0]["recipients"][1]["error"]


def test_senders(v1: SendPostCaller) -> None:
    def codes(sender: str, *to: str) -> list[int]:
        return v1.codes(*(to or ("ok@example.com",)), **{"from": {"email": sender}})

    assert codes("me@example.com") == codes("me@mail.EXAMPLE.org") == [0]
    assert codes("me@example.edu") == codes("me@notexample.com") == codes("x@playwithsendpost.io") == [3]
    assert codes("nobody") == codes("a b@example.com") == [5]
    assert codes("me@example.edu", "bad", "ok@example.com") == [1, 3]
    assert codes("hello@playwithsendpost.io", USER, "ok@example.com") == [0, 3]
    assert [mail["sender"]["email"] for mail in v1.sandbox.caught()] == [
        "hello@playwithsendpost.io",
        "me@mail.EXAMPLE.org",
        "me@example.com",
    ]


def test_nothing_is_kept_of_what_nobody_gets(v1: SendPostCaller) -> None:
    assert v1.codes("bad", "ok@example.com", **{"from": {"email": "me@example.edu"}}) == [1, 3]
    assert v1.sandbox.caught() == []
    assert v1.refusal("GET", "/account/stat/aggregate", **{"from": TODAY, "to": TODAY}) == 404


# what is refused as a whole


@pytest.mark.parametrize(
    ("fields", "named"),
    [
        ({"from": None}, "from"),
        ({"from": "me@example.com"}, "from"),
        ({"from": {}}, "from.email"),
        ({"from": {"email": ""}}, "from.email"),
        ({"from": {"email": 7}}, "from.email"),
        ({"from": {"email": "me@example.com", "name": "x" * 257}}, "from.name"),
        ({"from": {"email": "me@example.com", "name": "x\r\nBcc: y"}}, "from.name"),
        ({"to": None}, "to"),
        ({"to": []}, "to"),
        ({"to": {"email": "ok@example.com"}}, "to"),
        ({"to": [{"email": f"a{n}@example.com"} for n in range(1001)]}, "to"),
        ({"to": ["ok@example.com"]}, "to[0]"),
        ({"to": [{"email": "ok@example.com"}, {"name": "X"}]}, "to[1].email"),
        ({"to": [{"email": "ok@example.com", "name": "x" * 257}]}, "to[0].name"),
        ({"to": [{"email": "ok@example.com", "cc": [{"email": "a@example.com"}] * 51}]}, "to[0].cc"),
        ({"to": [{"email": "ok@example.com", "bcc": [{"email": "a@example.com"}] * 51}]}, "to[0].bcc"),
        ({"to": [{"email": "ok@example.com", "cc": [{}]}]}, "to[0].cc[0].email"),
        ({"to": [{"email": "ok@example.com", "cc": "a@example.com"}]}, "to[0].cc"),
        ({"to": [{"email": "ok@example.com", "customFields": []}]}, "to[0].customFields"),
        ({"replyTo": "me@example.com"}, "replyTo"),
        ({"replyTo": {"name": "Me"}}, "replyTo.email"),
        ({"subject": "x" * 999}, "subject"),
        ({"subject": 7}, "subject"),
        ({"subject": "a\nb"}, "subject"),
        ({"preText": "x" * 201}, "preText"),
        ({"textBody": None}, "htmlBody"),
        ({"textBody": ""}, "htmlBody"),
        ({"textBody": ["x"], "htmlBody": "x"}, "textBody"),
        ({"htmlBody": 1}, "htmlBody"),
        ({"ampBody": {}}, "ampBody"),
        ({"ippool": 3}, "ippool"),
        ({"webhookEndpoint": True}, "webhookEndpoint"),
        ({"trackOpens": "true"}, "trackOpens"),
        ({"trackClicks": 0}, "trackClicks"),
        ({"groups": "spring"}, "groups"),
        ({"groups": ["spring", 7]}, "groups[1]"),
        ({"headers": ["X-A"]}, "headers"),
        ({"headers": {"X-A": 7}}, "headers.X-A"),
        ({"headers": {"X-A": "a\r\nBcc: x@example.com"}}, "headers.X-A"),
        ({"headers": {"X A": "a"}}, "headers.X A"),
        ({"attachments": {}}, "attachments"),
        ({"attachments": ["x"]}, "attachments[0]"),
        ({"attachments": [{"content": "eA=="}]}, "attachments[0].filename"),
        ({"attachments": [{"content": "eA==", "filename": ""}]}, "attachments[0].filename"),
        ({"attachments": [{"content": "eA==", "filename": "x" * 256}]}, "attachments[0].filename"),
        ({"attachments": [{"filename": "x.txt"}]}, "attachments[0].content"),
        ({"attachments": [{"content": 7, "filename": "x.txt"}]}, "attachments[0].content"),
        *(
            ({"attachments": [{"content": content, "filename": "x.txt"}]}, "attachments[0].content")
            for content in ("eA", "eA=", "e A==", "eA==\n", "data:text/plain;base64,eA==", "é", "e-_=")
        ),
    ],
)
def test_a_malformed_send_is_422_and_names_the_member(
    v1: SendPostCaller, fields: dict[str, Any], named: str
) -> None:
    assert wrong(v1, **fields) == [named]


def test_everything_that_is_wrong_is_named_at_once(v1: SendPostCaller) -> None:
    assert wrong(v1, to=[{}], subject=1, groups=2, trackOpens="no") == [
        "to[0].email",
        "subject",
        "trackOpens",
        "groups",
    ]


def test_limits_are_reached_and_not_passed(v1: SendPostCaller) -> None:
    people = [{"email": f"a{n}@example.com"} for n in range(50)]
    assert v1.codes({"email": "ok@example.com", "cc": people, "bcc": people}, subject="x" * 998) == [0]
    assert v1.codes(*(f"a{n}@example.com" for n in range(1000))) == [0] * 1000
    assert len(v1.sandbox.caught()[0]["recipients"]) == 1000
    many = ATTACHMENTS_LIMIT_BYTES // 2
    files = [{"content": base64.b64encode(bytes(many)).decode(), "filename": f"{n}.bin"} for n in range(2)]
    assert v1.codes("ok@example.com", attachments=files) == [0]
    assert v1.sandbox.caught()[0]["size_bytes"] == ATTACHMENTS_LIMIT_BYTES + len("Hello")
    more = v1.send("ok@example.com", attachments=[*files, {"content": "eA==", "filename": "drop"}])
    assert more.json()["error"]["param"] == "attachments"


def test_scenario_addresses_refuse_the_whole_call(v1: SendPostCaller) -> None:
    assert v1.send("ok@example.com", "error500@example.com").status_code == 500
    limited = v1.send("ratelimit@example.com", "ratelimit@example.org")
    assert (limited.status_code, limited.json()["error"]["code"]) == (429, "rate_limit_exceeded")
    assert int(limited.headers["Retry-After"]) > 0
    assert v1.sandbox.caught() == []


def test_scenario_addresses_are_slow_or_cut_the_connection(v1: SendPostCaller) -> None:
    began = time.monotonic()
    assert v1.codes("slow@example.com") == [0]
    assert time.monotonic() - began > 1.5
    with pytest.raises(httpx.RemoteProtocolError):
        v1.send("drop@example.com")
    assert [mail["recipients"][0]["email"] for mail in v1.sandbox.caught()] == [
        "drop@example.com",
        "slow@example.com",
    ]


def test_when_nothing_more_is_paid_for(v1: SendPostCaller) -> None:
    v1.sandbox.http.put("/sandbox/credit", json={"left": 2})
    assert v1.codes("a@example.com", "b@example.com") == [0, 0]
    assert v1.codes("c@example.com") == [4]


# what arrives


def test_a_whole_message(v1: SendPostCaller) -> None:
    files = [
        {"content": base64.b64encode(b"%PDF").decode(), "filename": "Größe.pdf"},
        {"content": base64.b64encode(b"\x89PNG").decode(), "filename": "logo.png"},
        {"content": "", "filename": "empty"},
    ]
    to = {
        "email": "you@example.com",
        "name": "You",
        "cc": [{"email": "cc@example.net", "name": "Copy"}],
        "bcc": [{"email": "bcc@example.net"}],
    }
    headers = {
        "X-Campaign": "spring",
        "X-Turbodesk-ID": "td-1",
        "From": "evil@example.com",
        "to": "evil@example.com",
        "SUBJECT": "evil",
        "Message-ID": "<evil@example.com>",
        "Content-Type": "text/evil",
    }
    reply_to = {"email": "back@example.com", "name": "Back"}
    fields = {"htmlBody": "<p>Hé</p>", "subject": "Grüße", "headers": headers, "replyTo": reply_to}
    assert v1.codes(to, "two@example.org", attachments=files, **fields) == [0, 0]
    (mail,) = v1.sandbox.caught()
    assert (mail["subject"], mail["sender"]) == ("Grüße", {"email": "me@example.com", "name": "Me"})
    assert [(row["kind"], row["email"], row["name"]) for row in mail["recipients"]] == [
        ("to", "you@example.com", "You"),
        ("cc", "cc@example.net", "Copy"),
        ("bcc", "bcc@example.net", ""),
        ("to", "two@example.org", ""),
    ]
    whole = v1.sandbox.show()
    seen = {name.lower(): value for name, value in whole["headers"]}
    assert (seen["x-campaign"], seen["x-turbodesk-id"]) == ("spring", "td-1")
    assert seen["reply-to"] == "Back <back@example.com>"
    assert "evil" not in whole["source"] and "bcc@example.net" not in whole["source"]
    assert (whole["text"].strip(), whole["html"].strip()) == ("Hello", "<p>Hé</p>")
    assert [(it["name"], it["type"], it["content_base64"]) for it in whole["attachments"]] == [
        ("Größe.pdf", "application/pdf", files[0]["content"]),
        ("logo.png", "image/png", files[1]["content"]),
        ("empty", "application/octet-stream", ""),
    ]
    assert v1.sandbox.http.get("/sandbox/accepted").json() == {"total": 1, "by_key": {"td-1": 1}}


def test_placeholders_are_filled_for_each(v1: SendPostCaller) -> None:
    text = "Dear {{name}}, {{order.lines.0.what}} for {{ order.total }}{{missing}}{{no.such.thing}}. {{else}}"
    people = [
        {
            "email": f"{name}@example.com",
            "customFields": {"name": f"<{name}>", "order": {"total": 12.5, "lines": [{"what": "boots"}]}},
        }
        for name in ("ann", "bob")
    ]
    fields = {"subject": "For {{name}}", "textBody": text, "htmlBody": "{{name}} {{{name}}} {{.name}}"}
    assert v1.codes(*people, headers={"X-Turbodesk-ID": "td-2"}, **fields) == [0, 0]
    mails = {mail["recipients"][0]["email"]: v1.sandbox.show(mail["id"]) for mail in v1.sandbox.caught()}
    assert list(mails) == ["bob@example.com", "ann@example.com"]
    ann = mails["ann@example.com"]
    assert ann["subject"] == "For <ann>"
    assert ann["text"] == "Dear <ann>, boots for 12.5. {{else}}"
    assert ann["html"] == "&lt;ann&gt; <ann> &lt;ann&gt;"
    assert mails["bob@example.com"]["subject"] == "For <bob>"
    assert v1.sandbox.http.get("/sandbox/accepted").json() == {"total": 2, "by_key": {"td-2": 1}}


def test_copies_that_say_the_same_are_one_mail(v1: SendPostCaller) -> None:
    people = [{"email": f"a{n}@example.com", "customFields": {"name": "all", "n": n}} for n in range(3)]
    assert v1.codes(*people, textBody="Dear {{name}}") == [0, 0, 0]
    assert [v1.sandbox.show()["text"], len(v1.sandbox.caught())] == ["Dear all", 1]


def test_copies_that_would_fill_the_store_are_one_mail(v1: SendPostCaller) -> None:
    file = {"content": base64.b64encode(bytes(25_000_000)).decode(), "filename": "big.bin"}
    people = [{"email": f"a{n}@example.com", "customFields": {"n": n}} for n in range(11)]
    assert v1.codes(*people, textBody="No. {{n}}", attachments=[file]) == [0] * 11
    (mail,) = v1.sandbox.caught()
    assert (len(mail["recipients"]), mail["size_bytes"]) == (11, 25_000_000 + len("No. {{n}}"))
    assert v1.codes(*people[:2], textBody="No. {{n}}", attachments=[file]) == [0, 0]
    assert len(v1.sandbox.caught()) == 3


def test_everybody_has_a_link_to_unsubscribe(v1: SendPostCaller) -> None:
    own = {"email": "a@example.com", "customFields": {"unsubscribe": "mine"}}
    v1.sent(own, "b@example.com", textBody="{{unsubscribe}}")
    links = {v1.sandbox.show(mail["id"])["text"].strip() for mail in v1.sandbox.caught()}
    assert len(links) == 2
    assert all(link.startswith("https://") for link in links)


def test_a_field_cannot_break_the_subject(v1: SendPostCaller) -> None:
    v1.sent({"email": "a@example.com", "customFields": {"x": "a\r\nBcc: b@example.com"}}, subject="{{x}}")
    assert v1.sandbox.show()["subject"] == "a  Bcc: b@example.com"


@pytest.mark.parametrize("path", ["/subaccount/email/", "/subaccount/email/template"])
def test_templates(v1: SendPostCaller, path: str) -> None:
    to = [{"email": "ann@example.com", "customFields": {"name": "Ann"}}]
    body = {"from": {"email": "me@example.com"}, "to": to, "template": "welcome"}
    assert v1.ask("POST", path, body=body).json()[0]["errorCode"] == 0
    mail = v1.sandbox.show()
    assert mail["subject"] == "Welcome, Ann"
    assert "Welcome, Ann!" in mail["text"] and "<h1>Welcome, Ann</h1>" in mail["html"]
    own = {"subject": "Mine", "textBody": "Mine, {{name}}"}
    assert v1.ask("POST", path, body={**body, **own}).status_code == 200
    mail = v1.sandbox.show()
    assert (mail["subject"], mail["text"], mail["html"]) == ("Mine", "Mine, Ann", "")
    assert v1.refusal("POST", path, body={**body, "template": "unknown"}) == 406
    old = SendPostCaller(v1.sandbox, "")
    assert old.refusal("POST", path, body={**body, "template": "unknown"}) == 406


def test_a_template_by_its_id_with_variables(v1: SendPostCaller) -> None:
    people = [{"email": "ann@example.com", "customFields": {"name": "Ann"}}, {"email": "bob@example.com"}]
    variables = {"name": "customer", "order": {"number": 7, "total": "5 €"}}
    body = {"from": {"email": "me@example.com"}, "to": people}
    body |= {"templateId": "502", "templateVariables": variables}
    assert v1.ask("POST", "/subaccount/email/template", body=body).status_code == 200
    texts = {v1.sandbox.show(mail["id"])["text"] for mail in v1.sandbox.caught()}
    assert texts == {
        "Dear Ann, we received 5 € for your order 7.\n",
        "Dear customer, we received 5 € for your order 7.\n",
    }
    nameless = {**body, "templateId": None, "textBody": "x"}
    refused = v1.ask("POST", "/subaccount/email/template", body=nameless)
    assert (refused.status_code, refused.json()["error"]["param"]) == (422, "template")
    assert v1.refusal("POST", "/subaccount/email/template", body={**body, "templateId": "9"}) == 406


# what becomes of it


def test_the_test_addresses(v1: SendPostCaller) -> None:
    assert v1.codes(*SCENARIOS) == [0] * 5
    assert [statuses(v1)[it] for it in SCENARIOS] == ["CLICK", "SUCCESS", "FAIL", "FAIL", "SYSFAIL"]
    assert v1.today() == {
        "processed": 5,
        "sent": 4,
        "smtpDropped": 1,
        "delivered": 2,
        "softBounced": 1,
        "hardBounced": 1,
        "opened": 1,
        "clicked": 1,
    }
    (listed,) = v1.suppressed()
    assert (listed["email"], listed["reason"]) == ("hardbounce@playwithsendpost.io", 2)
    assert listed["smtpError"]
    assert v1.codes(*SCENARIOS) == [0] * 5  # they can be tried again


@pytest.mark.parametrize(
    ("fields", "status", "moved"),
    [
        ({}, "CLICK", {"opened", "clicked"}),
        ({"trackOpens": False}, "CLICK", {"clicked"}),
        ({"trackClicks": False}, "SUCCESS", set()),
        ({"trackOpens": False, "trackClicks": False}, "SUCCESS", set()),
        ({"trackOpens": None, "trackClicks": True}, "CLICK", {"opened", "clicked"}),
    ],
)
def test_only_what_is_tracked_is_seen(
    v1: SendPostCaller, fields: dict[str, Any], status: str, moved: set[str]
) -> None:
    (entry,) = v1.sent("test@playwithsendpost.io", groups=["g"], **fields)
    assert statuses(v1) == {"test@playwithsendpost.io": status}
    assert set(v1.today()) - {"processed", "sent", "delivered"} == moved
    assert set(v1.today("/account/subaccount/stat/117/group", group="g")) >= moved
    message = v1.get(f"/account/message/{entry['messageId']}")
    for name in ("trackOpens", "trackClicks"):
        assert message[name] is (fields.get(name) is not False)


def test_turbosmtps_switches_do_not_matter_here(v1: SendPostCaller) -> None:
    v1.sandbox.call("PUT", "/api/tools/openingTracking/disable")
    v1.sent("open@example.com")
    v1.sandbox.send("open@example.com")
    assert v1.today()["opened"] == 1
    v1.sandbox.call("PUT", "/api/tools/openingTracking/enable")


def test_many_sends_at_once_are_all_kept(v1: SendPostCaller) -> None:
    async def go() -> list[httpx.Response]:
        at = v1.at
        async with httpx.AsyncClient(
            trust_env=False, headers={"X-SubAccount-ApiKey": at.subaccount_key}
        ) as http:
            body = {"from": {"email": "me@example.com"}, "textBody": "{{n}}"}
            people = [[{"email": f"a{n}@example.com", "customFields": {"n": n}}] for n in range(40)]
            url = f"{at.base_url}/subaccount/email/"
            return await asyncio.gather(*(http.post(url, json={**body, "to": to}) for to in people))

    answers = asyncio.run(go())
    assert [it.json()[0]["to"] for it in answers] == [f"a{n}@example.com" for n in range(40)]
    assert len({it.json()[0]["messageId"] for it in answers}) == 40
    mails = v1.sandbox.caught()
    assert {(it["recipients"][0]["email"], v1.sandbox.show(it["id"])["text"]) for it in mails} == {
        (f"a{n}@example.com", str(n)) for n in range(40)
    }
