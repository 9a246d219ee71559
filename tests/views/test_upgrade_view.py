"""Where an upgrade comes from, in words."""

from __future__ import annotations

import pytest

from hubtui.model.chart_schema import Fault
from hubtui.model.deployment import (
    ChartKind,
    ChartSource,
    Deployment,
    GitState,
    Inputs,
    Layout,
    Recipient,
    ValueFile,
    ValuesMode,
)
from hubtui.services.editing import Edited
from hubtui.services.upgrade_sources import USUAL, Source
from hubtui.tui.widgets.live_table import SIDES
from hubtui.views import upgrade as views
from hubtui.views.cells import Cell, plain
from hubtui.views.document import Hung
from hubtui.views.lines import width_of


def said(lines: object) -> list[str]:
    assert hasattr(lines, "__iter__")
    found: list[Cell | Hung] = list(lines)
    return [
        " ".join(plain(line.cell if isinstance(line, Hung) else line).split()) for line in found
    ]


@pytest.mark.parametrize("source", [None, *Source])
def test_one_source_is_marked_or_none(source: Source | None) -> None:
    lines = said(views.source_lines(source))
    assert len(lines) == len(Source)
    assert sum(line.startswith("●") for line in lines) == (source is not None)


@pytest.mark.parametrize("source", list(Source))
def test_the_usual_mode_is_named_and_not_taken(source: Source) -> None:
    lines = said(views.mode_lines(None, source))
    (usual,) = [line for line in lines if line.endswith("(usual)")]
    assert usual.startswith(f"○ {USUAL[source]} ")
    assert not any(line.startswith("●") for line in lines)
    (chosen,) = [x for x in said(views.mode_lines(ValuesMode.REUSE, source)) if x[0] == "●"]
    assert chosen.startswith("● reuse ")


def test_a_folder_tells_its_files_in_order_who_can_open_them_and_where_git_stands() -> None:
    found = Deployment(
        layout=Layout.HUBPLOY,
        root="/repo",
        hub="datahub",
        environment="staging",
        release="datahub-staging",
        namespace="datahub-staging",
        chart=ChartSource(ChartKind.FOLDER, "/repo/hub", "1.0.0", missing=("jupyterhub",)),
        files=(
            ValueFile("/repo/deployments/datahub/config/common.yaml"),
            ValueFile("/repo/secret.yaml", True, (Recipient("age", "age1x"),)),
        ),
        set_strings=("jupyterhub.singleuser.image.tag=canary-4711",),
        git=GitState(
            "/repo",
            "main",
            "0123456789abcdef",
            "Ada",
            "More memory",
            dirty=("a", "b", "c"),
            conflicts=("d",),
            upstream="origin/main",
            behind=3,
        ),
        problems=("which chart is not clear",),
    )
    assert said(views.deployment_lines(found)) == [
        "folder hubploy, datahub/staging",
        "release datahub-staging in namespace datahub-staging",
        "problem which chart is not clear",
        "values deployments/datahub/config/common.yaml",
        "values secret.yaml encrypted for age age1x",
        "set jupyterhub.singleuser.image.tag",
        "chart /repo/hub 1.0.0 not built: jupyterhub",
        "git main 0123456789 More memory, by Ada",
        "3 behind origin/main",
        "conflicts in d",
        "not committed: a and 2 more",
    ]


def test_a_plan_lists_what_it_is_made_from() -> None:
    secret = ValueFile("/repo/secret.yaml", True, (Recipient("AWS KMS", "arn:aws:kms:x"),))
    given = Inputs(
        files=(ValueFile("/etc/a.yaml"), secret),
        sets=("singleuser.image.tag",),
        chart=ChartSource(
            ChartKind.REPOSITORY, "jupyterhub", "4.4.0", "https://hub.example/", "jupyterhub"
        ),
        git=GitState("/etc", "main", "0123456789abcdef", "Ada", "More memory"),
    )
    assert said(views.input_lines(given)) == [
        "values /etc/a.yaml",
        "values /repo/secret.yaml encrypted for AWS KMS arn:aws:kms:x",
        "set singleuser.image.tag",
        "chart jupyterhub 4.4.0 from https://hub.example/",
        "git main 0123456789 More memory, by Ada",
    ]


def test_an_edit_names_paths_and_slips_and_no_value() -> None:
    edited = Edited(
        {"cull": {"timout": "canary-4711"}, "hub": None},
        (Fault("jupyterhub", ("cull", "timout"), unknown=True, meant=(("cull", "timeout"),)),),
    )
    assert said(views.edit_lines(edited)) == [
        "edited cull.timout",
        "edited hub",
        "schema cull.timout: jupyterhub has no such setting; did you mean cull.timeout?",
    ]
    assert "canary" not in repr(edited)


@pytest.mark.parametrize(
    ("chart", "words"),
    [
        (ChartSource(ChartKind.RUNNING, ""), "the one that runs"),
        (ChartSource(ChartKind.OCI, "oci://x/y", "1.2.3"), "oci://x/y 1.2.3"),
        (
            ChartSource(ChartKind.REPOSITORY, "jupyterhub", "", "https://example.org/"),
            "jupyterhub from https://example.org/",
        ),
    ],
)
def test_a_chart_is_told_by_where_it_comes_from(chart: ChartSource, words: str) -> None:
    assert plain(views.chart_words(chart)) == words


@pytest.mark.parametrize("source", Source)
def test_each_choice_takes_one_line_in_80_columns(source: Source) -> None:
    frame = 80 - 2 - SIDES
    for lines in (views.source_lines(source), views.mode_lines(ValuesMode.REUSE, source)):
        assert all(width_of(line.cell) <= frame for line in lines)
