"""A whole data plane for tests: documents served by a real Envoy, keys to enter it, providers behind it."""

from __future__ import annotations

import asyncio
import base64
import dataclasses
import io
import json
import time
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import aiohttp
import jwt
import yarl
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from contract.consumer_keys import CONSUMER_KEY_ALGORITHM, CONSUMER_KEY_ISSUER, CONSUMER_KEY_PREFIX
from liaison_agent.compiler.compilation import Compiled, compile_consumer, compile_gateway
from liaison_agent.compiler.options import GatewayOptions
from liaison_agent.compiler.packing import Packer
from liaison_agent.gateway import EnvoyGateway
from liaison_agent.ports import ApplyOutcome
from liaison_agent.state import Configuration, Desired
from tests.fakes.compiling import WORKSPACE
from tests.fakes.scripted_upstream import ScriptedUpstream

_LARGE = 1_000_000
ADDRESSES = {"localhost": ("127.0.0.1",)}
CHAT = "/v1/chat/completions"


@dataclass(frozen=True, slots=True)
class SigningKey:
    """Signs consumer keys as the control plane does, and anything else a test needs."""

    kid: str = "k1"
    private: Ed25519PrivateKey = field(default_factory=Ed25519PrivateKey.generate)

    @property
    def jwk(self) -> dict[str, str]:
        """The public half, as it stands in a JWKS."""
        point = base64.urlsafe_b64encode(self.private.public_key().public_bytes_raw()).rstrip(b"=").decode()
        return {"kty": "OKP", "crv": "Ed25519", "x": point, "kid": self.kid, "alg": "EdDSA", "use": "sig"}

    def sign(self, subject: str = "everyone", *, headers: dict[str, Any] | None = None, **claims: Any) -> str:
        """A key; claims override the usual ones, None removes one."""
        usual = {
            "iss": CONSUMER_KEY_ISSUER,
            "aud": WORKSPACE,
            "sub": subject,
            "jti": "key-1",
            "exp": int(time.time()) + 600,
        }
        kept = {name: value for name, value in {**usual, **claims}.items() if value is not None}
        token = jwt.encode(kept, self.private, CONSUMER_KEY_ALGORITHM, headers=headers or {"kid": self.kid})
        return CONSUMER_KEY_PREFIX + token


def text_of(path: Path) -> str:
    """What is in the file, nothing while there is none."""
    return path.read_text() if path.exists() else ""


def jwks_of(*keys: SigningKey) -> bytes:
    """The JWKS of these keys."""
    return json.dumps({"keys": [key.jwk for key in keys]}).encode()


@dataclass(frozen=True, slots=True)
class Answered:
    """What the client got."""

    status: int
    headers: Mapping[str, str]
    body: bytes

    @property
    def error(self) -> dict[str, Any]:
        """OpenAI's error object; fails when the body is nothing else."""
        parsed = json.loads(self.body)
        assert parsed.keys() == {"error"}
        assert parsed["error"].keys() == {"message", "type", "param", "code"}
        assert self.headers["content-type"] == "application/json"
        error: dict[str, Any] = parsed["error"]
        return error


@dataclass
class Plane:
    """One running data plane. `desired` is what it was last told to be; requests to `impatient_port` may not stand
    still for long.
    """

    gateway: EnvoyGateway
    packer: Packer
    options: GatewayOptions
    desired: Desired
    key: SigningKey
    upstreams: Mapping[str, ScriptedUpstream]
    client: aiohttp.ClientSession
    port: int
    impatient_port: int
    compiled: Compiled

    async def apply(self, **changes: Any) -> ApplyOutcome:
        """Become what `desired` with these changes asks for; fails when Envoy refuses any of it."""
        self.desired = dataclasses.replace(self.desired, **changes)
        self.compiled = compile_gateway(
            self.desired, packer=self.packer, options=self.options, addresses=ADDRESSES, previous=self.compiled
        )
        return await self._push()

    async def apply_consumer(self, changed: Configuration | None, user_id: str) -> ApplyOutcome:
        """Change, add or remove one consumer, the short way."""
        others = {user: one for user, one in self.desired.configurations.items() if user != user_id}
        configurations = {**others, user_id: changed} if changed else others
        self.desired = dataclasses.replace(self.desired, configurations=configurations)
        self.compiled = compile_consumer(self.compiled, self.desired, user_id, packer=self.packer)
        return await self._push()

    async def _push(self) -> ApplyOutcome:
        outcome = await self.gateway.apply(self.compiled.resources)
        assert outcome.refused == (), outcome.refused
        return outcome

    def reset(self) -> None:
        """Providers forget everything."""
        for upstream in self.upstreams.values():
            upstream.reset()

    def headers(self, key: str | None = None, **more: str) -> dict[str, str]:
        """The headers of a usual request, by a key of the consumer `everyone` unless told otherwise."""
        usual = {"authorization": f"Bearer {key or self.key.sign()}", "content-type": "application/json"}
        return {**usual, **{name.replace("_", "-"): value for name, value in more.items()}}

    async def request(
        self, method: str, path: str, headers: Mapping[str, str] | None = None, body: Any = None, port: int = 0
    ) -> Answered:
        """Any request; the whole answer."""
        url = yarl.URL(f"http://127.0.0.1:{port or self.port}{path}", encoded=True)
        async with self.client.request(method, url, headers=headers, data=body) as response:
            named = {name.lower(): value for name, value in response.headers.items()}
            return Answered(response.status, named, await response.read())

    async def get(self, path: str, key: str | None = None) -> Answered:
        """GET by a usual key."""
        return await self.request("GET", path, self.headers(key))

    async def chat(self, body: Any, key: str | None = None, path: str = CHAT, **headers: str) -> Answered:
        """POST a chat completion: bytes as they are, anything else as JSON."""
        sent = body if isinstance(body, bytes) or hasattr(body, "__aiter__") else json.dumps(body).encode()
        if isinstance(sent, bytes) and len(sent) > _LARGE:  # else the client warns
            sent = io.BytesIO(sent)
        return await self.request("POST", path, self.headers(key, **headers), sent)

    async def logged(self, answered: Iterable[Answered]) -> list[dict[str, Any]]:
        """The access log's lines of these requests; Envoy writes them within a second or so."""
        ids = [one.headers["x-request-id"] for one in answered]
        found: dict[str, dict[str, Any]] = {}
        while not found.keys() >= set(ids):  # the test's timeout ends it
            await asyncio.sleep(0.05)
            written = await asyncio.to_thread(text_of, Path(self.options.access_log))
            lines = written.splitlines(keepends=True)
            whole = (json.loads(line) for line in lines if line.endswith("\n"))  # the last may be half written
            found = {line["request_id"]: line for line in whole}
        return [found[one] for one in ids]

    async def everything_envoy_shows(self) -> str:
        """Envoy's whole configuration dump."""
        socket = str(Path(self.options.access_log).parent / "state" / "envoy" / "admin.sock")
        async with (
            aiohttp.ClientSession(connector=aiohttp.UnixConnector(socket)) as admin,
            admin.get("http://envoy/config_dump") as response,
        ):
            return await response.text()
