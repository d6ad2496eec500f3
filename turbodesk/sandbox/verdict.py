"""What a validation says of an address: always the same of the same one."""

from __future__ import annotations

import zlib
from dataclasses import dataclass

from turbodesk.sandbox.addresses import is_address
from turbodesk.sandbox.fate import local_part

STATUSES = ("valid", "invalid", "catch_all", "unknown", "spamtrap", "abuse", "do_not_mail")

# The word before the @ that decides, and what it says: status, sub-status.
WORDS = {
    "invalid": ("invalid", "mailbox_not_found"),
    "hardbounce": ("invalid", "mailbox_not_found"),
    "softbounce": ("invalid", "mailbox_quota_exceeded"),
    "catchall": ("catch_all", ""),
    "unknown": ("unknown", "mail_server_did_not_respond"),
    "slow": ("unknown", "timeout_exceeded"),
    "greylisted": ("unknown", "greylisted"),
    "spamtrap": ("spamtrap", ""),
    "spam": ("abuse", ""),
    "abuse": ("abuse", ""),
    "disposable": ("do_not_mail", "disposable"),
    "toxic": ("do_not_mail", "toxic"),
    **dict.fromkeys(("admin", "info", "postmaster", "sales", "support"), ("do_not_mail", "role_based")),
}
_TYPOS = {
    "gmial.com": "gmail.com",
    "gmail.con": "gmail.com",
    "hotmial.com": "hotmail.com",
    "outlok.com": "outlook.com",
    "yaho.com": "yahoo.com",
}
_FREE = {
    "gmail.com": "google",
    "hotmail.com": "microsoft",
    "outlook.com": "microsoft",
    "yahoo.com": "yahoo",
}
_PROVIDERS = ("google", "microsoft", "zoho", None)
_SCORES = {"valid": 10, "catch_all": 6, "unknown": 4}


@dataclass(frozen=True, slots=True)
class Verdict:
    """What is known of one address; None where nothing is."""

    status: str
    sub_status: str = ""
    did_you_mean: str | None = None
    domain: str = ""
    free_email: bool = False
    domain_age_days: int | None = None
    smtp_provider: str | None = None
    mx_found: bool = False
    mx_record: str | None = None

    @property
    def score(self) -> int:
        return _SCORES.get(self.status, 0)


def verdict(email: str) -> Verdict:
    """What a validation finds. The word before the @ decides, then the domain; any other address is valid."""
    local, domain = local_part(email), email.rpartition("@")[2].lower()
    if not is_address(email):
        return Verdict("invalid", "failed_syntax_check")
    if domain.rpartition(".")[2] == "invalid":
        return Verdict("invalid", "no_dns_entries", domain=domain)
    if meant := _TYPOS.get(domain):
        corrected = f"{email.rpartition('@')[0]}@{meant}"
        return Verdict("invalid", "possible_typo", corrected, domain)
    status, sub_status = WORDS.get(local, ("valid", ""))
    number = zlib.crc32(domain.encode())
    return Verdict(
        status,
        sub_status,
        domain=domain,
        free_email=domain in _FREE,
        domain_age_days=number % 9_000 + 30,
        smtp_provider=_FREE.get(domain, _PROVIDERS[number % len(_PROVIDERS)]),
        mx_found=True,
        mx_record=f"mx{number % 3 + 1}.{domain}",
    )
