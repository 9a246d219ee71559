"""The variables of a dashboard that is looked at: what they can be, and what they are."""

from __future__ import annotations

import asyncio
import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Final

from hubtui.errors import DecodeError, HubtuiError
from hubtui.model.dashboard import ALL, AUTO, Option, Variable, VariableKind, variables_by_name
from hubtui.model.dashboard_variables import Ask, VariableQuery, options_of, question_of
from hubtui.model.dashboard_words import Chosen, Values, chosen_of, filled, unknown, uses
from hubtui.model.prometheus import Sample
from hubtui.model.promql import having
from hubtui.model.query_steps import Window, length_of, macros, step_for, written
from hubtui.services.missing_metrics import MissingMetrics

if TYPE_CHECKING:
    from hubtui.services.session import Session

OF_THE_HUB: Final = frozenset({"hub", "hub_name", "namespace"})
"""Variables that stand for the hub's namespace (facts.md §8.2)."""

MOST_OPTIONS: Final = 2_000
"""Values of one variable that can be chosen from."""

_COLUMNS: Final = 100
"""To which `$__interval` is fitted in the question of a variable."""

_PROMETHEUS: Final = "prometheus"


@dataclass(frozen=True, slots=True)
class VariableState:
    """A variable with its options, what it stands for now, and why it has no others."""

    chosen: Chosen
    error: HubtuiError | None = None
    notes: tuple[str, ...] = ()

    @property
    def variable(self) -> Variable:
        return self.chosen.variable


class BoardVariables:
    """The variables of one dashboard, asked for in the order in which they need each other."""

    def __init__(
        self, session: Session, variables: Iterable[Variable], missing: MissingMetrics
    ) -> None:
        self._session = session
        self._missing = missing
        self._written = variables_by_name(variables)
        self._given: dict[str, tuple[str, ...]] = {}
        self._states = {n: VariableState(_unasked(v)) for n, v in self._written.items()}

    @property
    def states(self) -> tuple[VariableState, ...]:
        """In the order of the dashboard."""
        return tuple(self._states.values())

    @property
    def of_time(self) -> set[str]:
        """The names of those that are asked for anew with another time, and of what needs them."""
        own = {name for name, each in self._written.items() if each.of_time}
        return own.union(*(self._dependents(each) for each in own))

    def values(self, window: Window) -> Values:
        """What stands for each of them in a query over a window."""
        return {name: _timed(state.chosen, window) for name, state in self._states.items()}

    def give(self, name: str, values: Sequence[str]) -> set[str]:
        """Chooses a variable's values; the names of those that have to be asked for anew: itself,
        and what depends on it. Raises KeyError for a name that there is not."""
        self._given[self._written[name].name] = tuple(values)
        return {name, *self._dependents(name)}

    async def resolve(self, window: Window, names: Iterable[str] | None = None) -> set[str]:
        """Asks for the options of some variables (else of all); the names of those that changed.
        What goes wrong is told by the state of each."""
        pending = dict.fromkeys(self._written if names is None else names)
        changed: set[str] = set()
        while pending:
            ready = [each for each in pending if not (self._needs(each) & pending.keys() - {each})]
            circular = not ready
            ready = ready or list(pending)
            found = await asyncio.gather(*(self._resolved(each, window) for each in ready))
            for name, state in zip(ready, found, strict=True):
                if circular:
                    state = replace(state, notes=(*state.notes, "it needs itself, by others"))
                if state != self._states[name]:
                    changed.add(name)
                self._states[name] = state
                del pending[name]
        return changed

    def _needs(self, name: str) -> set[str]:
        variable = self._written[name]
        return {each for each in uses(variable.query + variable.regex) if each in self._written}

    def _dependents(self, name: str) -> set[str]:
        found: set[str] = set()
        new = {name}
        while new:
            new = {each for each in self._written if self._needs(each) & new} - found - {name}
            found |= new
        return found

    async def _resolved(self, name: str, window: Window) -> VariableState:
        variable = self._written[name]
        if variable.kind is VariableKind.QUERY:
            try:
                return await self._queried(variable, window)
            except HubtuiError as error:
                return VariableState(self._kept(variable), error)
        if variable.kind is VariableKind.DATASOURCE:
            return self._source(variable)
        notes: tuple[str, ...] = ()
        if variable.kind is VariableKind.UNSUPPORTED:
            notes = ("its type is not known here: what is written for it stands",)
            return VariableState(self._kept(variable), notes=notes)
        return VariableState(self._chosen(variable))

    async def _queried(self, variable: Variable, window: Window) -> VariableState:
        values = self.values(window)
        fitted = macros(window, step_for(window.length, _COLUMNS))
        if absent := unknown(variable.query, values, fitted):
            raise DecodeError(f"${variable.name} needs {_dollars(absent)}, which is not there")
        question = question_of(filled(variable.query, values, fitted))
        if question is None:
            raise DecodeError(f"${variable.name} asks nothing")
        answer = await self._asked(question, window)
        pattern = replace(variable, regex=filled(variable.regex, values))
        options = options_of(answer, pattern)
        notes: list[str] = []
        if not options:
            notes += await self._why_empty(question, answer, pattern)
        if len(options) > MOST_OPTIONS:
            notes.append(f"the first {MOST_OPTIONS:,} of {len(options):,} values")
        whole = replace(variable, options=options[:MOST_OPTIONS])
        return VariableState(self._chosen(whole), notes=tuple(notes))

    async def _why_empty(
        self, question: VariableQuery, answer: Sequence[str], variable: Variable
    ) -> list[str]:
        if answer:
            return [f"it has no values: none of {len(answer):,} matches {variable.regex}"]
        asked = question.selector
        if question.ask is Ask.LABEL_VALUES and asked:
            asked = having(asked, question.label)
        reasons = await self._missing.of([asked])
        return [f"it has no values: {reason}" for reason in reasons] or ["it has no values"]

    async def _asked(self, question: VariableQuery, window: Window) -> list[str]:
        if question.ask is Ask.RESULT:
            answer = await self._session.ranges.instant(question.selector)
            return [_line(sample) for sample in answer.samples]
        client = await self._session.prometheus.open()
        if question.ask is Ask.METRICS:
            names = await client.label_values("__name__", window=window)
            return _matching(names, question.selector)
        selectors = [question.selector] if question.selector else []
        if question.ask is Ask.LABEL_NAMES:
            return await client.labels(selectors, window)
        return await client.label_values(question.label, selectors, window)

    def _source(self, variable: Variable) -> VariableState:
        where = self._session.prometheus.where
        notes: tuple[str, ...] = ()
        if variable.query and _PROMETHEUS not in variable.query.lower():
            notes = (f"it chooses among sources of the type {variable.query}; {where} is asked",)
        options = (Option(where, _PROMETHEUS),)
        return VariableState(
            Chosen(replace(variable, options=options), (_PROMETHEUS,)), None, notes
        )

    def _chosen(self, variable: Variable) -> Chosen:
        """What was chosen; else the namespace of the hub that is open, where it can be that one or
        nothing is known of the others."""
        given = self._given.get(variable.name, ())
        own = self._session.namespace
        if not given and variable.name in OF_THE_HUB:
            options = [each.value for each in variable.options]
            given = (own,) if own in options or not options else ()
        return chosen_of(variable, given)

    def _kept(self, variable: Variable) -> Chosen:
        """What stands where it cannot be asked: what was chosen, or is written."""
        values = self._given.get(variable.name) or variable.current
        if not values:
            return self._chosen(variable)
        options = variable.options or tuple(Option(v, v) for v in values if v != ALL)
        return chosen_of(replace(variable, options=options), values)


def _unasked(variable: Variable) -> Chosen:
    return chosen_of(variable)


def _timed(chosen: Chosen, window: Window) -> Chosen:
    """An interval that is fitted to the window, as a length of time."""
    if AUTO not in chosen.values:
        return chosen
    variable = chosen.variable
    try:
        least = length_of(variable.auto_least or "1s")
    except ValueError:
        least = length_of("1s")
    step = step_for(window.length, max(1, variable.auto_count // 2), least)
    return Chosen(variable, (written(step),))


def _line(sample: Sample) -> str:
    """A sample as Grafana writes it for a variable's pattern: `up{job="x"} 1 1700000000000`."""
    own = sorted((n, v) for n, v in sample.labels.items() if n != "__name__")
    labels = "{" + ",".join(f'{name}="{value}"' for name, value in own) + "}" if own else ""
    return f"{sample.labels.get('__name__', '')}{labels} {sample.value:g} {sample.at * 1000:.0f}"


def _matching(names: Sequence[str], pattern: str) -> list[str]:
    try:
        found = re.compile(pattern)
    except re.error as error:
        raise DecodeError(f"metrics({pattern}) holds no pattern: {error}") from None
    return [name for name in names if found.search(name)]


def _dollars(names: Sequence[str]) -> str:
    return ", ".join(f"${name}" for name in names)


def needed(states: Iterable[VariableState]) -> Mapping[str, str]:
    """Why variables without a value have none, by their names."""
    found = {}
    for state in states:
        if not state.chosen.values and not state.variable.all_value:
            why = state.error.what if state.error else "; ".join(state.notes)
            found[state.variable.name] = why or "it has no values"
    return found
