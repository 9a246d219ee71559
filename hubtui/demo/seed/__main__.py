"""Makes the stored releases anew: `python -m hubtui.demo.seed`, with the real helm.

Each seed is what helm stores when it installs or upgrades the chart on a demo that is empty.
"""

from __future__ import annotations

import asyncio
import json
import shutil
import signal
import sys
import tempfile
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Final

import yaml

from hubtui.clients import helm_binary
from hubtui.config import Settings
from hubtui.demo.kubeconfig import write as write_kubeconfig
from hubtui.demo.life import attach
from hubtui.demo.resources import NAMESPACES, NODES, SECRETS
from hubtui.demo.seed import files
from hubtui.demo.seed.values import CRYPT_KEY, SEEDS, TYPO, Seed
from hubtui.demo.storage import Change, Json
from hubtui.demo.world import World

NAME: Final = "hub"
SPEED: Final = 40.0
"""How much faster than the clock: images are pulled in the hooks."""

TOKEN: Final = "seed"  # noqa: S105 - for the second that the server lives


@dataclass(frozen=True, slots=True)
class Stage:
    """An empty demo, its folder, and the helm that talks to it."""

    world: World
    folder: Path
    helm: Path

    async def run(self, seed: Seed, verb: str) -> None:
        """Installs or upgrades; a run that is to be killed is killed while its hooks run."""
        (self.folder / "values.yaml").write_text(yaml.safe_dump(seed.values), encoding="utf-8")
        timeout = "20s" if seed.ends == "failed" else "120s"
        process = await asyncio.create_subprocess_exec(
            *(self.helm, verb, NAME, chart(self.folder, seed.chart), "--timeout", timeout),
            *("--values", self.folder / "values.yaml"),
            env={"HOME": str(self.folder), "KUBECONFIG": str(self.folder / "kubeconfig")},
            stdout=asyncio.subprocess.DEVNULL,
            stderr=asyncio.subprocess.PIPE,
        )
        if seed.ends == "killed":
            await self._pending()
            process.send_signal(signal.SIGKILL)
        _, said = await process.communicate()
        if (process.returncode == 0) != (seed.ends == "well"):
            raise RuntimeError(f"helm {verb} ended with {process.returncode}: {said.decode()}")

    async def _pending(self) -> None:
        seen = asyncio.Event()

        def see(change: Change) -> None:
            labels = change.object["metadata"].get("labels") or {}
            if change.resource is SECRETS and labels.get("status") == "pending-upgrade":
                seen.set()

        stop = self.world.storage.listen(see)
        await seen.wait()
        stop()

    def stored(self, revision: int) -> Json:
        """What helm stored of a revision."""
        name = f"sh.helm.release.v1.{NAME}.v{revision}"
        return files.decoded(self.world.objects.get(SECRETS, NAME, name))


def chart(folder: Path, versions: tuple[str, str]) -> Path:
    """The chart with these versions."""
    made = folder / f"chart-{versions[0]}"
    if not made.exists():
        shutil.copytree(files.CHART, made)
        head = yaml.safe_load((made / "Chart.yaml").read_text(encoding="utf-8"))
        head["version"], head["appVersion"] = versions
        (made / "Chart.yaml").write_text(yaml.safe_dump(head), encoding="utf-8")
    return made


@asynccontextmanager
async def staged(helm: Path) -> AsyncIterator[Stage]:
    """A demo without a release; the Secret with the keys that the chart would make up is there."""
    from aiohttp import web

    from hubtui.demo.api.server import make_app

    now = datetime.now(UTC)
    world = World.make(now - timedelta(hours=1))
    attach(world)
    world.objects.create(NAMESPACES, {"metadata": {"name": NAME}})
    sizes = {"cpu": "8", "memory": "32Gi", "pods": "110"}
    node = {"metadata": {"name": "node"}, "spec": {}, "status": {"capacity": sizes}}
    world.objects.create(NODES, node)
    world.objects.create(SECRETS, _secret())
    world.faults.missing_images.add(TYPO)
    world.timeline.run_until(now)
    world.timeline.speed = SPEED
    with tempfile.TemporaryDirectory(prefix="hubtui-seed-") as name:
        folder = Path(name)
        runner = web.AppRunner(make_app(world, TOKEN, hub_socket=None), shutdown_timeout=0.1)
        await runner.setup()
        await web.TCPSite(runner, "127.0.0.1", 0).start()
        port = runner.addresses[0][1]
        write_kubeconfig(folder / "kubeconfig", port, TOKEN, NAME)
        life = asyncio.create_task(world.timeline.live())
        try:
            yield Stage(world, folder, helm)
        finally:
            life.cancel()
            await runner.cleanup()


def _secret() -> Json:
    """A Secret that helm adopts, so that nothing in a seed is left to chance."""
    key = files.base64_of(CRYPT_KEY)
    owner = {"meta.helm.sh/release-name": NAME, "meta.helm.sh/release-namespace": NAME}
    return {
        "metadata": {
            "name": "hub",
            "namespace": NAME,
            "labels": {"app.kubernetes.io/managed-by": "Helm"},
            "annotations": owner,
        },
        "type": "Opaque",
        "data": {"hub.config.CryptKeeper.keys": key},
    }


async def made(name: str, helm: Path) -> Json:
    """The release that helm stores for a seed."""
    seed = SEEDS[name]
    async with staged(helm) as stage:
        if not seed.after:
            await stage.run(seed, "install")
            return stage.stored(1)
        await stage.run(Seed(SEEDS[seed.after].values), "install")
        await stage.run(seed, "upgrade")
        return stage.stored(2)


async def main() -> None:
    """Makes all seeds."""
    helm = helm_binary.find(Settings())
    for name in sys.argv[1:] or SEEDS:
        files.write(name, await made(name, helm), SEEDS[name].after)
        sys.stdout.write(f"{json.dumps(name)} {files.path_of(name).stat().st_size} bytes\n")


if __name__ == "__main__":
    asyncio.run(main())
