"""The pretend SendPost account: its sub-accounts with their keys and domains, and its templates."""

from __future__ import annotations

from dataclasses import dataclass, field

from turbodesk.sandbox.sendpost_wire import nanoseconds
from turbodesk.sandbox.state import SMTP_PASSWORD, SMTP_USER, SUBACCOUNT_KEY, USER

ACCOUNT_ID = 41
OWNER = USER
IP_ID, PUBLIC_IP, LOCAL_IP = 7, "203.0.113.25", "192.0.2.25"
BLOCKED_KEY = "SandboxSubAccountKey118"

_MADE_MS = 1_718_000_000_000  # June 2024
_BLOCKED_MS = 1_746_000_000_000


@dataclass(frozen=True, slots=True)
class Domain:
    """A sending domain and its DNS records; an unverified one has none of them in place."""

    id: int
    name: str
    verified: bool = True

    def as_json(self, *, v1: bool) -> dict[str, object]:
        """The domain in either contract."""
        missing = "" if self.verified else f"No such record was found at the name servers of {self.name}."
        body: dict[str, object] = {
            "id": self.id,
            "name": self.name,
            "dkim": _record(f"sp._domainkey.{self.name}", "TXT", "v=DKIM1; k=rsa; p=U2FuZGJveERraW1LZXk="),
            "returnPath": _record(f"sp-bounce.{self.name}", "CNAME", "sp.sendpost.email"),
            "track": _record(f"link.{self.name}", "CNAME", "api.sendpost.io"),
            "dmarc": _record(f"_dmarc.{self.name}", "TXT", "v=DMARC1; p=none;"),
            "verified": self.verified,
            "domainRegisteredDate": "1995-08-14",
            "created": nanoseconds(_MADE_MS + self.id),
        }
        for name in ("dkim", "returnPath", "track", "dmarc"):
            body[f"{name}Verified"] = self.verified
            body[f"{name}FailureReason"] = missing
        return {**body, "dnsProvider": "other"} if v1 else {**body, **self._older()}

    def _older(self) -> dict[str, object]:
        return {
            "spf": _record(f"sp-bounce.{self.name}", "CNAME", "sp.sendpost.info"),
            "spfVerified": self.verified,
            "gpt": _record(self.name, "TXT", f"google-site-verification={self.id:08}"),
            "gptVerified": False,
            "mailboxVerified": self.verified,
            "dkimConfig": "",
        }


def _record(host: str, type: str, value: str) -> dict[str, object]:
    return {"host": host, "type": type, "textValue": value}


@dataclass(frozen=True, slots=True)
class SubAccount:
    """One sub-account. All mail and all suppressions of the sandbox are the default one's.

    `made_ms`, where it is not 0, is when it was made.
    """

    id: int
    name: str
    key: str
    domains: tuple[Domain, ...]
    is_default: bool = False
    blocked: bool = False
    label: str = field(default="", kw_only=True)
    made_ms: int = field(default=0, kw_only=True)

    def as_json(self, *, v1: bool) -> dict[str, object]:
        """The sub-account in either contract, its key in clear."""
        body: dict[str, object] = {
            "id": self.id,
            "name": self.name,
            "apiKey": self.key,
            "type": 0 if self.is_default else 1,
            "isPlus": False,
            "blocked": self.blocked,
            "created": self._made,
        }
        labels = [self.label] if self.label else []
        if v1:
            return {**body, "accountId": ACCOUNT_ID, "labels": list(map(self._label, labels))}
        return {**body, "labels": labels, **self._older()}

    @property
    def _made(self) -> int:
        return nanoseconds(self.made_ms or _MADE_MS + self.id)

    def _label(self, name: str) -> dict[str, object]:
        return {"id": self.id, "name": name, "color": "2b7a78", "type": 1, "created": self._made}

    def _older(self) -> dict[str, object]:
        made = nanoseconds(_MADE_MS)
        login = {"username": SMTP_USER, "password": SMTP_PASSWORD, "created": made, "updated": made}
        return {
            "smtpAuths": [{"id": 1, **login}] if self.is_default else [],
            "created_by": None,
            "updated_by": None,
            "blocked_at": nanoseconds(_BLOCKED_MS) if self.blocked else 0,
            "block_reason": "Too many complaints" if self.blocked else "",
            "hb_exempt": False,
            "generate_weekly_report": True,
            "handlers": [],
        }


SUBACCOUNTS = (
    SubAccount(
        117,
        "Example Outdoor",
        SUBACCOUNT_KEY,
        (
            Domain(2001, "example.com"),
            Domain(2002, "example.org"),
            Domain(2003, "example.net"),
            Domain(2004, "example.edu", verified=False),
        ),
        is_default=True,
        label="shop",
    ),
    SubAccount(
        118,
        "Partner mailings",
        BLOCKED_KEY,
        (Domain(2005, "partner.example", verified=False),),
        blocked=True,
        label="partners",
    ),
)
DEFAULT = SUBACCOUNTS[0]


@dataclass(frozen=True, slots=True)
class Template:
    """A stored message whose parts stand in for those a send leaves out."""

    id: str
    name: str
    subject: str
    html: str
    text: str


TEMPLATES = (
    Template(
        "501",
        "welcome",
        "Welcome, {{name}}",
        "<h1>Welcome, {{name}}</h1><p>Good to have you. <a href='{{unsubscribe}}'>Unsubscribe</a></p>",
        "Welcome, {{name}}!\n\nGood to have you.\n\nUnsubscribe: {{unsubscribe}}\n",
    ),
    Template(
        "502",
        "receipt",
        "Your order {{order.number}}",
        "<p>Dear {{name}}, we received {{order.total}} for your order {{order.number}}.</p>",
        "Dear {{name}}, we received {{order.total}} for your order {{order.number}}.\n",
    ),
)
