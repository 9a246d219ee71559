"""Lines to type in, each with its name; enter goes to the next."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass

from textual.app import ComposeResult
from textual.containers import Horizontal, Vertical
from textual.message import Message
from textual.suggester import Suggester
from textual.widgets import Input, Label

Complete = Callable[[str], Awaitable[str | None]]


@dataclass(frozen=True, slots=True)
class Field:
    """One line: `name` is the id and the attribute, `title` and `hint` its words."""

    name: str
    title: str
    hint: str
    complete: Complete | None = None


class _Completed(Suggester):
    """What the field may become, shown dim behind the cursor and taken with the right arrow."""

    def __init__(self, complete: Complete) -> None:
        # Files come and go, and a folder decides which hubs there are.
        super().__init__(use_cache=False, case_sensitive=True)
        self._complete = complete

    async def get_suggestion(self, value: str) -> str | None:
        return await self._complete(value)


class FormFields(Vertical):
    """The fields of a form. Only those that are shown can get the focus."""

    DEFAULT_CSS = """
    FormFields { height: auto; padding: 0 1; }
    FormFields Horizontal { height: 1; }
    FormFields Horizontal.-off { display: none; }
    FormFields Label { width: 14; color: $tone-muted; }
    FormFields Input, FormFields Input:focus {
        width: 1fr; height: 1; border: none; padding: 0 1; background: $field;
    }
    """

    @dataclass
    class Changed(Message):
        """Something else is typed in a field."""

        name: str
        value: str

    @dataclass
    class Done(Message):
        """Enter in the last field."""

    def __init__(self, fields: Sequence[Field]) -> None:
        super().__init__()
        self._fields = {field.name: field for field in fields}

    def compose(self) -> ComposeResult:
        for field in self._fields.values():
            with Horizontal(id=f"line-{field.name}", classes="-off"):
                yield Label(field.title, markup=False)
                suggester = _Completed(field.complete) if field.complete else None
                line = Input(
                    placeholder=field.hint,
                    suggester=suggester,
                    select_on_focus=False,
                    id=f"field-{field.name}",
                )
                line.cursor_blink = False
                yield line

    def show(self, names: Sequence[str]) -> None:
        """Shows these fields and no others."""
        for name in self._fields:
            self.query_one(f"#line-{name}").set_class(name not in names, "-off")

    def fill(self, name: str, value: str) -> None:
        """Puts a value into a field, as if it had been typed."""
        line = self.line(name)
        line.value = value
        line.cursor_position = len(value)

    def line(self, name: str) -> Input:
        """The field of a name."""
        return self.query_one(f"#field-{name}", Input)

    @property
    def shown(self) -> list[Input]:
        """The fields that are shown."""
        return [line for line in self.query(Input) if line.parent and line.parent.display]

    def on_input_changed(self, event: Input.Changed) -> None:
        event.stop()
        name = (event.input.id or "").removeprefix("field-")
        self.post_message(self.Changed(name, event.value))

    def on_input_submitted(self, event: Input.Submitted) -> None:
        event.stop()
        lines = self.shown
        at = lines.index(event.input)
        if at + 1 < len(lines):
            lines[at + 1].focus()
        else:
            self.post_message(self.Done())
