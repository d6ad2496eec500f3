"""The floor of a start: an empty window with both loops in one. Prints when it is painted, or its memory."""

import asyncio
import sys

from PySide6.QtWidgets import QApplication, QMainWindow
from qasync import QEventLoop


class Window(QMainWindow):
    painted = False

    def paintEvent(self, event):
        super().paintEvent(event)
        self.painted = True


async def live(window):
    while not window.painted:
        await asyncio.sleep(0)
    if sys.argv[1] == "paint":
        print("painted", flush=True)
        return
    import psutil

    await asyncio.sleep(3)
    print(psutil.Process().memory_info().rss)


application = QApplication([])
with QEventLoop(application) as loop:
    asyncio.set_event_loop(loop)
    window = Window()
    window.resize(1280, 800)
    window.show()
    loop.run_until_complete(live(window))
