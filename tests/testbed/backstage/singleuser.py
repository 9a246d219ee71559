"""One HTTP server that plays every user's server: pod addresses are loopback addresses."""

import jupyterhub
from aiohttp import web

from tests.testbed.site import Site

_HEADERS = {"X-JupyterHub-Version": jupyterhub.__version__}


async def _answer(_: web.Request) -> web.Response:
    return web.json_response({"version": "stand-in"}, headers=_HEADERS)


async def serve_singleuser(site: Site) -> None:
    """Serves 200 on every path, on every address: the hub asks each pod's own."""
    application = web.Application()
    application.router.add_route("*", "/{path:.*}", _answer)
    runner = web.AppRunner(application, access_log=None)
    await runner.setup()
    await web.TCPSite(runner, "0.0.0.0", site.port("singleuser")).start()  # noqa: S104
