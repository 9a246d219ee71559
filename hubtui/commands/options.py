"""The options that commands share, and how a command is made of them."""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any

import click

Function = Callable[..., Any]
Option = Callable[[Function], Function]

_FLAGS = "hubtui.flags"
SHAPE = frozenset({"json", "csv", "watch"})
"""Flags of a command's output, which are no settings."""
OF_DEMO = frozenset({"demo", "drill", "scenario", "seed", "speed", "list"})
"""Flags that choose a demo."""


def flags(context: click.Context) -> dict[str, Any]:
    """What was typed of the shared options, by name; what was not typed is not in it."""
    kept: dict[str, Any] = context.meta.setdefault(_FLAGS, {})
    return kept


def _keep(context: click.Context, option: click.Parameter, value: Any) -> None:
    # Global options stand before or after the command: both write here, the latter last.
    if value is not None and option.name is not None:
        flags(context)[option.name] = value


class _Speed(click.FloatRange):
    """How much faster: a range lets what is no number (`nan`) through."""

    def convert(
        self, value: Any, param: click.Parameter | None, ctx: click.Context | None
    ) -> float:
        found = float(super().convert(value, param, ctx))
        if math.isnan(found):
            self.fail(f"{value!r} is no number.", param, ctx)
        return found


def _kept(*names: str, **attributes: Any) -> Option:
    return click.option(*names, expose_value=False, callback=_keep, **attributes)


GLOBAL = (
    _kept("--kubeconfig", metavar="FILE", help="The kubeconfig to read."),
    _kept("--context", metavar="NAME", help="The context in it."),
    _kept("--namespace", "-n", metavar="NS", help="The namespace of the hub."),
    _kept("--release", metavar="NAME", help="The Helm release of the hub."),
    _kept("--read-only", is_flag=True, default=None, help="Write nothing at all."),
    _kept("--slow", is_flag=True, default=None, help="Spare a slow connection."),
)
DEMO = (
    _kept("--demo", is_flag=True, default=None, help="A simulated cluster, to look and practise."),
    _kept("--drill", metavar="NAME", help="With --demo: an incident to solve."),
    _kept("--scenario", metavar="NAME", help="With --demo: another hub."),
    _kept("--seed", metavar="N", type=click.IntRange(min=0), help="With --demo: another story."),
    _kept("--speed", metavar="X", type=_Speed(0.1, 100), help="With --demo: faster."),
    _kept("--list", is_flag=True, default=None, help="With --demo: name drills and scenarios."),
)
JSON = _kept("--json", is_flag=True, default=None, help="Print one JSON document.")
CSV = _kept("--csv", is_flag=True, default=None, help="Print the rows as CSV.")
WATCH = _kept("--watch", is_flag=True, default=None, help="Print again at every change.")


def with_options(*options: Option) -> Option:
    """Gives a function these options and arguments, in this order."""

    def decorate(function: Function) -> Function:
        for option in reversed(options):
            function = option(function)
        return function

    return decorate


def command(*shape: Option) -> Callable[[Function], click.Command]:
    """Makes a function the command of its name, with the global options and these."""

    def decorate(function: Function) -> click.Command:
        name = function.__name__.replace("_", "-")
        return click.command(name)(with_options(*GLOBAL, *shape)(click.pass_context(function)))

    return decorate
