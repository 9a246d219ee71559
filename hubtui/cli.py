"""The command line. No command opens the screen; a command prints its answer.

Nothing heavy is imported before it is known what to do: not the kubernetes package, not Textual.
"""

from __future__ import annotations

import os
import sys
from collections.abc import Callable, Coroutine, MutableMapping, Sequence
from dataclasses import replace
from typing import TYPE_CHECKING, Any

import click

from hubtui import __version__
from hubtui.errors import HubtuiError, UsageError

if TYPE_CHECKING:
    from hubtui.config import Origin, Settings
    from hubtui.demo.opening import Opening
    from hubtui.headless.run import Run

Function = Callable[..., Any]

INTERRUPTED = 130
"""What a shell reports for ctrl-c: 128 + SIGINT."""

_FLAGS = "hubtui.flags"
_SHAPE = frozenset({"json", "csv", "watch"})
"""Flags of a command's output, which are no settings."""
_OF_DEMO = frozenset({"demo", "drill", "scenario", "seed", "speed", "list"})
"""Flags that choose a demo."""

_SLOW = {"TEXTUAL_ANIMATIONS": "none", "TEXTUAL_FPS": "15"}
"""What Textual reads while it is imported (design §4)."""


def _keep(context: click.Context, option: click.Parameter, value: Any) -> None:
    # Global options stand before or after the command: both write here, the latter last.
    if value is not None and option.name is not None:
        context.meta.setdefault(_FLAGS, {})[option.name] = value


def _kept(*names: str, **attributes: Any) -> Callable[[Function], Function]:
    return click.option(*names, expose_value=False, callback=_keep, **attributes)


_GLOBAL = (
    _kept("--kubeconfig", metavar="FILE", help="The kubeconfig to read."),
    _kept("--context", metavar="NAME", help="The context in it."),
    _kept("--namespace", "-n", metavar="NS", help="The namespace of the hub."),
    _kept("--release", metavar="NAME", help="The Helm release of the hub."),
    _kept("--read-only", is_flag=True, default=None, help="Write nothing at all."),
    _kept("--slow", is_flag=True, default=None, help="Spare a slow connection."),
)
_DEMO = (
    _kept("--demo", is_flag=True, default=None, help="A simulated cluster, to look and practise."),
    _kept("--drill", metavar="NAME", help="With --demo: an incident to solve."),
    _kept("--scenario", metavar="NAME", help="With --demo: another hub."),
    _kept("--seed", metavar="N", type=click.IntRange(min=0), help="With --demo: another story."),
    _kept("--speed", metavar="X", type=click.FloatRange(0.1, 100), help="With --demo: faster."),
    _kept("--list", is_flag=True, default=None, help="With --demo: name drills and scenarios."),
)
_JSON = _kept("--json", is_flag=True, default=None, help="Print one JSON document.")
_CSV = _kept("--csv", is_flag=True, default=None, help="Print the rows as CSV.")
_WATCH = _kept("--watch", is_flag=True, default=None, help="Print again at every change.")


def _with(*options: Callable[[Function], Function]) -> Callable[[Function], Function]:
    def decorate(function: Function) -> Function:
        for option in reversed(options):
            function = option(function)
        return function

    return decorate


@click.group(
    invoke_without_command=True,
    context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 100},
)
@_with(*_GLOBAL, *_DEMO)
@click.version_option(__version__, prog_name="hubtui", message="%(prog)s %(version)s")
@click.pass_context
def cli(context: click.Context) -> int | None:
    """Day-two operations of JupyterHub on Kubernetes.

    Without a command the screen opens; a command prints its answer.
    """
    if context.meta.get(_FLAGS, {}).get("list"):
        return _list_demos(context)
    return _screen(context) if context.invoked_subcommand is None else None


def _screen(context: click.Context) -> int:
    settings, origins = _settings(context.meta)
    demo = _demo(context, settings, origins)
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


def _demo(context: click.Context, settings: Settings, origins: list[Origin]) -> Opening | None:
    """The demo that is asked for; it starts while this goes on, and ends with the command."""
    flags = context.meta.get(_FLAGS, {})
    if _OF_DEMO.isdisjoint(flags):
        return None
    from hubtui.demo import opening

    wanted = opening.wanted(flags)
    return context.with_resource(opening.opened(wanted, settings, origins)) if wanted else None


def _list_demos(context: click.Context) -> int:
    from hubtui.demo import opening

    opening.wanted(context.meta[_FLAGS])
    click.echo("\n".join(opening.listing()))
    context.exit(0)


def _settings(meta: MutableMapping[str, Any]) -> tuple[Settings, list[Origin]]:
    from msgspec import structs

    from hubtui import config

    flags = {k: v for k, v in meta.get(_FLAGS, {}).items() if k not in _SHAPE | _OF_DEMO}
    settings, origins = config.load(flags)
    if os.environ.get("SSH_TTY") and not settings.slow:
        settings = structs.replace(settings, slow=True)
        origins = [
            replace(o, value=True, source="SSH_TTY") if o.name == "slow" else o for o in origins
        ]
    return settings, origins


def _run(context: click.Context) -> Run:
    from hubtui import logs
    from hubtui.config import state_dir
    from hubtui.headless.output import Output, tell
    from hubtui.headless.run import Run

    settings, origins = _settings(context.meta)
    logs.start(state_dir())
    demo = _demo(context, settings, origins)
    if demo is not None:
        settings, origins = demo.ready()
        if settings.demo and settings.demo.notice:
            tell(f"DEMO, drill {settings.demo.story}. {settings.demo.notice}.")
    flags = context.meta.get(_FLAGS, {})
    shape = {name: bool(flags.get(name)) for name in _SHAPE}
    if shape["csv"] and (shape["json"] or shape["watch"]):
        raise UsageError("--csv goes with neither --json nor --watch")
    out = Output(json=shape["json"], csv=shape["csv"], stream=shape["watch"])
    return Run(settings, origins, out, shape["watch"])


def _command(*shape: Callable[[Function], Function]) -> Callable[[Function], click.Command]:
    def decorate(function: Function) -> click.Command:
        name = function.__name__.rstrip("_").replace("_", "-")
        return cli.command(name)(_with(*_GLOBAL, *shape)(click.pass_context(function)))

    return decorate


def _await(work: Coroutine[Any, Any, int]) -> int:
    import asyncio

    return asyncio.run(work)


@_command(_JSON, _WATCH)
def status(context: click.Context) -> int:
    """The hub, its versions, its revision, and how its parts are."""
    from hubtui.headless.status import status as answer

    return _await(answer(_run(context)))


@_command(_JSON, _CSV, _WATCH)
def releases(context: click.Context) -> int:
    """Every release of the namespace, the hub's first."""
    from hubtui.headless.releases import releases as answer

    return _await(answer(_run(context)))


@_command(click.argument("name", metavar="[RELEASE]", default=""), _JSON, _CSV, _WATCH)
def history(context: click.Context, name: str) -> int:
    """The revisions of a release, by default of the hub's."""
    from hubtui.headless.releases import history as answer

    return _await(answer(_run(context), name))


@_command(
    click.argument("before", metavar="[A]", type=click.IntRange(min=1), required=False),
    click.argument("after", metavar="[B]", type=click.IntRange(min=1), required=False),
    click.option("--live", is_flag=True, help="Compare with the cluster: what was changed there."),
    click.option("--unfold", is_flag=True, help="Show long texts and noise too."),
    _JSON,
    _WATCH,
)
def diff(context: click.Context, before: int | None, after: int | None, **how: bool) -> int:
    """What changes from revision A to B, by default to the current one. Secrets are masked."""
    from hubtui.headless.diff import diff as answer

    return _await(answer(_run(context), before, after, **how))


@_command(
    click.argument("revision", metavar="[REV]", type=click.IntRange(min=1), required=False),
    click.option("--all", "computed", is_flag=True, help="With the chart's defaults."),
    _JSON,
    _WATCH,
)
def values(context: click.Context, revision: int | None, computed: bool) -> int:
    """The values of a revision as YAML, by default of the current one. Secrets are masked."""
    from hubtui.headless.values import values as answer

    return _await(answer(_run(context), revision, computed))


@_command(
    click.option("--filter", "text", metavar="TEXT", default="", help="Words; role: node: user:"),
    click.option("--role", metavar="ROLE", default="", help="Every pod of one role."),
    click.option("--all", "everyone", is_flag=True, help="Every pod of every role."),
    _JSON,
    _CSV,
    _WATCH,
)
def pods(context: click.Context, text: str, role: str, everyone: bool) -> int:
    """The pods by role, with those that are not up."""
    from hubtui.headless.pods import pods as answer

    return _await(answer(_run(context), text, role, everyone))


@_command(
    click.option("--runbook", metavar="INCIDENT", default="", help="Print its runbooks instead."),
    _JSON,
    _WATCH,
)
def problems(context: click.Context, runbook: str) -> int:
    """What is wrong, with the evidence, what it does to users, and what starts the fix."""
    from hubtui.headless.problems import problems as answer
    from hubtui.headless.problems import runbook as book

    return book(_run(context), runbook) if runbook else _await(answer(_run(context)))


@_command(click.argument("name", metavar="POD|USER|ROLE"), _JSON, _WATCH)
def why(context: click.Context, name: str) -> int:
    """What explains a pod that is not up: in words, with the evidence."""
    from hubtui.headless.why import why as answer

    return _await(answer(_run(context), name))


@_command(
    click.argument("name", metavar="[POD|USER|OBJECT]", default=""),
    click.option("--filter", "text", metavar="TEXT", default="", help="Words; status:warning"),
    _JSON,
    _CSV,
    _WATCH,
)
def events(context: click.Context, name: str, text: str) -> int:
    """The events of the namespace or of one object, newest first."""
    from hubtui.headless.events import events as answer

    return _await(answer(_run(context), name, text))


@_command(
    click.argument("pods", metavar="POD|USER|ROLE", nargs=-1, required=True),
    click.option("--container", "-c", metavar="NAME", default="", help="Which container."),
    click.option("--follow", "-f", is_flag=True, help="Go on as lines come."),
    click.option("--previous", is_flag=True, help="The log before the last restart."),
    click.option("--tail", type=click.IntRange(min=0), default=500, show_default=True),
    click.option("--since", metavar="TIME", help="Only the last 10m or 1h30m."),
    _JSON,
)
def logs(context: click.Context, since: str | None, **wanted: Any) -> int:
    """The log of a pod; of a user or a role the logs of all pods, with names in front."""
    from hubtui.headless.logs import Wanted, seconds
    from hubtui.headless.logs import logs as answer

    log = Wanted(since=seconds(since) if since else None, **wanted)
    return _await(answer(_run(context), log))


_CONSENT = (
    click.option("--confirm", metavar="NAME", default="", help="The name that the plan asks for."),
    click.option("--override", "overrides", metavar="CHECK", multiple=True, help="Pass a check."),
    click.option("--expect", metavar="BASIS", default="", help="Only if it rests on this."),
    _JSON,
)


def _act(context: click.Context, action: str, request: object, consent: dict[str, Any]) -> int:
    from hubtui.headless.acting import Consent, act

    return _await(act(_run(context), action, request, Consent(**consent)))


@_command(click.argument("revision", metavar="REV", type=click.IntRange(min=1)), *_CONSENT)
def rollback(context: click.Context, revision: int, **consent: Any) -> int:
    """Go back to revision REV. Without --confirm the plan is printed and nothing changes."""
    from hubtui.services.actions.rollback import RollbackRequest

    return _act(context, "rollback", RollbackRequest(revision), consent)


@_command(
    click.option("--chart", metavar="CHART", default="", help="A folder, archive, oci:// or name."),
    click.option("--version", metavar="V", default="", help="Its version, of a repository."),
    click.option("--chart-repo", metavar="URL", default="", help="The repository of that name."),
    click.option(
        "-f", "--values", "files", metavar="FILE", multiple=True, help="Values; sops too."
    ),
    click.option("--set", "sets", metavar="K=V", multiple=True, help="One value, as helm has it."),
    click.option("--set-string", "set_strings", metavar="K=V", multiple=True, help="As text."),
    click.option("--repo", metavar="PATH", default="", help="A deployment folder; else this one."),
    click.option("--hub", metavar="NAME", default="", help="Which hub of the folder."),
    click.option("--env", metavar="ENV", default="", help="Which environment, or cluster."),
    click.option(
        "--values-mode",
        type=click.Choice(["reset", "reuse", "reset-then-reuse"]),
        help="What becomes of the running values.",
    ),
    click.option("--timeout", metavar="T", default="", help="helm's: 10m or 1h30m."),
    *_CONSENT,
)
def upgrade(context: click.Context, **typed: Any) -> int:
    """Upgrade the hub: another chart, other values, or both.

    Without --confirm the plan is printed and nothing changes. It is never guessed what becomes of
    the values that run: `reset` counts the given ones only, as hubploy does; `reuse` keeps them and
    the running chart's defaults below; `reset-then-reuse` takes the new chart's defaults.
    """
    from hubtui.headless.acting import Consent
    from hubtui.headless.upgrade import upgrade as answer
    from hubtui.services.upgrade_options import Wanted

    consent = Consent(**{name: typed.pop(name) for name in ("confirm", "overrides", "expect")})
    wanted = Wanted(**{name: value for name, value in typed.items() if value is not None})
    return _await(answer(_run(context), wanted, consent))


@_command(
    click.option("--way", type=click.Choice(["rollback", "mark-failed"]), help="Which way out."),
    click.option(
        "--save", metavar="FILE", default="", help="For mark-failed: a new file, with secrets."
    ),
    *_CONSENT,
)
def recover(context: click.Context, way: str | None, save: str, **consent: Any) -> int:
    """Free a release that is stuck in pending-install, -upgrade or -rollback.

    Without --way the ways out are told; without --confirm nothing changes.
    """
    from hubtui.headless.acting import Consent
    from hubtui.headless.recover import recover as answer

    return _await(answer(_run(context), way or "", save, Consent(**consent)))


@_command(click.argument("component", metavar="COMPONENT"), *_CONSENT)
def restart(context: click.Context, component: str, **consent: Any) -> int:
    """Restart hub, proxy, autohttps or user-scheduler.

    Without --confirm the plan is printed and nothing changes.
    """
    from hubtui.services.actions.restart import RestartRequest

    return _act(context, "restart", RestartRequest(component), consent)


@_command(
    click.argument("pod"),
    click.option(
        "--force",
        is_flag=True,
        help="Have the apiserver forget it at once; --override force where it may still run.",
    ),
    click.option(
        "--grace",
        metavar="SECONDS",
        type=click.IntRange(min=1),
        help="Another time to end.",
    ),
    *_CONSENT,
)
def delete_pod(
    context: click.Context, pod: str, force: bool, grace: int | None, **consent: Any
) -> int:
    """Delete POD, one that is stuck. Without --confirm the plan is printed and nothing changes."""
    from hubtui.services.actions.delete_pod import DeletePodRequest

    return _act(context, "delete-pod", DeletePodRequest(pod, force, grace), consent)


@_command(
    click.argument("node"),
    click.option(
        "--pullers-off",
        is_flag=True,
        help="Keep image pullers off it too: an upgrade that waits for it goes on.",
    ),
    *_CONSENT,
)
def cordon(context: click.Context, node: str, pullers_off: bool, **consent: Any) -> int:
    """Have NODE take no new pods; who is on it stays.

    Without --confirm the plan is printed and nothing changes.
    """
    from hubtui.services.actions.cordon import CordonRequest

    return _act(context, "cordon", CordonRequest(node, pullers_off), consent)


@_command(click.argument("node"), *_CONSENT)
def uncordon(context: click.Context, node: str, **consent: Any) -> int:
    """Have NODE take new pods again. Without --confirm the plan is printed and nothing changes."""
    from hubtui.services.actions.uncordon import UncordonRequest

    return _act(context, "uncordon", UncordonRequest(node), consent)


@cli.group(invoke_without_command=True)
@_with(
    *_GLOBAL,
    click.option("--registry", is_flag=True, help="Ask their registries when they were built."),
    _JSON,
    _CSV,
)
@click.pass_context
def image(context: click.Context, registry: bool) -> int | None:
    """The images of the release: who runs them, and when they were built.

    `hubtui image plan PATH` shows what repo2docker would build from a folder.
    """
    if context.invoked_subcommand is not None:
        return None
    from hubtui.headless.images import images as answer

    return _await(answer(_run(context), registry=registry))


@image.command("plan")
@_with(*_GLOBAL, click.argument("path", metavar="PATH"), _JSON)
@click.pass_context
def image_plan(context: click.Context, path: str) -> int:
    """What repo2docker would build from the folder PATH. Nothing is built."""
    from pathlib import Path

    from hubtui.headless.images import image_plan as answer

    return _await(answer(_run(context), Path(path)))


@_command(
    click.option("--last", type=click.IntRange(min=1), default=20, show_default=True), _JSON, _CSV
)
def journal(context: click.Context, last: int) -> int:
    """The operations that were started from this machine, newest first."""
    from hubtui.headless.journal import journal as answer

    return answer(_run(context), last)


@_command(_JSON)
def doctor(context: click.Context) -> int:
    """Whether hubtui can work here: tools, rights, the cluster, the hub. 1 when something fails."""
    from hubtui.headless.doctor import doctor as answer

    return _await(answer(_run(context)))


@_command(_JSON, _CSV)
def config(context: click.Context) -> int:
    """The settings in force and where each comes from.

    They stand in config.toml under the same names, in HUBTUI_CONTEXT, _NAMESPACE, _RELEASE,
    _READ_ONLY, _SLOW, _THEME, _HELM, _HELM_TIMEOUT and _RUNBOOKS, and in the options above.
    """
    from hubtui.headless.settings import settings as answer

    return answer(_run(context))


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
