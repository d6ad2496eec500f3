"""What becomes of a recipient, and in which words a remote server says so."""

from __future__ import annotations

import zlib
from dataclasses import dataclass

BOUNCE, SPAM, UNSUB, MANUAL, VALIDATION_FAILED = "bounce", "spam", "unsub", "manual", "validation_failed"
LISTS = (BOUNCE, SPAM, UNSUB, MANUAL, VALIDATION_FAILED)


@dataclass(frozen=True, slots=True)
class Fate:
    """A status of the message, and the list it puts the recipient on (empty: none).

    `hard` tells hard bounces from soft ones and means nothing on the other lists.
    """

    status: str
    error: str | None = None
    list: str = ""
    hard: bool = False


DELIVERED, OPENED, CLICKED = Fate("SUCCESS"), Fate("OPEN"), Fate("CLICK")
COMPLAINED, UNSUBSCRIBED = Fate("REPORT", list=SPAM), Fate("UNSUB", list=UNSUB)
GIVEN_UP = Fate("SYSFAIL", "554 5.7.1 Message given up before delivery")
_DROPPED = {
    BOUNCE: Fate("SYSFAIL", "Dropped due to bounced recipient"),
    SPAM: Fate("SYSFAIL", "Dropped due to complaining recipient"),
    UNSUB: Fate("SYSFAIL", "Dropped due to unsubscribed recipient"),
    MANUAL: Fate("SYSFAIL", "Dropped due to suppressed recipient"),
    VALIDATION_FAILED: Fate("SYSFAIL", "Dropped due to invalid recipient"),
}

# {email}, {domain} and {ip} are filled in; addresses of the documentation ranges only.
HARD_WORDS = (
    "550 5.1.1 <{email}>: Recipient address rejected: User unknown in virtual mailbox table",
    "{ip} does not like recipient. Remote host said: 550 5.1.1 <{email}> : sorry, no mailbox here by "
    "that name (#5.1.1 - chkuser) Giving up on {ip}.",
    "550-5.1.1 The email account that you tried to reach does not exist. Please try double-checking the "
    "recipient's email address for typos or unnecessary spaces. 550 5.1.1 - gsmtp",
    "550 5.4.1 Recipient address rejected: Access denied [{domain}]",
    "554 5.7.1 <{email}>: Recipient address rejected: Access denied",
    "550 5.7.1 Message rejected due to content restrictions",
    "553 5.3.0 <{email}>... Addressee unknown, relay={ip}",
    "550 5.2.1 The email account that you tried to reach is disabled",
    "550 5.1.10 RESOLVER.ADR.RecipientNotFound; Recipient {email} not found by SMTP address lookup",
    "{ip} failed after I sent the message. Remote host said: 554 5.7.1 Blocked: message looks like spam",
    "550 Requested action not taken: mailbox unavailable",
    "5.1.2 Bad destination system address: no such domain {domain}",
    "550 5.7.26 Unauthenticated email from this domain is not accepted due to the domain's DMARC policy",
    "551 5.1.6 User has moved; please try the new address",
)
SOFT_WORDS = (
    "452 4.2.2 <{email}>: Mailbox full",
    "{ip} does not like recipient. Remote host said: 452 4.2.2 The email account that you tried to reach is "
    "over quota. Giving up on {ip}.",
    "451 4.7.1 <{email}>: Recipient address rejected: Greylisted, please try again later",
    "421 4.7.0 {ip} Our system has detected an unusual rate of mail from your address. Try again later.",
    "450 4.2.1 The user you are trying to contact is receiving mail too quickly right now",
    "421 4.4.2 {domain} Error: timeout exceeded",
    "451 4.3.0 Temporary lookup failure",
    "452 4.3.1 Insufficient system storage",
    "4.4.1 Connection timed out: {domain} did not answer within 300 seconds",
    "450 4.1.8 Sender address rejected: Domain not found",
    "451 4.4.4 Temporary server error. Please try again later [{domain}]",
    "432 4.3.2 System not accepting network messages",
)
_NETWORKS = ("192.0.2", "198.51.100", "203.0.113")


def bounced(email: str, *, hard: bool) -> Fate:
    """A bounce of `email`; the same address is always refused in the same words."""
    number = zlib.crc32(email.lower().encode())
    words = HARD_WORDS if hard else SOFT_WORDS
    address = f"{_NETWORKS[number % 3]}.{number % 250 + 2}"
    domain = email.rpartition("@")[2]
    said = words[number % len(words)].format(email=email, domain=domain, ip=address)
    return Fate("FAIL", said, BOUNCE, hard)


def dropped(list: str) -> Fate:
    """What becomes of mail to somebody on that list, where the list is heeded."""
    return _DROPPED[list]


def local_part(email: str) -> str:
    """The word before the @ that may decide what happens, in lower case."""
    return email.partition("@")[0].lower()


def scenario(email: str) -> Fate | None:
    """What the address itself asks for; None where it is an ordinary one.

    SendPost's own test domain has two words more than the others.
    """
    local, _, domain = email.lower().partition("@")
    if domain == "playwithsendpost.io":
        if local == "test":
            return CLICKED
        if local == "dropped":
            return GIVEN_UP
    match local:
        case "hardbounce":
            return bounced(email, hard=True)
        case "softbounce":
            return bounced(email, hard=False)
        case "spam":
            return COMPLAINED
        case "unsub":
            return UNSUBSCRIBED
        case "open":
            return OPENED
        case "click":
            return CLICKED
    return None


# What can be made of a status by hand. A delivered message may still bounce: the remote server
# took it and sent it back later.
MAY_BECOME: dict[str, frozenset[str]] = {
    "NEW": frozenset({"FAIL", "OPEN", "CLICK", "REPORT", "UNSUB"}),
    "DEFER": frozenset({"FAIL", "OPEN", "CLICK", "REPORT", "UNSUB"}),
    "SUCCESS": frozenset({"FAIL", "OPEN", "CLICK", "REPORT", "UNSUB"}),
    "OPEN": frozenset({"CLICK", "REPORT", "UNSUB"}),
    "CLICK": frozenset({"REPORT", "UNSUB"}),
}
EVENTS = ("bounce", "softbounce", "open", "click", "complain", "unsubscribe")


def of_event(event: str, email: str) -> Fate:
    """What `event` (one of EVENTS) makes of a message to `email`."""
    match event:
        case "bounce" | "softbounce":
            return bounced(email, hard=event == "bounce")
        case "open":
            return OPENED
        case "click":
            return CLICKED
        case "complain":
            return COMPLAINED
        case "unsubscribe":
            return UNSUBSCRIBED
    raise ValueError(f"{event!r} is no event")
