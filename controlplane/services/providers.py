"""Which providers a workspace's delivered document uses, and whether their credentials are stored; never those."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from contract import WorkspaceDocument, read_workspace
from contract.provider_types import provider_type_of, spelled
from controlplane.domain.callers import Caller
from controlplane.services.access import reach_workspace
from controlplane.services.ports import Store


@dataclass(frozen=True, slots=True)
class ActiveProvider:
    """`credential_resolves`: it is called with credentials, and every one of them is stored."""

    name: str
    model_count: int
    credential_resolves: bool


class ProviderService:
    """One use case."""

    def __init__(self, store: Store) -> None:
        self._store = store

    async def list_active(self, caller: Caller, workspace_id: str) -> list[ActiveProvider]:
        """Ascending by name; none before the workspace has a document."""
        async with self._store.reading() as work:
            workspace = await reach_workspace(work, caller, workspace_id)
            newest = await work.configurations.newest(workspace.id, "")
            if newest is None or not newest.document:
                return []
            stored = await work.secrets.by_refs(workspace.id, newest.secret_refs)
            return list(_providers(read_workspace(newest.document), set(stored)))


def _providers(document: WorkspaceDocument, stored: set[str]) -> Iterable[ActiveProvider]:
    models: dict[str, set[str]] = {}
    credentials: dict[str, set[str]] = {}
    for model in document.providers.models:
        for backend in model.backend_refs:
            provider = backend.provider and spelled(backend.provider)
            name = provider or provider_type_of(backend.type, backend.provider)
            models.setdefault(name, set()).add(model.name)
            credentials.setdefault(name, set()).update([backend.api_key] if backend.api_key else [])
    for name in sorted(models):
        named = credentials[name]
        yield ActiveProvider(name, len(models[name]), bool(named) and named <= stored)
