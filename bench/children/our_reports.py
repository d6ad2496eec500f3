"""The Reports tab reads so many rows in a real window; the gaps of its loop are noted meanwhile."""

import asyncio
import gc
import json
import sys

from gaps import Gaps
from PySide6.QtWidgets import QApplication
from qasync import QEventLoop

from turbodesk.gui.notices import Notices
from turbodesk.gui.reports_tab import ReportsTab
from turbodesk.gui.theme import Themer
from turbodesk.model.account import Credential, Profile, Secret
from turbodesk.providers import open_provider
from turbodesk.providers.http import Gateway
from turbodesk.services.desk import Desk

url, user, wanted = sys.argv[1], sys.argv[2], int(sys.argv[3])


async def go():
    gateway = Gateway()
    profile = Profile("bench", "turbosmtp-v1", user=user, api_url=url, send_url=url)
    desk = Desk(profile, open_provider(profile, {Credential.PASSWORD: Secret("sandbox")}, gateway))
    tab = ReportsTab(Notices())
    tab.resize(1280, 748)
    tab.show()
    gaps = Gaps()
    await asyncio.sleep(0.5)
    idle = gaps.longest_ms
    tab.set_desk(desk)
    await desk.provider.sign_in()
    gc.freeze()
    gc.set_threshold(50_000, 20, 100)
    gaps.begin()
    tab.period.choose("all")
    tab.turned_to()
    while len(tab.table.rows) < wanted:
        await asyncio.sleep(0.05)
    result = {"idle_ms": idle, "longest_ms": gaps.longest_ms, "p999_ms": gaps.share_ms(0.999)}
    tab.work.cancel_all()
    await tab.work.settled()
    await gateway.aclose()
    return result


application = QApplication([])
themer = Themer(application, "light")
with QEventLoop(application) as loop:
    asyncio.set_event_loop(loop)
    print(json.dumps(loop.run_until_complete(go())))
