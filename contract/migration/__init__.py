"""Older files, and those of LiteLLM, to the canonical layout: a mapping in, a document and what was done out."""

from contract.migration.inline_credentials import inline_secrets
from contract.migration.judging import remaining_faults
from contract.migration.migrating import migrate
from contract.migration.notes import Layout, Migration, Note

__all__ = ["Layout", "Migration", "Note", "inline_secrets", "migrate", "remaining_faults"]
