"""A batch over a ledger of its own, for the children that measure one."""

from bench.children.accounts import account
from bench.children.wires import TEXT
from turbodesk.model.message import Address, Message
from turbodesk.providers import open_provider
from turbodesk.providers.http import Gateway
from turbodesk.services.batches import BatchPlan, BatchRuns
from turbodesk.services.desk import Desk
from turbodesk.services.outbox import Outbox
from turbodesk.store.ledger import Ledger


def messages(count):
    return (
        (row, Message(Address("me@example.com"), (Address(f"row{row}@example.com"),), f"Number {row}", TEXT))
        for row in range(1, count + 1)
    )


class Stage:
    """A ledger, an outbox that keeps so many connections, and the batches over both."""

    def __init__(self, directory, file, provider, at_once):
        profile, credentials = account(file, provider)
        self.at_once = at_once
        self.ledger = Ledger.open(directory)
        self.gateway = Gateway(slots=at_once)
        self.desk = Desk(profile, open_provider(profile, credentials, self.gateway))
        self.outbox = Outbox(self.ledger, self.desk)
        self.batches = BatchRuns(self.ledger, self._open)

    async def _open(self, name, slots):
        return self.outbox

    async def fill(self, count):
        plan = BatchPlan("list.csv", count, concurrency=self.at_once)
        return (await self.batches.start(self.outbox, plan, messages(count))).id

    async def send(self, id, count):
        batch = await self.batches.run(id)
        assert batch.counts == {"accepted": count}, batch

    async def aclose(self):
        await self.desk.aclose()
        await self.gateway.aclose()
        self.ledger.close()
