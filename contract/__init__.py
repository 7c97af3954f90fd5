"""The configuration contract, the one library that every process may import: documents, rules, canonical bytes.

Names are loaded when they are asked for: the models of all documents take half a second, and most commands of the
command line need none of them.
"""

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from contract.backend_names import backend_name
    from contract.backend_secrets import BackendSecret, iter_backend_secrets, with_backend_secrets
    from contract.backends import ResolvedBackend, ordered_backends, resolve_backend
    from contract.canonical import canonical_bytes, digest
    from contract.consumer_document import ConsumerBackend, ConsumerDocument, OwnBackend, OwnCredential
    from contract.environment import escape_environment, expand_environment, unset_references, unset_variables
    from contract.faults import ContractError, Fault
    from contract.json_schema import consumer_json_schema, workspace_json_schema
    from contract.judging import Judgement, judge_consumer, judge_fragment, judge_workspace
    from contract.own_backends import (
        api_key_problem,
        in_order,
        is_provider,
        origin_of_url,
        origins_of,
        own_place,
        parse_own_backends,
    )
    from contract.own_secrets import consumer_of_secret, own_secret_name
    from contract.positions import located
    from contract.reading import parse_consumer, parse_fragment, parse_workspace, read_consumer, read_workspace
    from contract.secret_refs import SecretRef, SecretRefError, is_secret_ref, parse_secret_ref
    from contract.serving import unserved_parts
    from contract.text import parse_text
    from contract.workspace_document import (
        BackendRef,
        Listener,
        ModelCard,
        Pricing,
        ProviderModel,
        Reliability,
        WorkspaceDocument,
    )

_NAMES = {
    "backend_names": ("backend_name",),
    "backend_secrets": ("BackendSecret", "iter_backend_secrets", "with_backend_secrets"),
    "backends": ("ResolvedBackend", "ordered_backends", "resolve_backend"),
    "canonical": ("canonical_bytes", "digest"),
    "consumer_document": ("ConsumerBackend", "ConsumerDocument", "OwnBackend", "OwnCredential"),
    "environment": ("escape_environment", "expand_environment", "unset_references", "unset_variables"),
    "faults": ("ContractError", "Fault"),
    "json_schema": ("consumer_json_schema", "workspace_json_schema"),
    "judging": ("Judgement", "judge_consumer", "judge_fragment", "judge_workspace"),
    "own_backends": (
        "api_key_problem",
        "in_order",
        "is_provider",
        "origin_of_url",
        "origins_of",
        "own_place",
        "parse_own_backends",
    ),
    "own_secrets": ("consumer_of_secret", "own_secret_name"),
    "positions": ("located",),
    "reading": ("parse_consumer", "parse_fragment", "parse_workspace", "read_consumer", "read_workspace"),
    "secret_refs": ("SecretRef", "SecretRefError", "is_secret_ref", "parse_secret_ref"),
    "serving": ("unserved_parts",),
    "text": ("parse_text",),
    "workspace_document": (
        "BackendRef",
        "Listener",
        "ModelCard",
        "Pricing",
        "ProviderModel",
        "Reliability",
        "WorkspaceDocument",
    ),
}
_HOMES = {name: module for module, names in _NAMES.items() for name in names}


if not TYPE_CHECKING:  # or a checker would take any name for one of ours

    def __getattr__(name: str) -> Any:
        home = _HOMES.get(name)
        if home is None:
            raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
        value = getattr(import_module(f"{__name__}.{home}"), name)
        globals()[name] = value
        return value


__all__ = [
    "BackendRef",
    "BackendSecret",
    "ConsumerBackend",
    "ConsumerDocument",
    "ContractError",
    "Fault",
    "Judgement",
    "Listener",
    "ModelCard",
    "OwnBackend",
    "OwnCredential",
    "Pricing",
    "ProviderModel",
    "Reliability",
    "ResolvedBackend",
    "SecretRef",
    "SecretRefError",
    "WorkspaceDocument",
    "api_key_problem",
    "backend_name",
    "canonical_bytes",
    "consumer_json_schema",
    "consumer_of_secret",
    "digest",
    "escape_environment",
    "expand_environment",
    "in_order",
    "is_provider",
    "is_secret_ref",
    "iter_backend_secrets",
    "judge_consumer",
    "judge_fragment",
    "judge_workspace",
    "located",
    "ordered_backends",
    "origin_of_url",
    "origins_of",
    "own_place",
    "own_secret_name",
    "parse_consumer",
    "parse_fragment",
    "parse_own_backends",
    "parse_secret_ref",
    "parse_text",
    "parse_workspace",
    "read_consumer",
    "read_workspace",
    "resolve_backend",
    "unserved_parts",
    "unset_references",
    "unset_variables",
    "with_backend_secrets",
    "workspace_json_schema",
]
