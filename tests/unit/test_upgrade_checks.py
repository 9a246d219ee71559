"""What an upgrade's plan says of its folder, its files and its words, case by case."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from hubtui.clients.chart_digest import digest
from hubtui.clients.helm_argv import parse
from hubtui.clients.helm_upgrade import Upgrade
from hubtui.errors import ToolError
from hubtui.model.deployment import (
    ChartKind,
    ChartSource,
    Deployment,
    GitState,
    Layout,
    ValueFile,
    ValuesMode,
)
from hubtui.model.plan import Level
from hubtui.model.redact import MASK, Redactor
from hubtui.services.actions.upgrade_checks import deployment_folder, rendered, secret_files
from hubtui.services.actions.upgrade_command import assignment
from hubtui.services.actions.upgrade_facts import (
    Rests,
    UpgradeFacts,
    commit_of,
    description,
    knowing,
)
from hubtui.services.actions.upgrade_request import UpgradeRequest
from hubtui.services.upgrade_values import Gathered
from tests.unit.test_rollback_checks import facts as two_sides
from tests.unit.test_rollback_checks import side

CANARY = "kanarienvogel-7f3a"
CHART = ChartSource(ChartKind.FOLDER, "/hubs/hub")
GIT = GitState("/hubs", "prod", "0123456789abcdef" * 2, "Ada", "More memory")
DEPLOYMENT = Deployment(
    layout=Layout.HUBPLOY,
    root="/hubs",
    hub="biology",
    environment="prod",
    release="hub",
    namespace="hub",
    chart=CHART,
    git=GIT,
)


def planned(
    deployment: Deployment | None = DEPLOYMENT,
    files: tuple[ValueFile, ...] = (),
    described: str = "",
    words: str = "",
    **document: Any,
) -> UpgradeFacts:
    """As much of an upgrade as these checks look at."""
    current = side(12)
    assert current.payload is not None
    current = replace(current, payload=replace(current.payload, description=described))
    target = side(13, error="helm cannot render the upgrade") if words else side(13)
    gathered = Gathered(document, frozenset({("hidden",)}), files)
    both = two_sides(current, target)
    rests = Rests(both.heads, current, gathered, b"{}", CHART, "", "https://example.org", "ca")
    upgrade = Upgrade(
        release="hub",
        namespace="hub",
        chart=CHART,
        mode=ValuesMode.RESET,
        history=10,
        timeout="10m",
    )
    request = UpgradeRequest(mode=ValuesMode.RESET, deployment=deployment)
    return UpgradeFacts(both, rests, request, upgrade, words)


def folder(**changed: Any) -> list[tuple[Level, bool, str]]:
    deployment = replace(DEPLOYMENT, **changed)
    found = deployment_folder(planned(deployment, described="Commit 0123456789ab by Ada"), "prod")
    return [(check.level, check.overridable, check.evidence) for check in found]


def test_a_folder_of_this_hub_and_its_commit() -> None:
    assert folder() == [
        (Level.OK, False, "hubploy: biology prod, 0 value files"),
        (Level.OK, False, "prod at 0123456789ab by Ada: More memory"),
        (
            Level.OK,
            False,
            "revision 12 was deployed from 0123456789ab, the commit of this folder",
        ),
    ]
    assert deployment_folder(planned(None), "prod") == ()


@pytest.mark.parametrize(
    ("changed", "level", "overridable", "says"),
    [
        ({"release": "other"}, Level.STOP, False, "is release other in namespace hub, not hub in"),
        ({"namespace": "other"}, Level.STOP, False, "in namespace other, not hub in hub"),
        ({"problems": ("a.yaml is missing", "x")}, Level.STOP, False, "a.yaml is missing; x"),
        ({"context": "staging"}, Level.STOP, True, "names the context staging, and this is prod"),
        ({"context": "prod"}, Level.OK, False, "hubploy: biology prod"),
    ],
)
def test_a_folder_that_is_not_for_this_hub(
    changed: dict[str, Any], level: Level, overridable: bool, says: str
) -> None:
    found = folder(**changed)[0]
    assert found[:2] == (level, overridable)
    assert says in found[2]


@pytest.mark.parametrize(
    ("git", "level", "says"),
    [
        (None, Level.WARN, "written down nowhere"),
        (replace(GIT, commit=""), Level.WARN, "written down nowhere"),
        (replace(GIT, conflicts=("a", "b")), Level.STOP, "conflicts in a, b"),
        (replace(GIT, dirty=tuple("abcdef")), Level.WARN, "not committed: a, b, c, d and 2 more"),
        (replace(GIT, upstream="origin/prod", behind=2), Level.WARN, "2 commits behind origin/"),
        (replace(GIT, upstream="o/p", ahead=1), Level.WARN, "1 commit not pushed to o/p"),
        (
            replace(GIT, unfinished="merge"),
            Level.STOP,
            "a merge is not finished: git commit",
        ),
        (replace(GIT, branch=""), Level.OK, "0123456789ab by Ada"),
    ],
)
def test_what_git_says(git: GitState | None, level: Level, says: str) -> None:
    found = folder(git=git)[1]
    assert found[0] is level
    assert says in found[2]


def test_the_history_names_the_commit_and_a_later_plan_finds_it_there() -> None:
    request = UpgradeRequest(mode=ValuesMode.RESET, deployment=DEPLOYMENT)
    assert description(request) == "Commit 0123456789ab (prod) by Ada"
    assert commit_of(description(request)) == "0123456789ab"
    dirty = replace(DEPLOYMENT, git=replace(GIT, branch="", dirty=("a",)))
    assert description(replace(request, deployment=dirty)) == (
        "Commit 0123456789ab by Ada, 1 changed and not committed"
    )
    assert description(UpgradeRequest(mode=ValuesMode.REUSE)).startswith("Upgrade by ")
    assert commit_of("Upgrade complete") == ""


def test_files_that_say_secret_are_encrypted() -> None:
    open_ = ValueFile("/hubs/secrets/prod.yaml")
    sealed = ValueFile("/hubs/secrets/prod.yaml", encrypted=True)
    assert secret_files(planned(files=(ValueFile("/hubs/config/prod.yaml"),))) is None
    stopped = secret_files(planned(files=(open_, sealed)))
    assert stopped is not None
    assert (stopped.level, stopped.overridable) == (Level.STOP, False)
    fine = secret_files(planned(files=(sealed,)))
    assert fine is not None
    assert fine.evidence == "1 file decrypted in memory only"


@pytest.mark.parametrize(
    ("words", "says"),
    [
        ("Error: UPGRADE FAILED: another operation (x) is in progress", "see `recover` (R)"),
        ('level=WARN\nError: chart "x" version "9" not found in y repository', "not found in y"),
        ("Error: UPGRADE FAILED: chart requires kubeVersion: >=9", "another Kubernetes"),
        ("a: 1\n- at '/a': got number, want string\n", "values do not fit its schema"),
    ],
)
def test_helms_words_come_with_what_can_be_done(words: str, says: str) -> None:
    found = rendered(planned(words=words))
    assert found.level is Level.STOP
    assert says in found.evidence


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("singleuser.image.tag=2026.10", "singleuser.image.tag=2026.10"),
        ("a=it's", "'a=it'\"'\"'s'"),
        ("hub.config.X.client_secret=abc", f"hub.config.X.client_secret={MASK}"),
        ("hub.db.password=abc,b=c", f"hub.db.password={MASK}"),
        ("a=b,hub.db.password=abc", f"a={MASK}"),
        ("a=b,c=d", "a=b,c=d"),
        ("hub.allowed={ada,ben}", "'hub.allowed={ada,ben}'"),
        ("hub.extraEnv[0].name=API_TOKEN,hub.extraEnv[0].value=abc", MASK),
        ("hub.config.a\\.client_secret=abc", MASK),
        ("hub.motd=in-the-vault", f"hub.motd={MASK}"),
        ("hub.motd=the word is known-by-secret", f"hub.motd={MASK}"),
    ],
)
@pytest.mark.parametrize("strings", [True, False])
def test_an_assignment_in_the_command(text: str, shown: str, strings: bool) -> None:
    redactor = Redactor(sops=frozenset([("hub", "motd")]), live=frozenset(["known-by-secret"]))
    found = assignment(text, redactor, strings=strings)
    assert found == shown if shown != MASK else (found.endswith(f"={MASK}") and "abc" not in found)


def test_values_to_come_are_known_as_secret_before_any_secret_holds_them() -> None:
    found = planned(hidden={"list": [CANARY]}, other={"password": "geheim-1234"}, plain="plain-12")
    redactor = knowing(Redactor(), found.rests)
    said = f"Invalid value: {CANARY}, geheim-1234, plain-12"
    assert redactor.mask_text(said) == f"Invalid value: {MASK}, {MASK}, plain-12"
    assert CANARY not in repr(found)


def test_a_digest_of_values_says_nothing_to_who_cannot_read_the_release() -> None:
    rests = planned().rests
    one, other = rests.sealed(b"password: 1234"), rests.sealed(b"password: 1235")
    assert one != other
    assert one == rests.sealed(b"password: 1234")
    foreign = replace(rests, force=side(12, database="postgres"))
    assert foreign.sealed(b"password: 1234") != one


def test_a_digest_of_a_chart_changes_with_any_file_and_its_name(tmp_path: Path) -> None:
    (tmp_path / "templates").mkdir()
    (tmp_path / "Chart.yaml").write_text("name: x")
    (tmp_path / ".git").mkdir()
    (tmp_path / ".git" / "index").write_text("1")
    seen = {digest(tmp_path)}
    (tmp_path / ".git" / "index").write_text("2")
    assert digest(tmp_path) in seen
    for name, text in (("a.yaml", ""), ("a.yaml", "x"), ("b.yaml", "x")):
        (tmp_path / "templates" / name).write_text(text)
        seen.add(digest(tmp_path))
    assert len(seen) == 4
    assert digest(tmp_path / "Chart.yaml") not in seen
    with pytest.raises(ToolError, match="cannot be read"):
        digest(tmp_path / "none")


@pytest.mark.parametrize(
    ("chart", "flags"),
    [
        (ChartSource(ChartKind.FOLDER, "/hubs/hub", "4.4.0"), []),
        (
            ChartSource(ChartKind.REPOSITORY, "jupyterhub", "4.4.0", "https://example.org/charts"),
            ["--version", "4.4.0", "--repo", "https://example.org/charts"],
        ),
        (ChartSource(ChartKind.OCI, "oci://example.org/jupyterhub"), []),
    ],
)
def test_the_arguments_are_on_the_list_and_values_come_on_stdin(
    chart: ChartSource, flags: list[str]
) -> None:
    upgrade = replace(planned().upgrade, chart=chart, description="Commit 0123 by Ada")
    assert upgrade.words == [
        *("upgrade", "hub", chart.reference, "--namespace", "hub", *flags, "--reset-values"),
        *("--history-max", "10", "--timeout", "10m", "--values", "-", "--cleanup-on-fail"),
        *("--description", "Commit 0123 by Ada"),
    ]
    assert parse(upgrade.words).writes
    assert not parse(upgrade.dry_run).writes
