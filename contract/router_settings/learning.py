"""What the router learns across requests: better choices, and when to stay with a model."""

from __future__ import annotations

from typing import Literal

from contract.fields import HeaderName, Part
from contract.router_settings.values import Amount, Chosen, Credential, Line, Place, Whole

CandidateSet = Literal["decision", "tier", "global"]


class LearningAdaptation(Part):
    """Proposes better models; on as soon as learning is on."""

    enabled: bool = True
    candidate_set: Chosen[CandidateSet] = "decision"
    strategy: Chosen[Literal["routing_sampling"]] = "routing_sampling"


class IdentityHeaders(Part):
    session: HeaderName = "x-session-id"
    conversation: HeaderName = "x-conversation-id"


class ProtectionIdentity(Part):
    headers: IdentityHeaders = IdentityHeaders()


class ProtectionTuning(Part):
    idle_timeout_seconds: Whole | None = None
    min_turns_before_switch: Whole | None = None
    switch_margin: Amount | None = None
    stability_weight: Amount | None = None


class LearningProtection(Part):
    """Keeps a conversation, or a whole session, with its model; on as soon as learning is on."""

    enabled: bool = True
    scope: Chosen[Literal["conversation", "session"]] = "conversation"
    identity: ProtectionIdentity = ProtectionIdentity()
    tuning: ProtectionTuning = ProtectionTuning()


class LearningRedis(Part):
    address: Place = ""
    password: Credential = ""
    database: Whole = 0
    key_prefix: Line = ""


class LearningStateStore(Part):
    """Where protection keeps what several routers must agree on."""

    backend: Chosen[Literal["local", "redis"]] = "local"
    ttl_seconds: Whole = 86400
    timeout_ms: Whole = 50
    redis: LearningRedis | None = None


class RouterLearning(Part):
    """Learning across requests, off until it is enabled."""

    enabled: bool = False
    adaptation: LearningAdaptation = LearningAdaptation()
    protection: LearningProtection = LearningProtection()
    state_store: LearningStateStore = LearningStateStore()
