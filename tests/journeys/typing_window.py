"""A window of its own process: typed into until it is killed, or asked what it brought back.

Started by test_killed.py: `typing_window.py CONFIG_DIR type FILE`, `… show`, or `… send FIRST`, which sends
one numbered letter after the other, beginning with what was brought back.
"""

from __future__ import annotations

import asyncio
import json
import sys
from pathlib import Path

from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication
from qasync import QEventLoop

from turbodesk.desktop import Desktop
from turbodesk.gui.theme import STYLE_ARGUMENTS

KEY_S = 0.01  # between keys: nobody types faster, and no pause is long enough to wait for


async def type_for_ever(desktop: Desktop, attached: Path) -> None:
    """Types numbers into the HTML part, and says on stdout how many characters were typed so far."""
    tab = desktop.window.tab("compose")
    tab.add_files([attached])
    await tab.work.settled()
    QTest.keyClicks(tab.envelope.subject, "Order guide")
    typed = 0
    while True:
        word = f"{typed} "
        for letter in word:
            QTest.keyClick(tab.body.html, letter)
            await asyncio.sleep(KEY_S)
        typed += len(word)
        sys.stdout.write(f"{typed}\n")
        sys.stdout.flush()


async def send_for_ever(desktop: Desktop, first: int) -> None:
    """Writes and sends numbered letters; says which one it is about to send, once that one is on disk."""
    await desktop.open()
    tab = desktop.window.tab("compose")
    await tab.sending.settled()
    number = first
    while True:
        if tab.is_empty:
            tab.envelope.sender.setText("Example Shop <news@example.com>")
            tab.envelope.set_texts("to", ["ok@example.com"])
            tab.envelope.subject.setText(f"Letter {number}")
            tab.body.text.set_text("Good day")
            tab.keep_draft()
        subject = tab.envelope.subject.text()
        sys.stdout.write(f"{subject.removeprefix('Letter ')}\n")
        sys.stdout.flush()
        tab.flow.send()
        await tab.sending.settled()
        number = int(subject.removeprefix("Letter ")) + 1


async def show(desktop: Desktop) -> None:
    """Says on stdout what the window brought back."""
    tab = desktop.window.tab("compose")
    await tab.work.settled()
    sys.stdout.write(
        json.dumps(
            {
                "subject": tab.envelope.subject.text(),
                "html": tab.body.html.text(),
                "attached": [(str(it.path), it.changed) for it in tab.attachments.tiles.pieces],
                "notices": [it.what for it in tab.notices.standing],
            }
        )
    )
    sys.stdout.flush()
    await desktop.aclose()


async def main(config_dir: Path, what: str, *files: str) -> None:
    application = QApplication.instance()
    assert isinstance(application, QApplication)
    desktop = Desktop(application, config_dir)
    desktop.show()
    desktop.window.turn("compose")
    if what == "type":
        await type_for_ever(desktop, Path(files[0]))
    elif what == "send":
        await send_for_ever(desktop, int(files[0]))
    else:
        await show(desktop)


if __name__ == "__main__":
    with QEventLoop(QApplication(["turbodesk", *STYLE_ARGUMENTS])) as loop:
        asyncio.set_event_loop(loop)
        loop.run_until_complete(main(Path(sys.argv[1]), *sys.argv[2:]))
