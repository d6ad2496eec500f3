"""With words: the command line; without: the window."""

from __future__ import annotations

import sys
from collections.abc import Sequence

COMMAND_WORDS = frozenset(
    (
        "sandbox",
        "profile",
        "send",
        "outbox",
        "reports",
        "suppressions",
        "stats",
        "message",
        "tools",
        "account",
        "keys",
        "domains",
        "subaccounts",
        "inbox",
    )
)

WITH_VALUE = frozenset(("--config-dir", "--profile", "--tab", "--theme", "--size", "--tour"))


def first_word(arguments: Sequence[str]) -> str:
    """The first that is neither an option nor the value of one, empty where there is none."""
    value = False
    for argument in arguments:
        if not value and not argument.startswith("-"):
            return argument
        value = argument in WITH_VALUE and not value
    return ""


def main() -> None:
    """Runs the command line where its first word is one of its own, the window otherwise."""
    if first_word(sys.argv[1:]) in COMMAND_WORDS:
        from turbodesk import cli

        cli.main()
    from turbodesk import app

    sys.exit(app.main(sys.argv[1:]))


if __name__ == "__main__":
    main()
