"""The Lua scripts that run inside Envoy, as text, with a short digest that changes when they do."""

from __future__ import annotations

import functools
import hashlib
from importlib import resources


@functools.cache
def script(name: str) -> str:
    """The source of `lua/<name>.lua`."""
    return resources.files(__package__).joinpath("lua", f"{name}.lua").read_text(encoding="utf-8")


@functools.cache
def shared_machine(name: str) -> str:
    """The id of the Lua machine that all filters with this very script share; another version gets another one."""
    return f"{name}/{hashlib.sha256(script(name).encode()).hexdigest()[:8]}"
