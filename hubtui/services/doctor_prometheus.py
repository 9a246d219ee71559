"""Where the figures of volumes come from: which Prometheus, what it knows, and the kubelets."""

from __future__ import annotations

from collections.abc import AsyncIterator
from datetime import timedelta
from typing import Final

from hubtui.clients.kube import KubeClient
from hubtui.clients.prometheus import PrometheusClient
from hubtui.config import Settings
from hubtui.model.prometheus import Sample
from hubtui.services.discovery import Hub
from hubtui.services.doctor_finding import SKIPPED, Finding, Verdict, timed
from hubtui.services.prometheus import PrometheusLink

PROMETHEUS, VOLUMES, KUBELETS = "prometheus", "volumes", "kubelets"

METRIC: Final = "kubelet_volume_stats_used_bytes"
SKEW: Final = timedelta(seconds=30)
"""From here on the newest samples of a range are missed, or wait to be asked for."""

_SCRAPE: Final = (
    "Have it scrape the kubelets' own /metrics: the community chart's job kubernetes-nodes,"
    " kubelet.enabled of kube-prometheus-stack."
)


async def findings(settings: Settings, client: KubeClient, hub: Hub) -> AsyncIterator[Finding]:
    """None of it is needed for the rest: without it nothing tells how full volumes are."""
    link = PrometheusLink(settings, client, hub.namespace)
    try:
        reached = await timed(PROMETHEUS, _reached(link), Verdict.WARN)
        yield reached
        volumes = Finding(VOLUMES, Verdict.WARN, SKIPPED.format("a Prometheus that answers"))
        if not link.missing:
            volumes = await timed(VOLUMES, _volumes(link, hub.namespace, settings), Verdict.WARN)
        yield volumes
        known = volumes.verdict is Verdict.OK
        yield await timed(KUBELETS, _kubelets(client, known=known), Verdict.WARN)
    finally:
        await link.close()


async def _reached(link: PrometheusLink) -> Finding:
    client = await link.open()
    version = link.version or "of a version that it does not tell"
    words = f"{link.where} answers: version {version}"
    if client.skew is None or abs(client.skew) < SKEW:
        return Finding(PROMETHEUS, Verdict.OK, words)
    way = "ahead of" if client.skew > timedelta() else "behind"
    seconds = round(abs(client.skew).total_seconds())
    return Finding(
        PROMETHEUS,
        Verdict.WARN,
        f"{words}; its clock is {seconds} s {way} that of this machine",
        "Set the clock of one of both: ages and trends are wrong by as much.",
    )


async def _volumes(link: PrometheusLink, namespace: str, settings: Settings) -> Finding:
    client = await link.open()
    found = await client.query(link.selector(METRIC, namespace=namespace))
    claims = {each.labels.get("persistentvolumeclaim", "") for each in found}
    if claims:
        partly = f" ({'; '.join(client.warnings)})" if client.warnings else ""
        words = f"{METRIC} of {len(claims)} claims in namespace {namespace}{partly}"
        return Finding(VOLUMES, Verdict.WARN if partly else Verdict.OK, words)
    return await _why_none(link, client, namespace, settings)


async def _why_none(
    link: PrometheusLink, client: PrometheusClient, namespace: str, settings: Settings
) -> Finding:
    words = f"it has no {METRIC} for namespace {namespace}"
    elsewhere = await client.query(link.selector(METRIC))
    if elsewhere:
        return Finding(
            VOLUMES,
            Verdict.WARN,
            f"{words}, but for {_namespaces(elsewhere)}",
            "Only claims that a pod mounts are told; is it the Prometheus of this cluster?",
        )
    if settings.metrics.matchers:
        given = ", ".join(
            f"{label}={value!r}" for label, value in settings.metrics.matchers.items()
        )
        return Finding(
            VOLUMES, Verdict.WARN, f"{words} and {given}", "Look at metrics.matchers. " + _SCRAPE
        )
    return Finding(VOLUMES, Verdict.WARN, f"{words}, or any other", _SCRAPE)


def _namespaces(found: list[Sample]) -> str:
    names = sorted({each.labels.get("namespace", "?") for each in found})
    return ", ".join(names[:3]) + (f" and {len(names) - 3} more" if len(names) > 3 else "")


async def _kubelets(client: KubeClient, *, known: bool) -> Finding:
    allowed = await client.can_i("get", "nodes", "", subresource="proxy")
    if allowed:
        words = "their summaries may be read (nodes/proxy), for what Prometheus does not tell"
        return Finding(KUBELETS, Verdict.OK, words)
    words = "their summaries may not be read (get nodes/proxy)"
    if known:
        return Finding(
            KUBELETS, Verdict.OK, f"{words}, nor need they be: Prometheus has the volumes"
        )
    return Finding(
        KUBELETS,
        Verdict.WARN,
        f"{words}: nothing tells how full volumes are",
        "Mend Prometheus rather than ask for nodes/proxy: that right reaches commands in all pods.",
    )
