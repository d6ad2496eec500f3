"""The page at `/`: what runs here and how to try it, as HTML for people and as text for the terminal."""

from __future__ import annotations

import base64
import hashlib
import json
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from html import escape
from shlex import quote

from starlette.requests import Request
from starlette.responses import HTMLResponse, PlainTextResponse, Response
from starlette.routing import Route

from turbodesk.sandbox.endpoints import Endpoints, SmtpEndpoint
from turbodesk.sandbox.faults import HTTP_KINDS, SMTP_KINDS, SMTP_STEPS
from turbodesk.sandbox.state import State

_TITLE = "Turbodesk sandbox"
_WORDS = (
    "A pretend mail provider on this computer. It catches what is sent to it and forwards nothing. "
    "The names, passwords and keys below are for play: they guard nothing."
)
# The colours are those of the desk itself, light and dark.
_STYLE = """
:root { color-scheme: light dark; --window: #F3F4F7; --surface: #FFFFFF; --sunken: #F8F9FB; --border: #DFE2E8;
  --text: #1A1E29; --muted: #575E6D; --ink: #3A48BC; }
@media (prefers-color-scheme: dark) { :root { --window: #13151A; --surface: #1B1E25; --sunken: #171A20;
  --border: #2F343E; --text: #E8EAEF; --muted: #A0A7B5; --ink: #A4AEFF; } }
body { margin: 0; padding: 32px 16px; background: var(--window); color: var(--text);
  font: 15px/23px "Segoe UI", "SF Pro Text", Inter, "Noto Sans", Cantarell, sans-serif; }
main { max-width: 52em; margin: 0 auto; }
h1 { margin: 0 0 8px; font-size: 24px; line-height: 30px; }
h2 { margin: 0 0 8px; font-size: 17px; }
p { margin: 0 0 12px; color: var(--muted); }
a { color: var(--ink); }
nav { margin-bottom: 20px; }
nav a { margin-right: 16px; white-space: nowrap; }
section { margin-bottom: 12px; padding: 16px; background: var(--surface); border: 1px solid var(--border);
  border-radius: 8px; }
table { border-collapse: collapse; width: 100%; }
td, th { padding: 5px 16px 5px 0; border-top: 1px solid var(--border); text-align: left;
  vertical-align: top; }
tr:first-child > * { border-top: 0; }
th { width: 13em; font-weight: 500; color: var(--muted); overflow-wrap: anywhere; }
code, pre { font: 13px/20px ui-monospace, "JetBrains Mono", "DejaVu Sans Mono", Consolas, monospace; }
code { overflow-wrap: anywhere; }
pre { margin: 12px 0 0; padding: 10px 12px; background: var(--sunken); border: 1px solid var(--border);
  border-radius: 6px; white-space: pre-wrap; overflow-wrap: anywhere; }
"""
_STYLE_HASH = base64.b64encode(hashlib.sha256(_STYLE.encode()).digest()).decode()
_POLICY = f"default-src 'none'; style-src 'sha256-{_STYLE_HASH}'"

_ADDRESSES = (
    ("hardbounce@, softbounce@", "is delivered to nobody: a bounce, hard or soft"),
    ("spam@, unsub@", "is reported as spam, or unsubscribes"),
    ("open@, click@", "is opened, or clicked, where the message is tracked"),
    ("slow@", "the answer takes two seconds"),
    ("drop@", "is stored, then the connection is cut before the answer"),
    ("error500@", "500 over HTTP, 554 over SMTP; nothing is stored"),
    ("ratelimit@", "429 over HTTP, 451 over SMTP; nothing is stored"),
    ("refuse550@, refuse451@", "over SMTP: refused at RCPT, for good or for now"),
    ("test@playwithsendpost.io", "is clicked; dropped@playwithsendpost.io is given up before delivery"),
    ("anybody else", "is delivered"),
    (
        "validated at API v2",
        "invalid@, catchall@, unknown@, spamtrap@, abuse@, disposable@ are so",
    ),
)
_CONTROL = (
    ("GET /sandbox/messages", "what was caught, newest first (?limit=100&offset=0)"),
    ("GET /sandbox/messages/ID", "one message with its headers, bodies, source and attachments"),
    (
        "POST /sandbox/messages/ID/events",
        '{"recipient": "…", "event": "bounce"}, or softbounce, open, click, …',
    ),
    ("PUT /sandbox/faults", '{"faults": [{"kind": "status", "match": "/api", "status": 503, "times": 1}]}'),
    ("POST /sandbox/clock", '{"advance_s": 3600}: what is to expire expires'),
    ("PUT /sandbox/credit", '{"left": 10}: how many more recipients are paid for; null: no limit'),
    ("POST /sandbox/history", '{"rows": 500, "days": 30}: more of a past'),
    ("GET /sandbox/accepted", "how many sends were accepted, and how often each X-Turbodesk-ID"),
    ("GET /sandbox/webhooks", "where events are posted, and what became of the posts"),
    (
        "PUT /sandbox/webhooks",
        '{"turbosmtp_url": "http://127.0.0.1:8025/"}: where turboSMTP posts; "speed": 60: retries hurry',
    ),
    ("POST /sandbox/reset", "empties everything"),
)

_WITH_TOKEN = '-H "X-Sandbox-Token: $TURBODESK_SECRET_SANDBOX_TOKEN"'  # noqa: S105 (a name)


@dataclass(frozen=True, slots=True)
class _Section:
    """One card of the page: what it says, names with their values, and commands that can be pasted."""

    id: str
    title: str
    words: str
    facts: tuple[tuple[str, str], ...]
    commands: tuple[str, ...] = ()


class FrontPage:
    """The page about one running sandbox."""

    def __init__(self, state: State, there: Endpoints) -> None:
        self._state = state
        self._sections = tuple(_sections(there))

    def routes(self) -> list[Route]:
        return [Route("/", self._page)]

    async def _page(self, request: Request) -> Response:
        """HTML where it is asked for by name, as browsers do; text for everybody else."""
        count = self._state.mail_count()
        if "text/html" in request.headers.get("accept", ""):
            headers = {"Vary": "Accept", "Content-Security-Policy": _POLICY}
            return HTMLResponse(_html(self._sections, count), headers=headers)
        return PlainTextResponse(_text(self._sections, count), headers={"Vary": "Accept"})


def _sections(there: Endpoints) -> Iterator[_Section]:
    yield _v1(there)
    yield _v2(there)
    yield _sendpost(there)
    yield _relay(there.smtp)
    yield _Section("addresses", "Addresses that decide", "At any domain, the word before the @:", _ADDRESSES)
    yield _Section(
        "control",
        "Control",
        "What was caught, what shall become of it, and how everything is to fail. "
        "It wants the control_token that the sandbox told at its start, another one each time.",
        (
            *_CONTROL,
            ("faults over HTTP", ", ".join(HTTP_KINDS)),
            ("faults over SMTP", f"{', '.join(SMTP_KINDS)}; match is one of {', '.join(SMTP_STEPS)}"),
        ),
        (f"{_curl(f'{there.inbox_url}/sandbox/messages')} {_WITH_TOKEN}",),
    )


def _v1(there: Endpoints) -> _Section:
    user = {"authuser": there.user, "authpass": there.password}
    return _Section(
        "turbosmtp-v1",
        "turboSMTP API v1",
        "E-mail and password, or the token that /api/authorize gives for them.",
        (
            ("Dashboard", f"{there.dashboard_url}/api"),
            ("Reports", f"{there.dashboard_url}/web/api"),
            ("Send", f"{there.send_url}/api/v2/mail/send"),
            ("OpenAPI", f"{there.dashboard_url}/api/openapi.json"),
            ("E-mail", there.user),
            ("Password", there.password),
        ),
        (
            _curl(f"{there.send_url}/api/v2/mail/send", body={**user, **_LETTER}),
            _curl(
                f"{there.dashboard_url}/api/authorize", body={"email": there.user, "password": there.password}
            ),
        ),
    )


def _v2(there: Endpoints) -> _Section:
    v2 = there.turbosmtp_v2
    keys = {"consumerKey": v2.consumer_key, "consumerSecret": v2.consumer_secret}
    return _Section(
        "turbosmtp-v2",
        "turboSMTP API v2",
        "A key pair in two headers.",
        (("Base URL", v2.base_url), ("OpenAPI", f"{v2.base_url}/openapi.json"), *keys.items()),
        (
            _curl(f"{v2.send_url}/mail/send", keys, _LETTER),
            _curl(f"{v2.base_url}/analytics?from=2020-01-01&to=2099-12-31&limit=5", keys),
        ),
    )


def _sendpost(there: Endpoints) -> _Section:
    api = there.sendpost
    account, own = {"X-Account-ApiKey": api.account_key}, {"X-SubAccount-ApiKey": api.subaccount_key}
    letter = {
        "from": {"email": "me@example.com"},
        "to": [{"email": "ann@example.com"}],
        "subject": "Hello",
        "textBody": "Hello there",
    }
    return _Section(
        "sendpost",
        "SendPost API v1",
        "The sub-account's key sends and suppresses, the account's key reads messages and statistics.",
        (
            ("Base URL", api.base_url),
            ("OpenAPI", f"{api.base_url}/openapi.json"),
            *own.items(),
            *account.items(),
        ),
        (
            _curl(f"{api.base_url}/subaccount/email/", own, letter),
            _curl(f"{api.base_url}/account/subaccount/", account),
        ),
    )


def _relay(smtp: SmtpEndpoint) -> _Section:
    swaks = (
        f"swaks --server {smtp.host} {{port}} --tls-verify --tls-ca-path {quote(smtp.ca_file)} --auth PLAIN "
        f"--auth-user {quote(smtp.user)} --auth-password {quote(smtp.password)} "
        "--from me@example.com --to ann@example.com"
    )
    return _Section(
        "smtp",
        "SMTP relay",
        "Mail from example.com, example.org and example.net. The key pair above, and the e-mail and password "
        "of the account, are let in as well.",
        (
            ("Server", smtp.host),
            ("Port with STARTTLS", str(smtp.port)),
            ("Port with TLS", str(smtp.tls_port)),
            ("User", smtp.user),
            ("Password", smtp.password),
            ("Certificate authority", smtp.ca_file),
        ),
        (
            swaks.format(port=f"--port {smtp.port} --tls"),
            swaks.format(port=f"--port {smtp.tls_port} --tls-on-connect"),
        ),
    )


_LETTER = {"from": "me@example.com", "to": "ann@example.com", "subject": "Hello", "content": "Hello there"}


def _curl(url: str, headers: dict[str, str] | None = None, body: object = None) -> str:
    words = ["curl", quote(url)]
    for name, value in (headers or {}).items():
        words += ["-H", quote(f"{name}: {value}")]
    if body is not None:
        words += ["-H", quote("Content-Type: application/json"), "-d", quote(json.dumps(body))]
    return " ".join(words)


def _html(sections: Iterable[_Section], count: int) -> str:
    links = "".join(f'<a href="#{section.id}">{escape(section.title)}</a>' for section in sections)
    caught = f"Caught so far: {count}."
    return (
        f'<!doctype html><html lang="en"><head><meta charset="utf-8"><title>{_TITLE}</title>'
        f'<meta name="viewport" content="width=device-width"><style>{_STYLE}</style></head><body><main>'
        f"<h1>{_TITLE}</h1><p>{escape(_WORDS)} {caught}</p><nav>{links}</nav>"
        f"{''.join(map(_card, sections))}</main></body></html>"
    )


def _card(section: _Section) -> str:
    rows = "".join(
        f'<tr><th scope="row">{escape(name)}</th><td><code>{escape(value)}</code></td></tr>'
        for name, value in section.facts
    )
    commands = "".join(f"<pre>{escape(command)}</pre>" for command in section.commands)
    return (
        f'<section id="{section.id}"><h2>{escape(section.title)}</h2><p>{escape(section.words)}</p>'
        f"<table>{rows}</table>{commands}</section>"
    )


def _text(sections: Iterable[_Section], count: int) -> str:
    pieces = [f"{_TITLE}\n{'=' * len(_TITLE)}\n{_WORDS}\nCaught so far: {count}.\n"]
    for section in sections:
        width = max(len(name) for name, _ in section.facts)
        facts = "".join(f"  {name:<{width}}  {value}\n" for name, value in section.facts)
        commands = "".join(f"\n  {command}\n" for command in section.commands)
        underline = "-" * len(section.title)
        pieces.append(f"{section.title}\n{underline}\n{section.words}\n\n{facts}{commands}")
    return "\n\n".join(pieces)
