"""Texts with variables in them: `$hub`, `${hub:regex}`, `[[hub]]`, and the names of series.

Source: Grafana 11, "Variable syntax"; how values are escaped in PromQL is that of its Prometheus
data source (`escaping.ts`).
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Final
from urllib.parse import quote

from hubtui.model.dashboard import ALL, Variable, VariableKind
from hubtui.model.prometheus import Labels

_USE: Final = re.compile(
    r"\$(?P<plain>\w+)"
    r"|\$\{(?P<braced>\w+)(?:\.[^:^}]+)?(?::(?P<format>[^}]+))?\}"
    r"|\[\[(?P<square>\w+)(?::(?P<old>[^\]]+))?\]\]",
    re.ASCII,
)
_SPECIAL: Final = re.compile(r"[\\^$*+?.()|\[\]{}]")
_LABEL: Final = re.compile(r"\{\{\s*(?P<name>.+?)\s*\}\}")

AUTO_LEGEND: Final = "__auto"

_ANYTHING: Final = ".*"
"""All values where none is known: the pattern that a series without the label matches, too."""


@dataclass(frozen=True, slots=True)
class Chosen:
    """What a variable stands for now: its values, and whether they are all that there are."""

    variable: Variable
    values: tuple[str, ...]
    everything: bool = False

    @property
    def is_pattern(self) -> bool:
        """Whether it can have several values, and so is written for `=~`."""
        return self.variable.multi or self.variable.include_all


Values = Mapping[str, Chosen]


def filled(text: str, values: Values, macros: Mapping[str, str] = {}) -> str:
    """A query with its variables and macros filled in; a name that is not known stays as it is
    (`unknown` tells those)."""

    def put(found: re.Match[str]) -> str:
        name = _name(found)
        if name in macros:
            return macros[name]
        chosen = values.get(name)
        if chosen is None:
            return found[0]
        return _written(chosen, (found["format"] or found["old"] or "").strip())

    return _USE.sub(put, text)


def shown(text: str, values: Values) -> str:
    """A title or a text with its variables filled in, for a reader instead of for PromQL."""

    def put(found: re.Match[str]) -> str:
        chosen = values.get(_name(found))
        return found[0] if chosen is None else words_of(chosen)

    return _USE.sub(put, text)


def words_of(chosen: Chosen) -> str:
    """What a variable stands for, as a reader has it."""
    if chosen.everything:
        return "All"
    by_value = {option.value: option.text for option in chosen.variable.options}
    return " + ".join(by_value.get(value, value) for value in chosen.values)


def unknown(text: str, values: Values, macros: Mapping[str, str] = {}) -> list[str]:
    """The variables of a text that nothing stands for. A number after a dollar is a group of
    `label_replace`, no variable."""
    names = dict.fromkeys(_name(found) for found in _USE.finditer(text))
    return [n for n in names if n not in values and n not in macros and not n.isdigit()]


def uses(text: str) -> list[str]:
    """The variables that a text needs, for the order in which they are asked for."""
    return list(dict.fromkeys(_name(found) for found in _USE.finditer(text)))


def _name(found: re.Match[str]) -> str:
    return str(found["plain"] or found["braced"] or found["square"])


def _written(chosen: Chosen, form: str) -> str:
    if chosen.everything and (chosen.variable.all_value or not chosen.values):
        return chosen.variable.all_value or _ANYTHING
    if form in _FORMS:
        return _FORMS[form](chosen.values)
    values = chosen.values
    if not chosen.is_pattern:
        return _quoted(values[0]) if values else ""
    if len(values) == 1:
        return _pattern(values[0])
    return f"({'|'.join(map(_pattern, values))})"


def _pattern(value: str) -> str:
    """A value inside a quoted pattern of PromQL: a backslash there is written twice."""
    return _SPECIAL.sub(lambda found: "\\\\" + ("\\\\" if found[0] == "\\" else found[0]), value)


def _quoted(value: str) -> str:
    """A value inside a quoted text of PromQL."""
    return value.replace("\\", "\\\\").replace('"', '\\"').replace("\n", "\\n")


def _regex(values: Sequence[str]) -> str:
    escaped = [re.sub(r"[\\^$*+?.()|\[\]{}/]", lambda found: "\\" + found[0], v) for v in values]
    return escaped[0] if len(escaped) == 1 else f"({'|'.join(escaped)})"


def _glob(values: Sequence[str]) -> str:
    return values[0] if len(values) == 1 else "{" + ",".join(values) + "}"


_FORMS: Final[Mapping[str, Callable[[Sequence[str]], str]]] = {
    "raw": ",".join,
    "text": " + ".join,
    "csv": ",".join,
    "pipe": "|".join,
    "regex": _regex,
    "glob": _glob,
    "json": lambda values: json.dumps(list(values)),
    "doublequote": lambda values: ",".join(f'"{_quoted(each)}"' for each in values),
    "singlequote": lambda values: ",".join(f"'{each}'" for each in values),
    "percentencode": lambda values: quote(_glob(values), safe=""),
}


def chosen_of(variable: Variable, given: Sequence[str] = ()) -> Chosen:
    """What a variable stands for: what was `given`, else what the dashboard says, else all values
    where it can have all, else its first. Values that it cannot have any more are taken as none."""
    options = tuple(option.value for option in variable.options)
    wanted = tuple(given or variable.current)
    if any(each in (ALL, "All") and each not in options for each in wanted):
        return Chosen(variable, options, everything=True)
    if variable.kind in (VariableKind.TEXTBOX, VariableKind.CONSTANT):
        return Chosen(variable, wanted or (variable.query,))
    kept = tuple(each for each in wanted if each in options)
    if kept:
        return Chosen(variable, kept if variable.multi else kept[:1])
    if given and not options:
        return Chosen(variable, tuple(given))
    if variable.include_all:
        return Chosen(variable, options, everything=True)
    return Chosen(variable, options[:1])


def legend_of(form: str, labels: Labels, values: Values, expr: str = "") -> str:
    """The name of a series: `{{ label }}` filled in, or its labels where there is no form.

    A label that there is not leaves nothing (Grafana's data source, `promlib`): dashboards name
    several of which a series has one.
    """
    if form and form != AUTO_LEGEND:
        named = shown(form, values)
        named = _LABEL.sub(lambda found: labels.get(found["name"], ""), named).strip()
        if named:
            return named
    if form == AUTO_LEGEND and len(labels) == 1:
        return next(iter(labels.values()))
    own = {name: value for name, value in labels.items() if name != "__name__"}
    metric = labels.get("__name__", "")
    if not own:
        return metric or expr
    return metric + "{" + ", ".join(f'{n}="{v}"' for n, v in sorted(own.items())) + "}"
