"""The one byte sequence of a document, and its digest; whoever has the bytes hashes them and never writes them anew."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from typing import Any

from pydantic import BaseModel

from contract.faults import ContractError, Fault


def canonical_bytes(document: BaseModel | Mapping[str, Any]) -> bytes:
    """JSON in UTF-8: keys sorted, no spaces, defaults written out, fields without a value left out.

    A mapping is written as it is. Raises ContractError for NaN, infinity and what JSON cannot hold.
    """
    if isinstance(document, BaseModel):
        document = document.model_dump(mode="json", by_alias=True, exclude_none=True)
    try:
        written = json.dumps(document, sort_keys=True, separators=(",", ":"), ensure_ascii=False, allow_nan=False)
        return written.encode()
    except (TypeError, ValueError, RecursionError):
        raise ContractError([Fault("", "value", "holds what JSON cannot: NaN, infinity or a foreign object")]) from None


def digest(delivered: bytes) -> str:
    """Lower-case hex SHA-256 of the delivered bytes."""
    return hashlib.sha256(delivered).hexdigest()
