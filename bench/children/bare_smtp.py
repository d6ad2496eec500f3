"""The floor of the relay: aiosmtpd with STARTTLS and a login, which takes every mail and keeps none."""

import asyncio
import json
import ssl
import sys

import trustme
from aiosmtpd.smtp import SMTP, AuthResult


class Takes:
    async def handle_DATA(self, _server, _session, envelope):
        assert envelope.content
        return "250 2.0.0 Ok"


authority = trustme.CA()
context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
authority.issue_cert("127.0.0.1", "localhost").configure_cert(context)
authority.cert_pem.write_to_path(sys.argv[1])


def session():
    return SMTP(
        Takes(),
        tls_context=context,
        require_starttls=True,
        auth_required=True,
        authenticator=lambda *_: AuthResult(success=True),
        data_size_limit=26_214_400,
        enable_SMTPUTF8=True,
    )


async def go():
    server = await asyncio.get_running_loop().create_server(session, "127.0.0.1", 0)
    print(json.dumps(server.sockets[0].getsockname()[1]), flush=True)
    await server.serve_forever()


asyncio.run(go())
