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
    click.argument("name", metavar="[NODE]", default=""),
    click.option("--pool-label", metavar="LABEL", default="", help="Group by this label first."),
    click.option("--seats", "only_seats", is_flag=True, help="How many more users fit."),
    click.option(
        "--placeholders",
        type=click.IntRange(min=0),
        metavar="N",
        help="The seats, and when the next node comes had the hub N placeholders.",
    ),
    JSON,
    CSV,
    WATCH,
)
def nodes(
    context: click.Context, name: str, pool_label: str, only_seats: bool, placeholders: int | None
) -> int:
    """Who is on which node, how full it is and why it stays; all there is to tell of NODE."""
    from hubtui.headless.nodes import nodes as answer
    from hubtui.headless.seats import seats

    if only_seats or placeholders is not None:
        return finish(seats(opened(context), placeholders))
    return finish(answer(opened(context), name, pool_label))


@command(
    click.argument("name", metavar="[CLAIM|DISK]", default=""),
    click.option("--all", "everyone", is_flag=True, help="Every claim of every kind."),
    click.option("--filter", "text", metavar="TEXT", default="", help="Words; user: phase: class:"),
    click.option("--leftovers", is_flag=True, help="Claims that nobody comes back to instead."),
    JSON,
    CSV,
    WATCH,
)
def storage(context: click.Context, leftovers: bool, **wanted: Any) -> int:
    """What fills up and when: claims by kind and shared disks; all there is to tell of one."""
    from hubtui.headless.leftovers import leftovers as left
    from hubtui.headless.storage import Wanted
    from hubtui.headless.storage import storage as answer

    if leftovers:
        return finish(left(opened(context)))
    return finish(answer(opened(context), Wanted(**wanted)))


@command(
    click.argument("name", metavar="[FILE|URL|UID]", default=""),
    click.option("--once", is_flag=True, expose_value=False, help="Print it and end; the default."),
    click.option("--range", "length", metavar="TIME", default="", help="The last 6h or 7d of it."),
    click.option("--var", "variables", metavar="NAME=VALUE", multiple=True, help="Of a variable."),
    click.option("--width", type=click.IntRange(min=0), default=0, help="Columns of the text."),
    click.option("--list", "listed", is_flag=True, help="Name the dashboards there are instead."),
    JSON,
)
def dashboard(context: click.Context, listed: bool, **wanted: Any) -> int:
    """A Grafana dashboard, drawn; notes tell what of it is not shown as Grafana shows it."""
    from hubtui.errors import UsageError
    from hubtui.headless.dashboard import Wanted, dashboards
    from hubtui.headless.dashboard import dashboard as answer

    run = opened(context)
    if listed:
        return finish(dashboards(run))
    if not wanted["name"]:
        raise UsageError("No dashboard is named", remedy="`hubtui dashboard --list` names them.")
    return finish(answer(run, Wanted(**wanted)))


@command(
    click.argument("names", metavar="[ID]...", nargs=-1),
    click.option("--range", "length", metavar="TIME", default="", help="Their past of 6h or 7d."),
    JSON,
    CSV,
    WATCH,
)
def metrics(context: click.Context, names: tuple[str, ...], length: str) -> int:
    """The numbers of the metrics pane, each with its source, and the hub's alerts."""
    from hubtui.headless.metrics import Wanted
    from hubtui.headless.metrics import metrics as answer
    from hubtui.headless.times import past

    return finish(answer(opened(context), Wanted(names, past(length) if length else None)))


@command(
    click.argument("promql", metavar="PROMQL"),
    click.option("--range", "length", metavar="TIME", default="", help="Over the last 6h or 7d."),
    click.option("--step", metavar="TIME", default="", help="With --range: a point each 1m."),
    click.option("--at", metavar="TIME", default="", help="At, or up to, now-1h or a date."),
    JSON,
    CSV,
)
def query(context: click.Context, **wanted: Any) -> int:
    """Ask Prometheus a query. $namespace and $release are the hub's."""
    from hubtui.headless.query import Wanted
    from hubtui.headless.query import query as answer

    return finish(answer(opened(context), Wanted(**wanted)))


@command(
    click.option("--once", is_flag=True, help="Look once and end, which is all it does."), JSON
)
def export_metrics(context: click.Context, once: bool) -> int:
    """What hubtui itself knows, as OpenMetrics: seats, time to full, culls, problems."""
    from hubtui.headless.export_metrics import export_metrics as answer

    del once
    return finish(answer(opened(context)))


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


@command(click.argument("name", metavar="POD|USER|ROLE|node/NODE"), JSON, WATCH)
def why(context: click.Context, name: str) -> int:
    """What explains a pod that is not up, or why a node stays: in words, with the evidence."""
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
    nodes,
    storage,
    dashboard,
    metrics,
    query,
    export_metrics,
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
