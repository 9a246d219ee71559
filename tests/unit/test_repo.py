"""Deployment folders: what is read of them, and what of them would stop a plan."""

from __future__ import annotations

import asyncio
from pathlib import Path

import pytest

from hubtui.clients import repo
from hubtui.clients.repo_hubploy import image_tag
from hubtui.config import PlainDeployment, Settings
from hubtui.errors import DecodeError, UsageError
from hubtui.model.deployment import ChartKind, ChartSource, Deployment, Layout, ValuesMode
from tests.git_folder import GitFolder
from tests.sops_keys import AgeKey, encrypted

CHART = "apiVersion: v2\nname: {}\nversion: 1.0.0\n"


@pytest.fixture
def hubploy(tmp_path: Path) -> GitFolder:
    """Two hubs, one of them in two environments, and their chart."""
    folder = GitFolder(tmp_path / "hubploy")
    folder.write("hub/Chart.yaml", CHART.format("hub"))
    for hub in ("bio", "stat"):
        gcloud = "{project: p, zone: us-central1, cluster: c}"
        folder.write(
            f"deployments/{hub}/hubploy.yaml",
            f"cluster: {{provider: gcloud, gcloud: {gcloud}}}\n",
        )
        folder.write(f"deployments/{hub}/config/common.yaml", "jupyterhub: {}\n")
        folder.write(f"deployments/{hub}/config/prod.yaml", "jupyterhub: {}\n")
    folder.write("deployments/bio/config/staging.yaml", "jupyterhub: {}\n")
    return folder


@pytest.fixture
def clusters(tmp_path: Path) -> GitFolder:
    """2i2c's layout: two clusters, three hubs, one of them twice by name."""
    folder = GitFolder(tmp_path / "infrastructure")
    folder.write("helm-charts/basehub/Chart.yaml", CHART.format("basehub"))
    below = "config/clusters/earth"
    folder.write(
        f"{below}/cluster.yaml",
        """\
name: earth
provider: gcp
gcp: {project: earth-1, cluster: hubs, zone: europe-west1-b}
hubs:
- name: staging
  domain: staging.earth.example
  helm_chart: basehub
  helm_chart_values_files: [common.values.yaml, staging.values.yaml, enc-staging.secret.values.yaml]
- name: prod
  helm_chart: basehub
  helm_chart_values_files: [common.values.yaml]
""",
    )
    folder.write(f"{below}/common.values.yaml", "jupyterhub: {a: 1}\n")
    folder.write(f"{below}/staging.values.yaml", "jupyterhub: {a: 2}\n")
    key = AgeKey.generate()
    encrypted(folder.root / below / "enc-staging.secret.values.yaml", {"token": "x"}, key)
    folder.write(
        "config/clusters/moon/cluster.yaml",
        "name: moon\nprovider: aws\nhubs:\n- {name: staging, helm_chart: daskhub}\n",
    )
    return folder


def read(folder: GitFolder, hub: str = "", environment: str = "", *, chart: str = "") -> Deployment:
    return asyncio.run(repo.read(folder.root, hub, environment, chart=chart))


def names(folder: GitFolder, deployment: Deployment) -> list[str]:
    return [str(Path(file.path).relative_to(folder.root)) for file in deployment.files]


def test_a_folder_is_found_from_anywhere_inside(hubploy: GitFolder, clusters: GitFolder) -> None:
    assert repo.find(hubploy.root) == hubploy.root
    assert repo.find(hubploy.root / "deployments" / "bio" / "config") == hubploy.root
    assert (
        repo.find(clusters.root / "config" / "clusters" / "earth" / "cluster.yaml") == clusters.root
    )


def test_it_is_not_looked_for_above_the_work_tree(hubploy: GitFolder) -> None:
    other = GitFolder(hubploy.root / "vendor" / "other")
    assert repo.find(other.root) is None
    (hubploy.root / "secrets").mkdir()
    (hubploy.root / "secrets" / ".git").write_text("gitdir: elsewhere\n")  # a submodule
    assert repo.find(hubploy.root / "secrets") == hubploy.root


def test_the_hubs_of_hubploy_come_with_their_environments(hubploy: GitFolder) -> None:
    hubploy.write("deployments/new/hubploy.yaml", "")
    assert repo.hubs(hubploy.root) == (
        ("bio", "staging"),
        ("bio", "prod"),
        ("new", "develop"),
        ("new", "staging"),
        ("new", "prod"),
        ("stat", "prod"),
    )


def test_a_hub_of_hubploy_is_read_as_hubploy_would(hubploy: GitFolder) -> None:
    key = AgeKey.generate()
    places = ("deployments/bio/secrets/prod.yaml", "secrets/deployments/bio/secrets/prod.yaml")
    for place in places:
        encrypted(hubploy.root / place, {"token": "x"}, key)
    commit = hubploy.commit("Start")
    found = read(hubploy, "bio", "prod")
    assert found.layout is Layout.HUBPLOY
    assert (found.release, found.namespace) == ("bio-prod", "bio-prod")
    assert names(hubploy, found) == [
        "deployments/bio/config/common.yaml",
        "deployments/bio/config/prod.yaml",
        *places,
    ]
    assert [file.encrypted for file in found.files] == [False, False, True, True]
    assert found.files[-1].recipients[0].name == key.recipient
    assert found.chart.reference == str(hubploy.root / "hub")
    assert found.context == "gke_p_us-central1_c"
    assert found.git is not None
    assert found.git.commit == commit
    assert found.problems == ()


def test_a_hub_of_2i2c_is_read_as_the_deployer_would(clusters: GitFolder) -> None:
    found = read(clusters, "staging", "earth")
    assert found.layout is Layout.TWO_I2C
    assert (found.release, found.namespace) == ("staging", "staging")
    assert [Path(name).name for name in names(clusters, found)] == [
        "common.values.yaml",
        "staging.values.yaml",
        "enc-staging.secret.values.yaml",
    ]
    assert found.files[2].encrypted
    assert found.chart.reference == str(clusters.root / "helm-charts" / "basehub")
    assert found.context == "gke_earth-1_europe-west1-b_hubs"
    assert found.problems == ()


@pytest.mark.parametrize(
    ("hub", "environment", "said", "offered"),
    [
        ("", "", "has several hubs", "bio staging, bio prod, stat prod"),
        ("bio", "", "bio is not clear", "bio staging, bio prod."),
        ("", "prod", "prod is not clear", "bio prod, stat prod."),
        ("chem", "", "chem is no hub", "bio staging, bio prod, stat prod"),
        ("stat", "staging", "stat staging is no hub", "stat prod"),
    ],
)
def test_a_hub_that_is_not_clear_is_asked_for(
    hubploy: GitFolder, hub: str, environment: str, said: str, offered: str
) -> None:
    with pytest.raises(UsageError) as caught:
        read(hubploy, hub, environment)
    assert said in caught.value.what
    assert offered in caught.value.remedy


def test_what_needs_no_naming_is_taken(hubploy: GitFolder, clusters: GitFolder) -> None:
    assert read(hubploy, "stat").release == "stat-prod"
    assert read(hubploy, environment="staging").release == "bio-staging"
    assert read(clusters, "prod").environment == "earth"


def test_the_hub_of_a_release_is_told_where_it_is_clear(
    hubploy: GitFolder, clusters: GitFolder
) -> None:
    assert repo.named_after(hubploy.root, "bio-prod") == ("bio", "prod")
    assert repo.named_after(hubploy.root, "bio") is None
    assert repo.named_after(clusters.root, "prod") == ("prod", "earth")
    assert repo.named_after(clusters.root, "staging") is None  # two clusters have it


def test_another_folder_is_refused(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="is no deployment folder"):
        asyncio.run(repo.read(tmp_path))
    with pytest.raises(UsageError, match="is no deployment folder"):
        repo.hubs(tmp_path)


def test_of_several_charts_one_has_to_be_named(hubploy: GitFolder) -> None:
    hubploy.write("support/Chart.yaml", CHART.format("support"))
    (problem,) = read(hubploy, "stat").problems
    assert "name it with --chart" in problem
    assert "hub, support" in problem
    named = read(hubploy, "stat", chart="hub")
    assert named.problems == ()
    assert named.chart.reference == str(hubploy.root / "hub")


def test_a_chart_that_is_not_built_is_a_problem(hubploy: GitFolder) -> None:
    """hubploy runs `helm dep up` before each deployment; hubtui changes nothing in a folder."""
    dependency = "dependencies: [{name: jupyterhub, version: 4.4.0, repository: x}]\n"
    hubploy.write("hub/Chart.yaml", CHART.format("hub") + dependency)
    (problem,) = read(hubploy, "stat").problems
    assert "jupyterhub 4.4.0" in problem
    assert f"helm dependency update {hubploy.root / 'hub'}" in problem


def test_an_image_without_a_tag_is_a_problem(hubploy: GitFolder) -> None:
    image = "jupyterhub: {singleuser: {image: {name: quay.io/a/b}}}\n"
    hubploy.write("deployments/stat/config/common.yaml", image)
    (problem,) = read(hubploy, "stat").problems
    assert "no tag beside it" in problem
    tag = "jupyterhub: {singleuser: {image: {tag: '1'}}}\n"
    hubploy.write("deployments/stat/config/prod.yaml", tag)
    assert read(hubploy, "stat").problems == ()


def test_an_image_folder_that_was_never_committed_has_no_tag(hubploy: GitFolder) -> None:
    hubploy.write("deployments/stat/hubploy.yaml", "images: {image_name: quay.io/a/b}\n")
    (problem,) = read(hubploy, "stat").problems
    assert "has no commit" in problem


def test_a_shallow_clone_gives_an_image_no_wrong_tag(hubploy: GitFolder, tmp_path: Path) -> None:
    hubploy.write("deployments/stat/hubploy.yaml", "images: {image_name: quay.io/a/b}\n")
    hubploy.write("deployments/stat/image/Dockerfile", "FROM x\n")
    commit = hubploy.commit("Image")
    hubploy.commit("Later")
    url = f"file://{hubploy.root}"
    hubploy.git("clone", "--quiet", "--depth", "1", url, str(tmp_path / "clone"))
    clone = GitFolder(tmp_path / "clone")
    (problem,) = read(clone, "stat").problems
    assert "fetch-depth: 0 in a workflow" in problem
    clone.git("fetch", "--quiet", "--unshallow")
    found = read(clone, "stat")
    assert found.problems == ()
    assert found.set_strings[0] == f"jupyterhub.singleuser.image.tag={image_tag(commit)}"


@pytest.mark.parametrize(
    ("commit", "tag"),
    [("0a1b2c3d4e5f", "0a1b2c3"), ("12345678a9", "12345678a"), ("1234567890", "1234567890")],
)
def test_the_tag_of_an_image_has_a_letter(commit: str, tag: str) -> None:
    assert image_tag(commit) == tag


@pytest.mark.parametrize(
    ("cluster", "context"),
    [
        (
            "{provider: kubeconfig, kubeconfig: {filename: k, context: 'ctx-{namespace}'}}",
            "ctx-stat-prod",
        ),
        ("{provider: azure, azure: {resource_group: g, cluster: aks}}", "aks"),
        ("{provider: aws, aws: {cluster: eks, region: r}}", ""),
        ("{provider: gcloud, gcloud: {project: p}}", ""),
        ("text", ""),
    ],
)
def test_the_context_is_told_where_its_name_is_known(
    hubploy: GitFolder, cluster: str, context: str
) -> None:
    hubploy.write("deployments/stat/hubploy.yaml", f"cluster: {cluster}\n")
    assert read(hubploy, "stat").context == context


def test_what_the_deployer_does_and_hubtui_does_not_is_a_problem(clusters: GitFolder) -> None:
    clusters.write("helm-charts/basehub/values.jsonnet", "{}")
    clusters.write(
        "config/clusters/earth/cluster.yaml",
        "hubs:\n- name: prod\n  helm_chart: basehub\n  chart_override: x.yaml\n"
        "  helm_chart_values_files: [a.jsonnet, none.yaml, common.values.yaml]\n",
    )
    found = read(clusters, "prod")
    assert [Path(file.path).name for file in found.files] == ["common.values.yaml"]
    jsonnet, override, file, missing = found.problems
    assert "values.jsonnet of basehub has to be rendered by jsonnet" in jsonnet
    assert "chart_override" in override
    assert "a.jsonnet has to be rendered by jsonnet" in file
    assert "none.yaml is not in" in missing


def test_a_chart_that_is_not_there_is_a_problem(clusters: GitFolder) -> None:
    assert read(clusters, "staging", "moon").problems == ("there is no chart helm-charts/daskhub",)


@pytest.mark.parametrize(
    "name", ["deployments/stat/hubploy.yaml", "deployments/stat/config/prod.yaml"]
)
def test_broken_yaml_is_named_with_file_and_line(hubploy: GitFolder, name: str) -> None:
    path = hubploy.write(name, "a: 1\n  b: 2\n")
    with pytest.raises(DecodeError) as caught:
        read(hubploy, "stat")
    assert f"{path}, line 2" in caught.value.what


def test_a_broken_cluster_is_named_with_file_and_line(clusters: GitFolder) -> None:
    path = clusters.write("config/clusters/moon/cluster.yaml", "hubs: [\n")
    with pytest.raises(DecodeError, match="line 2") as caught:
        repo.hubs(clusters.root)
    assert str(path) in caught.value.what


def configured(plain: PlainDeployment | None) -> Deployment | None:
    return asyncio.run(repo.configured(Settings(deployment=plain), "hub", "jhub"))


@pytest.fixture
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> GitFolder:
    """Where the configuration file is, in a repository."""
    folder = GitFolder(tmp_path / "ops")
    monkeypatch.setenv("HUBTUI_CONFIG", str(folder.root / "hubtui.toml"))
    folder.write("values/common.yaml", "hub: {}\n")
    folder.write("values/prod.yaml", "hub: {}\n")
    return folder


def test_a_plain_deployment_is_read_from_the_configuration(home: GitFolder) -> None:
    plain = PlainDeployment(
        chart="jupyterhub",
        version="4.4.0",
        repository="https://hub.jupyter.org/helm-chart/",
        files=("values/common.yaml", "values/prod.yaml"),
        mode=ValuesMode.RESET,
    )
    found = configured(plain)
    assert found is not None
    assert found.layout is Layout.PLAIN
    assert (found.release, found.namespace) == ("hub", "jhub")
    assert names(home, found) == ["values/common.yaml", "values/prod.yaml"]
    assert found.chart == ChartSource(
        ChartKind.REPOSITORY,
        "jupyterhub",
        "4.4.0",
        "https://hub.jupyter.org/helm-chart/",
        "jupyterhub",
    )
    assert found.git is not None
    assert found.git.root == str(home.root)


def test_the_chart_of_a_plain_deployment_may_be_beside_it_or_the_running_one(
    home: GitFolder,
) -> None:
    home.write("chart/Chart.yaml", CHART.format("hub"))
    local = configured(PlainDeployment(chart="chart"))
    assert local is not None
    assert local.chart.reference == str(home.root / "chart")
    running = configured(PlainDeployment(files=("values/prod.yaml",)))
    assert running is not None
    assert running.chart.kind is ChartKind.RUNNING
    assert configured(None) is None
