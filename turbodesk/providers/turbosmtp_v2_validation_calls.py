"""What turboSMTP's v2 API is told about validating addresses, by plain functions without I/O.

The source of every fact is turboSMTP's v2 description; where it is silent the docstring says so.
"""

from __future__ import annotations

import secrets
from collections.abc import Callable, Iterator, Sequence
from pathlib import PurePath

from turbodesk.errors import InvalidDraft
from turbodesk.model.reports import Period
from turbodesk.providers.exchange import Body, Call
from turbodesk.providers.scalars import is_digits
from turbodesk.providers.turbosmtp_v2_calls import ROOT, days_of, json_of, on_page, query_of

LISTS = f"{ROOT}/emailvalidation/lists"

_PIECE_BYTES = 64 * 1024
_NOTHING = "Nothing was asked"
_LONGEST_NAME = 100


def credits_call() -> Call:
    """`GET /emailvalidation/subscription`, turboSMTP v2, documented."""
    return Call("GET", f"{ROOT}/emailvalidation/subscription")


def address_call(email: str) -> Call:
    """`POST /emailvalidation/validateEmail`, turboSMTP v2, documented."""
    return Call("POST", f"{ROOT}/emailvalidation/validateEmail", body=json_of({"email": _line(email)}))


def upload_call(name: str, emails: Sequence[str], told: Callable[[int, int], None]) -> Call:
    """`POST /emailvalidation/upload`, one address per line, turboSMTP v2, documented for CSV and TXT.

    It goes as TXT, where no sign of an address parts cells. `told` gets the bytes that have been taken and
    how many there are, in whatever thread takes them. Raises InvalidDraft for what can be no line.
    """
    boundary = f"turbodesk-{secrets.token_hex(16)}"
    head = (
        f"--{boundary}\r\n"
        f'Content-Disposition: form-data; name="file"; filename="{file_name(name)}"\r\n'
        "Content-Type: text/plain; charset=utf-8\r\n\r\n"
    )
    lines = "".join(f"{_line(email)}\r\n" for email in emails)
    whole = f"{head}{lines}\r\n--{boundary}--\r\n".encode()

    def pieces() -> Iterator[bytes]:
        for start in range(0, len(whole), _PIECE_BYTES):
            piece = whole[start : start + _PIECE_BYTES]
            told(start + len(piece), len(whole))
            yield piece

    body = Body(f"multipart/form-data; boundary={boundary}", pieces=pieces, length=len(whole))
    return Call("POST", f"{ROOT}/emailvalidation/upload", body=body)


def file_name(name: str) -> str:
    """A name for the list, as it may stand in the head of a form's part: ends in `.txt`, ASCII signs."""
    stem = PurePath(name).stem.encode("ascii", "replace").decode()
    plain = "".join(char if char.isalnum() or char in " ._-()" else "_" for char in stem)
    return f"{plain.strip(' .')[:_LONGEST_NAME] or 'list'}.txt"


def lists_call(period: Period, page: int) -> Call:
    """`GET /emailvalidation/lists`, turboSMTP v2, documented."""
    return Call("GET", LISTS, query_of({**days_of(period).fields, **on_page(page)}))


def list_call(method: str, id: str, step: str = "") -> Call:
    """`GET` and `DELETE /emailvalidation/lists/{Id}`, `POST …/validate`, `GET …/csv`, turboSMTP v2,
    documented. Raises InvalidDraft for what can be no id."""
    return Call(method, f"{LISTS}/{_id(id)}{step}")


def results_call(id: str, page: int) -> Call:
    """`GET /emailvalidation/lists/{Id}/emails`, turboSMTP v2, documented."""
    return Call("GET", f"{LISTS}/{_id(id)}/emails", query_of(on_page(page)))


def _id(id: str) -> str:
    if not is_digits(id):
        raise InvalidDraft({"list": f"{id!r} is no list of turboSMTP: their ids are numbers."}, _NOTHING)
    return id


def _line(email: str) -> str:
    """An address as one line of a file."""
    if not email.strip() or not email.isprintable():
        raise InvalidDraft({"emails": f"{email!a} is no address that can be validated."}, _NOTHING)
    return email.strip()
