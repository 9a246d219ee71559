"""Asks for the name under which a query is saved; enter saves, escape does not."""

from __future__ import annotations

from hubtui.tui.widgets.save_line import SaveLine


class NameLine(SaveLine):
    """A line of the same keys as the one that asks for a file."""

    PROMPT = "Save the query as"
    PLACEHOLDER = "a name"
