"""`python -m tests.testbed.backstage NAME`: runs until it is ended."""

import asyncio
import logging
import ssl
import sys

import aiohttp

from tests.testbed import launch, users
from tests.testbed.backstage.awaiter import await_images
from tests.testbed.backstage.kubelet import Images
from tests.testbed.backstage.metrics import serve_metrics
from tests.testbed.backstage.singleuser import serve_singleuser
from tests.testbed.site import Site


async def main(site: Site) -> None:
    """Runs all of it on one loop; an error in one ends the process, and its log says why."""
    context = ssl.create_default_context(cafile=str(site.file("pki", "ca.crt")))
    headers = {"Authorization": f"Bearer {users.token(site, 'testbed-backstage')}"}
    connector = aiohttp.TCPConnector(ssl=context)
    timeout = aiohttp.ClientTimeout(total=None, sock_connect=5)
    async with (
        aiohttp.ClientSession(
            site.server, headers=headers, connector=connector, timeout=timeout, read_bufsize=1 << 22
        ) as session,
        asyncio.TaskGroup() as group,
    ):
        images = Images(session)
        await serve_singleuser(site)
        await serve_metrics(site, images)
        group.create_task(images.run())
        group.create_task(await_images(session))


if __name__ == "__main__":
    logging.basicConfig(level=logging.INFO, format="%(asctime)s %(name)s %(message)s")
    logging.getLogger("aiohttp.access").setLevel(logging.WARNING)
    found = launch.find(sys.argv[1])
    if found is None:
        sys.exit(f"no testbed {sys.argv[1]}")
    asyncio.run(main(found))
