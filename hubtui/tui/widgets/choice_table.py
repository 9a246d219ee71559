"""One of several: a document whose every line of origin is a choice; enter or space takes it."""

from __future__ import annotations

from typing import ClassVar

from textual.binding import BindingType

from hubtui.tui import keys
from hubtui.tui.widgets.text_table import DocumentTable


class ChoiceTable(DocumentTable):
    """The choices; `Selected` tells a line, `chosen` which choice that is."""

    BINDINGS: ClassVar[list[BindingType]] = [*keys.bindings("choices")]

    def chosen(self, key: str) -> int:
        """Which choice, counted from 0, a line belongs to."""
        return self.document.origin(key)

    def action_choose(self) -> None:
        """Takes the choice under the cursor."""
        self.action_open()
