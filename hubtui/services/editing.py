"""The running values in the user's editor, without the secrets."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from typing import Any

from hubtui.clients import editor
from hubtui.errors import UsageError
from hubtui.model.chart_schema import Fault, stored, unfit
from hubtui.model.overlay import Shown, changes, read, shown, text_of
from hubtui.model.yaml_text import YamlError
from hubtui.services.session import Session
from hubtui.services.upgrade_sources import Running

Edit = Callable[[], Awaitable[str]]


@dataclass(frozen=True, slots=True)
class Edited:
    """What an edit changes; `faults` are slips that the running chart's schema shows."""

    overlay: dict[str, Any] = field(repr=False)
    faults: tuple[Fault, ...] = ()


class Editing:
    """One release's values to edit, again and again until they are right."""

    def __init__(self, session: Session, now: Running, values: Shown) -> None:
        self._session = session
        self._now = now
        self._shown = values

    @classmethod
    async def of(cls, session: Session, now: Running) -> Editing:
        """Takes the secrets out. Raises UnreachableError and its kin."""
        redactor = (await session.redactor()).knowing(now.payload.config)
        return cls(session, now, shown(now.payload.config, redactor))

    @property
    def text(self) -> str:
        """The file as it is at first."""
        session, payload = self._session, self._now.payload
        return text_of(
            self._shown,
            [
                f"Values of {payload.name}, revision {payload.revision}, in namespace "
                f"{session.namespace} on {session.context.name}.",
                "",
                "Save and leave to have the changes planned: nothing is written before you",
                "confirm. What you take away goes back to the chart's default.",
            ],
        )

    def edit(self, text: str) -> Edit:
        """Opens the editor on a text; the terminal must be free when the result is awaited.

        Raises ToolError without an editor, before anything is suspended.
        """
        argv = editor.command()
        return lambda: editor.edit(argv, text, f"{self._now.payload.name}-values.yaml")

    def edited(self, text: str) -> Edited:
        """What a text changes. Raises UsageError, with the line where it cannot be read."""
        try:
            after = read(text)
        except YamlError as error:
            raise UsageError(
                f"{self._now.payload.name}-values.yaml cannot be read: {error}",
                meaning="Nothing is taken over.",
                remedy="Edit it again: your text is kept.",
            ) from None
        overlay = changes(self._shown.values, after, self._shown.left_out)
        payload = self._now.payload
        schema = stored(payload.schema)
        return Edited(overlay, unfit(overlay, schema, payload.chart.name) if schema else ())
