"""What the router learns across requests: better choices, and when to stay with a model."""

from __future__ import annotations

from typing import Annotated, Literal

from contract.fields import HeaderName, Part, says
from contract.router_settings.values import Amount, Chosen, Credential, Line, Place, Whole

CandidateSet = Literal["decision", "tier", "global"]


class LearningAdaptation(Part):
    """Proposes better models; on as soon as learning is on."""

    enabled: Annotated[bool, says("whether it does")] = True
    candidate_set: Annotated[
        Chosen[CandidateSet], says("among which models: the decision's, those of its tier, or all")
    ] = "decision"
    strategy: Annotated[Chosen[Literal["routing_sampling"]], says("how: by trying other models now and then")] = (
        "routing_sampling"
    )


class IdentityHeaders(Part):
    """The request headers that tell which requests belong together."""

    session: Annotated[HeaderName, says("with the session's id")] = "x-session-id"
    conversation: Annotated[HeaderName, says("with the conversation's id")] = "x-conversation-id"


class ProtectionIdentity(Part):
    """How it is known which requests belong together."""

    headers: IdentityHeaders = IdentityHeaders()


class ProtectionTuning(Part):
    """How strongly a model is kept; what is not written is the engine's own default."""

    idle_timeout_seconds: Annotated[Whole | None, says("after so long without a request any model may be chosen")] = (
        None
    )
    min_turns_before_switch: Annotated[Whole | None, says("so many turns stay with a model")] = None
    switch_margin: Annotated[Amount | None, says("by how much another model has to be better")] = None
    stability_weight: Annotated[Amount | None, says("how much staying counts beside the better choice")] = None


class LearningProtection(Part):
    """Keeps a conversation, or a whole session, with its model; on as soon as learning is on."""

    enabled: Annotated[bool, says("whether it does")] = True
    scope: Annotated[
        Chosen[Literal["conversation", "session"]], says("for how long: a conversation, or a whole session")
    ] = "conversation"
    identity: ProtectionIdentity = ProtectionIdentity()
    tuning: ProtectionTuning = ProtectionTuning()


class LearningRedis(Part):
    """A Redis server, and where in it."""

    address: Annotated[Place, says("host:port")] = ""
    password: Annotated[Credential, says("what the router presents; none if empty")] = ""
    database: Annotated[Whole, says("its database, by number")] = 0
    key_prefix: Annotated[Line, says("how the router's keys begin")] = ""


class LearningStateStore(Part):
    """Where protection keeps what several routers must agree on."""

    backend: Annotated[Chosen[Literal["local", "redis"]], says("in the router itself, or in Redis")] = "local"
    ttl_seconds: Annotated[Whole, says("for how long")] = 86400
    timeout_ms: Annotated[Whole, says("milliseconds a read or write may take")] = 50
    redis: LearningRedis | None = None


class RouterLearning(Part):
    """Learning across requests, off until it is enabled."""

    enabled: Annotated[bool, says("whether the router learns")] = False
    adaptation: LearningAdaptation = LearningAdaptation()
    protection: LearningProtection = LearningProtection()
    state_store: LearningStateStore = LearningStateStore()
