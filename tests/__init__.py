"""Tests, sorted by how much reality they need: unit, golden, contract, integration, e2e, architecture."""
