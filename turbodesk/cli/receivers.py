"""The URL of a receiver as it is typed: its user name may stand in it, its password never does."""

from __future__ import annotations

import os
from urllib.parse import unquote, urlsplit

import click

SECRET_VARIABLE = "TURBODESK_SECRET_EVENTS"  # noqa: S105 (a name)


def with_password(url: str) -> str:
    """The URL with the password from the environment behind its user name, where it has one.

    Raises UsageError where a password was typed: everybody on this computer could read it.
    """
    try:
        parts = urlsplit(url)
    except ValueError:
        return url  # whoever wants it says what is wrong
    if parts.username is None:
        return url
    if parts.password is not None:
        raise click.UsageError(
            f"A password does not go on the command line: leave it out of the URL and set {SECRET_VARIABLE}."
        )
    password = os.environ.get(SECRET_VARIABLE, "")
    if not password:
        raise click.UsageError(f"The URL has a user name: set its password in {SECRET_VARIABLE}.")
    from turbodesk.services.webhooks import with_login

    return with_login(url, unquote(parts.username), password)
