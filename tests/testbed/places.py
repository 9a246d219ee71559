"""Where the testbed keeps its things: the source folders, the cache, one folder per testbed."""

import hashlib
import os
from pathlib import Path

import platformdirs

HERE = Path(__file__).parent
ROOT = HERE.parents[1]
CHART = ROOT / "hubtui" / "demo" / "chart"
GO_MODULES = HERE / "go"
MANIFESTS = HERE / "manifests"
CACHE_VARIABLE = "HUBTUI_TESTBED_CACHE"
# Looked up once: a test that has a HOME of its own would build everything anew in there.
_USUAL = Path(platformdirs.user_cache_dir("hubtui-testbed"))


def cache() -> Path:
    """The one folder that everything built or started lives under."""
    given = os.environ.get(CACHE_VARIABLE)
    path = Path(given) if given else _USUAL
    path.mkdir(parents=True, exist_ok=True)
    return path


def built(part: str, *inputs: str | bytes) -> Path:
    """The folder of a built part, named after what it was built from: new inputs, new folder."""
    digest = hashlib.sha256()
    for item in inputs:
        digest.update(item.encode() if isinstance(item, str) else item)
        digest.update(b"\0")
    return cache() / "built" / f"{part}-{digest.hexdigest()[:16]}"


def runs() -> Path:
    """The folder that holds one folder per testbed."""
    path = cache() / "run"
    path.mkdir(parents=True, exist_ok=True)
    return path
