"""One scope a consumer: which routes its requests see. A consumer without a scope is nobody.

Consumers who may use every model share one profile, delivered as a route configuration of its own (about 3 KB a
consumer). Others carry their routes in the scope itself, so that a change is one resource and takes effect at once.
"""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass, field

from liaison_agent.compiler import names
from liaison_agent.compiler.credentials import hand_over
from liaison_agent.compiler.gateway import Model
from liaison_agent.compiler.own_backends import Handover
from liaison_agent.compiler.packing import Fields, Packer, type_url
from liaison_agent.compiler.routes import longest_answer, virtual_host
from liaison_agent.state import WORKSPACE_SLOT, Configuration, Resource, slot_of

_VIRTUAL_HOST = "envoy.config.route.v3.VirtualHost"
# No consumer's id starts with a space, so nobody enters by this key. It keeps the shared profile loaded while no
# consumer uses it yet: the first one who does finds its routes there instead of waiting for them.
_KEEPER_KEY = " shared profile"


@dataclass(frozen=True, slots=True)
class Front:
    """The packed routes of one set of models, shared by every consumer with just that set."""

    body: bytes = field(repr=False)
    digest: str
    longest_answer: int


def pack_front(models: Sequence[Model], packer: Packer) -> Front:
    """Pack the routes of these models."""
    body = packer.pack(_VIRTUAL_HOST, virtual_host(models))
    return Front(body, hashlib.sha256(body).hexdigest(), longest_answer(models))


def compile_shared_profile(front: Front, packer: Packer) -> list[Resource]:
    """The route configuration of consumers without a list, and the scope that keeps it loaded."""
    profile = packer.pack(
        names.ROUTES,
        {
            "name": names.SHARED_PROFILE,
            "virtual_hosts": [{}],
            "max_direct_response_body_size_bytes": front.longest_answer,
        },
        {"virtual_hosts": front.body},
    )
    keeper = _scope_name("")
    return [
        Resource.of(type_url(names.ROUTES), names.SHARED_PROFILE, profile, WORKSPACE_SLOT),
        _scope(keeper, _KEEPER_KEY, {"route_configuration_name": names.SHARED_PROFILE}, {}, WORKSPACE_SLOT, packer),
    ]


def compile_shared_scope(configuration: Configuration, packer: Packer) -> Resource:
    """The scope of a consumer who may use every model."""
    user = configuration.user_id
    fields = {"route_configuration_name": names.SHARED_PROFILE}
    return _scope(_scope_name(user), user, fields, {}, slot_of(user), packer)


def compile_own_scope(
    configuration: Configuration, front: Front, packer: Packer, handovers: Sequence[Handover] = ()
) -> Resource:
    """The scope of a consumer with a list of models or keys of its own, its routes within; marked with its document's
    version. Its secrets are handed over for the whole scope, each to the hook of one upstream.
    """
    user = configuration.user_id
    mark = {names.CONSUMER_VERSION: str(configuration.version), names.DIGEST: configuration.digest}
    fields = {
        "route_configuration": {
            "name": _scope_name(user),
            "virtual_hosts": [{"metadata": {"filter_metadata": {names.METADATA: mark}}}],
            "max_direct_response_body_size_bytes": front.longest_answer,
            "typed_per_filter_config": {
                one.upstream.name: hand_over(one.upstream, one.secret, bearer=one.bearer) for one in handovers
            },
        }
    }
    parts = {"route_configuration.virtual_hosts": front.body}
    return _scope(_scope_name(user), user, fields, parts, slot_of(user), packer)


def _scope_name(user_id: str) -> str:
    return f"consumer/{user_id}"


def _scope(name: str, key: str, fields: Fields, parts: dict[str, bytes], slot: str, packer: Packer) -> Resource:
    scope = {"name": name, "key": {"fragments": [{"string_key": key}]}, **fields}
    return Resource.of(type_url(names.SCOPE), name, packer.pack(names.SCOPE, scope, parts), slot)
