"""Settings: the file, then the environment, then the flags; each overrides the one before.

The file is TOML, `config.toml` in the user's configuration folder (XDG), or HUBTUI_CONFIG.
"""

from __future__ import annotations

import os
import re
import tomllib
from collections.abc import Mapping
from dataclasses import dataclass
from fnmatch import fnmatchcase
from pathlib import Path
from typing import Annotated, Any, Literal

import msgspec
import platformdirs

from hubtui.config import metrics
from hubtui.config.addresses import ADDRESS, never_in_the_clear, origin_at
from hubtui.config.metrics import MetricsSource as MetricsSource
from hubtui.errors import ConfigError
from hubtui.model.age import duration
from hubtui.model.deployment import ValuesMode
from hubtui.model.origin import holds_login

_NOT_SET = frozenset({"demo"})
"""Fields that no file, variable or option sets by itself."""
_TRUE = frozenset({"1", "true", "yes", "on"})
_FALSE = frozenset({"", "0", "false", "no", "off"})


class Demo(msgspec.Struct, frozen=True, kw_only=True):
    """The demo that is shown: `story` names its scenario or drill, `notice` is what its pager says.

    `no_writes` is why nothing can be written in it, `folder` where it keeps everything, and
    `user_state` the user's own state folder, which it leaves alone.
    """

    story: str
    notice: str = ""
    no_writes: str = ""
    folder: str = ""
    user_state: str = ""


class GitHub(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """The workflow that deploys the hub: its runs are shown where a token can be had.

    `repository` is OWNER/NAME, `workflow` the name of its file or its number, `api` the address of
    the REST API (`https://HOST/api/v3` on GitHub Enterprise Server). The token is that of the
    environment variable HUBTUI_GITHUB_TOKEN, else the content of `token_file`, else what
    `token_command` prints.
    """

    repository: str = ""
    workflow: str = ""
    api: str = "https://api.github.com"
    token_file: str = ""
    token_command: str = ""


class PlainDeployment(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """What a hub is deployed from where there is no deployment folder.

    `chart` is a folder, an archive, oci://… or a name; `repository` is the URL where that name is.
    Relative paths start at the configuration file. Without a `mode` it has to be chosen each time.
    """

    chart: str = ""
    version: str = ""
    repository: str = ""
    files: tuple[str, ...] = ()
    mode: ValuesMode | None = None


class HubApi(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """How the hub's API is reached, and whose servers are never stopped.

    `url` is the hub's address with its base URL (`https://hub.example.org/`, or
    `…/my-base-url/`); without one, a port-forward to the hub's pod is used. The token is that of
    the environment variable HUBTUI_HUB_TOKEN, else the content of `token_file`, else what
    `token_command` prints, else the release's own for the service `hubtui`. `keep` holds patterns
    of user names whose servers are left alone by a cull.
    """

    url: str = ""
    token_file: str = ""
    token_command: str = ""
    keep: tuple[str, ...] = ()


class NodePools(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """How nodes are grouped: by `pool_label` where they have it, else by their cloud's label; and
    how many nodes the autoscaler makes at most, `max`, by the name of the pool."""

    pool_label: str = ""
    max: dict[str, Annotated[int, msgspec.Meta(ge=0)]] = {}


class Settings(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Everything that can be set. The names are those of the file's keys.

    `protected` holds patterns of context names that are always read-only; `keys` maps command ids
    to keys; `helm_timeout` is a Go duration; `runbooks` is a folder with runbooks of the operator's
    own. `demo` is set by the command line alone.
    """

    kubeconfig: str = ""
    context: str = ""
    namespace: str = ""
    release: str = ""
    read_only: bool = False
    slow: bool = False
    protected: tuple[str, ...] = ()
    helm: str = ""
    sops: str = ""
    helm_driver: Literal["secret", "configmap"] = "secret"
    helm_timeout: str = "10m"
    theme: Literal["auto", "dark", "light", "ansi"] = "auto"
    keys: dict[str, str] = {}
    runbooks: str = ""
    github: GitHub = GitHub()
    hub: HubApi = HubApi()
    nodes: NodePools = NodePools()
    metrics: MetricsSource = MetricsSource()
    deployment: PlainDeployment | None = None
    demo: Demo | None = None

    def read_only_reason(self, context: str) -> str:
        """Why nothing may be written in this context; empty when writes are possible."""
        if self.read_only:
            return "started with --read-only, HUBTUI_READ_ONLY or read_only in the configuration"
        if self.demo is not None and self.demo.no_writes:
            return self.demo.no_writes
        for pattern in self.protected:
            if fnmatchcase(context, pattern):
                return f"context {context} matches protected = {pattern!r} in the configuration"
        return ""


@dataclass(frozen=True, slots=True)
class Origin:
    """Where a setting's value comes from, for `hubtui config`."""

    name: str
    value: object
    source: str


def config_file(environ: Mapping[str, str] = os.environ) -> Path:
    """Where the configuration file is looked for."""
    named = environ.get("HUBTUI_CONFIG")
    return Path(named) if named else Path(platformdirs.user_config_dir("hubtui")) / "config.toml"


def state_dir(environ: Mapping[str, str] = os.environ) -> Path:
    """The folder of the journal and the log; HUBTUI_STATE overrides it."""
    named = environ.get("HUBTUI_STATE")
    return Path(named) if named else Path(platformdirs.user_state_dir("hubtui"))


def hint_marker(settings: Settings) -> Path:
    """The file that says that the first hint was closed: one for demos and real hubs alike."""
    own = Path(settings.demo.user_state) if settings.demo else state_dir()
    return own / "hint-closed"


def private_folder(path: Path) -> Path:
    """The folder, made with its missing parents so that only its owner may look. Raises OSError."""
    if not path.is_dir():
        private_folder(path.parent)
        path.mkdir(mode=0o700, exist_ok=True)
    return path


def load(
    flags: Mapping[str, Any], environ: Mapping[str, str] = os.environ
) -> tuple[Settings, list[Origin]]:
    """The settings in force and where each comes from. Raises ConfigError."""
    path = config_file(environ)
    layers = [
        (str(path), _file(path, required="HUBTUI_CONFIG" in environ)),
        ("environment", _environment(environ)),
        ("command line", {name: value for name, value in flags.items() if value is not None}),
    ]
    values: dict[str, Any] = {}
    sources: dict[str, str] = {}
    for source, layer in layers:
        _validated(layer, source)
        # Read-only can be asked for anywhere and taken back nowhere.
        if values.get("read_only"):
            layer.pop("read_only", None)
        values.update(layer)
        sources.update(dict.fromkeys(layer, source))
    settings = _validated(values, "settings")
    origins = [
        Origin(name, getattr(settings, name), sources.get(name, "default"))
        for name in settings.__struct_fields__
        if name not in _NOT_SET
    ]
    return settings, origins


def _file(path: Path, *, required: bool) -> dict[str, Any]:
    try:
        return tomllib.loads(path.read_text(encoding="utf-8"))
    except FileNotFoundError:
        if required:
            raise ConfigError(
                f"HUBTUI_CONFIG names {path}, which does not exist",
                remedy="Create it, or unset HUBTUI_CONFIG.",
            ) from None
        return {}
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise ConfigError(f"{path} is not valid TOML: {error}", remedy="Mend it.") from error
    except OSError as error:
        raise ConfigError(f"{path} cannot be read: {error.strerror}") from error


def _environment(environ: Mapping[str, str]) -> dict[str, Any]:
    found: dict[str, Any] = {}
    for name in (
        "CONTEXT",
        "NAMESPACE",
        "RELEASE",
        "HELM",
        "SOPS",
        "HELM_TIMEOUT",
        "THEME",
        "RUNBOOKS",
    ):
        if value := environ.get(f"HUBTUI_{name}"):
            found[name.lower()] = value
    for name in ("READ_ONLY", "SLOW"):
        if (value := environ.get(f"HUBTUI_{name}")) is not None:
            found[name.lower()] = _boolean(f"HUBTUI_{name}", value)
    if environ.get("HELM_DRIVER"):
        found["helm_driver"] = environ["HELM_DRIVER"].rstrip("s")
    return found


def _boolean(name: str, value: str) -> bool:
    lowered = value.strip().lower()
    if lowered in _TRUE or lowered in _FALSE:
        return lowered in _TRUE
    if name == "HUBTUI_READ_ONLY":
        return True  # an unclear wish for safety is a wish for safety
    raise ConfigError(f"{name}={value} is neither true nor false", remedy="Use 1 or 0.")


def _validated(values: Mapping[str, Any], source: str) -> Settings:
    if unknown := sorted(_NOT_SET.intersection(values)):
        raise ConfigError(
            f"{source}: {unknown[0]} is no setting", remedy="`hubtui --demo` starts the demo."
        )
    try:
        settings = msgspec.convert(dict(values), Settings)
    except msgspec.ValidationError as error:
        raise ConfigError(f"{source}: {error}", remedy="See `hubtui config --help`.") from error
    try:
        duration(settings.helm_timeout)
    except ValueError:
        raise ConfigError(
            f"{source}: helm_timeout {settings.helm_timeout!r} is no duration",
            remedy="Write it as 10m or 1h30m.",
        ) from None
    _check_github(settings.github, source)
    _check_hub(settings.hub, source)
    metrics.check(settings.metrics, source)
    _check_deployment(settings.deployment, source)
    return settings


def _check_deployment(plain: PlainDeployment | None, source: str) -> None:
    for name in ("chart", "repository"):
        if plain is not None and holds_login(getattr(plain, name)):
            raise ConfigError(
                f"{source}: deployment.{name} holds a login",
                remedy="Log in with helm repo add --username … or helm registry login.",
            )


def _check_hub(hub: HubApi, source: str) -> None:
    if not hub.url:
        return
    origin = origin_at(hub.url, "hub.url", source)
    if not ADDRESS.fullmatch(hub.url):
        raise ConfigError(
            f"{source}: hub.url is no address of a hub",
            remedy="Write it as https://hub.example.org/ with its base URL, if it has one.",
        )
    remedy = "Use its https:// address, or none: a port-forward needs no address."
    never_in_the_clear(origin, "hub.url", source, remedy)


_REPOSITORY = re.compile(r"[\w.-]+/[\w.-]+", re.ASCII)
_WORKFLOW = re.compile(r"[\w.-]+", re.ASCII)


def _check_github(github: GitHub, source: str) -> None:
    if github.repository and not _REPOSITORY.fullmatch(github.repository):
        raise ConfigError(
            f"{source}: github.repository {github.repository!r} is no OWNER/NAME",
            remedy='Write it as repository = "our-org/hub-deployments".',
        )
    if github.workflow and not _WORKFLOW.fullmatch(github.workflow):
        raise ConfigError(
            f"{source}: github.workflow {github.workflow!r} is no workflow",
            remedy='Write the name of its file alone: workflow = "deploy.yml".',
        )
    if github.repository and not github.workflow:
        raise ConfigError(
            f"{source}: github.repository has no github.workflow beside it",
            remedy='Name the file of the workflow that deploys: workflow = "deploy.yml".',
        )
    never_in_the_clear(origin_at(github.api, "github.api", source), "github.api", source)
