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

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from functools import partial, reduce

from contract import ContractError
from liaison_agent.compiler import names
from liaison_agent.compiler.access import compile_key_check, compile_version_mark
from liaison_agent.compiler.clusters import compile_cluster
from liaison_agent.compiler.credentials import compile_secrets
from liaison_agent.compiler.differences import changed_consumers
from liaison_agent.compiler.documents import allowed_models, read_consumer, read_workspace
from liaison_agent.compiler.gateway import WHOLE_DOCUMENT, Gateway, LeftOut, Model
from liaison_agent.compiler.listeners import compile_listener
from liaison_agent.compiler.memo import Memo
from liaison_agent.compiler.options import GatewayOptions
from liaison_agent.compiler.packing import Packer, PackError, type_url
from liaison_agent.compiler.revocations import TABLES, compile_revocations
from liaison_agent.compiler.scopes import (
    Front,
    compile_own_scope,
    compile_shared_profile,
    compile_shared_scope,
    pack_front,
    scope_key,
)
from liaison_agent.state import WORKSPACE_USER_ID, Configuration, Desired, Resource, ResourceKey, ResourceSet, slot_of

_DEFAULTS = GatewayOptions()

# Who may enter: pushed before anything else, so that it never waits for a cluster to warm.
URGENT: tuple[ResourceKey, ...] = tuple((type_url(names.EXTENSION), name) for name in (names.KEY_CHECK, *TABLES))


# From here on, going through everybody once is cheaper than making a new set of resources for each of them.
_FEW = 50


@dataclass(frozen=True, slots=True)
class _Origin:
    """What a result was compiled from, so that the next one can start there."""

    desired: Desired
    gateway: Gateway
    port_offset: int
    options: GatewayOptions
    memo: Memo


@dataclass(frozen=True, slots=True)
class Compiled:
    """The resources of a gateway, and what of the documents could not become one."""

    resources: ResourceSet
    left_out: tuple[LeftOut, ...]
    origin: _Origin | None = field(default=None, repr=False, compare=False)

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
    previous: Compiled | None = None,
) -> Compiled:
    """All resources of the gateway; without a workspace document, none. Equal input gives equal output.

    `previous` only saves work: what follows from the same content is taken from it.
    Raises `PackError` when the workspace document cannot be read.
    """
    workspace, origin = desired.workspace, previous.origin if previous else None
    if workspace is None:
        return Compiled(ResourceSet(), ())
    if previous and origin and (origin.port_offset, origin.options) == (port_offset, options):
        users = changed_consumers(origin.desired, desired)
        if users is not None and len(users) <= _FEW and not origin.memo.overgrown:
            return reduce(lambda result, user: compile_consumer(result, desired, user, packer=packer), users, previous)
    memo = origin.memo.renewed() if origin else Memo()
    try:
        gateway, left_out = read_workspace(workspace, desired.secrets.keys(), desired.origins, port_offset)
    except ContractError as error:
        raise PackError(f"the workspace document cannot be read: {error}") from error
    resources = [
        compile_key_check(desired.workspace_id, desired.jwks, packer),
        *compile_revocations(desired.revoked, packer, memo),
        compile_version_mark(workspace, packer),
        *compile_secrets(gateway, desired.secrets, packer),
        *_compile_gateway(gateway, options, packer, memo),
    ]
    left = list(left_out)
    for configuration in desired.configurations.values():
        if configuration.user_id != WORKSPACE_USER_ID:
            scopes, lacking = _compile_scope(gateway, configuration, packer, memo)
            resources += scopes
            left += lacking
    made_of = _Origin(desired, gateway, port_offset, options, memo.settled())
    return Compiled(ResourceSet(resources), tuple(left), made_of)


def compile_consumer(previous: Compiled, desired: Desired, user_id: str, *, packer: Packer) -> Compiled:
    """`previous` with one consumer as `desired` has it now (changed, new or gone); everything else stays as it was.

    The cost does not depend on the number of consumers. Gives what `compile_gateway` would, if nothing but this
    consumer's configuration differs.
    """
    origin = previous.origin
    if origin is None:
        return previous
    configuration = desired.configurations.get(user_id)
    scopes, lacking = _compile_scope(origin.gateway, configuration, packer, origin.memo) if configuration else ([], ())
    resources = previous.resources.changed_by(scopes, [scope_key(user_id)])
    others = (one for one in previous.left_out if one.user_id != user_id)
    return Compiled(resources, (*others, *lacking), replace(origin, desired=desired))


def _compile_gateway(gateway: Gateway, options: GatewayOptions, packer: Packer, memo: Memo) -> Iterable[Resource]:
    for upstream in gateway.upstreams:
        yield memo.remember(("cluster", upstream, options), partial(compile_cluster, upstream, options, packer))
    for listener in gateway.listeners:
        yield memo.remember(("listener", listener, options), partial(compile_listener, listener, options, packer))
    yield from compile_shared_profile(_front(gateway.models, packer, memo), packer)


def _front(models: tuple[Model, ...], packer: Packer, memo: Memo) -> Front:
    return memo.remember(("front", models), lambda: pack_front(models, packer))


def _compile_scope(
    gateway: Gateway, configuration: Configuration, packer: Packer, memo: Memo
) -> tuple[list[Resource], tuple[LeftOut, ...]]:
    user, version, digest = configuration.user_id, configuration.version, configuration.digest
    try:
        scope = memo.remember(("document", digest), lambda: read_consumer(configuration))
    except ContractError as error:
        return [], (LeftOut(user, WHOLE_DOCUMENT, str(error)),)
    if scope.consumer_id != user:
        return [], (LeftOut(user, WHOLE_DOCUMENT, f"it is the document of {scope.consumer_id}"),)
    if not scope.enabled:
        return [], ()
    if scope.models is None:
        return [memo.remember(("shared scope", user), lambda: compile_shared_scope(configuration, packer))], ()
    models, lacking = allowed_models(gateway, scope)
    front = _front(models, packer, memo)
    key = ("own scope", user, version, digest, front.digest)
    return [memo.remember(key, lambda: compile_own_scope(configuration, front, packer))], lacking
