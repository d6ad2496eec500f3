"""Reads a server's words: code, enhanced status code, kind, cause, and what to do about it."""

from __future__ import annotations

import re
from dataclasses import dataclass
from enum import StrEnum
from functools import cache, lru_cache

_BASIC = re.compile(r"(?<![\d.])([245][0-5]\d)(?![\d.])")
_ENHANCED = re.compile(r"(?<![\d.])([245]\.\d{1,3}\.\d{1,3})(?![\d.])")


class BounceKind(StrEnum):
    """Hard: trying again will not help. Soft: it may. Unknown: the words do not say."""

    HARD = "hard"
    SOFT = "soft"
    UNKNOWN = "unknown"


@dataclass(frozen=True, slots=True)
class Cause:
    """One page of the bounce guide: `title` for a table cell, `headline` and `text` for a card,
    `next` the step that helps."""

    title: str
    headline: str
    text: str
    next: str


@dataclass(frozen=True, slots=True)
class SmtpReply:
    """What a server's words say. `code` is 0 and `enhanced` empty where they name none."""

    code: int
    enhanced: str
    kind: BounceKind
    cause: Cause


NO_MAILBOX = Cause(
    "Mailbox does not exist",
    "The mailbox does not exist",
    "The receiving server answered for sure: nobody there has this address. Trying again will not help.",
    "ask for the right address, then take the old one off the list.",
)
NO_DOMAIN = Cause(
    "Domain does not exist",
    "The domain takes no mail",
    "No mail server could be found for the part after the @. Most often it is misspelt or has expired.",
    "check the spelling of the domain.",
)
SWITCHED_OFF = Cause(
    "Mailbox is switched off",
    "The mailbox is switched off",
    "The address exists, but its owner or the host has closed it for new mail.",
    "ask for another address, or wait until it is opened again.",
)
FULL = Cause(
    "Mailbox is full",
    "The mailbox is full",
    "The receiving server has no room left for this person. The address itself is right.",
    "try again in a day or two, or reach the person another way.",
)
TOO_LARGE = Cause(
    "Message is too large",
    "The message is too large for them",
    "The receiving server takes only smaller messages.",
    "send a link in place of the attachment.",
)
POLICY = Cause(
    "Blocked by their policy",
    "Their rules kept the message out",
    "The receiving server refused the content or the sending address by a rule of its own.",
    "look at links and wording, and ask their postmaster if it goes on.",
)
NOT_AUTHENTICATED = Cause(
    "Sender not authenticated",
    "The sender could not be proved",
    "SPF, DKIM or DMARC of the sending domain did not pass, so the server would not take the message.",
    "set up SPF and DKIM for the sending domain.",
)
SENDER_REFUSED = Cause(
    "Sender not accepted",
    "They would not take the sender address",
    "The receiving server could not find the domain of the sender address, or does not trust it.",
    "check that the sending domain is spelt right and has its DNS records.",
)
BLOCK_LIST = Cause(
    "On a block list",
    "The sending machine is on a block list",
    "The receiving server looked up the sending address in a block list and found it there.",
    "tell your provider; a shared address can be on a list through no fault of yours.",
)
REFUSED_ADDRESS = Cause(
    "Address refused",
    "The address was refused",
    "The receiving server would not take mail for this address, and did not say that it does not exist.",
    "check the spelling, then ask the person or their postmaster.",
)
BUSY = Cause(
    "Server busy, try later",
    "The receiving server put it off",
    "It asked to come back later. Such delays mostly end by themselves.",
    "wait; the provider tries again by itself.",
)
NO_ANSWER = Cause(
    "Server did not answer",
    "The receiving server could not be reached",
    "No connection could be made, or it broke off.",
    "wait a while; check the domain if it goes on for a day.",
)
OTHER = Cause(
    "Not explained",
    "The server gave no clear reason",
    "Its words are below as they came; no known cause fits them.",
    "read the words below, and try once more if they speak of a passing fault.",
)

_BY_ENHANCED = {
    "1.1": NO_MAILBOX, "1.2": NO_DOMAIN, "1.3": NO_MAILBOX, "1.6": NO_MAILBOX, "1.10": NO_MAILBOX,
    "1.7": SENDER_REFUSED, "1.8": SENDER_REFUSED, "2.0": SWITCHED_OFF, "2.1": SWITCHED_OFF, "2.2": FULL,
    "2.3": TOO_LARGE, "3.1": BUSY, "3.2": BUSY, "3.4": TOO_LARGE, "4.1": NO_ANSWER, "4.2": NO_ANSWER,
    "4.3": NO_DOMAIN, "4.4": NO_DOMAIN, "4.5": BUSY, "4.7": NO_ANSWER, "7.0": POLICY, "7.1": POLICY,
    "7.20": NOT_AUTHENTICATED, "7.23": NOT_AUTHENTICATED, "7.25": NOT_AUTHENTICATED,
    "7.26": NOT_AUTHENTICATED, "7.606": BLOCK_LIST,
}  # fmt: skip

# Words outrank numbers: servers often put the same number on quite different causes.
_BY_WORDS: tuple[tuple[str, Cause], ...] = (
    (r"\b(spf|dkim|dmarc)\b|unauthenticated|not authenticated", NOT_AUTHENTICATED),
    (r"(bad )?sender('s)? (e-?mail )?(address|domain).{0,20}(rejected|refused|not found)", SENDER_REFUSED),
    (r"block ?list|black ?list|spamhaus|\brbl\b|\blisted (at|by|in|on)\b", BLOCK_LIST),
    (r"mailbox (is )?full|over ?quota|quota exceeded|out of storage"
     r"|insufficient (disk|mailbox).{0,9}(space|storage|quota)", FULL),
    (r"no mail hosts|(domain|host).{0,20}(not found|does not exist|unknown)|no such (domain|host)"
     r"|(unknown|invalid) (domain|host)|nxdomain", NO_DOMAIN),
    (r"(mailbox|account|user|recipient).{0,40}(disabled|inactive|suspended|switched off)", SWITCHED_OFF),
    (r"(too large|too big|exceeds.{0,20}size|size limit)", TOO_LARGE),
    (r"no such (user|recipient|mailbox|address|person|account|local)"
     r"|(user|recipient|address|mailbox|account).{0,40}(unknown|not found|not exist|n't exist)"
     r"|(unknown|invalid|illegal)( or illegal)? (user|recipient|address|mailbox|alias|local)"
     r"|recipientnotfound|not found by lookup|mailbox (is )?unavailable", NO_MAILBOX),
    (r"greylist|try again later|temporarily deferred|rate limit|too many (connections|messages)|busy", BUSY),
    (r"timed? ?out|connection (refused|reset|dropped|lost)|could not connect|unreachable", NO_ANSWER),
    (r"\bspam|policy|content|rejected due to|message rejected|prohibited", POLICY),
    (r"access denied|recipient (address )?rejected|address rejected", REFUSED_ADDRESS),
)  # fmt: skip
# What sounds final is not, where the server says in its number that it is only so for now.
_FOR_NOW = {NO_MAILBOX: BUSY, SWITCHED_OFF: BUSY, NO_DOMAIN: NO_ANSWER}


@cache
def _words() -> tuple[tuple[re.Pattern[str], Cause], ...]:
    # Compiled when first needed: that takes longer than many a tab.
    return tuple((re.compile(pattern, re.IGNORECASE), cause) for pattern, cause in _BY_WORDS)


@lru_cache(maxsize=4096)  # the same few sentences come thousands of times
def read_reply(words: str) -> SmtpReply:
    """What `words` say; never fails, an empty or odd text is of unknown kind and cause."""
    head = words[:2000]
    enhanced = match[1] if (match := _ENHANCED.search(head)) else ""
    code = int(match[1]) if (match := _BASIC.search(head)) else 0
    cause = _cause(head, code, enhanced)
    return SmtpReply(code, enhanced, _kind(code, enhanced, cause), cause)


def _kind(code: int, enhanced: str, cause: Cause) -> BounceKind:
    if cause is FULL:  # a full mailbox may be emptied, whatever class its host gives it
        return BounceKind.SOFT
    first = enhanced[:1] or str(code)[:1]
    return {"5": BounceKind.HARD, "4": BounceKind.SOFT}.get(first, BounceKind.UNKNOWN)


def _cause(words: str, code: int, enhanced: str) -> Cause:
    cause = _named_cause(words, enhanced)
    if (enhanced or str(code)).startswith("4"):
        return BUSY if cause is None else _FOR_NOW.get(cause, cause)
    return OTHER if cause is None else cause


def _named_cause(words: str, enhanced: str) -> Cause | None:
    number = _BY_ENHANCED.get(enhanced[2:])
    # The numbers of class X.1.x and X.2.x are trusted before the words: they are rarely wrong.
    if number in (NO_MAILBOX, SWITCHED_OFF, FULL):
        return number
    for pattern, cause in _words():
        if pattern.search(words):
            return cause
    return number
