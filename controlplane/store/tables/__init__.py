"""The schema: one table a noun, every rule that the database itself can hold, an index for every question of the port.

Migrations create it (migrations/versions); a test compares the two. Partial indexes are used only by a query that
repeats their condition word for word, hence the conditions at the end of their tables, built from literals.
"""

from __future__ import annotations

from controlplane.store.tables.audit import audit_heads, audit_records
from controlplane.store.tables.backends import backend_sets
from controlplane.store.tables.configurations import ACTIVE, NEWEST, configurations, slot_values
from controlplane.store.tables.dataplanes import (
    DEVIATING,
    UNREVOKED,
    dataplanes,
    join_tokens,
    sealed_delivery_keys,
    slot_states,
)
from controlplane.store.tables.documents import document_versions, source_documents
from controlplane.store.tables.events import ACKNOWLEDGED, APPLIED, FINISHED, LIVE, PENDING, WAITING, events
from controlplane.store.tables.keys import consumer_keys, management_keys
from controlplane.store.tables.revocations import revocations
from controlplane.store.tables.secrets import delivery_keys, gatekeeper_keys, secrets
from controlplane.store.tables.shape import metadata
from controlplane.store.tables.task_leases import full_sync_steps, full_syncs, task_leases
from controlplane.store.tables.upgrades import upgrades
from controlplane.store.tables.workspaces import answers, store_state, tenants, workspaces

__all__ = [
    "ACKNOWLEDGED",
    "ACTIVE",
    "APPLIED",
    "DEVIATING",
    "FINISHED",
    "LIVE",
    "NEWEST",
    "PENDING",
    "UNREVOKED",
    "WAITING",
    "answers",
    "audit_heads",
    "audit_records",
    "backend_sets",
    "configurations",
    "consumer_keys",
    "dataplanes",
    "delivery_keys",
    "document_versions",
    "events",
    "full_sync_steps",
    "full_syncs",
    "gatekeeper_keys",
    "join_tokens",
    "management_keys",
    "metadata",
    "revocations",
    "sealed_delivery_keys",
    "secrets",
    "slot_states",
    "slot_values",
    "source_documents",
    "store_state",
    "task_leases",
    "tenants",
    "upgrades",
    "workspaces",
]
