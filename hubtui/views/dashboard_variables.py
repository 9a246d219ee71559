"""The variables of a dashboard as a table of their values."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Final

from hubtui.model.dashboard import ALL, VariableKind
from hubtui.services.board_variables import VariableState
from hubtui.views.cells import EMPTY, SIGN_FINE, SIGN_PAST, SIGN_SOON, Cell, Tone, cell
from hubtui.views.table import Column

COLUMNS: Final = (
    Column("variable", "VARIABLE", 18),
    Column("chosen", "", 1),
    Column("value", "VALUE", 20, grow=True),
)


@dataclass(frozen=True, slots=True)
class Choice:
    """A value of a variable. `after` are the variable's values once this line is chosen; None where
    there is nothing to choose. One that `is_typed` can be any text."""

    variable: str
    title: str
    words: str
    value: str
    chosen: bool
    after: tuple[str, ...] | None
    is_typed: bool = False
    trouble: str = ""


def choices(variables: Iterable[VariableState]) -> dict[str, Choice]:
    """Every value of every variable, by a key of its own."""
    found = (each for state in variables if not state.variable.hidden for each in _of(state))
    return {f"{each.variable}={each.value}": each for each in found}


def _of(state: VariableState) -> Iterator[Choice]:
    variable, chosen = state.variable, state.chosen
    trouble = state.error.what if state.error is not None else "; ".join(state.notes)
    name, title = variable.name, variable.title
    if variable.kind is VariableKind.TEXTBOX:
        value = chosen.values[0] if chosen.values else ""
        words = value or "(nothing)"
        yield Choice(name, title, words, value, True, None, is_typed=True, trouble=trouble)
        return
    if variable.include_all:
        yield Choice(name, title, "All", ALL, chosen.everything, (ALL,), trouble=trouble)
        trouble = ""
    given = () if chosen.everything else chosen.values
    for option in variable.options:
        is_chosen = option.value in given
        after: tuple[str, ...] = (option.value,)
        if variable.multi:
            rest = tuple(value for value in given if value != option.value)
            after = rest if is_chosen else (*given, option.value)
            after = after or ((ALL,) if variable.include_all else (option.value,))
        yield Choice(name, title, option.text, option.value, is_chosen, after, trouble=trouble)
        trouble = ""
    if not variable.options and not variable.include_all:
        words = ", ".join(chosen.values) or "no values"
        yield Choice(name, title, words, "", bool(chosen.values), None, trouble=trouble)


def rows(found: Mapping[str, Choice]) -> dict[str, tuple[Cell, ...]]:
    """Their lines; what is wrong with a variable stands in its first one."""
    return {key: _cells(each) for key, each in found.items()}


def _cells(choice: Choice) -> tuple[Cell, ...]:
    sign = cell(SIGN_FINE, Tone.ACCENT) if choice.chosen else cell(SIGN_PAST, Tone.MUTED)
    tone = Tone.STRONG if choice.chosen else Tone.PLAIN
    value = cell(choice.words, tone)
    if choice.trouble:
        value = (*value, ("  ", tone), *cell(f"{SIGN_SOON} {choice.trouble}", Tone.SOON))
    shown = sign if choice.after is not None or choice.is_typed else EMPTY
    return cell(choice.title, Tone.MUTED), shown, value
