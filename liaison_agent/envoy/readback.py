"""Reads back from Envoy what it really serves; nothing may be claimed that was not seen here.

Each kind is found in its own field of the config dump, by name. Listeners and scopes are compared by content, because
Envoy does not show their own versions reliably; the others by version. An acknowledgement alone is no proof (a listener
may never get active), and for extensions the dump alone is none either: it shows a refused version too. Both together
are.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Iterator, Mapping, Sequence
from datetime import timedelta
from typing import Any

from liaison_agent.compiler.packing import PackError
from liaison_agent.envoy.admin import AdminClient
from liaison_agent.envoy.packing import DescriptorPacker
from liaison_agent.kinds import CLUSTER, EXTENSION, LISTENER, ROUTES, SCOPE, SECRET
from liaison_agent.state import Resource, ResourceKey

_AT_ONCE = 16_000
"""Characters of names a request: keeps its path within what Envoy's admin reads."""
_PAUSE = 0.01
_LONGEST_PAUSE = 0.25

Faults = dict[ResourceKey, str]
_Check = Callable[[Sequence[Resource]], Awaitable[Faults]]


class ReadBack:
    """`within` bounds how long a resource may warm before it counts as not active."""

    def __init__(self, admin: AdminClient, packer: DescriptorPacker, within: timedelta) -> None:
        self._admin = admin
        self._packer = packer
        self._within = within.total_seconds()
        self._checks: dict[str, _Check] = {
            CLUSTER.type_url: self._check_clusters,
            SECRET.type_url: self._check_secrets,
            EXTENSION.type_url: self._check_extensions,
            ROUTES.type_url: self._check_routes,
            SCOPE.type_url: self._check_scopes,
            LISTENER.type_url: self._check_listeners,
        }

    async def until_active(self, resources: Sequence[Resource]) -> Mapping[ResourceKey, str]:
        """Wait until all of these serve in exactly this version; says why not for those that do not in time.

        Raises `AdminUnavailable` when Envoy does not answer."""
        loop = asyncio.get_running_loop()
        deadline = loop.time() + self._within
        pause = _PAUSE
        while faults := await self.faults(resources):
            if loop.time() >= deadline:
                break
            resources = [one for one in resources if one.key in faults]
            await asyncio.sleep(pause)
            pause = min(2 * pause, _LONGEST_PAUSE)
        return faults

    async def faults(self, resources: Sequence[Resource]) -> Mapping[ResourceKey, str]:
        """The same, looked at once."""
        faults: Faults = {}
        for type_url, check in self._checks.items():
            of_kind = [one for one in resources if one.type_url == type_url]
            for group in _in_groups(of_kind):
                faults.update(await check(group))
        return faults

    async def _check_clusters(self, wanted: Sequence[Resource]) -> Faults:
        versions = await self._versions("dynamic_active_clusters", wanted, lambda entry: entry.get("cluster", {}))
        faults = _differences(wanted, versions)
        if faults:
            names = [name for _, name in faults]
            for entry in await self._admin.config_dump("dynamic_warming_clusters", names):
                key = CLUSTER.type_url, entry.get("cluster", {}).get("name", "")
                if key in faults:
                    faults[key] = "still warming (its addresses or secrets are missing)"
        return faults

    async def _check_secrets(self, wanted: Sequence[Resource]) -> Faults:
        return _differences(wanted, await self._versions("dynamic_active_secrets", wanted, lambda entry: entry))

    async def _check_extensions(self, wanted: Sequence[Resource]) -> Faults:
        return _differences(
            wanted, await self._versions("ecds_filters", wanted, lambda entry: entry.get("ecds_filter", {}))
        )

    async def _check_routes(self, wanted: Sequence[Resource]) -> Faults:
        return _differences(
            wanted, await self._versions("dynamic_route_configs", wanted, lambda entry: entry.get("route_config", {}))
        )

    async def _check_listeners(self, wanted: Sequence[Resource]) -> Faults:
        shown: dict[str, dict[str, Any]] = {}
        for entry in await self._admin.config_dump("dynamic_listeners", [one.name for one in wanted]):
            # The one that drains and the one that follows it are two entries of one name; a refused one has none, and
            # is shown whatever the names asked for.
            failed = entry.get("error_state", {}).get("failed_configuration", {})
            shown.setdefault(entry.get("name") or failed.get("name", ""), {}).update(entry)
        return _only_faults({one.key: self._listener_fault(one, shown.get(one.name, {})) for one in wanted})

    def _listener_fault(self, wanted: Resource, entry: Mapping[str, Any]) -> str | None:
        """Why this listener is not the active one; by content, since Envoy keeps the version of the listener before
        when it changes one in place."""
        if "error_state" in entry:
            details = str(entry["error_state"].get("details", "Envoy keeps it in error"))
            return details.partition("goo.gle")[0].strip(": \n")
        if "active_state" in entry and self._shows(entry["active_state"]["listener"], wanted):
            return None
        if "warming_state" in entry and self._shows(entry["warming_state"]["listener"], wanted):
            return "still warming (its routes, filters or secrets are missing)"
        return "Envoy shows other content" if "active_state" in entry else "Envoy does not show it"

    async def _check_scopes(self, wanted: Sequence[Resource]) -> Faults:
        shown: dict[str, list[Mapping[str, Any]]] = {}
        for entry in await self._admin.config_dump("dynamic_scoped_route_configs", [one.name for one in wanted]):
            for scope in entry.get("scoped_route_configs", ()):
                shown.setdefault(scope["name"], []).append(scope)
        return _only_faults({one.key: self._scope_fault(one, shown.get(one.name, [])) for one in wanted})

    def _scope_fault(self, wanted: Resource, shown: Sequence[Mapping[str, Any]]) -> str | None:
        if not shown:
            return "Envoy does not show it"
        return None if all(self._shows(scope, wanted) for scope in shown) else "Envoy shows other content"

    def _shows(self, shown: Mapping[str, Any], wanted: Resource) -> bool:
        message = wanted.type_url.rpartition("/")[2]
        own = self._packer.unpack(message, wanted.body)
        fields = {name: value for name, value in shown.items() if name != "@type"}
        if _same(fields, own):
            return True
        try:  # the same message may be written in more than one way
            return _same(self._packer.unpack(message, self._packer.pack(message, fields)), own)
        except PackError:
            return False

    async def _versions(
        self, field: str, wanted: Sequence[Resource], named: Callable[[Mapping[str, Any]], Mapping[str, Any]]
    ) -> dict[str, set[str]]:
        """Every version that Envoy shows of each name; several users of one resource may show it several times."""
        found: dict[str, set[str]] = {}
        for entry in await self._admin.config_dump(field, [one.name for one in wanted]):
            found.setdefault(named(entry).get("name", ""), set()).add(entry.get("version_info", ""))
        return found


def _in_groups(resources: Sequence[Resource]) -> Iterator[Sequence[Resource]]:
    group: list[Resource] = []
    length = 0
    for one in resources:
        length += 2 * len(one.name) + 3
        if group and length > _AT_ONCE:
            yield group
            group, length = [], 2 * len(one.name) + 3
        group.append(one)
    if group:
        yield group


def _differences(wanted: Sequence[Resource], versions: Mapping[str, set[str]]) -> Faults:
    return _only_faults({one.key: _difference(one, versions.get(one.name, set())) for one in wanted})


def _difference(wanted: Resource, shown: set[str]) -> str | None:
    if not shown:
        return "Envoy does not show it"
    return None if shown == {wanted.version} else "Envoy shows another version"


def _only_faults(found: Mapping[ResourceKey, str | None]) -> Faults:
    return {key: fault for key, fault in found.items() if fault is not None}


def _same(shown: Any, own: Any) -> bool:
    """Equal, but for what Envoy hides in its dump because it is sensitive."""
    if isinstance(shown, dict) and isinstance(own, dict):
        return shown.keys() == own.keys() and all(_same(shown[name], own[name]) for name in shown)
    if isinstance(shown, list) and isinstance(own, list):
        return len(shown) == len(own) and all(map(_same, shown, own))
    return shown == own or shown in ("[redacted]", "W3JlZGFjdGVkXQ==")
