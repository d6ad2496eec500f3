"""How Tools speaks of the two kinds of tracking, and of what switching one changes."""

from __future__ import annotations

from turbodesk.gui import words
from turbodesk.gui.tool_card import Change, ToolWords
from turbodesk.services.desk import Desk
from turbodesk.services.tools import CLICK_TRACKING, OPEN_TRACKING

TOOLS = {
    CLICK_TRACKING: ToolWords(
        "clicked",
        "Click tracking",
        "Links in new mail lead over the provider, which counts each click.",
        "Links in new mail go out as they were written.",
        "If switched on: links in new mail are rewritten so that each click is counted.",
        "If switched off: links in new mail go out as written, and clicks read “not measured”.",
    ),
    OPEN_TRACKING: ToolWords(
        "opened",
        "Open tracking",
        "A small picture in new mail tells the provider when it is loaded.",
        "No picture is added to new mail.",
        "If switched on: a small picture is added to new mail, and loading it counts as an open.",
        "If switched off: no picture is added to new mail, and opens read “not measured”.",
    ),
}
ONLY_HERE = "For new messages from this program only. Each message can choose otherwise, in Compose."
ONLY_NOW = "For new messages from this program, until another profile is opened: a sandbox remembers nothing."


def default_words(id: str, note: str) -> ToolWords:
    """How a tool is spoken of where each message asks for it, and the card is only what new ones ask."""
    tool = TOOLS[id]
    return ToolWords(tool.icon, f"{tool.title} of new messages", tool.on, tool.off, note, note)


def changes(id: str, wanted: bool, desk: Desk, waiting: int) -> list[Change]:
    """What is known to change; nothing that the provider does not say."""
    word = "with" if wanted else "without"
    what = "Clicks" if id == CLICK_TRACKING else "Opens"
    counts = (
        Change("stats", "muted", f"{what} start counting", "in mail sent from now on.")
        if wanted
        else Change("stats", "muted", f"{what} stop counting", "in mail sent from now on: not measured.")
    )
    left = (
        Change("outbox", "warning", f"{words.counted(waiting, 'mail is', 'mails are')} waiting",
               f"and will go out {word} tracking.")
        if waiting
        else Change("outbox", "muted", "No mail is waiting", "in the outbox.")
    )  # fmt: skip
    return [
        Change("mail", "muted", "New mail only.", "What was sent already stays as it is."),
        counts,
        Change("accounts", "muted", "The whole account.",
               f"It holds for every program that sends as {desk.profile.user or 'it'}."),
        left,
    ]  # fmt: skip
