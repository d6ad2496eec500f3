"""With words: the command line; without: the window."""

from __future__ import annotations

import sys

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


def main() -> None:
    """Runs the command line where one of its words is given, the window otherwise."""
    if COMMAND_WORDS.intersection(sys.argv[1:]):
        from turbodesk import cli

        cli.main()
    from turbodesk import app

    sys.exit(app.main(sys.argv[1:]))


if __name__ == "__main__":
    main()
