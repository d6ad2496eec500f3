"""The agency above the accounts below a turboSMTP v2 account, and whether an address is taken.

The source of every fact is turboSMTP's v2 description.
"""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType

import msgspec

from turbodesk.errors import InvalidDraft
from turbodesk.model.subaccount import Agency
from turbodesk.providers.exchange import Answer, Call, Garbled, JsonReader
from turbodesk.providers.http import TOGGLE
from turbodesk.providers.port import Capability
from turbodesk.providers.scalars import Scalar, text_of
from turbodesk.providers.turbosmtp_v2_asking import Asking, read_yes
from turbodesk.providers.turbosmtp_v2_calls import ROOT, json_of

LENGTHS: Mapping[str, int] = MappingProxyType({"name": 128, "website": 128, "footer": 2048})
"""The most characters that each text may have."""

_AGENCY = f"{ROOT}/subaccounts/agency"


class _Agency(msgspec.Struct):
    agency_name: Scalar = None
    agency_website: Scalar = None
    agency_footer: Scalar = None
    logoUrl: Scalar = None


class _Exists(msgspec.Struct):
    result: bool | None = None


_agency, _exists = JsonReader(_Agency), JsonReader(_Exists)


class Agencies(Asking):
    """What takes an agency plan beside the accounts below: without one Refused says so."""

    async def email_exists(self, email: str) -> bool:
        """`GET /subaccounts/email-exists`, turboSMTP v2, documented, with its capital E."""
        self._need(Capability.CHANGE_SUB_ACCOUNTS)
        call = Call("GET", f"{ROOT}/subaccounts/email-exists", (("Email", email),))
        return await self._asked(call, read_exists)

    async def agency(self) -> Agency:
        """`GET /subaccounts/agency`, turboSMTP v2, documented."""
        self._need(Capability.AGENCY)
        return await self._asked(Call("GET", _AGENCY), read_agency)

    async def edit_agency(self, agency: Agency) -> None:
        """All three texts go, the logo does not. Raises InvalidDraft, by field, for what would be refused.
        `PATCH /subaccounts/agency`, turboSMTP v2, documented."""
        self._need(Capability.AGENCY)
        call = Call("PATCH", _AGENCY, body=json_of(agency_fields(agency)))
        await self._asked(call, read_yes, TOGGLE)


def agency_fields(agency: Agency) -> dict[str, object]:
    """What changes an agency. Raises InvalidDraft, by field. `PATCH /subaccounts/agency`, turboSMTP v2,
    documented."""
    texts = {name: getattr(agency, name) for name in LENGTHS}
    problems = {
        name: f"turboSMTP takes at most {LENGTHS[name]} characters here; these are {len(text)}."
        for name, text in texts.items()
        if len(text) > LENGTHS[name]
    }
    if problems:
        raise InvalidDraft(problems, "Nothing was changed")
    return {f"agency_{name}": text for name, text in texts.items()}


def read_agency(answer: Answer) -> Agency:
    """`GET /subaccounts/agency`, turboSMTP v2, documented."""
    found = _agency(answer.body)
    texts = (found.agency_name, found.agency_website, found.agency_footer, found.logoUrl)
    return Agency(*map(text_of, texts))


def read_exists(answer: Answer) -> bool:
    """`GET /subaccounts/email-exists`, turboSMTP v2, documented."""
    found = _exists(answer.body).result
    if found is None:
        raise Garbled("neither yes nor no")
    return found
