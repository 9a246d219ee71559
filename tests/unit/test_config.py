"""Settings: the file, then the environment, then the flags, and where each comes from."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from hubtui import config
from hubtui.config import MetricsSource, Settings
from hubtui.errors import ConfigError
from hubtui.model.deployment import ValuesMode


def load(
    tmp_path: Path, toml: str = "", flags: dict[str, Any] | None = None, **environment: str
) -> Settings:
    return loaded(tmp_path, toml, flags, **environment)[0]


def loaded(
    tmp_path: Path, toml: str = "", flags: dict[str, Any] | None = None, **environment: str
) -> tuple[Settings, dict[str, str]]:
    (tmp_path / "config.toml").write_text(toml)
    named = {"HUBTUI_CONFIG": str(tmp_path / "config.toml"), **environment}
    settings, origins = config.load(flags or {}, named)
    return settings, {origin.name: origin.source for origin in origins}


def test_each_layer_overrides_the_one_before(tmp_path: Path) -> None:
    toml = 'namespace = "file"\ncontext = "file"\nrelease = "file"'
    settings, sources = loaded(
        tmp_path,
        toml,
        {"release": "flag", "slow": None},
        HUBTUI_CONTEXT="environment",
        HUBTUI_RELEASE="environment",
    )
    assert (settings.namespace, settings.context, settings.release) == (
        "file",
        "environment",
        "flag",
    )
    assert sources["namespace"] == str(tmp_path / "config.toml")
    assert sources["context"] == "environment"
    assert sources["release"] == "command line"
    assert sources["slow"] == "default"


@pytest.mark.parametrize(
    ("toml", "environment", "flag"),
    [
        ("read_only = true", "0", None),
        ("read_only = true", "", False),
        ("", "1", False),
        ("read_only = false", "1", None),
        ("", "0", True),
    ],
)
def test_read_only_is_asked_for_anywhere_and_taken_back_nowhere(
    tmp_path: Path, toml: str, environment: str, flag: bool | None
) -> None:
    settings = load(tmp_path, toml, {"read_only": flag}, HUBTUI_READ_ONLY=environment)
    assert settings.read_only


def test_an_unclear_wish_for_safety_is_one(tmp_path: Path) -> None:
    assert load(tmp_path, HUBTUI_READ_ONLY="perhaps").read_only
    assert not load(tmp_path, HUBTUI_READ_ONLY="off").read_only
    with pytest.raises(ConfigError, match="HUBTUI_SLOW=perhaps"):
        load(tmp_path, HUBTUI_SLOW="perhaps")


def test_a_protected_context_is_read_only(tmp_path: Path) -> None:
    settings = load(tmp_path, 'protected = ["prod-*", "main"]')
    assert "prod-*" in settings.read_only_reason("prod-eu")
    assert settings.read_only_reason("main")
    assert settings.read_only_reason("staging") == ""
    assert "--read-only" in load(tmp_path, flags={"read_only": True}).read_only_reason("staging")


@pytest.mark.parametrize(
    ("toml", "said"),
    [
        ("context = ", "not valid TOML"),
        ('colour = "blue"', "unknown field `colour`"),
        ("read_only = 'yes'", "read_only"),
        ('theme = "pink"', "theme"),
        ('helm_timeout = "soon"', "helm_timeout 'soon' is no duration"),
        ('helm_timeout = "0s"', "helm_timeout '0s' is no duration"),
        ('helm_timeout = "99999999999h"', "is no duration"),
    ],
)
def test_a_file_that_cannot_be_used_is_named(tmp_path: Path, toml: str, said: str) -> None:
    with pytest.raises(ConfigError) as raised:
        load(tmp_path, toml)
    assert str(tmp_path / "config.toml") in raised.value.what
    assert said in raised.value.what


def test_a_file_that_was_named_must_exist(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match="which does not exist"):
        config.load({}, {"HUBTUI_CONFIG": str(tmp_path / "none.toml")})


def test_without_a_file_the_defaults_hold(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("XDG_CONFIG_HOME", str(tmp_path))
    settings, origins = config.load({}, {})
    assert settings == Settings()
    assert {origin.source for origin in origins} == {"default"}


@pytest.mark.parametrize(
    ("written", "meant"), [("secret", "secret"), ("secrets", "secret"), ("configmap", "configmap")]
)
def test_helms_driver_is_helms_own_variable(tmp_path: Path, written: str, meant: str) -> None:
    assert load(tmp_path, HELM_DRIVER=written).helm_driver == meant


def test_a_driver_that_is_no_kubernetes_object_is_refused(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match="helm_driver"):
        load(tmp_path, HELM_DRIVER="sql")


def test_the_state_folder_can_be_moved(tmp_path: Path) -> None:
    assert config.state_dir({"HUBTUI_STATE": str(tmp_path)}) == tmp_path


def test_a_plain_deployment_is_a_table_of_its_own(tmp_path: Path) -> None:
    toml = """
    [deployment]
    chart = "jupyterhub"
    version = "4.4.0"
    repository = "https://hub.jupyter.org/helm-chart/"
    files = ["common.yaml", "secrets/prod.yaml"]
    mode = "reset-then-reuse"
    """
    found = load(tmp_path, toml).deployment
    assert found is not None
    assert (found.chart, found.version) == ("jupyterhub", "4.4.0")
    assert found.files == ("common.yaml", "secrets/prod.yaml")
    assert found.mode is ValuesMode.RESET_THEN_REUSE
    assert load(tmp_path).deployment is None


@pytest.mark.parametrize(
    ("line", "said"),
    [
        ('mode = "merge"', "merge"),
        ('file = "a.yaml"', "unknown field `file`"),
        ('files = "a.yaml"', "Expected `array`"),
        ('repository = "https://me:it@example.org"', r"deployment\.repository holds a login"),
    ],
)
def test_a_plain_deployment_that_is_none_is_refused(tmp_path: Path, line: str, said: str) -> None:
    with pytest.raises(ConfigError, match=said):
        load(tmp_path, f"[deployment]\n{line}")


def test_sops_may_be_named(tmp_path: Path) -> None:
    assert load(tmp_path, 'sops = "/opt/sops"').sops == "/opt/sops"
    assert load(tmp_path, 'sops = "/opt/sops"', HUBTUI_SOPS="/usr/bin/sops").sops == "/usr/bin/sops"


def test_nodes_are_grouped_by_a_label_of_choice(tmp_path: Path) -> None:
    assert load(tmp_path).nodes.pool_label == ""
    assert load(tmp_path, '[nodes]\npool_label = "team"').nodes.pool_label == "team"
    with pytest.raises(ConfigError, match="pool_lable"):
        load(tmp_path, '[nodes]\npool_lable = "team"')


def test_how_the_hub_is_reached_is_a_table_of_its_own(tmp_path: Path) -> None:
    toml = """
    [hub]
    url = "https://hub.example.org/the/base-url/"
    token_command = "pass hub/hubtui"
    keep = ["shared-*"]
    """
    found = load(tmp_path, toml).hub
    assert found.url == "https://hub.example.org/the/base-url/"
    assert (found.token_command, found.keep) == ("pass hub/hubtui", ("shared-*",))
    assert load(tmp_path, '[hub]\nurl = "http://localhost:8081"').hub.url


@pytest.mark.parametrize(
    "line",
    [
        'prometheus = "https://mimir.example.org/prometheus"\nheaders = {X-Scope-OrgID = "hubs"}',
        'prometheus = "http://prometheus.example.org:9090"',
        'prometheus = "http://localhost:9090"\nusername = "me"\ntoken_file = "~/.prometheus"',
        'prometheus = "support/support-prometheus-server:80"\ntoken_command = "pass prometheus"',
        'prometheus = "monitoring/prometheus-operated:web"',
        'matchers = {cluster = "hub-prod"}',
        'prometheus = "https://prometheus.example.org"\ncertificate_file = "own.pem"',
        'grafana = "https://grafana.example.org/sub"\ngrafana_token_command = "pass grafana"',
        'grafana = "https://grafana.example.org"\nca_file = "own.pem"',
        'dashboards = "~/dashboards"',
    ],
)
def test_a_prometheus_is_an_address_or_a_service_and_a_grafana_an_address(
    tmp_path: Path, line: str
) -> None:
    assert load(tmp_path, f"[metrics]\n{line}").metrics != MetricsSource()


@pytest.mark.parametrize(
    ("line", "said"),
    [
        ('prometheus = "prometheus.example.org"', "cannot be asked"),
        ('prometheus = "ftp://prometheus.example.org"', "cannot be asked"),
        ('prometheus = "https://me:it@prometheus.example.org"', "no user name and no password"),
        ('prometheus = "https://prometheus.example.org/api/v1/"', "no address of a Prometheus"),
        ('prometheus = "https://prometheus.example.org/?tenant=a"', "no address of a Prometheus"),
        ('prometheus = "http://prometheus.example.org"\ntoken_file = "it"', "in the clear"),
        ('token_file = "it"', "token_file has no metrics.prometheus"),
        ('key_file = "it"', "key_file has no metrics.certificate_file"),
        ('certificate_file = "it"', "needs a metrics.prometheus at https"),
        ('prometheus = "monitoring/p"\ncertificate_file = "it"', "needs a metrics.prometheus"),
        ('headers = {X-Scope-OrgID = "hubs"}', "headers has no metrics.prometheus"),
        ('prometheus = "a/b"\nheaders = {Authorization = "Bearer it"}', "is a secret"),
        ('prometheus = "a/b"\nheaders = {"X Y" = "it"}', "is no header"),
        ('prometheus = "a/b"\nheaders = {X-Y = "a\\nb"}', "is no header"),
        ('matchers = {"a-b" = "it"}', "is no label"),
        ('grafana = "grafana.example.org"', r"metrics\.grafana cannot be asked"),
        ('grafana = "https://grafana.example.org/?x=1"', "no address of a Grafana"),
        ('grafana = "http://grafana.example.org"\ngrafana_token_file = "it"', "in the clear"),
        ('grafana_token_command = "it"', "no metrics.grafana beside it"),
        ('token = "it"', "unknown field `token`"),
        ('queries = [{id = "a", title = "A"}]', "missing required field `promql`"),
        ('queries = [{id = "a", title = "A", promql = "up", wors = "more"}]', "field `wors`"),
        ('queries = [{id = "a", title = "A", promql = "up", now = 1}]', "need a direction"),
    ],
)
def test_a_source_that_cannot_be_asked_is_refused(tmp_path: Path, line: str, said: str) -> None:
    with pytest.raises(ConfigError, match=said) as refused:
        load(tmp_path, f"[metrics]\n{line}")
    assert "Bearer it" not in str(refused.value)


@pytest.mark.parametrize(
    ("line", "said"),
    [
        ('url = "http://hub.example.org"', "sent in the clear"),
        ('url = "hub.example.org"', "cannot be asked"),
        ('url = "https://me:it@hub.example.org"', "no user name and no password"),
        ('url = "https://hub.example.org/?token=it"', r"hub\.url is no address of a hub"),
        ('url = "https://hub.example.org/a b"', r"hub\.url is no address of a hub"),
        ('token = "it"', "unknown field `token`"),
        ('keep = "shared-*"', "Expected `array`"),
    ],
)
def test_a_way_to_the_hub_that_is_none_is_refused(tmp_path: Path, line: str, said: str) -> None:
    with pytest.raises(ConfigError, match=said) as told:
        load(tmp_path, f"[hub]\n{line}")
    assert "it@" not in str(told.value)
    assert "token=it" not in str(told.value)
