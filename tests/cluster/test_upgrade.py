"""An upgrade as an operator does it, with helm 3 and helm 4: planned, confirmed, verified."""

from __future__ import annotations

import uuid
from pathlib import Path

import pytest

from hubtui.config import Settings
from hubtui.errors import ChangedSinceError, CheckStopsError, ReadOnlyError, ToolError
from hubtui.model.deployment import ChartKind, ChartSource, ValuesMode
from hubtui.model.plan import Level, Phase, Result, StepState
from hubtui.services.session import Session, connect, open_client
from tests.cluster.either_helm import either_helm as either_helm
from tests.cluster.small_release import NAME, SmallRelease, installed
from tests.cluster.stuck import add_hook
from tests.cluster.upgrading import check, folder, planned, until, upgraded, values
from tests.testbed import Testbed
from tests.testbed.release import CANARY as CANARY_OF_HUB
from tests.testbed.release import UNTOUCHED_TAG

pytestmark = pytest.mark.usefixtures("state")

CANARY = "kanarienvogel-7f3a"


def template(small: SmallRelease, text: str, name: str = "more.yaml") -> None:
    """One more template in the chart."""
    (small.chart / "templates" / name).write_text(text)


async def test_what_the_plan_shows_is_what_then_happens(small: SmallRelease, state: Path) -> None:
    async with small.session() as session:
        plan = await planned(session, "mark=four", sets=("extra=true",), chart=folder(small))
        assert {each.level for each in plan.checks} == {Level.OK}, plan.checks
        assert plan.changes is not None
        assert str(plan.changes.counts) == "~2 +1 -0"
        assert small.mark() == "three"
        outcome = await upgraded(session, plan)
        before, after = (await session.releases.refresh(NAME))[1::-1]
        done = await session.releases.compare(before, after, await session.redactor())
        (entry,) = session.operations.journal.read().entries
    assert outcome.result is Result.OK, outcome
    assert outcome.summary.startswith("Revision 4 is deployed with chart small-0.1.0: 1 of 1")
    assert [(step.title, step.state) for step in outcome.steps] == [
        ("Deployment/web", StepState.DONE)
    ]
    assert (done.objects, done.values) == (plan.changes.objects, plan.changes.values)
    assert small.statuses()[4] == "deployed"
    assert small.mark() == "four"
    assert (entry.action, entry.targets) == ("upgrade", ("release small", "chart small-0.1.0"))
    assert entry.outcome == outcome
    assert not list((state / "charts").iterdir())
    assert not list((state / "words").iterdir())


async def test_only_a_value_changes_and_the_chart_is_the_one_that_runs(
    small: SmallRelease, state: Path
) -> None:
    (small.chart / "Chart.yaml").unlink()  # nobody needs it
    async with small.session() as session:
        plan = await planned(session, "mark=four")
        assert "CHART-OF-3" in plan.command
        assert not list((state / "charts").iterdir())
        outcome = await upgraded(session, plan)
    assert outcome.result is Result.OK, outcome
    assert small.mark() == "four"
    assert not list((state / "charts").iterdir())


@pytest.mark.parametrize(
    ("mode", "mark", "extra"),
    [
        (ValuesMode.REUSE, "three", False),
        (ValuesMode.RESET, "new", True),
        (ValuesMode.RESET_THEN_REUSE, "three", True),
    ],
)
async def test_what_becomes_of_the_running_values(
    small: SmallRelease, mode: ValuesMode, mark: str, extra: bool
) -> None:
    (small.chart / "values.yaml").write_text("mark: new\nextra: true\nown: 1\n")
    async with small.session() as session:
        plan = await planned(session, "own=2", mode=mode, chart=folder(small))
        assert plan.summary.startswith(f"revision 3 → 4; values: {mode}: ")
        assert plan.changes is not None
        added = [each.title for each in plan.changes.objects if each.kind == "added"]
        assert added == (["ConfigMap/extra"] if extra else [])
        if mode is ValuesMode.RESET:
            assert "1 setting forgotten: mark" in check(plan, "values").evidence
        assert (await upgraded(session, plan)).result is Result.OK
    assert small.mark() == mark


async def test_the_command_to_copy_does_the_same(small: SmallRelease, tmp_path: Path) -> None:
    file = tmp_path / "it's mine.yaml"
    async with small.session() as session:
        plan = await planned(
            session, "a.password=geheim", files=values(file, "mark: four\n"), chart=folder(small)
        )
    assert plan.command.startswith(f"helm upgrade {NAME} {small.chart} --namespace ")
    assert "it'\"'\"'s mine.yaml' --set-string a.password=" in plan.command
    assert "--reuse-values --history-max 10 --timeout 10m --cleanup-on-fail" in plan.command
    assert "geheim" not in str(plan.to_json())


async def test_the_timeout_and_the_words_of_the_history(small: SmallRelease) -> None:
    async with small.session() as session:
        plan = await planned(session, "mark=four", timeout="7m")
        assert "--timeout 7m" in plan.command
        assert (await upgraded(session, plan)).result is Result.OK
        newest = (await session.releases.refresh(NAME))[0]
        payload = await session.releases.payload(newest)
    assert payload.description.startswith("Upgrade by ")
    assert f"described as: {payload.description}" in plan.means


# What helm cannot render


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ('{{ fail "this hub needs a host" }}', "this hub needs a host (the chart itself refuses"),
        ("a: {{ .Values.x }", "parse error at (small/templates/more.yaml:1)"),
        ("apiVersion: v1\nkind: ConfigMap\nmetadata: {name: x\n", "small/templates/more.yaml"),
    ],
    ids=["fails", "template", "yaml"],
)
async def test_a_broken_chart_stops_in_helms_words(
    small: SmallRelease, text: str, says: str
) -> None:
    template(small, text)
    async with small.session() as session:
        plan = await planned(session, "mark=four", chart=folder(small))
        stopped = check(plan, "helm renders it")
        assert (stopped.level, stopped.overridable) == (Level.STOP, False)
        assert says in stopped.evidence
        with pytest.raises(CheckStopsError, match="helm renders it"):
            await session.operations.start(plan, NAME, overrides=["helm renders it"])
    assert max(small.statuses()) == 3


async def test_values_that_do_not_fit_the_schema_are_told_by_path_and_not_repeated(
    small: SmallRelease, tmp_path: Path
) -> None:
    properties = '{"mark": {"type": "string"}, "extra": {}, "size": {"pattern": "^[0-9]+$"}}'
    schema = f'{{"additionalProperties": false, "properties": {properties}}}'
    (small.chart / "values.schema.json").write_text(schema)
    files = values(tmp_path / "secret.yaml", f"size: {CANARY}\nmrak: x\n")
    async with small.session() as session:
        plan = await planned(session, files=files, chart=folder(small))
    schema_check = check(plan, "schema")
    assert schema_check.level is Level.STOP
    assert any(words.startswith("size") for words in schema_check.details)
    assert any("mark" in words and words.startswith("mrak") for words in schema_check.details)
    assert check(plan, "helm renders it").evidence.endswith("values do not fit its schema")
    assert check(plan, "secrets").level is Level.STOP
    assert CANARY not in str(plan.to_json())


@pytest.mark.parametrize(
    ("chart", "says"),
    [
        (ChartSource(ChartKind.REPOSITORY, "nochart"), "name a folder, an archive, oci://"),
        (
            ChartSource(ChartKind.REPOSITORY, "x", repository="http://127.0.0.1:1/charts"),
            "check --chart-repo and the network",
        ),
        (ChartSource(ChartKind.OCI, "oci://127.0.0.1:1/charts/x"), "connection refused"),
    ],
    ids=["name", "repository", "oci"],
)
async def test_a_chart_that_cannot_be_had_stops_with_what_to_do(
    small: SmallRelease, chart: ChartSource, says: str
) -> None:
    async with small.session() as session:
        stopped = check(await planned(session, "mark=four", chart=chart), "helm renders it")
    assert stopped.level is Level.STOP
    assert says in stopped.evidence


async def test_dependencies_that_are_not_built(small: SmallRelease) -> None:
    with (small.chart / "Chart.yaml").open("a") as file:
        file.write("dependencies: [{name: x, version: 1.0.0, repository: 'https://example.org'}]\n")
    async with small.session() as session:
        plan = await planned(session, "mark=four", chart=folder(small))
    assert "helm dependency build" in check(plan, "helm renders it").evidence


async def test_a_chart_that_is_not_there(small: SmallRelease, tmp_path: Path) -> None:
    async with small.session() as session:
        with pytest.raises(ToolError, match=r"none cannot be read.*Name a chart"):
            await planned(session, chart=ChartSource(ChartKind.FOLDER, str(tmp_path / "none")))


# What has changed since the plan


async def test_a_revision_that_came_in_between_is_told(small: SmallRelease) -> None:
    async with small.session() as session:
        plan = await planned(session, "mark=mine", chart=folder(small))
        small.upgrade("four")
        with pytest.raises(ChangedSinceError, match=r"newest revision: 3 \(deployed\) → 4"):
            await session.operations.start(plan, NAME)
        assert session.operations.journal.read().entries == ()
    assert small.mark() == "four"


async def test_values_and_a_chart_that_changed_in_between_are_told(
    small: SmallRelease, tmp_path: Path
) -> None:
    files = values(tmp_path / "values.yaml", "mark: four\n")
    async with small.session() as session:
        plan = await planned(session, files=files, chart=folder(small))
        again = await planned(session, files=files, chart=folder(small))
        assert again.basis.digest == plan.basis.digest
        values(tmp_path / "values.yaml", "mark: five\n")
        with pytest.raises(ChangedSinceError, match=r"plan was made: values: \w+ → \w+\."):
            await session.operations.start(plan, NAME)
        values(tmp_path / "values.yaml", "mark: four\n")
        template(small, "# nothing\n")
        with pytest.raises(ChangedSinceError, match="plan was made: chart: "):
            await session.operations.start(plan, NAME)
    assert max(small.statuses()) == 3


async def test_read_only_refuses_and_still_plans(small: SmallRelease) -> None:
    async with small.session(read_only=True) as session:
        plan = await planned(session, "mark=four", chart=folder(small))
        assert plan.changes is not None
        assert str(plan.changes.counts) == "~2 +0 -0"
        with pytest.raises(ReadOnlyError, match="read-only"):
            await session.operations.start(plan, NAME)
    assert max(small.statuses()) == 3


async def test_a_pending_release_stops_for_good(small: SmallRelease) -> None:
    small.set_status(3, "pending-upgrade")
    async with small.session(helm_timeout="1s") as session:
        plan = await planned(session, "mark=four", chart=folder(small))
        with pytest.raises(CheckStopsError, match="recover it first"):
            await session.operations.start(plan, NAME, overrides=["nothing is running"])


async def test_a_failed_revision_is_no_obstacle_and_the_one_in_force_is_compared(
    small: SmallRelease,
) -> None:
    template(small, "apiVersion: v1\nkind: ConfigMap\nmetadata: {name: 'not valid'}\n")
    async with small.session() as session:
        await _failed(session, small)
        (small.chart / "templates" / "more.yaml").unlink()
        plan = await planned(session, "mark=five", chart=folder(small))
        assert plan.summary.startswith("revision 3 → 5; ")
        said = check(plan, "last deployment").evidence
        assert said.endswith("since then revision 4 is failed")
        outcome = await upgraded(session, plan)
    assert outcome.result is Result.OK, outcome
    assert small.statuses() == {
        **dict.fromkeys((1, 2, 3), "superseded"),
        4: "failed",
        5: "deployed",
    }


async def _failed(session: Session, small: SmallRelease) -> None:
    """An upgrade that the server refuses in the middle."""
    plan = await planned(session, "mark=four", chart=folder(small))
    outcome = await upgraded(session, plan, *(each.name for each in plan.stops))
    assert outcome.result is Result.FAILED, outcome
    assert outcome.failed, outcome
    assert "ConfigMap" in outcome.summary
    assert any("roll back to 3" in step for step in outcome.next_steps)
    assert small.statuses()[4] == "failed"


# Rights, and the hub's own release


async def test_what_may_not_be_written_is_named_hooks_too(testbed: Testbed, tmp_path: Path) -> None:
    with installed(testbed, tmp_path, 4) as small:
        add_hook(small)
        small.let_look("viewer")
        async with small.session(testbed.kubeconfig_for("viewer")) as session:
            plan = await planned(session, "mark=four", chart=folder(small))
    rights = check(plan, "rights")
    assert (rights.level, rights.overridable) == (Level.STOP, False)
    assert rights.evidence.startswith("0 of 3 objects may be written; no right to ")
    for words in ("patch Deployment/web", "create helm's record"):
        assert words in rights.details
    assert any(words.endswith("for the pre-upgrade hook Job/migrate") for words in rights.details)


async def test_the_hub_gets_another_image_pulled_before_and_answers(
    hub: Testbed, admin: Path
) -> None:
    tag = f"{UNTOUCHED_TAG}-{uuid.uuid4().hex[:6]}"  # no node has it from another test
    chosen = Settings(kubeconfig=str(admin), helm=str(hub.helm(4)))
    session = await connect(chosen, open_client(chosen), live=False)
    assert isinstance(session, Session)
    try:
        plan = await planned(session, f"singleuser.image.tag={tag}")
        assert {each.level for each in plan.checks} == {Level.OK}, plan.checks
        pulls = check(plan, "images").evidence
        assert pulls.startswith(f"the hook puller pulls beforehand: singleuser-notebook:{tag} on ")
        assert "The hub restarts" in plan.notices[0]
        assert "5 running servers stay" in plan.notices[1]
        assert "pulled to every node before anything changes" in plan.notices[-1]
        operation = await session.operations.start(plan, "hub")
        await until(operation, Phase.HOOKS)
        outcome = await operation.wait()
        journal = session.operations.journal.path.read_text()
    finally:
        await session.close()
    assert outcome.result is Result.OK, outcome
    assert "the hub answers /hub/health" in outcome.summary
    for shown in (str(plan.to_json()), repr(plan), repr(outcome), journal):
        assert CANARY_OF_HUB not in shown


async def test_values_that_the_hubs_schema_refuses_are_told_with_the_nearest_key(
    testbed: Testbed, admin: Path
) -> None:
    chosen = Settings(kubeconfig=str(admin), helm=str(testbed.helm(4)))
    session = await connect(chosen, open_client(chosen), live=False)
    assert isinstance(session, Session)
    try:
        plan = await planned(session, "singleuser.imagee.tag=1")
    finally:
        await session.close()
    assert check(plan, "schema").level is Level.STOP
    assert "singleuser.imagee" in check(plan, "schema").evidence
    assert "singleuser.image" in check(plan, "schema").evidence.replace("singleuser.imagee", "")
