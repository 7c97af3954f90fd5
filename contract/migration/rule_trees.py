"""Trees of rules as older files write them: leaves that always match, and NOT over several children."""

from __future__ import annotations

from typing import Any, Final

_ALWAYS: Final = "always"


def simplified(node: Any) -> Any:
    """The tree without leaves of type `always`; None when the whole of it always matches.

    NOT over several children meant that none of them matches, which is NOT over their OR.
    """
    if not isinstance(node, dict):
        return node
    if node.get("type") == _ALWAYS:
        return None
    conditions = node.get("conditions")
    if not isinstance(conditions, list) or not conditions:
        return node
    children = [simplified(child) for child in conditions]
    match node.get("operator"):
        case "AND":
            children = [child for child in children if child is not None]
            return {**node, "conditions": children} if children else None
        case "NOT":
            return node if None in children else {**node, "conditions": [_one_of(children)]}
    return None if None in children else {**node, "conditions": children}


def _one_of(children: list[Any]) -> Any:
    return children[0] if len(children) == 1 else {"operator": "OR", "conditions": children}
