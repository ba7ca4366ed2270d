# needs: aiohttp
# faulty: aiohttp.client.ClientSession
"""A client session against a server of our own; the faulty twin never closes the session."""

import asyncio
import sys

from aiohttp import ClientSession, web

FAULTY = sys.argv[1:] == ["faulty"]
KEPT = []


async def hello(request: web.Request) -> web.Response:
    return web.json_response({"path": request.path})


async def main() -> None:
    app = web.Application()
    app.router.add_get("/{name}", hello)
    runner = web.AppRunner(app)
    await runner.setup()
    site = web.TCPSite(runner, "127.0.0.1", 0)
    await site.start()
    port = runner.addresses[0][1]
    session = ClientSession()
    for number in range(20):
        async with session.get(f"http://127.0.0.1:{port}/n{number}") as response:
            await response.json()
    print("answered")
    if FAULTY:
        KEPT.append(session)
    else:
        await session.close()
        await runner.cleanup()


asyncio.run(main())
