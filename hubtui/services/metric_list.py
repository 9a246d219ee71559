"""The questions of the metrics pane: those of metrics.toml, and the user's own."""

from __future__ import annotations

import tomllib
from collections.abc import Iterable, Iterator
from functools import cache
from importlib import resources

import msgspec

from hubtui.model.metric import Metric


class _File(msgspec.Struct, forbid_unknown_fields=True):
    cures: dict[str, str]
    metric: tuple[Metric, ...]


@cache
def built_in() -> tuple[Metric, ...]:
    """hubtui's own questions, each with the cure for what it needs."""
    text = resources.files(__package__).joinpath("metrics.toml").read_text(encoding="utf-8")
    found = msgspec.convert(tomllib.loads(text), _File)
    return tuple(
        msgspec.structs.replace(metric, cure=metric.cure or found.cures.get(metric.needs, ""))
        for metric in found.metric
    )


def with_own(own: Iterable[Metric]) -> tuple[Metric, ...]:
    """All questions in their order; one of the user's with the id of another replaces it."""
    return tuple(_with_own(list(own)))


def _with_own(own: list[Metric]) -> Iterator[Metric]:
    replaced = {metric.id: metric for metric in own}
    for metric in built_in():
        yield replaced.pop(metric.id, metric)
    yield from (metric for metric in own if metric.id in replaced)
