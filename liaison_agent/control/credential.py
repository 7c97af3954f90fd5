"""The token the agent presents: signed by itself, made anew once a lifetime, with the control plane's time in it."""

from __future__ import annotations

from datetime import datetime, timedelta

from contract.agent_tokens import AGENT_TOKEN_LIFETIME, make_agent_token
from liaison_agent.control.identity import Identity
from liaison_agent.ports import Clock

RENEWED_BEFORE_END = timedelta(seconds=60)


class Credential:
    """Lifetimes are measured monotonically, so a stepped wall clock neither hurries nor delays a new token."""

    def __init__(self, identity: Identity, clock: Clock) -> None:
        self._identity = identity
        self._clock = clock
        self._offset = timedelta(0)
        self._token = ""
        self._renew_at = clock.monotonic()

    def token(self) -> str:
        """A token good for a minute at least."""
        if not self._token or self._clock.monotonic() >= self._renew_at:
            self._token = make_agent_token(
                self._identity.keys.signing_key,
                dataplane_id=self._identity.dataplane_id,
                workspace_id=self._identity.workspace_id,
                now=self._clock.now() + self._offset,
                audience=self._identity.token_audience,
            )
            lasts = AGENT_TOKEN_LIFETIME - RENEWED_BEFORE_END
            self._renew_at = self._clock.monotonic() + lasts.total_seconds()
        return self._token

    def correct(self, server_time: datetime) -> None:
        """From now on tell time as the control plane does, and forget the present token."""
        self._offset = server_time - self._clock.now()
        self._token = ""
