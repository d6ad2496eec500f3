"""A send as text for other tools: the request itself, a cURL line, a Python program, a mail file.

Secrets are never in them: where one goes there stands its name in angle brackets.
"""

from __future__ import annotations

import re
import shlex

from turbodesk.model.message import Message
from turbodesk.model.request import Spelled

LONGEST_RUN = 400  # characters of Base64 that are shown
LONGEST_ARGUMENT = 100_000  # bytes; a shell takes no argument much longer
_END = "END_OF_MAIL"

_BASE64 = re.compile(rf"[A-Za-z0-9+/=%]{{{LONGEST_RUN},}}")
_MADE_BY_CURL = frozenset({"host", "content-length", "connection"})


def as_text(spelled: Spelled) -> str:
    """The request for a person to read, long runs of Base64 cut short with their length."""
    body = spelled.body.decode("utf-8", "replace").replace("\r\n", "\n")
    if spelled.by_smtp:
        head = "\n".join((f"# {spelled.url}", *spelled.commands))
        return f"{head}\n{_shortened(_whole_runs(body))}\n."
    lines = [f"{spelled.method} {spelled.url}", *(f"{name}: {value}" for name, value in spelled.headers)]
    return "\n".join((*lines, "", _shortened(body)))


def as_curl(spelled: Spelled) -> str:
    """One command for a POSIX shell that makes this request."""
    if spelled.by_smtp:
        return _curl_mail(spelled)
    words = ["curl", "--request", spelled.method, spelled.url]
    for name, value in _own_headers(spelled):
        words += ["--header", f"{name}: {value}"]
    body = spelled.body.decode("utf-8", "surrogateescape")
    if len(spelled.body) <= LONGEST_ARGUMENT:
        return _lines([*words, "--data-binary", body])
    return f"{_lines([*words, '--data-binary', '@-'])} <<'{_END}'\n{body}\n{_END}"


def as_python(spelled: Spelled) -> str:
    """A whole Python program that makes this request, with httpx or smtplib."""
    if spelled.by_smtp:
        return _python_mail(spelled)
    headers = "".join(f"    {name!r}: {value!r},\n" for name, value in _own_headers(spelled))
    return (
        "import httpx\n\n"
        f"headers = {{\n{headers}}}\n"
        f"body = {spelled.body!r}\n\n"
        f"answer = httpx.request({spelled.method!r}, {spelled.url!r}, headers=headers, content=body)\n"
        "print(answer.status_code, answer.text)\n"
    )


def as_eml(message: Message) -> bytes:
    """The message as a mail file, attachments in it, those in Bcc not named. Blocks; raises InvalidDraft for
    what no mail can carry, FileTrouble where an attachment can't be read."""
    from turbodesk.providers.mime import Stamp, mime_pieces  # slow to import

    return b"".join(mime_pieces(message, Stamp.now(message)))


def _own_headers(spelled: Spelled) -> list[tuple[str, str]]:
    return [(name, value) for name, value in spelled.headers if name.lower() not in _MADE_BY_CURL]


def _lines(words: list[str]) -> str:
    """A command on several lines, an option with its value on each."""
    quoted = [shlex.quote(word) for word in words]
    parts: list[str] = []
    for word in quoted:
        if word.startswith("--") and parts:
            parts.append(word)
        elif parts:
            parts[-1] += f" {word}"
        else:
            parts.append(word)
    return " \\\n  ".join(parts)


def _curl_mail(spelled: Spelled) -> str:
    secure = [] if spelled.url.startswith("smtps:") or "STARTTLS" not in spelled.commands else ["--ssl-reqd"]
    login = ["--user", "<USER>:<PASSWORD>"] if _signs_in(spelled) else []
    words = ["curl", "--url", spelled.url, *secure, *login, "--mail-from", spelled.sender]
    for recipient in spelled.recipients:
        words += ["--mail-rcpt", recipient]
    mail = spelled.body.decode("utf-8", "surrogateescape").replace("\r\n", "\n")
    return f"{_lines([*words, '--crlf', '--upload-file', '-'])} <<'{_END}'\n{mail}{_END}"


def _python_mail(spelled: Spelled) -> str:
    scheme, _, address = spelled.url.partition("://")
    host, _, port = address.rpartition(":")
    kind = "SMTP_SSL" if scheme == "smtps" else "SMTP"
    context = ", context=ssl.create_default_context()" if scheme == "smtps" else ""
    lines = [f"with smtplib.{kind}({host!r}, {int(port)}{context}) as relay:"]
    if "STARTTLS" in spelled.commands:
        lines.append("    relay.starttls(context=ssl.create_default_context())")
    if _signs_in(spelled):
        lines.append("    relay.login('<USER>', '<PASSWORD>')")
    lines.append(f"    refused = relay.sendmail({spelled.sender!r}, {list(spelled.recipients)!r}, mail)")
    lines.append("print('refused:', refused or 'nobody')")
    return "\n".join(("import smtplib", "import ssl", "", f"mail = {spelled.body!r}", "", *lines, ""))


def _signs_in(spelled: Spelled) -> bool:
    return any(command.startswith("AUTH") for command in spelled.commands)


def _whole_runs(text: str) -> str:
    """Lines of Base64 joined, so that they can be cut short as one."""
    return re.sub(r"(?m)^([A-Za-z0-9+/]{76})\n(?=[A-Za-z0-9+/=]+$)", r"\1", text)


def _shortened(text: str) -> str:
    def shown(run: re.Match[str]) -> str:
        return f"{run[0][:40]}… ({len(run[0]):,} characters of Base64)"

    return _BASE64.sub(shown, text)
