"""What to say, and what to do, when the line fails."""

from __future__ import annotations

import socket
import ssl
from collections.abc import Iterator

import httpx

from turbodesk.errors import FileTrouble


def causes(error: BaseException) -> Iterator[BaseException]:
    """The error and everything that led to it, each once."""
    seen: set[int] = set()
    left: list[BaseException | None] = [error]
    while left:
        found = left.pop(0)
        if found is None or id(found) in seen:
            continue
        seen.add(id(found))
        yield found
        left += [found.__cause__, found.__context__]
        if isinstance(found, BaseExceptionGroup):
            left += found.exceptions


def trail(error: BaseException) -> str:
    """For the log: the kinds of the error and its causes, with the system's own words."""
    return " ← ".join(
        f"{type(found).__name__}: {found}"
        if isinstance(found, OSError) and str(found)
        else type(found).__name__
        for found in causes(error)
    )


def no_way_in(host: str, error: Exception) -> tuple[str, str]:
    """What to say, and what to do, where no connection came about: surely nothing was sent."""
    again = "Nothing left this computer. Check the internet connection, then try again."
    for found in causes(error):
        if isinstance(found, ssl.SSLCertVerificationError):
            return (
                f"The certificate of {host} is not valid: {found.verify_message}",
                "Nothing left this computer, not even the password. Check the address, the clock here, "
                "and whether a public network asks you to log in first.",
            )
        if isinstance(found, ssl.SSLError):
            return (
                f"No safe connection to {host} could be made.",
                "Nothing left this computer, not even the password. Check the address and its port.",
            )
        if isinstance(found, socket.gaierror | UnicodeError | httpx.InvalidURL):
            return (
                f"There is no host called {host}, or its name could not be looked up.",
                "Nothing left this computer. Check the internet connection and the address of the server.",
            )
        if isinstance(found, ConnectionRefusedError):
            return f"{host} refused the connection.", f"{again} If it goes on, check the address."
    if any(isinstance(found, TimeoutError | httpx.TimeoutException) for found in causes(error)):
        return f"{host} did not pick up in time.", again
    return f"No connection to {host} could be made.", again


def broke_off(host: str, error: Exception) -> tuple[str, str]:
    """What to say, and what to do, where something was sent and no whole answer came back."""
    again = "Check the internet connection, then try again."
    if any(isinstance(found, FileTrouble) for found in causes(error)):
        return "an attachment could not be read to its end while it was being sent.", again
    if isinstance(error, TimeoutError | httpx.TimeoutException):
        return f"{host} did not answer in time.", again
    if isinstance(error, httpx.RemoteProtocolError):
        return f"{host} closed the connection without a whole answer.", again
    return f"The connection to {host} broke off.", again
