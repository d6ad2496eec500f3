"""What goes wrong by itself or on purpose, in the words of the provider whose path was asked."""

from __future__ import annotations

from collections.abc import Mapping

from starlette.requests import Request
from starlette.responses import Response

from turbodesk.sandbox.sendpost_wire import Refusal, refused
from turbodesk.sandbox.wire import Answer

BAD_REQUEST, ERROR = "Bad request", "An error occurred on the server"
_SENTENCES = {
    401: "Invalid authorization token",
    403: "No access to this resource",
    404: "No such resource",
    409: "Concurrent change",
    413: "Request body too large",
    429: "Too many requests",
}
_NUMBERS = {401: 3, 403: 7, 404: 4, 409: 6}  # turboSMTP's first API
_CODES = {  # and its second, where it has other words than the sentence
    401: "invalid_authorization_key",
    403: "feature_not_available_for_active_plan",
    404: "not_found",
    409: "conflict",
}
_SENDS = ("/api/mail/send", "/api/v2/mail/send")
_NO_HEADERS: Mapping[str, str] = {}


def failure(
    request: Request, status: int, sentence: str = "", *, headers: Mapping[str, str] = _NO_HEADERS
) -> Response:
    """The error body that the provider has for `status`; `sentence` where there is more to say."""
    path = f"{request.scope['path']}/"
    said = sentence or _SENTENCES.get(status, BAD_REQUEST if 400 <= status < 500 else ERROR)
    if path.startswith("/api/v1/"):
        return refused(request, Refusal(status, f"{said}.", headers=headers))
    is_send = path[:-1] in _SENDS and request.method == "POST"
    if path.startswith("/api/v2/") and not is_send:
        snake = said.lower().replace(" ", "_")
        code = snake if sentence else _CODES.get(status, "internal_server_error" if said == ERROR else snake)
        return Answer({"message": code}, status, headers)
    number = _NUMBERS.get(status, 5 if said == ERROR else 0)
    if is_send and not number:
        return Answer({"message": "error", "errors": [said]}, status, headers)
    return Answer({"errorCode": number, "message": said} if number else {"message": said}, status, headers)
