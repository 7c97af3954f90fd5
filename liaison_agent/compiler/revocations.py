"""Which consumer keys are refused although they are well signed: tables by key id, each a resource of its own.

Envoy takes two seconds to build one table of 50,000 entries, longer than a revocation may take; so there are some, and
a key's id always is in the same one. They are written as bytes, since packing entries one by one is slower still: each
entry is its key and the same packed action.
"""

from __future__ import annotations

import zlib
from collections.abc import Collection
from typing import Final

from liaison_agent.compiler import names
from liaison_agent.compiler.memo import Memo
from liaison_agent.compiler.packing import Fields, Packer, any_of, extension, packed_any, packed_field, type_url
from liaison_agent.state import REVOCATIONS_SLOT, Resource

_MATCHER = "xds.type.matcher.v3.Matcher"
_ACTION = "envoy.config.rbac.v3.Action"
_HEADER_INPUT = "envoy.type.matcher.v3.HttpRequestHeaderMatchInput"
_KEY, _VALUE, _ENTRY = 1, 2, 1  # fields of a map's entry, and of the message that holds the map


TABLES: Final = tuple(f"{names.REVOCATIONS}/{number}" for number in range(4))


def revocations_hooks() -> list[Fields]:
    """The places of the tables in a listener, behind the key check, which puts the key's id into a header."""
    source = {"config_source": names.ADS, "type_urls": [type_url(names.RBAC)]}
    return [{"name": table, "config_discovery": source} for table in TABLES]


def compile_revocations(revoked: Collection[str], packer: Packer, memo: Memo) -> list[Resource]:
    """The tables of these keys' ids. Their cost a request does not depend on the number of keys."""
    parts: list[set[str]] = [set() for _ in TABLES]
    for jti in revoked:
        parts[zlib.crc32(jti.encode()) % len(TABLES)].add(jti)
    return [_table(name, frozenset(part), packer, memo) for name, part in zip(TABLES, parts, strict=True)]


def _table(name: str, revoked: frozenset[str], packer: Packer, memo: Memo) -> Resource:
    return memo.remember((name, revoked), lambda: _compile_table(name, revoked, packer))


def _compile_table(name: str, revoked: frozenset[str], packer: Packer) -> Resource:
    check = _deny(revoked, packer) if revoked else packer.pack(names.RBAC, {})
    body = packer.pack(names.EXTENSION, {"name": name}, {"typed_config": packed_any(names.RBAC, check)})
    return Resource.of(type_url(names.EXTENSION), name, body, REVOCATIONS_SLOT)


def _deny(revoked: Collection[str], packer: Packer) -> bytes:
    fields = {
        "matcher": {
            "matcher_tree": {
                "input": extension("key_id", _HEADER_INPUT, header_name=names.KEY_ID_HEADER),
                "exact_match_map": {},
            },
            "on_no_match": _action("let in", "ALLOW"),
        }
    }
    denied = packed_field(_VALUE, packer.pack(f"{_MATCHER}.OnMatch", _action("revoked", "DENY")))
    table = b"".join(packed_field(_ENTRY, packed_field(_KEY, jti.encode()) + denied) for jti in sorted(revoked))
    return packer.pack(names.RBAC, fields, {"matcher.matcher_tree.exact_match_map": table})


def _action(name: str, verdict: str) -> Fields:
    return {"action": {"name": name, "typed_config": any_of(_ACTION, name=name, action=verdict)}}
