"""The commands that may write. Without --confirm each prints its plan and changes nothing."""

from __future__ import annotations

from typing import Any

import click

from hubtui.commands.options import JSON, command
from hubtui.commands.start import finish, opened

_CONSENT = (
    click.option("--confirm", metavar="NAME", default="", help="The name that the plan asks for."),
    click.option("--override", "overrides", metavar="CHECK", multiple=True, help="Pass a check."),
    click.option("--expect", metavar="BASIS", default="", help="Only if it rests on this."),
    JSON,
)

_COUNTED = (
    click.option("--confirm", metavar="N", default="", help="The number of servers in the plan."),
    *_CONSENT[1:],
)


def _act(context: click.Context, action: str, request: object, consent: dict[str, Any]) -> int:
    from hubtui.headless.acting import Consent, act

    return finish(act(opened(context), action, request, Consent(**consent)))


@command(click.argument("revision", metavar="REV", type=click.IntRange(min=1)), *_CONSENT)
def rollback(context: click.Context, revision: int, **consent: Any) -> int:
    """Go back to revision REV. Without --confirm the plan is printed and nothing changes."""
    from hubtui.services.actions.rollback import RollbackRequest

    return _act(context, "rollback", RollbackRequest(revision), consent)


@command(
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
    click.option("--prepull", is_flag=True, help="Only pull its images to the nodes beforehand."),
    *_CONSENT,
)
def upgrade(context: click.Context, prepull: bool, **typed: Any) -> int:
    """Upgrade the hub: another chart, other values, or both.

    Without --confirm the plan is printed and nothing changes. It is never guessed what becomes of
    the values that run: `reset` counts the given ones only, as hubploy does; `reuse` keeps them and
    the running chart's defaults below; `reset-then-reuse` takes the new chart's defaults. With
    --prepull the hub stays as it is: the images that the upgrade would bring are pulled.
    """
    from hubtui.headless.acting import Consent
    from hubtui.headless.upgrade import upgrade as answer
    from hubtui.services.upgrade_options import Wanted

    consent = Consent(**{name: typed.pop(name) for name in ("confirm", "overrides", "expect")})
    wanted = Wanted(**{name: value for name, value in typed.items() if value is not None})
    return finish(answer(opened(context), wanted, consent, prepull=prepull))


@command(
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

    return finish(answer(opened(context), way or "", save, Consent(**consent)))


@command(click.argument("component", metavar="COMPONENT"), *_CONSENT)
def restart(context: click.Context, component: str, **consent: Any) -> int:
    """Restart hub, proxy, autohttps or user-scheduler.

    Without --confirm the plan is printed and nothing changes.
    """
    from hubtui.services.actions.restart import RestartRequest

    return _act(context, "restart", RestartRequest(component), consent)


@command(
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
    click.option("--orphan", is_flag=True, help="Only if the hub, asked, knows no server for it."),
    *_CONSENT,
)
def delete_pod(
    context: click.Context, pod: str, force: bool, grace: int | None, orphan: bool, **consent: Any
) -> int:
    """Delete POD, one that is stuck. Without --confirm the plan is printed and nothing changes."""
    from hubtui.services.actions.delete_pod import DeletePodRequest

    return _act(context, "delete-pod", DeletePodRequest(pod, force, grace, orphan), consent)


@command(
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


@command(
    click.argument("claims", metavar="CLAIM...", nargs=-1, required=True),
    click.option(
        "--confirm", metavar="NAME|N", default="", help="The claim's name; of several the number."
    ),
    *_CONSENT[1:],
)
def delete_claim(context: click.Context, claims: tuple[str, ...], **consent: Any) -> int:
    """Delete claims that nobody comes back to: `hubtui storage --leftovers` names them.

    Without --confirm the plan is printed and nothing changes. Just before each, the hub and the
    pods are asked once more: a claim that is in use is skipped. Ctrl-c ends it between two claims.
    """
    from hubtui.headless.acting import Consent
    from hubtui.headless.leftovers import delete_claim as answer
    from hubtui.services.actions.delete_claim import DeleteClaimRequest

    return finish(answer(opened(context), DeleteClaimRequest(claims), Consent(**consent)))


@command(click.argument("claim"), click.argument("size", required=False, default=""), *_CONSENT)
def expand(context: click.Context, claim: str, size: str, **consent: Any) -> int:
    """Make CLAIM larger: SIZE is what it shall have, such as 20Gi. Without it sizes are proposed.

    Without --confirm CLAIM the plan is printed and nothing changes: it says whether class and
    driver can, who has to restart, and what to put into the values. Ctrl-c ends the watching; the
    driver goes on.
    """
    from hubtui.headless.acting import Consent
    from hubtui.headless.expand import expand as answer

    return finish(answer(opened(context), claim, size, Consent(**consent)))


@command(click.argument("node"), *_CONSENT)
def uncordon(context: click.Context, node: str, **consent: Any) -> int:
    """Have NODE take new pods again. Without --confirm the plan is printed and nothing changes."""
    from hubtui.services.actions.uncordon import UncordonRequest

    return _act(context, "uncordon", UncordonRequest(node), consent)


@command(
    click.argument("node"),
    click.option("--way", type=click.Choice(["wait", "idle", "evict"]), help="How it is emptied."),
    click.option("--idle", metavar="T", default="30m", help="Idle for so long: stopped first."),
    click.option(
        "--timeout", metavar="T", default="10m", help="For how long a refused eviction is retried."
    ),
    *_CONSENT,
)
def drain(
    context: click.Context, node: str, way: str | None, idle: str, timeout: str, **consent: Any
) -> int:
    """Empty NODE: `wait` cordons it and waits for the culler, `idle` stops the idle servers first,
    `evict` stops the idle ones and evicts the rest.

    Without --way the ways are told, each with whom it hits; without --confirm NODE nothing changes.
    Ctrl-c ends it early: the node stays cordoned, and the same command goes on with what is left.
    """
    from hubtui.headless.acting import Consent
    from hubtui.headless.drain import drain as answer

    return finish(answer(opened(context), node, way or "", idle, timeout, Consent(**consent)))


@command(
    click.option("--user", metavar="USER", required=True, help="Whose server is started."),
    click.option("--server", metavar="NAME", default="", help="A named server of theirs."),
    click.option("--profile", metavar="SLUG", default="", help="One of singleuser.profileList."),
    click.option("--option", "options", metavar="K=V", multiple=True, help="One of its options."),
    click.option("--timeout", metavar="T", default="5m", help="How long it may take."),
    click.option("--keep", is_flag=True, help="Leave the server running when it is ready."),
    *_CONSENT,
)
def spawn_check(context: click.Context, **typed: Any) -> int:
    """Start a server as a canary, measure each part of its spawn, and stop it again.

    Without --confirm USER the plan is printed and nothing changes.
    """
    from hubtui.services.spawn_options import Typed, request

    consent = {name: typed.pop(name) for name in ("confirm", "overrides", "expect")}
    return _act(context, "spawn-check", request(Typed(**typed)), consent)


@command(
    click.argument("servers", metavar="USER[/SERVER]...", nargs=-1, required=True),
    *_COUNTED,
)
def stop(context: click.Context, servers: tuple[str, ...], **consent: Any) -> int:
    """Stop servers through the hub, five at once. USER alone names the default server.

    Without --confirm N, the number of servers in the plan, it is printed and nothing changes. Each
    server is looked at just before: one that was active since the plan goes on. Ctrl-c ends it
    after the servers that are under way.
    """
    from hubtui.model.hub import ServerKey
    from hubtui.services.actions.stop import StopRequest

    return _act(context, "stop", StopRequest(tuple(map(ServerKey.parse, servers))), consent)


@command(
    click.option("--idle", metavar="T", required=True, help="For how long: 30m or 1h30m."),
    click.option("--include-admins", is_flag=True, help="Stop the servers of admins too."),
    *_COUNTED,
)
def cull(context: click.Context, idle: str, include_admins: bool, **consent: Any) -> int:
    """Stop all servers that were idle for a time, as the idle culler would.

    Without --confirm N, the number of servers in the plan, it is printed and nothing changes. What
    is left alone, and why, is told: admins, users of hub.keep in the configuration, servers that
    start or stop. Ctrl-c ends it after the servers that are under way.
    """
    from hubtui.services.actions.cull import CullRequest
    from hubtui.services.spawn_options import seconds

    request = CullRequest(seconds(idle, "--idle"), include_admins)
    return _act(context, "cull", request, consent)


@command(
    click.argument("server", metavar="USER[/SERVER]"),
    click.option("--profile", metavar="SLUG", default="", help="One of singleuser.profileList."),
    click.option("--option", "options", metavar="K=V", multiple=True, help="One of its options."),
    *_CONSENT,
)
def start(
    context: click.Context, server: str, profile: str, options: tuple[str, ...], **consent: Any
) -> int:
    """Start a server for a user. Without --confirm USER the plan is printed and nothing changes."""
    from hubtui.model.hub import ServerKey
    from hubtui.services.actions.start import StartRequest
    from hubtui.services.spawn_options import options_of

    request = StartRequest(ServerKey.parse(server), options_of(profile, options))
    return _act(context, "start", request, consent)


@command(click.argument("number", metavar="N", type=click.IntRange(min=0)), *_CONSENT)
def scale_placeholders(context: click.Context, number: int, **consent: Any) -> int:
    """Have N placeholders hold room for users, until the next upgrade of the release.

    Without --confirm RELEASE the plan is printed and nothing changes: it has what to put into the
    values so that it lasts.
    """
    from hubtui.services.actions.scale_placeholders import ScaleRequest

    return _act(context, "scale-placeholders", ScaleRequest(number), consent)


@command(*_CONSENT)
def sync_routes(context: click.Context, **consent: Any) -> int:
    """Have the hub compare its servers with the proxy's routes, and set them anew.

    Without --confirm RELEASE the plan is printed and nothing changes.
    """
    from hubtui.services.actions.sync_routes import SyncRoutesRequest

    return _act(context, "sync-routes", SyncRoutesRequest(), consent)


@command(
    click.option("--message", metavar="TEXT", default="", help="What users are told, Markdown."),
    click.option("--batch", metavar="N", default="10", help="Servers at a time."),
    click.option("--pause", metavar="T", default="30s", help="Between two batches."),
    click.option("--only", metavar="PATTERN", default="", help="Users: 'course1-*'."),
    click.option("--idle-only", is_flag=True, help="Leave the servers alone that are in use."),
    click.option("--spawn-check", metavar="USER", default="", help="A canary at the end."),
    click.option("--resume", is_flag=True, help="Go on with the one that was interrupted last."),
    *_COUNTED,
)
def maintenance(context: click.Context, **typed: Any) -> int:
    """Stop all servers in batches, idle ones first, then check that the hub starts one.

    Without --confirm N, the number of servers in the plan, it is printed and nothing changes: it
    has the text for an announcement, too. Ctrl-c ends it between two batches; --resume goes on
    with what is left, as it was asked for then.
    """
    from hubtui.services.maintenance_options import TypedMaintenance, request

    consent = {name: typed.pop(name) for name in ("confirm", "overrides", "expect")}
    return _act(context, "maintenance", request(TypedMaintenance(**typed)), consent)


@command(
    click.argument("images", metavar="[IMAGE...]", nargs=-1),
    click.option("--timeout", metavar="T", default="20m", help="How long it may take."),
    click.option("--clean", is_flag=True, help="Take away what prepulls have left."),
    *_CONSENT,
)
def prepull(
    context: click.Context, images: tuple[str, ...], timeout: str, clean: bool, **consent: Any
) -> int:
    """Pull images to all nodes of users beforehand. Without IMAGE those of the release.

    Without --confirm RELEASE the plan is printed and nothing changes. A DaemonSet of hubtui's own
    brings them, and is deleted at the end; ctrl-c ends it early. --clean deletes what a hubtui that
    was killed has left.
    """
    from hubtui.errors import UsageError
    from hubtui.services.actions.prepull_clean import PrepullCleanRequest
    from hubtui.services.actions.prepull_facts import PrepullRequest
    from hubtui.services.spawn_options import seconds

    if clean:
        if images:
            raise UsageError("--clean takes no images: it deletes what is left of all prepulls")
        return _act(context, "prepull-clean", PrepullCleanRequest(), consent)
    return _act(context, "prepull", PrepullRequest(images, seconds(timeout, "--timeout")), consent)


WRITES: tuple[click.Command, ...] = (
    rollback,
    upgrade,
    recover,
    restart,
    delete_pod,
    delete_claim,
    expand,
    cordon,
    uncordon,
    drain,
    spawn_check,
    stop,
    cull,
    start,
    sync_routes,
    scale_placeholders,
    maintenance,
    prepull,
)
