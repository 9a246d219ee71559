"""Where an upgrade comes from and what becomes of the values, in words; what a folder deploys."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from typing import Final

from hubtui.model.chart_schema import Fault
from hubtui.model.deployment import (
    ChartKind,
    ChartSource,
    Deployment,
    GitState,
    Inputs,
    ValueFile,
    ValuesMode,
)
from hubtui.model.overlay import paths
from hubtui.model.values_path import dotted
from hubtui.services.editing import Edited
from hubtui.services.upgrade_sources import USUAL, Running, Source
from hubtui.views.cells import SIGN_FINE, SIGN_PAST, Cell, Tone, cell, join
from hubtui.views.document import Hung, fact

SOURCES: Final[Mapping[Source, tuple[str, str]]] = {
    Source.FOLDER: ("Deployment folder", "the hub's own files and chart, in their own order"),
    Source.FILES: ("Value files", "files of values, later ones over earlier ones"),
    Source.CHART: ("Another chart", "only the chart or its version changes"),
    Source.TAG: ("Another image tag", "only the tag of the user servers' image changes"),
    Source.EDIT: ("Edit the values", "those that run, in $EDITOR, without the secrets"),
}
"""A title and words for each source, in the order of the screen."""

MODES: Final[Mapping[ValuesMode, tuple[str, str]]] = {
    ValuesMode.RESET: ("reset", "only what is given; what was set is forgotten"),
    ValuesMode.REUSE: ("reuse", "old chart's defaults, what was set, then this"),
    ValuesMode.RESET_THEN_REUSE: (
        "reset-then-reuse",
        "new chart's defaults, what was set, then this",
    ),
}
"""A title and words for each mode of the values (facts.md §5.2), later ones over earlier ones; one
line each in 80 columns."""

_TITLE = 18


def source_lines(chosen: Source | None) -> Iterator[Hung]:
    """The sources; the chosen one is marked."""
    for source, (title, words) in SOURCES.items():
        yield _choice(title, words, chosen=source is chosen)


def mode_lines(chosen: ValuesMode | None, source: Source | None) -> Iterator[Hung]:
    """The modes; the chosen one is marked, and the one that is usual for the source is named."""
    for mode, (title, words) in MODES.items():
        usual = source is not None and USUAL[source] is mode
        yield _choice(title, words, chosen=mode is chosen, more="(usual)" if usual else "")


def _choice(title: str, words: str, *, chosen: bool, more: str = "") -> Hung:
    sign, tone = (SIGN_FINE, Tone.ACCENT) if chosen else (SIGN_PAST, Tone.MUTED)
    name: Cell = ((f"{title:<{_TITLE}}", Tone.STRONG if chosen else Tone.PLAIN),)
    line = join(((sign, tone),), name, cell(words), cell(more, Tone.MUTED))
    return Hung(line, _TITLE + 3)


def running_lines(now: Running) -> Iterator[Cell | Hung]:
    """What an upgrade starts from."""
    yield fact("runs", cell(f"revision {now.payload.revision}, {now.payload.chart.label}"), 12)
    if now.image:
        yield fact("image", cell(now.image), 12)


def edit_lines(edited: Edited | None) -> Iterator[Cell | Hung]:
    """What was edited, and the slips in it."""
    if edited is None:
        yield cell("Nothing is edited yet.", Tone.MUTED)
        return
    for path in paths(edited.overlay):
        yield fact("edited", cell(dotted(path)), 12)
    yield from fault_lines(edited.faults)


def fault_lines(faults: tuple[Fault, ...]) -> Iterator[Hung]:
    """What the chart's schema does not take."""
    for fault in faults:
        yield fact("schema", cell(str(fault), Tone.NOW), 12)


def deployment_lines(found: Deployment) -> Iterator[Cell | Hung]:
    """What a folder deploys: release, files in their order, chart, git."""
    name = "/".join(part for part in (found.hub, found.environment) if part)
    yield fact("folder", cell(f"{found.layout}, {name}"), 12)
    yield fact("release", cell(f"{found.release} in namespace {found.namespace}"), 12)
    for problem in found.problems:
        yield fact("problem", cell(problem, Tone.NOW), 12)
    yield from file_lines(found.files, found.root)
    for assigned in (*found.sets, *found.set_strings):
        yield fact("set", cell(assigned.partition("=")[0]), 12)
    yield fact("chart", chart_words(found.chart), 12)
    if found.git is not None:
        yield from git_lines(found.git)


def input_lines(found: Inputs) -> Iterator[Hung]:
    """What a plan is made from: files in their order, what is set, chart, git."""
    deployment = found.deployment
    root = deployment.root if deployment is not None else ""
    if deployment is not None:
        name = "/".join(part for part in (deployment.hub, deployment.environment) if part)
        yield fact("folder", cell(f"{root}: {deployment.layout}, {name}"), 12)
    yield from file_lines(found.files, root)
    for name in found.sets:
        yield fact("set", cell(name), 12)
    chart = found.chart
    place = chart.repository or chart.reference
    origin = f"from {place}" if place else "the one that runs"
    label = cell(f"{chart.name} {chart.version}".strip())
    yield fact("chart", join(label, cell(origin, Tone.MUTED)), 12)
    if found.git is not None:
        yield from git_lines(found.git)


def file_lines(files: Iterable[ValueFile], root: str) -> Iterator[Hung]:
    """Value files in their order, with who can open those that are encrypted."""
    for file in files:
        keys = ", ".join(str(recipient) for recipient in file.recipients)
        sealed = cell(f"encrypted for {keys}" if keys else "encrypted", Tone.MUTED)
        shown = cell(file.path.removeprefix(f"{root}/") if root else file.path)
        yield fact("values", join(shown, sealed if file.encrypted else ()), 12)


def chart_words(chart: ChartSource) -> Cell:
    """A chart in words, with what it lacks."""
    if chart.kind is ChartKind.RUNNING:
        return cell("the one that runs")
    words = cell(f"{chart.reference} {chart.version}".strip())
    repository = cell(f"from {chart.repository}" if chart.repository else "", Tone.MUTED)
    lacks = f"not built: {', '.join(chart.missing)}" if chart.missing else ""
    return join(words, repository, cell(lacks, Tone.NOW))


def git_lines(git: GitState) -> Iterator[Hung]:
    """Where the work tree stands."""
    yield fact("git", cell(f"{git.branch} {git.commit[:10]} {git.subject}, by {git.author}"), 12)
    distance = [
        f"{count} {words} {git.upstream}"
        for count, words in ((git.ahead, "ahead of"), (git.behind, "behind"))
        if count
    ]
    if distance:
        yield fact("", cell(", ".join(distance), Tone.SOON), 12)
    if git.unfinished:
        yield fact("", cell(f"a {git.unfinished} is not finished", Tone.NOW), 12)
    if git.conflicts:
        yield fact("", cell(f"conflicts in {', '.join(git.conflicts)}", Tone.NOW), 12)
    if git.dirty:
        more = f" and {len(git.dirty) - 1} more" if len(git.dirty) > 1 else ""
        yield fact("", cell(f"not committed: {git.dirty[0]}{more}", Tone.SOON), 12)
