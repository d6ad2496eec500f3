"""The floor of the sandbox: starlette under uvicorn reads the same body and answers, and stores nothing. A
number of seconds is how long it takes to answer."""

import asyncio
import json
import socket
import sys

import uvicorn
from starlette.applications import Starlette
from starlette.responses import JSONResponse
from starlette.routing import Route


async def send(request):
    body = json.loads(await request.body())
    assert body["authuser"] and body["to"]
    if len(sys.argv) > 1:
        await asyncio.sleep(float(sys.argv[1]))
    return JSONResponse({"message": "OK", "mid": 1475205839938715648})


# asyncio sets NODELAY only on a socket that names TCP; without it answers wait for 40 ms.
listening = socket.socket(socket.AF_INET, socket.SOCK_STREAM, socket.IPPROTO_TCP)
listening.bind(("127.0.0.1", 0))
listening.listen(128)
print(json.dumps(f"http://127.0.0.1:{listening.getsockname()[1]}"), flush=True)
application = Starlette(routes=[Route("/api/v2/mail/send", send, methods=["POST"])])
configuration = uvicorn.Config(application, http="h11", loop="asyncio", lifespan="off", log_config=None)
asyncio.run(uvicorn.Server(configuration).serve(sockets=[listening]))
