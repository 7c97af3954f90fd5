"""The intermediate form: what the gateway does, in the product's words, before any of it becomes an Envoy message."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import timedelta
from types import MappingProxyType

from contract import BackendRef, ConsumerBackend, ProviderModel
from contract.own_credentials import AwsKeys

SIGNATURE_HEADERS = ("authorization", "x-amz-content-sha256", "x-amz-date", "x-amz-security-token")


@dataclass(frozen=True, slots=True)
class Watch:
    """What takes an upstream out of service for a while. As it stands, nothing does.

    `failures` 5xx in a row eject it for `ejection`, `most_ejected` percent of its addresses at most (one always);
    0 ejects nothing. `probe_path` is asked every `probe_every`, without credentials; empty probes nothing.
    """

    balance: str = "ROUND_ROBIN"
    failures: int = 0
    ejection: timedelta = timedelta(0)
    most_ejected: int = 0
    probe_path: str = ""
    probe_every: timedelta = timedelta(0)
    probe_timeout: timedelta = timedelta(0)

    @property
    def takes_out(self) -> bool:
        """Whether the upstream may come to have no address in service."""
        return bool(self.failures or self.probe_path)


@dataclass(frozen=True, slots=True)
class Upstream:
    """One account at one place: requests that agree in all of this may share connections and a credential.

    `path` is the whole path of a chat completion, maybe with a query. `auth_prefix` is what stands before the secret,
    its space included. `secret` is the secret's name in Envoy, empty when nothing is injected; it has no version, so
    that a rotation changes the secret alone. `variant` tells apart places that one model uses under several names.
    `takes_own_key`: each consumer's scope hands its own secret over, and without it there is none. `signing`: requests
    are signed with these keys of the one consumer that it is there for.
    """

    name: str
    scheme: str
    host: str
    port: int
    path: str
    auth_header: str
    auth_prefix: str
    secret: str
    extra_headers: tuple[tuple[str, str], ...]
    variant: int = 0
    watch: Watch = Watch()
    takes_own_key: bool = False
    signing: AwsKeys | None = None

    @property
    def is_consumers_own(self) -> bool:
        """Whether a consumer pays for what is asked there, not the platform."""
        return self.takes_own_key or self.signing is not None

    @property
    def added_headers(self) -> frozenset[str]:
        """The names of all headers that requests to this place get from us."""
        added = {name for name, _ in self.extra_headers}
        if self.signing is not None:
            return frozenset({*added, *SIGNATURE_HEADERS})
        return frozenset({*added, self.auth_header} if self.secret or self.takes_own_key else added)

    @property
    def authority(self) -> str:
        """The value of the Host header: the port only where it is not the scheme's own."""
        host = f"[{self.host}]" if ":" in self.host else self.host
        usual = {"http": 80, "https": 443}[self.scheme]
        return host if self.port == usual else f"{host}:{self.port}"


@dataclass(frozen=True, slots=True)
class Candidate:
    """An upstream that serves a model, and the name it knows the model by."""

    upstream: Upstream
    model: str


@dataclass(frozen=True, slots=True)
class Model:
    """A model that clients may ask for, with who serves it in order of failover; nobody when every credential lacks.

    `retries` attempts are allowed besides the first at least, on `retry_on` (Envoy's words) besides the usual reasons.
    """

    name: str
    candidates: tuple[Candidate, ...]
    retries: int = 0
    retry_on: str = ""


@dataclass(frozen=True, slots=True)
class Place:
    """Where consumers' own keys count for a model: the twin of where `ref` of the workspace document leads."""

    model: str
    ref: BackendRef
    origin: str
    candidate: Candidate


@dataclass(frozen=True, slots=True)
class Listener:
    """A port that clients connect to, already shifted; `timeout` is how long a request may stand still."""

    name: str
    address: str
    port: int
    timeout: timedelta


@dataclass(frozen=True, slots=True)
class Gateway:
    """What one workspace document says. `secrets` maps a secret's name in Envoy to its full reference, `catalogue` a
    model's name to what the document says of it.
    """

    version: int
    digest: str
    listeners: tuple[Listener, ...]
    models: tuple[Model, ...]
    secrets: tuple[tuple[str, str], ...]
    places: tuple[Place, ...] = ()
    catalogue: Mapping[str, ProviderModel] = field(default_factory=lambda: MappingProxyType({}))

    @property
    def upstreams(self) -> tuple[Upstream, ...]:
        """Every distinct upstream of the platform's, by name."""
        found = {one.upstream.name: one.upstream for model in self.models for one in model.candidates}
        return tuple(found[name] for name in sorted(found))


@dataclass(frozen=True, slots=True)
class Scope:
    """What one consumer may do. `models` is the allow-list in the document's order; None allows every model. `mode`
    says how its own `backends` and the platform's share its requests; empty without any.
    """

    consumer_id: str
    enabled: bool
    models: tuple[str, ...] | None
    backends: tuple[ConsumerBackend, ...] = ()
    mode: str = ""


@dataclass(frozen=True, slots=True)
class LeftOut:
    """Something that a document asks for and the gateway does not get, while the rest of the document takes effect.

    `user_id` is empty for the workspace document. `what` is `document` when nothing of the document took effect.
    """

    user_id: str
    what: str
    why: str

    def __str__(self) -> str:
        return f"{f'consumer {self.user_id}' if self.user_id else 'workspace'}: {self.what}: {self.why}"


WHOLE_DOCUMENT = "document"
