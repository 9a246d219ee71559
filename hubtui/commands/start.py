"""What every command starts with: the settings, the log, and the demo where one is asked for."""

from __future__ import annotations

import os
from collections.abc import Coroutine
from dataclasses import replace
from typing import TYPE_CHECKING, Any

import click

from hubtui.commands.options import OF_DEMO, SHAPE, flags
from hubtui.errors import UsageError

if TYPE_CHECKING:
    from hubtui.config import Origin, Settings
    from hubtui.demo.opening import Opening
    from hubtui.headless.run import Run


def settings(context: click.Context) -> tuple[Settings, list[Origin]]:
    """The settings in force and where each comes from. Raises ConfigError."""
    from msgspec import structs

    from hubtui import config

    typed = {k: v for k, v in flags(context).items() if k not in SHAPE | OF_DEMO}
    found, origins = config.load(typed)
    if os.environ.get("SSH_TTY") and not found.slow:
        found = structs.replace(found, slow=True)
        origins = [
            replace(o, value=True, source="SSH_TTY") if o.name == "slow" else o for o in origins
        ]
    return found, origins


def demo(context: click.Context, settings: Settings, origins: list[Origin]) -> Opening | None:
    """The demo that is asked for; it starts while this goes on, and ends with the command.

    Raises UsageError for flags that do not go together or name no demo.
    """
    if OF_DEMO.isdisjoint(flags(context)):
        return None
    from hubtui.demo import opening

    wanted = opening.wanted(flags(context))
    return context.with_resource(opening.opened(wanted, settings, origins)) if wanted else None


def opened(context: click.Context) -> Run:
    """A command's run: its settings, and the shape of its answer.

    Raises ConfigError, UsageError for flags that do not go together, and what a demo that does not
    come up raises.
    """
    from hubtui import logs
    from hubtui.config import state_dir
    from hubtui.headless.output import Output, tell
    from hubtui.headless.run import Run

    found, origins = settings(context)
    logs.start(state_dir())
    opening = demo(context, found, origins)
    if opening is not None:
        found, origins = opening.ready()
        if found.demo and found.demo.notice:
            tell(f"DEMO, drill {found.demo.story}. {found.demo.notice}.")
    shape = {name: bool(flags(context).get(name)) for name in SHAPE}
    if shape["csv"] and (shape["json"] or shape["watch"]):
        raise UsageError("--csv goes with neither --json nor --watch")
    out = Output(json=shape["json"], csv=shape["csv"], stream=shape["watch"])
    return Run(found, origins, out, shape["watch"])


def finish(work: Coroutine[Any, Any, int]) -> int:
    """Runs a command's work to its end and gives its exit code."""
    import asyncio

    return asyncio.run(work)
