"""What the data plane should be, and what it is made of: plain values that every part of the agent may share."""

import hashlib
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from types import MappingProxyType

WORKSPACE_USER_ID = ""
WORKSPACE_SLOT = "config/"
KEYS_SLOT = "gatekeeper_keys"
REVOCATIONS_SLOT = "revocations"

ResourceKey = tuple[str, str]
"""A resource's type URL and name: what delta xDS tells resources apart by."""


def slot_of(user_id: str) -> str:
    """The slot of a configuration: `config/` for the workspace document, `config/<user>` for a consumer's."""
    return f"{WORKSPACE_SLOT}{user_id}"


@dataclass(frozen=True, slots=True)
class Configuration:
    """One delivered document; `user_id` is empty for the workspace's own. `digest` is the sha256 of `document`."""

    workspace_id: str
    user_id: str
    version: int
    revision: int
    digest: str
    document: bytes = field(repr=False)


@dataclass(frozen=True, slots=True)
class Desired:
    """Everything the gateway should be. `configurations` is keyed by user id, `secrets` by full reference
    (`secret://name@3`); secrets' values never appear in a repr. `jwks` is the JSON of the public consumer keys.
    `origins` says of a reference the only place (`https://host:port`) that its secret may be sent to. `revoked` has the
    ids (`jti`) of consumer keys that are refused although they are well signed. `withheld` says of a reference that is
    not among the secrets why it cannot be presented yet."""

    workspace_id: str
    configurations: Mapping[str, Configuration]
    jwks: bytes
    secrets: Mapping[str, str] = field(repr=False)
    origins: Mapping[str, str] = field(default_factory=lambda: MappingProxyType({}))
    revoked: frozenset[str] = field(default=frozenset(), repr=False)
    withheld: Mapping[str, str] = field(default_factory=lambda: MappingProxyType({}))

    @property
    def workspace(self) -> Configuration | None:
        """The workspace document, or None before the first one has come."""
        return self.configurations.get(WORKSPACE_USER_ID)


@dataclass(frozen=True, slots=True)
class Resource:
    """One xDS resource, packed. `version` is the first 32 hex digits of the body's sha256, so equal bodies are equal
    versions; `slot` says whose configuration asks for it, hence whose event ends FAILED when Envoy refuses it."""

    type_url: str
    name: str
    body: bytes = field(repr=False)
    version: str
    slot: str

    @classmethod
    def of(cls, type_url: str, name: str, body: bytes, slot: str) -> "Resource":
        """A resource whose version is computed from its body."""
        return cls(type_url, name, body, hashlib.sha256(body).hexdigest()[:32], slot)

    @property
    def key(self) -> ResourceKey:
        """What delta xDS tells this resource apart by."""
        return self.type_url, self.name


_BUCKETS = 256
_Bucket = dict[ResourceKey, Resource]


class ResourceSet(Mapping[ResourceKey, Resource]):
    """An immutable set of resources. Sets made from one another share their unchanged buckets, so that changing one of
    10,000 resources, or comparing two such sets, costs the same as with ten. Iteration is in no particular order."""

    __slots__ = ("_buckets", "_size")

    def __init__(self, resources: Iterable[Resource] = ()) -> None:
        """Later resources replace earlier ones of the same key."""
        buckets: list[_Bucket] = [{} for _ in range(_BUCKETS)]
        for resource in resources:
            buckets[hash(resource.key) % _BUCKETS][resource.key] = resource
        self._buckets = tuple(buckets)
        self._size = sum(map(len, buckets))

    def __getitem__(self, key: ResourceKey) -> Resource:
        return self._buckets[hash(key) % _BUCKETS][key]

    def __iter__(self) -> Iterator[ResourceKey]:
        for bucket in self._buckets:
            yield from bucket

    def __len__(self) -> int:
        return self._size

    def __repr__(self) -> str:
        return f"ResourceSet({self._size} resources)"

    def changed_by(self, put: Iterable[Resource] = (), drop: Iterable[ResourceKey] = ()) -> "ResourceSet":
        """This set without the keys in `drop` (unknown ones are passed over), then with the resources in `put`."""
        buckets = list(self._buckets)
        own: set[int] = set()

        def open_bucket(key: ResourceKey) -> _Bucket:
            index = hash(key) % _BUCKETS
            if index not in own:
                own.add(index)
                buckets[index] = dict(buckets[index])
            return buckets[index]

        for key in drop:
            open_bucket(key).pop(key, None)
        for resource in put:
            open_bucket(resource.key)[resource.key] = resource
        return self._of(tuple(buckets))

    def diff(self, other: "ResourceSet") -> tuple[tuple[Resource, ...], tuple[ResourceKey, ...]]:
        """What turns this set into `other`: the resources that are new or of another version there, and the keys that
        are gone there; both sorted by key."""
        changed: list[Resource] = []
        removed: list[ResourceKey] = []
        for mine, theirs in zip(self._buckets, other._buckets, strict=True):
            if mine is theirs:
                continue
            changed += (new for key, new in theirs.items() if key not in mine or mine[key].version != new.version)
            removed += (key for key in mine if key not in theirs)
        return tuple(sorted(changed, key=lambda resource: resource.key)), tuple(sorted(removed))

    def of_type(self, type_url: str) -> Mapping[str, Resource]:
        """The resources of one type by name; costs a walk over the whole set."""
        found = {name: resource for (kind, name), resource in self.items() if kind == type_url}
        return MappingProxyType(found)

    @classmethod
    def _of(cls, buckets: tuple[_Bucket, ...]) -> "ResourceSet":
        made = cls.__new__(cls)
        made._buckets = buckets
        made._size = sum(map(len, buckets))
        return made
