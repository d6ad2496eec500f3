"""Asks several things at once; the first that fails ends the others."""

from __future__ import annotations

import asyncio
from collections.abc import Coroutine
from typing import Any, TypeVar

Answer = TypeVar("Answer")


async def together(*questions: Coroutine[Any, Any, Answer]) -> list[Answer]:
    """The answers in the order of the questions; raises what the first that failed raised.

    asyncio.gather would leave the others running after that.
    """
    try:
        async with asyncio.TaskGroup() as group:
            tasks = [group.create_task(question) for question in questions]
    except BaseExceptionGroup as failed:
        raise failed.exceptions[0] from None
    return [task.result() for task in tasks]
