"""What SendPost says where it says no, and where it calls its own answer outdated."""

from __future__ import annotations

from http import HTTPStatus

from turbodesk.providers.exchange import Answer, Garbled, Objection, Reason
from turbodesk.providers.sendpost_rows import Row, folded, read_json

_LONGEST_TEXT = 300

_REASONS = {
    "authentication_failed": Reason.CREDENTIALS,
    "authentication_error": Reason.CREDENTIALS,
    "resource_not_found": Reason.MISSING,
    "not_found_error": Reason.MISSING,
    "resource_exists": Reason.CONFLICT,
    "conflict_error": Reason.CONFLICT,
    "internal_error": Reason.FAULT,
    "api_error": Reason.FAULT,
}
_STATUS_REASONS = {
    403: Reason.CONFLICT,
    404: Reason.MISSING,
    406: Reason.MISSING,
    409: Reason.CONFLICT,
}
_FORM_FIELDS = {
    "from": "from",
    "to": "to",
    "cc": "cc",
    "bcc": "bcc",
    "replyto": "reply-to",
    "subject": "subject",
    "htmlbody": "body",
    "textbody": "body",
    "headers": "headers",
    "attachments": "attachments",
    "groups": "groups",
    "customfields": "fields",
    "templatevariables": "fields",
    "template": "template",
    "templateid": "template",
}


def read_objection(answer: Answer) -> Objection | None:
    """The no in an answer, whatever its shape; None where the status says yes.

    `error.message` with `error.details` in the newer shape, documented; `message` in the older one, seen in
    clients only.
    """
    if answer.ok:
        return None
    try:
        found = read_json(answer.body)
    except Garbled:
        found = None
    error = Row(found).row("error")
    reason = _reason(answer, error.text("code"), error.text("type"))
    return Objection(_words(answer, found, error), reason, _form_field(error))


def _words(answer: Answer, found: object, error: Row) -> tuple[str, ...]:
    """What was said, the most telling first: at least one text."""
    whole = Row(found)
    said = error.text("message") or whole.text("message") or whole.text("error")
    if isinstance(found, str):
        said = found
    said = said.strip() or answer.excerpt or _phrase(answer)
    details = (
        f"{field}: {words}" if field else words
        for field, words in ((each.text("field"), each.text("message")) for each in error.rows("details"))
        if words and words != said
    )
    return tuple(text[:_LONGEST_TEXT] for text in (said, *details))


def _phrase(answer: Answer) -> str:
    try:
        return f"HTTP {answer.status} {HTTPStatus(answer.status).phrase}"
    except ValueError:
        return f"HTTP {answer.status}"


def _reason(answer: Answer, code: str, type: str) -> Reason:
    told = _REASONS.get(code) or _REASONS.get(type)
    return told or _STATUS_REASONS.get(answer.status, Reason.INPUT)


def _form_field(error: Row) -> str:
    """The field of our form that a path into the request (`to[0].email`) speaks of, or nothing."""
    for place in (error.text("param"), *(each.text("field") for each in error.rows("details"))):
        for step in reversed(place.replace("[", ".").split(".")):
            if field := _FORM_FIELDS.get(folded(step)):
                return field
    return ""


def read_notice(answer: Answer) -> str:
    """A sentence where SendPost says that the shape of its answers will go; nothing where it does not.

    `Deprecation` and `Sunset`, SendPost, documented; the date is shown as it was written.
    """
    if not answer.headers.get("deprecation", "").strip():
        return ""
    until = answer.headers.get("sunset", "").strip()[:60]
    ends = f" and will stop on {until}" if until and until.isprintable() else ""
    return f"SendPost answered in its older form, which it calls outdated{ends}. Turbodesk reads both forms."
