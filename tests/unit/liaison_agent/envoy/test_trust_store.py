"""The machine's certificate authorities are found where they usually are, or the way out is told."""

from __future__ import annotations

from pathlib import Path

import pytest

from liaison_agent.envoy.trust_store import TrustStoreMissing, find_trust_store


def test_the_first_file_with_something_in_it_is_taken(tmp_path: Path) -> None:
    empty, first, second = tmp_path / "empty", tmp_path / "first", tmp_path / "second"
    empty.touch()
    first.write_text("PEM")
    second.write_text("PEM")

    assert find_trust_store(places=[tmp_path / "gone", tmp_path, empty, first, second]) == first


def test_a_fallback_serves_where_the_machine_has_nothing(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    bundle = tmp_path / "bundle.pem"
    bundle.write_text("PEM")
    monkeypatch.setattr("ssl.get_default_verify_paths", lambda: _Nowhere)

    assert find_trust_store([bundle], places=[]) == bundle


def test_a_machine_without_any_is_told_what_to_install(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("ssl.get_default_verify_paths", lambda: _Nowhere)

    with pytest.raises(TrustStoreMissing, match="ca-certificates"):
        find_trust_store(places=[tmp_path / "gone"])


class _Nowhere:
    openssl_cafile = ""
