"""Domains one slip of the hand beside one that many people have, as gmial.com is beside gmail.com."""

from __future__ import annotations

BIG_DOMAINS = frozenset(
    {
        *("aol.com", "comcast.net", "email.com", "fastmail.com", "free.fr", "freenet.de", "gmail.com"),
        *("gmx.at", "gmx.ch", "gmx.com", "gmx.de", "gmx.net", "googlemail.com", "hey.com", "hotmail.co.uk"),
        *("hotmail.com", "hotmail.de", "hotmail.es", "hotmail.fr", "hotmail.it", "icloud.com", "laposte.net"),
        *("libero.it", "live.com", "mac.com", "mail.com", "mail.ru", "me.com", "msn.com", "naver.com"),
        *("orange.fr", "outlook.com", "outlook.de", "outlook.es", "outlook.fr", "outlook.it", "proton.me"),
        *("protonmail.com", "qq.com", "rocketmail.com", "t-online.de", "verizon.net", "wanadoo.fr", "web.de"),
        *("yahoo.co.jp", "yahoo.co.uk", "yahoo.com", "yahoo.com.br", "yahoo.de", "yahoo.es", "yahoo.fr"),
        *("yahoo.it", "yandex.com", "yandex.ru", "ymail.com", "zoho.com"),
    }
)

_SHORTEST = 5  # letters before the first dot; shorter names have honest neighbours
_LOOKED_AT = tuple(sorted(name for name in BIG_DOMAINS if name.index(".") >= _SHORTEST))
_SLIPS_OF_COM = frozenset({"co", "cm", "om"})


def near_miss(domain: str) -> str:
    """The big domain that was likely meant where `domain` is one slip away from it, else empty.

    A slip is a letter too many, too few, another one, or two that changed places. `domain` is lower case.
    """
    if domain in BIG_DOMAINS:
        return ""
    return next((big for big in _LOOKED_AT if one_slip(domain, big) and not _in_a_country(domain, big)), "")


def _in_a_country(domain: str, big: str) -> bool:
    """Whether both are one name, and `domain` has it in a country of its own: yahoo.pt beside yahoo.it."""
    name, _, ending = domain.partition(".")
    meant, _, _ = big.partition(".")
    return name == meant and len(ending) == 2 and ending not in _SLIPS_OF_COM


def one_slip(one: str, other: str) -> bool:
    """Whether the Damerau distance of the two is exactly 1."""
    if one == other or abs(len(one) - len(other)) > 1:
        return False
    at = 0
    while one[at : at + 1] == other[at : at + 1]:
        at += 1
    if len(one) != len(other):
        short, long = sorted((one, other), key=len)
        return short[at:] == long[at + 1 :]
    swapped = one[at + 1 : at + 2] + one[at : at + 1]
    return one[at + 1 :] == other[at + 1 :] or swapped + one[at + 2 :] == other[at:]
