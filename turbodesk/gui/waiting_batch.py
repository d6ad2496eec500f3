"""A batch that is written down and leaves in a moment, unless it is taken back."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:  # the window is painted before anybody needs the store
    from turbodesk.store.entry import Batch


@dataclass(frozen=True)
class WaitingBatch:
    """The batch, when it leaves, and the letter that it was made of."""

    batch: Batch
    not_before: datetime
    letter: Mapping[str, Any]

    @property
    def id(self) -> str:
        """The batch's own."""
        return self.batch.id

    @property
    def created(self) -> datetime:
        """When it was written down."""
        return self.batch.created

    @property
    def subject(self) -> str:
        """That of its first row, or the name of its file."""
        return self.batch.subject or self.batch.name
