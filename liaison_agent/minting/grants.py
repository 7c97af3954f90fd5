"""How each kind of credential is exchanged for an access token: by itself, or by an assertion signed with its key."""

from __future__ import annotations

import asyncio
import base64
from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Final, Protocol
from urllib.parse import quote_plus

import jwt

from contract.own_credentials import OAuthClient, ServiceAccount, WholeCredential, token_host
from liaison_agent.minting.access_tokens import AccessToken, MintError, read_token
from liaison_agent.ports import Clock

_ASSERTION_LIFETIME: Final = timedelta(hours=1)
_FAST_CLOCK: Final = timedelta(seconds=30)  # an assertion from the future is refused
_JWT_BEARER: Final = "urn:ietf:params:oauth:grant-type:jwt-bearer"


class Post(Protocol):
    """Posts a form; status and body, whatever they are. Raises MintError."""

    async def __call__(self, url: str, form: Mapping[str, str], headers: Mapping[str, str]) -> tuple[int, bytes]: ...


class Grant(Protocol):
    """One credential, ready to be exchanged."""

    async def mint(self) -> AccessToken:
        """A fresh token. Raises MintError."""


class ClientCredentials:
    """RFC 6749 section 4.4. The client authenticates by HTTP Basic, which every server must understand (2.3.1); one
    that refuses it is asked with the secret in the form, and so from then on."""

    def __init__(self, client: OAuthClient, post: Post) -> None:
        self._client = client
        self._post = post
        self._in_form = False

    async def mint(self) -> AccessToken:
        """See `Grant`."""
        status, body = await self._ask(in_form=self._in_form)
        if status in (400, 401) and not self._in_form:
            other_status, other_body = await self._ask(in_form=True)
            if other_status == 200:
                self._in_form, status, body = True, other_status, other_body
        return read_token(token_host(self._client), status, body)

    async def _ask(self, *, in_form: bool) -> tuple[int, bytes]:
        client = self._client
        form = {"grant_type": "client_credentials"}
        if client.scopes:
            form["scope"] = " ".join(client.scopes)
        if client.audience:
            form["audience"] = client.audience
        headers = {"accept": "application/json"}
        if in_form:
            form |= {"client_id": client.client_id, "client_secret": client.client_secret}
        else:
            pair = f"{quote_plus(client.client_id)}:{quote_plus(client.client_secret)}"
            headers["authorization"] = f"Basic {base64.b64encode(pair.encode()).decode()}"
        return await self._post(client.token_url, form, headers)


class SignedAssertion:
    """RFC 7523: the account's key signs who asks and for what, and never leaves the data plane."""

    def __init__(self, account: ServiceAccount, post: Post, clock: Clock) -> None:
        self._account = account
        self._post = post
        self._clock = clock

    async def mint(self) -> AccessToken:
        """See `Grant`."""
        account = self._account
        # Loading the key checks it, which takes a quarter of a second: not on the loop that everything else runs on.
        assertion = await asyncio.to_thread(assertion_of, account, self._clock.now())
        form = {"grant_type": _JWT_BEARER, "assertion": assertion}
        status, body = await self._post(account.token_url, form, {"accept": "application/json"})
        return read_token(token_host(account), status, body)


def assertion_of(account: ServiceAccount, now: datetime) -> str:
    """The JWT that is exchanged, good for an hour from `now`. Raises MintError."""
    issued = now - _FAST_CLOCK
    claims = {
        "iss": account.client_email,
        "scope": " ".join(account.scopes),
        "aud": account.token_url,
        "iat": int(issued.timestamp()),
        "exp": int((issued + _ASSERTION_LIFETIME).timestamp()),
    }
    try:
        return jwt.encode(claims, account.private_key, "RS256", headers={"kid": account.private_key_id})
    except (ValueError, TypeError, jwt.PyJWTError):
        raise MintError("the service account's key does not sign; save the backend again", refused=True) from None


def grant_of(credential: WholeCredential, post: Post, clock: Clock) -> Grant:
    """The exchange for that credential. Raises MintError for one that tokens are not got for."""
    if isinstance(credential, OAuthClient):
        return ClientCredentials(credential, post)
    if isinstance(credential, ServiceAccount):
        return SignedAssertion(credential, post, clock)
    raise MintError("access tokens are not got for this kind of credential", refused=True)
