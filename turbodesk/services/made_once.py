"""What is made once: where the answer to it is lost, it is looked for and never made again."""

from __future__ import annotations

from collections.abc import Awaitable, Callable

from turbodesk.errors import NoConnection, ProviderBroken, TurbodeskError

_PERHAPS = "It may have been made nevertheless: look at the list before you try again."


async def made_once(make: Callable[[], Awaitable[str]], find: Callable[[], Awaitable[str]]) -> str:
    """The id of what `make` made. `find` looks for it where the answer was lost or does not tell the id, and
    brings an empty id where there is nothing like it.

    Raises what `make` raised where it was a no, or nothing was found; where nobody could look, its hint
    says that it may be there.
    """
    try:
        made = await make()
    except (NoConnection, ProviderBroken) as error:
        try:
            found = await find()
        except TurbodeskError:
            error.hint = f"{error.hint} {_PERHAPS}".strip()
            raise error from None
        if not found:
            raise
        return found
    return made or await find()
