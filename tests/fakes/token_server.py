"""A token endpoint that knows its clients, and gives each a token of its own; it answers by script when told to."""

from __future__ import annotations

import base64
import json
import ssl
from collections import deque
from typing import Any
from urllib.parse import parse_qs, unquote_plus

import jwt
from aiohttp import web

from tests.fakes.credentials import rsa_key


class TokenServer:
    """`clients` maps ids to secrets; a service account is known by `tests.fakes.credentials.rsa_key`.

    `asked` has every form that came, with the client's id and how it authenticated. `script` holds the next answers as
    (status, body); `lifetime` is what tokens are said to be good for. `basic`: whether HTTP Basic is understood.
    """

    def __init__(self, **clients: str) -> None:
        self.clients = clients
        self.asked: list[dict[str, str]] = []
        self.script: deque[tuple[int, Any]] = deque()
        self.headers: dict[str, str] = {}
        self.lifetime: object = 3600
        self.basic = True
        self.given: list[str] = []
        self.port = 0
        self._runner: web.AppRunner | None = None

    @property
    def url(self) -> str:
        """Of the endpoint."""
        return f"http://127.0.0.1:{self.port}/token"

    async def start(self, tls: ssl.SSLContext | None = None) -> None:
        """Listen on a free port of this machine."""
        app = web.Application()
        app.router.add_post("/token", self._answer)
        self._runner = web.AppRunner(app, access_log=None)
        await self._runner.setup()
        site = web.TCPSite(self._runner, "127.0.0.1", 0, ssl_context=tls)
        await site.start()
        self.port = self._runner.addresses[0][1]

    async def stop(self) -> None:
        """Close the port."""
        if self._runner is not None:
            await self._runner.cleanup()

    async def _answer(self, request: web.Request) -> web.Response:
        form = {name: values[0] for name, values in parse_qs(await request.text()).items()}
        client = self._client_of(request, form)
        self.asked.append({**form, "client": client})
        if self.script:
            status, body = self.script.popleft()
            text = body if isinstance(body, str) else json.dumps(body)
            return web.Response(status=status, text=text, headers=self.headers)
        if not client:
            return web.json_response({"error": "invalid_client", "error_description": str(form)}, status=401)
        token = f"token-{len(self.given) + 1}-of-{client}"
        self.given.append(token)
        return web.json_response({"access_token": token, "token_type": "Bearer", "expires_in": self.lifetime})

    def _client_of(self, request: web.Request, form: dict[str, str]) -> str:
        """Empty for nobody who is known."""
        if "assertion" in form:
            timeless: Any = {"verify_iat": False, "verify_exp": False}
            key = rsa_key().public_key()
            claims = jwt.decode(form["assertion"], key, ["RS256"], audience=self.url, options=timeless)
            return str(claims["iss"])
        kind, _, pair = request.headers.get("authorization", "").partition(" ")
        if kind == "Basic" and self.basic:
            name, _, secret = base64.b64decode(pair).decode().partition(":")
            name, secret = unquote_plus(name), unquote_plus(secret)
        else:
            name, secret = form.get("client_id", ""), form.get("client_secret", "")
        return name if secret and self.clients.get(name) == secret else ""
