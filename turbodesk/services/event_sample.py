"""Posts a sample event to a receiver, as a service would."""

from __future__ import annotations

import base64
from datetime import UTC, datetime
from urllib.parse import parse_qsl, urlsplit
from uuid import uuid4

from turbodesk.errors import InvalidDraft
from turbodesk.model.account import Secret
from turbodesk.providers import is_loopback, url_problem
from turbodesk.providers.exchange import Answer, Body, Call, Garbled, JsonReader, Objection
from turbodesk.providers.exchange import Login as Named
from turbodesk.providers.http import ONCE, ApiClient, Gateway
from turbodesk.providers.webhook_samples import sample

NOTHING = "Nothing was posted"
_LOGIN = Named("the user name and password", "Give those that the receiver was started with.")
_read_json = JsonReader(dict[str, object])


async def post_sample(
    gateway: Gateway, url: str, service: str, kind: str, login: tuple[str, Secret] | None = None
) -> int:
    """Posts a new event of that service and kind (see `kinds_of`) once; the status of the yes comes back.

    Raises InvalidDraft, by `to`, where the address can't be used; NoConnection, SignInRefused, Refused and
    the other ProviderErrors as the receiver answers.
    """
    if problem := address_problem(url, with_login=login is not None):
        raise InvalidDraft({"to": problem}, NOTHING)
    now = datetime.now(UTC)
    body = Body("application/json", sample(service, kind, id=f"sample-{uuid4().hex}", at=now))
    parts = urlsplit(url)
    call = Call(
        "POST",
        parts.path or "/",
        tuple(parse_qsl(parts.query, keep_blank_values=True)),
        _headers(login),
        body,
        secrets=(login[1].reveal(),) if login else (),
    )
    origin = f"{parts.scheme}://{parts.netloc}"
    client = ApiClient(gateway, origin, title="The receiver", read_objection=_objection, login=_LOGIN)
    return await client.ask(call, lambda answer: answer.status, manner=ONCE)


def address_problem(url: str, *, with_login: bool) -> str:
    """What is wrong with the address of a receiver, one sentence, or nothing. Plain http may go anywhere,
    but a login by it to this computer only."""
    try:
        parts = urlsplit(url)
        host = (parts.hostname or "").lower()
    except ValueError:
        parts, host = urlsplit(""), ""
    if not url.isascii() or not url.isprintable() or " " in url or parts.fragment:
        return "This is no address: write it as http://127.0.0.1:8025/."
    if parts.scheme == "http" and not is_loopback(host) and with_login:
        return "Plain http would show the password to everybody on the way: write https."
    return url_problem(f"https://{parts.netloc}" if parts.scheme in ("http", "https") else "")


def _headers(login: tuple[str, Secret] | None) -> tuple[tuple[str, str], ...]:
    if login is None:
        return ()
    shown = base64.b64encode(f"{login[0]}:{login[1].reveal()}".encode()).decode()
    return (("Authorization", f"Basic {shown}"),)


def _objection(answer: Answer) -> Objection | None:
    """The sentence of our own receiver; of any other its answer says as much as it does."""
    if answer.ok:
        return None
    try:
        says = _read_json(answer.body).get("error")
    except Garbled:
        return None
    return Objection((says,)) if isinstance(says, str) and says else None
