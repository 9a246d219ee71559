"""The commands that only read."""

from __future__ import annotations

from typing import Any

import click

from hubtui.commands.options import CSV, GLOBAL, JSON, WATCH, command, with_options
from hubtui.commands.start import finish, opened


@command(JSON, WATCH)
def status(context: click.Context) -> int:
    """The hub, its versions, its revision, and how its parts are."""
    from hubtui.headless.status import status as answer

    return finish(answer(opened(context)))


@command(JSON, CSV, WATCH)
def releases(context: click.Context) -> int:
    """Every release of the namespace, the hub's first."""
    from hubtui.headless.releases import releases as answer

    return finish(answer(opened(context)))


@command(click.argument("name", metavar="[RELEASE]", default=""), JSON, CSV, WATCH)
def history(context: click.Context, name: str) -> int:
    """The revisions of a release, by default of the hub's."""
    from hubtui.headless.releases import history as answer

    return finish(answer(opened(context), name))


@command(
    click.argument("before", metavar="[A]", type=click.IntRange(min=1), required=False),
    click.argument("after", metavar="[B]", type=click.IntRange(min=1), required=False),
    click.option("--live", is_flag=True, help="Compare with the cluster: what was changed there."),
    click.option("--unfold", is_flag=True, help="Show long texts and noise too."),
    JSON,
    WATCH,
)
def diff(context: click.Context, before: int | None, after: int | None, **how: bool) -> int:
    """What changes from revision A to B, by default to the current one. Secrets are masked."""
    from hubtui.headless.diff import diff as answer

    return finish(answer(opened(context), before, after, **how))


@command(
    click.argument("revision", metavar="[REV]", type=click.IntRange(min=1), required=False),
    click.option("--all", "computed", is_flag=True, help="With the chart's defaults."),
    JSON,
    WATCH,
)
def values(context: click.Context, revision: int | None, computed: bool) -> int:
    """The values of a revision as YAML, by default of the current one. Secrets are masked."""
    from hubtui.headless.values import values as answer

    return finish(answer(opened(context), revision, computed))


@command(
    click.option("--filter", "text", metavar="TEXT", default="", help="Words; role: node: user:"),
    click.option("--role", metavar="ROLE", default="", help="Every pod of one role."),
    click.option("--all", "everyone", is_flag=True, help="Every pod of every role."),
    JSON,
    CSV,
    WATCH,
)
def pods(context: click.Context, text: str, role: str, everyone: bool) -> int:
    """The pods by role, with those that are not up."""
    from hubtui.headless.pods import pods as answer

    return finish(answer(opened(context), text, role, everyone))


@command(
    click.option("--all", "everyone", is_flag=True, help="Users without a server too."),
    click.option("--search", metavar="TEXT", default="", help="Users by name; node: state: …"),
    click.option(
        "--sort",
        type=click.Choice(["next", "name", "activity", "age", "node", "memory"]),
        default="next",
        show_default=True,
        help="By what they are ordered; next: who goes first.",
    ),
    click.option("--cull-timeout", metavar="TIME", help="What another timeout, 30m, would do."),
    JSON,
    CSV,
    WATCH,
)
def users(context: click.Context, cull_timeout: str | None, **wanted: Any) -> int:
    """Who runs what, what it uses, and when the culler stops it or why it never does."""
    from hubtui.headless.times import seconds
    from hubtui.headless.users import Wanted
    from hubtui.headless.users import users as answer

    asked = seconds(cull_timeout) if cull_timeout is not None else None
    return finish(answer(opened(context), Wanted(cull_timeout=asked, **wanted)))


@command(
    click.option("--runbook", metavar="INCIDENT", default="", help="Print its runbooks instead."),
    JSON,
    WATCH,
)
def problems(context: click.Context, runbook: str) -> int:
    """What is wrong, with the evidence, what it does to users, and what starts the fix."""
    from hubtui.headless.problems import problems as answer
    from hubtui.headless.problems import runbook as book

    return book(opened(context), runbook) if runbook else finish(answer(opened(context)))


@command(JSON, WATCH)
def orphans(context: click.Context) -> int:
    """Where hub, pods and the proxy's routes disagree, with the safe fix for each."""
    from hubtui.headless.orphans import orphans as answer

    return finish(answer(opened(context)))


@command(click.argument("name", metavar="POD|USER|ROLE"), JSON, WATCH)
def why(context: click.Context, name: str) -> int:
    """What explains a pod that is not up: in words, with the evidence."""
    from hubtui.headless.why import why as answer

    return finish(answer(opened(context), name))


@command(
    click.argument("name", metavar="[POD|USER|OBJECT]", default=""),
    click.option("--filter", "text", metavar="TEXT", default="", help="Words; status:warning"),
    JSON,
    CSV,
    WATCH,
)
def events(context: click.Context, name: str, text: str) -> int:
    """The events of the namespace or of one object, newest first."""
    from hubtui.headless.events import events as answer

    return finish(answer(opened(context), name, text))


@command(
    click.argument("pods", metavar="POD|USER|ROLE", nargs=-1, required=True),
    click.option("--container", "-c", metavar="NAME", default="", help="Which container."),
    click.option("--follow", "-f", is_flag=True, help="Go on as lines come."),
    click.option("--previous", is_flag=True, help="The log before the last restart."),
    click.option("--tail", type=click.IntRange(min=0), default=500, show_default=True),
    click.option("--since", metavar="TIME", help="Only the last 10m or 1h30m."),
    JSON,
)
def logs(context: click.Context, since: str | None, **wanted: Any) -> int:
    """The log of a pod; of a user or a role the logs of all pods, with names in front."""
    from hubtui.headless.logs import Wanted
    from hubtui.headless.logs import logs as answer
    from hubtui.headless.times import seconds

    log = Wanted(since=seconds(since) if since else None, **wanted)
    return finish(answer(opened(context), log))


@click.group(invoke_without_command=True)
@with_options(
    *GLOBAL,
    click.option("--registry", is_flag=True, help="Ask their registries when they were built."),
    JSON,
    CSV,
)
@click.pass_context
def image(context: click.Context, registry: bool) -> int | None:
    """The images of the release: who runs them, and when they were built.

    `hubtui image plan PATH` shows what repo2docker would build from a folder.
    """
    if context.invoked_subcommand is not None:
        return None
    from hubtui.headless.images import images as answer

    return finish(answer(opened(context), registry=registry))


@image.command("plan")
@with_options(*GLOBAL, click.argument("path", metavar="PATH"), JSON)
@click.pass_context
def image_plan(context: click.Context, path: str) -> int:
    """What repo2docker would build from the folder PATH. Nothing is built."""
    from pathlib import Path

    from hubtui.headless.images import image_plan as answer

    return finish(answer(opened(context), Path(path)))


@command(
    click.option("--last", type=click.IntRange(min=1), default=20, show_default=True), JSON, CSV
)
def journal(context: click.Context, last: int) -> int:
    """The operations that were started from this machine, newest first."""
    from hubtui.headless.journal import journal as answer

    return answer(opened(context), last)


@command(JSON)
def doctor(context: click.Context) -> int:
    """Whether hubtui can work here: tools, rights, the cluster, the hub. 1 when something fails."""
    from hubtui.headless.doctor import doctor as answer

    return finish(answer(opened(context)))


@command(JSON, CSV)
def config(context: click.Context) -> int:
    """The settings in force and where each comes from.

    They stand in config.toml under the same names, in HUBTUI_CONTEXT, _NAMESPACE, _RELEASE,
    _READ_ONLY, _SLOW, _THEME, _HELM, _HELM_TIMEOUT and _RUNBOOKS, and in the options above.
    Tokens stand in none of these: HUBTUI_HUB_TOKEN and HUBTUI_GITHUB_TOKEN hold them, or a file or
    a command that the sections hub and github name.
    """
    from hubtui.headless.settings import settings as answer

    return answer(opened(context))


READS: tuple[click.Command, ...] = (
    status,
    releases,
    history,
    diff,
    values,
    pods,
    users,
    problems,
    orphans,
    why,
    events,
    logs,
    image,
    journal,
    doctor,
    config,
)
