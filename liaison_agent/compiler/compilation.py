"""Documents in, xDS resources out: pure, total, and at the cost of what changed.

How each type is proven to run, by reading it back from Envoy's `/config_dump`:

| type | section, filtered by `name_regex` | proof |
|---|---|---|
| clusters | `dynamic_active_clusters` | `version_info` is the resource's version |
| listeners | `dynamic_listeners` | `active_state.version_info` is the resource's version |
| secrets | `dynamic_active_secrets` | `version_info` is the resource's version (values are redacted) |
| key check, revocations, version mark | `ecds_filters` | `version_info` is the resource's version |
| shared profile | `dynamic_route_configs` | `version_info` is the resource's version |
| scopes | `dynamic_scoped_route_configs` | the content is the resource's, for Envoy shows no version of its own |

A version is the digest of the packed body, so the same version is the same content. A secret is read back only once a
cluster uses it; a consumer without a scope (disabled) is proven by its scope's absence. A consumer's own scope carries
the document's version and digest in the metadata of its virtual host, the version mark those of the workspace document,
so that a new version is always something to push and to read back, except on the shared profile, where nothing of the
consumer's document shows but that there is one.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from functools import partial, reduce
from types import MappingProxyType

from contract import ContractError
from liaison_agent.compiler import names
from liaison_agent.compiler.access import compile_key_check, compile_version_mark
from liaison_agent.compiler.clusters import compile_cluster, is_literal
from liaison_agent.compiler.credentials import compile_secret, compile_secrets
from liaison_agent.compiler.differences import changed_consumers
from liaison_agent.compiler.documents import allowed_models, read_consumer, read_workspace
from liaison_agent.compiler.gateway import WHOLE_DOCUMENT, Gateway, LeftOut, Model, Upstream
from liaison_agent.compiler.listeners import compile_listener
from liaison_agent.compiler.memo import Memo
from liaison_agent.compiler.options import GatewayOptions
from liaison_agent.compiler.own_backends import with_own_backends
from liaison_agent.compiler.packing import Packer, PackError, type_url
from liaison_agent.compiler.revocations import TABLES, compile_revocations
from liaison_agent.compiler.scopes import (
    Front,
    compile_own_scope,
    compile_shared_profile,
    compile_shared_scope,
    pack_front,
)
from liaison_agent.state import (
    WORKSPACE_SLOT,
    WORKSPACE_USER_ID,
    Configuration,
    Desired,
    Resource,
    ResourceKey,
    ResourceSet,
    slot_of,
)

Addresses = Mapping[str, tuple[str, ...]]
"""What each host name resolves to, checked already; a name that is not in it has no address yet."""

_DEFAULTS = GatewayOptions()
_NO_ADDRESSES: Addresses = MappingProxyType({})

# Who may enter: pushed before anything else, so that it never waits for a cluster to warm.
URGENT: tuple[ResourceKey, ...] = tuple((type_url(names.EXTENSION), name) for name in (names.KEY_CHECK, *TABLES))


# From here on, going through everybody once is cheaper than making a new set of resources for each of them.
_FEW = 50


@dataclass(frozen=True, slots=True)
class _Around:
    """What is not in any document: files and rules of this machine, and what names resolve to."""

    options: GatewayOptions
    addresses: Addresses


@dataclass(frozen=True, slots=True)
class _Origin:
    """What a result was compiled from, so that the next one can start there. `twins`, `hosts`: how many consumers' own
    backends use each.
    """

    desired: Desired
    gateway: Gateway
    port_offset: int
    around: _Around
    memo: Memo
    twins: Counter[Upstream]
    hosts: Counter[str]


@dataclass(frozen=True, slots=True)
class Compiled:
    """The resources of a gateway, and what of the documents could not become one."""

    resources: ResourceSet
    left_out: tuple[LeftOut, ...]
    origin: _Origin | None = field(default=None, repr=False, compare=False)

    @property
    def hosts(self) -> frozenset[str]:
        """The names that the gateway's upstreams are at, which have to be resolved for it."""
        if self.origin is None:
            return frozenset()
        platform = (upstream.host for upstream in self.origin.gateway.upstreams)
        return frozenset(host for host in (*platform, *self.origin.hosts) if not is_literal(host))

    @property
    def unreadable(self) -> Mapping[str, str]:
        """The slots of consumer documents that were left out whole, and why. Such a consumer has no scope, so whoever
        applies a change of its document should refuse that version.
        """
        return {slot_of(one.user_id): one.why for one in self.left_out if one.what == WHOLE_DOCUMENT}


def compile_gateway(
    desired: Desired,
    *,
    packer: Packer,
    port_offset: int = 0,
    options: GatewayOptions = _DEFAULTS,
    addresses: Addresses = _NO_ADDRESSES,
    previous: Compiled | None = None,
) -> Compiled:
    """All resources of the gateway; without a workspace document, none. Equal input gives equal output.

    `addresses`: see `Addresses`. `previous` only saves work: what follows from the same content is taken from it.
    Raises `PackError` when the workspace document cannot be read.
    """
    workspace, origin = desired.workspace, previous.origin if previous else None
    if workspace is None:
        return Compiled(ResourceSet(), ())
    around = _Around(options, addresses)
    if previous and origin and (origin.port_offset, origin.around) == (port_offset, around):
        users = changed_consumers(origin.desired, desired)
        if users is not None and len(users) <= _FEW and not origin.memo.overgrown:
            before = origin.desired
            return reduce(lambda result, user: _replaced(result, before, desired, user, packer), users, previous)
    memo = origin.memo.renewed() if origin else Memo()
    secrets, places = options.with_variables(desired.secrets), options.with_places(desired.origins)
    try:
        gateway, left_out = read_workspace(workspace, secrets.keys(), places, port_offset, options.egress)
    except ContractError as error:
        raise PackError(f"the workspace document cannot be read: {error}") from error
    resources = [
        compile_key_check(desired.workspace_id, desired.jwks, packer),
        *compile_revocations(desired.revoked, packer, memo),
        compile_version_mark(workspace, packer),
        *compile_secrets(gateway, secrets, packer),
        *_compile_gateway(gateway, around, packer, memo),
    ]
    left, twins, hosts = list(left_out), Counter[Upstream](), Counter[str]()
    for configuration in desired.configurations.values():
        if configuration.user_id != WORKSPACE_USER_ID:
            made = _compile_scope(gateway, desired, configuration, around, packer, memo)
            resources += made.resources
            left += made.left_out
            twins.update(made.twins)
            hosts.update(made.hosts)
    resources += (_cluster(twin, around, packer, memo) for twin in twins)
    made_of = _Origin(desired, gateway, port_offset, around, memo.settled(), twins, hosts)
    return Compiled(ResourceSet(resources), tuple(left), made_of)


def compile_consumer(previous: Compiled, desired: Desired, user_id: str, *, packer: Packer) -> Compiled:
    """`previous` with one consumer as `desired` has it now (changed, new or gone); everything else stays as it was.

    The cost does not depend on the number of consumers. Gives what `compile_gateway` would, if nothing but this
    consumer's configuration differs.
    """
    return _replaced(previous, previous.origin.desired, desired, user_id, packer) if previous.origin else previous


def _replaced(previous: Compiled, before: Desired, desired: Desired, user_id: str, packer: Packer) -> Compiled:
    """`previous`, in which this consumer is still as `before` has it, with the consumer as `desired` has it."""
    origin = previous.origin
    if origin is None:
        return previous
    made, was = _of_consumer(origin, desired, user_id, packer), _of_consumer(origin, before, user_id, packer)
    twins = origin.twins + Counter(made.twins) - Counter(was.twins)
    hosts = origin.hosts + Counter(made.hosts) - Counter(was.hosts)
    shared = [_cluster(twin, origin.around, packer, origin.memo) for twin in made.twins]
    unused = [(type_url(names.CLUSTER), twin.name) for twin in was.twins if twin not in twins]
    gone = [one.key for one in was.resources]
    resources = previous.resources.changed_by([*made.resources, *shared], [*gone, *unused])
    others = (one for one in previous.left_out if one.user_id != user_id)
    return Compiled(resources, (*others, *made.left_out), replace(origin, desired=desired, twins=twins, hosts=hosts))


def _compile_gateway(gateway: Gateway, around: _Around, packer: Packer, memo: Memo) -> Iterable[Resource]:
    for upstream in gateway.upstreams:
        yield _cluster(upstream, around, packer, memo)
    options = around.options
    for listener in gateway.listeners:
        yield memo.remember(("listener", listener, options), partial(compile_listener, listener, options, packer))
    yield from compile_shared_profile(_front(gateway.models, packer, memo), packer)


def _front(models: tuple[Model, ...], packer: Packer, memo: Memo) -> Front:
    return memo.remember(("front", models), lambda: pack_front(models, packer))


def _cluster(upstream: Upstream, around: _Around, packer: Packer, memo: Memo, slot: str = WORKSPACE_SLOT) -> Resource:
    found = around.addresses.get(upstream.host, ())
    make = partial(compile_cluster, upstream, around.options, found, packer, slot)
    return memo.remember(("cluster", upstream, around.options, found, slot), make)


@dataclass(frozen=True, slots=True)
class _OfConsumer:
    """What one consumer's document makes: its resources, what was left out, the twins it shares with others, and where
    its own backends are.
    """

    resources: tuple[Resource, ...] = ()
    left_out: tuple[LeftOut, ...] = ()
    twins: tuple[Upstream, ...] = ()
    hosts: tuple[str, ...] = ()


def _of_consumer(origin: _Origin, desired: Desired, user_id: str, packer: Packer) -> _OfConsumer:
    """What `desired` makes of one consumer, nothing without a document; the same as it did before, at no cost."""
    configuration = desired.configurations.get(user_id)
    if configuration is None:
        return _OfConsumer()
    return _compile_scope(origin.gateway, desired, configuration, origin.around, packer, origin.memo)


def _compile_scope(
    gateway: Gateway,
    desired: Desired,
    configuration: Configuration,
    around: _Around,
    packer: Packer,
    memo: Memo,
) -> _OfConsumer:
    user, version, digest = configuration.user_id, configuration.version, configuration.digest
    slot = slot_of(user)
    try:
        scope = memo.remember(("document", digest), lambda: read_consumer(configuration))
    except ContractError as error:
        return _OfConsumer((), (LeftOut(user, WHOLE_DOCUMENT, str(error)),))
    if scope.consumer_id != user:
        return _OfConsumer((), (LeftOut(user, WHOLE_DOCUMENT, f"it is the document of {scope.consumer_id}"),))
    if not scope.enabled:
        return _OfConsumer()
    if scope.models is None and not scope.backends:
        return _OfConsumer(
            (memo.remember(("shared scope", user), lambda: compile_shared_scope(configuration, packer)),)
        )
    models, lacking = allowed_models(gateway, scope)
    own = with_own_backends(gateway, scope, models, desired, around.options.egress)
    front = _front(own.models, packer, memo)
    key = ("own scope", user, version, digest, front.digest, own.handovers)
    resources = [memo.remember(key, lambda: compile_own_scope(configuration, front, packer, own.handovers))]
    for name, reference in own.secrets:
        value = desired.secrets[reference]
        make_secret = partial(compile_secret, name, value, packer, slot)
        resources.append(memo.remember(("own secret", name, value), make_secret))
    resources += (_cluster(upstream, around, packer, memo, slot) for upstream in own.upstreams)
    hosts = tuple(upstream.host for upstream in (*own.upstreams, *own.twins))
    return _OfConsumer(tuple(resources), (*lacking, *own.left_out), own.twins, hosts)
