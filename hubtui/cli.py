"""The command line. No command opens the screen; a command prints its answer.

Nothing heavy is imported before it is known what to do: not the kubernetes package, not Textual.
"""

from __future__ import annotations

import os
import sys
from collections.abc import Sequence

import click

from hubtui import __version__
from hubtui.commands import start
from hubtui.commands.options import DEMO, GLOBAL, flags, with_options
from hubtui.commands.reads import READS
from hubtui.commands.writes import WRITES
from hubtui.errors import HubtuiError, UsageError

INTERRUPTED = 130
"""What a shell reports for ctrl-c: 128 + SIGINT."""

_SLOW = {"TEXTUAL_ANIMATIONS": "none", "TEXTUAL_FPS": "15"}
"""What Textual reads while it is imported (design §4)."""


@click.group(
    commands=(*READS, *WRITES),
    invoke_without_command=True,
    context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 100},
)
@with_options(*GLOBAL, *DEMO)
@click.version_option(__version__, prog_name="hubtui", message="%(prog)s %(version)s")
@click.pass_context
def cli(context: click.Context) -> int | None:
    """Day-two operations of JupyterHub on Kubernetes.

    Without a command the screen opens; a command prints its answer.
    """
    if flags(context).get("list"):
        return _list_demos(context)
    return _screen(context) if context.invoked_subcommand is None else None


def _screen(context: click.Context) -> int:
    settings, origins = start.settings(context)
    demo = start.demo(context, settings, origins)
    if not (sys.stdin.isatty() and sys.stdout.isatty()):
        raise UsageError(
            "The screen needs a terminal for its keys and its picture, and this is none",
            remedy="Use a command such as `hubtui status`; `hubtui --help` lists them.",
        )
    if settings.slow:
        for name, value in _SLOW.items():
            os.environ.setdefault(name, value)
    from hubtui import logs
    from hubtui.config import state_dir
    from hubtui.tui.app import run as run_app

    logs.start(state_dir())
    if demo is not None:
        settings, _ = demo.ready()
    return run_app(settings)


def _list_demos(context: click.Context) -> int:
    from hubtui.demo import opening

    opening.wanted(flags(context))
    click.echo("\n".join(opening.listing()))
    context.exit(0)


def run(argv: Sequence[str]) -> int:
    """Runs one command line and gives its exit code (design §5). Raises nothing."""
    try:
        # Not main(): it has words and exit codes of its own for ctrl-c and broken pipes.
        with cli.make_context("hubtui", list(argv)) as context:
            code = cli.invoke(context)
        sys.stdout.flush()
    except click.exceptions.Exit as end:
        return end.exit_code
    except (click.Abort, KeyboardInterrupt):
        return INTERRUPTED
    except click.ClickException as error:
        _tell(f"{error.format_message()} See `hubtui --help`.")
        return error.exit_code
    except HubtuiError as error:
        _tell(error.what, error.meaning, error.remedy)
        return error.exit_code
    except BrokenPipeError:
        _drop_stdout()
        return 0
    except Exception as error:
        return _unexpected(error)
    return code if isinstance(code, int) else 0


def _tell(*parts: str) -> None:
    from hubtui.headless.output import tell

    head, *rest = (part for part in parts if part)
    tell(f"hubtui: {head}")
    for part in rest:
        tell(part)


def _drop_stdout() -> None:
    """Who read the answer has gone: nothing more is to be written, nor flushed at the end."""
    devnull = os.open(os.devnull, os.O_WRONLY)
    os.dup2(devnull, sys.stdout.fileno())


def _unexpected(error: Exception) -> int:
    import logging

    from hubtui import logs
    from hubtui.config import state_dir

    path = logs.start(state_dir())
    logging.getLogger("hubtui").error("unexpected", exc_info=error)
    where = f"The log {path} says where." if path else "No log could be written."
    _tell(f"An error of hubtui itself: {type(error).__name__}", where, "Please report it.")
    return 1
