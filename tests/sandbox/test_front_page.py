"""The page at `/`: for browsers and for terminals, true in every word that can be tried."""

from __future__ import annotations

import json
import re
import shlex
import shutil
import subprocess
from html import unescape
from html.parser import HTMLParser
from pathlib import Path
from typing import Any

import pytest

from turbodesk.sandbox.faults import HTTP_KINDS, SMTP_KINDS

from .conftest import Caller

BROWSER = {"Accept": "text/html,application/xhtml+xml,*/*;q=0.8"}
TOKENS = json.loads((Path(__file__).parents[2] / "resources" / "tokens.json").read_text())


class Elements(HTMLParser):
    """The elements of a page with their attributes, and whether each that was opened was closed."""

    def __init__(self, page: str) -> None:
        super().__init__()
        self.found: list[tuple[str, dict[str, str | None]]] = []
        self.open: list[str] = []
        self.feed(page)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.found.append((tag, dict(attrs)))
        if tag != "meta":
            self.open.append(tag)

    def handle_endtag(self, tag: str) -> None:
        assert self.open.pop() == tag


def commands(caller: Caller) -> list[list[str]]:
    text = caller.http.get("/").text.replace("$TURBODESK_SECRET_SANDBOX_TOKEN", caller.at.control_token)
    return [shlex.split(line) for line in text.splitlines() if line.startswith(("  curl ", "  swaks "))]


def test_browsers_get_a_page_and_terminals_a_text(sandbox: Caller) -> None:
    sandbox.send()
    page, text = sandbox.http.get("/", headers=BROWSER), sandbox.http.get("/")
    assert page.headers["content-type"] == "text/html; charset=utf-8"
    assert text.headers["content-type"] == "text/plain; charset=utf-8"
    at = sandbox.at
    said = [
        at.turbosmtp_v2.base_url, at.turbosmtp_v2.consumer_key, at.turbosmtp_v2.consumer_secret,
        at.sendpost.base_url, at.sendpost.account_key, at.sendpost.subaccount_key, at.user, at.password,
        f"{at.send_url}/api/v2/mail/send", str(at.smtp.port), str(at.smtp.tls_port), at.smtp.user,
        at.smtp.password, at.smtp.ca_file, "hardbounce@", "/sandbox/faults", *HTTP_KINDS, *SMTP_KINDS,
    ]  # fmt: skip
    for words in (unescape(page.text), text.text):
        assert [word for word in said if word not in words] == []
    assert "Caught so far: 1." in page.text
    assert "Caught so far: 1." in text.text
    assert page.headers["vary"] == text.headers["vary"] == "Accept"


def test_the_page_is_whole_and_does_nothing(sandbox: Caller) -> None:
    answer = sandbox.http.get("/", headers=BROWSER)
    page = Elements(answer.text)
    assert page.open == []
    tags = {tag for tag, _ in page.found}
    assert not tags & {"script", "img", "link", "iframe", "form", "object", "embed"}
    assert not [
        name for _, attributes in page.found for name in attributes if name.startswith("on") or name == "src"
    ]
    ids = [attributes["id"] for _, attributes in page.found if "id" in attributes]
    targets = [str(attributes["href"]) for tag, attributes in page.found if tag == "a"]
    assert [target[1:] for target in targets if target.startswith("#")] == ids
    assert {target for target in targets if not target.startswith("#")} == set()
    assert answer.headers["content-security-policy"].startswith("default-src 'none'; style-src 'sha256-")


def test_its_colours_are_those_of_the_desk(sandbox: Caller) -> None:
    page = sandbox.http.get("/", headers=BROWSER).text
    light, dark = page[page.index(":root") :].split("@media (prefers-color-scheme: dark)")
    for side, style in enumerate((light, dark[: dark.index("body {")])):
        for name, token in (
            ("window", "window"),
            ("surface", "surface"),
            ("sunken", "sunken"),
            ("border", "border"),
            ("text", "text"),
            ("muted", "muted"),
            ("ink", "accent-ink"),
        ):
            assert f"--{name}: {TOKENS[token][side]};" in style


def test_what_a_request_says_does_not_get_into_it(sandbox: Caller) -> None:
    path = "/?<script>alert(1)</script>"
    for headers in (BROWSER, {}, {**BROWSER, "User-Agent": "<b>me</b>"}):
        assert "alert(1)" not in sandbox.http.get(path, headers=headers).text


@pytest.mark.skipif(shutil.which("curl") is None, reason="curl is not installed")
def test_every_curl_line_works_as_it_stands(sandbox: Caller) -> None:
    lines = [line for line in commands(sandbox) if line[0] == "curl"]
    assert len(lines) == 7
    for line in lines:
        done = subprocess.run(
            [*line, "-sS", "--noproxy", "*", "-w", "\n%{http_code}"],
            capture_output=True,
            text=True,
            check=True,
        )
        body, code = done.stdout.rsplit("\n", 1)
        answer: Any = json.loads(body)
        assert code == "200", (line, answer)
    subjects = [message["subject"] for message in sandbox.caught()]
    assert subjects == ["Hello"] * 3


@pytest.mark.skipif(shutil.which("swaks") is None, reason="swaks is not installed")
def test_every_swaks_line_works_as_it_stands(sandbox: Caller) -> None:
    lines = [line for line in commands(sandbox) if line[0] == "swaks"]
    assert len(lines) == 2
    for line in lines:
        done = subprocess.run([*line, "--timeout", "20"], capture_output=True, text=True, check=False)
        assert done.returncode == 0, done.stdout
        assert re.search("250 2.0.0 Ok: queued as [0-9a-f-]{36}", done.stdout)
    assert len(sandbox.caught()) == 2
