"""What a request on objects does: reads, watches, writes, and the parts of objects."""

from __future__ import annotations

from aiohttp import web

from hubtui.demo.api import bodies, deleting, evicting, scale, writing
from hubtui.demo.api.answers import JSON, answer
from hubtui.demo.api.asked import Target, flag, writer_of
from hubtui.demo.api.context import Api
from hubtui.demo.api.forwarding import forward
from hubtui.demo.api.pod_logs import Reading
from hubtui.demo.api.reading import list_page
from hubtui.demo.api.shapes import Shape
from hubtui.demo.api.watching import Watch
from hubtui.demo.refusals import RefusedError
from hubtui.demo.storage import Json


async def serve(api: Api, target: Target, request: web.Request) -> web.StreamResponse:
    """Answers a request on objects. Raises RefusedError."""
    if target.subresource == "portforward":
        return await forward(api, target, request)
    if target.subresource == "log" and request.method == "GET":
        return await _log(api, target, request)
    if request.method == "GET":
        return await _read(api, target, request)
    body = await request.read()
    return _write(api, target, request, body)


def _shape(api: Api, request: web.Request) -> Shape:
    timeline, accept = api.world.timeline, request.headers.get("Accept", "")
    whole = request.query.get("includeObject") == "Object"
    return Shape(accept, lambda: timeline.now, whole=whole)


async def _read(api: Api, target: Target, request: web.Request) -> web.StreamResponse:
    world, query = api.world, request.query
    shape = _shape(api, request)
    if flag(query, "watch") and not target.subresource:
        return await _watch(api, target, request, shape)
    if not target.name:
        return answer(list_page(world.storage, target, query, shape))
    if target.subresource in ("eviction", "binding"):
        raise _not_allowed()
    thing = world.objects.get(target.resource, target.namespace, target.name)
    return answer(scale.of(thing) if target.subresource == "scale" else shape.one(thing))


async def _watch(
    api: Api, target: Target, request: web.Request, shape: Shape
) -> web.StreamResponse:
    watch = Watch(api.world.storage, target, request.query, shape)
    response = web.StreamResponse(headers={"Content-Type": JSON})
    try:
        await response.prepare(request)
        async for line in watch.lines():
            await response.write(line)
        await response.write_eof()
    except ConnectionError:
        pass  # the reader has gone
    finally:
        watch.close()
    return response


async def _log(api: Api, target: Target, request: web.Request) -> web.StreamResponse:
    reading = Reading(api.world, target, request.query)
    if not reading.follow:
        return web.Response(body=reading.text(), content_type="text/plain")
    response = web.StreamResponse(headers={"Content-Type": "text/plain"})
    await response.prepare(request)
    try:
        await response.write(reading.text())
        async for line in reading.following():
            await response.write(line)
        await response.write_eof()
    except ConnectionError:
        pass  # the reader has gone
    return response


def _write(api: Api, target: Target, request: web.Request, body: bytes) -> web.Response:
    kind = request.headers.get("Content-Type", JSON)
    shape = _shape(api, request)
    writer = writer_of(request.query, request.headers.get("User-Agent", ""))
    match request.method, bool(target.name), target.subresource:
        case "POST", _, "eviction" | "binding" as part:
            done = evicting.evict if part == "eviction" else evicting.bind
            return answer(done(api.world, target, bodies.read_object(body, kind), writer), 201)
        case "POST", False, "":
            thing = bodies.read_object(body, kind)
            return answer(shape.one(writing.create(api.world, target, thing, writer)), 201)
        case "PUT" | "PATCH" as method, True, "scale":
            put = method == "PUT"
            return answer(scale.change(api.world, target, body, kind, writer, put=put))
        case "PUT", True, "" | "status":
            thing = bodies.read_object(body, kind)
            return answer(shape.one(writing.update(api.world, target, thing, writer)))
        case "PATCH", True, "" | "status":
            found, new = writing.patch(api.world, target, body, kind, writer)
            return answer(shape.one(found), 201 if new else 200)
        case "DELETE", _, "":
            return _delete(api, target, request, bodies.read_object(body, kind) if body else {})
        case _:
            raise _not_allowed()


def _delete(api: Api, target: Target, request: web.Request, options: Json) -> web.Response:
    writer = writer_of(request.query, request.headers.get("User-Agent", ""))
    if not target.name:
        return answer(deleting.delete_all(api.world, target, options, request.query, writer))
    found, code = deleting.delete(api.world, target, options, request.query, writer)
    return answer(found, code)


def _not_allowed() -> RefusedError:
    return RefusedError(
        405, "MethodNotAllowed", "the server does not allow this method on the requested resource"
    )
