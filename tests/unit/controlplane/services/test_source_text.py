"""What may be put: nothing that no data plane runs, and no credential in the section global."""

from __future__ import annotations

import json
from typing import Any

import pytest

from contract.egress import STRICT
from controlplane.domain.errors import InvalidInput
from controlplane.services.source_text import parse_source


def put(**sections: Any) -> None:
    parse_source("", json.dumps({"version": "v0.3", "global": sections}), STRICT)


def refused(**sections: Any) -> dict[str, str]:
    with pytest.raises(InvalidInput) as refusal:
        put(**sections)
    assert "hunter2" not in f"{refusal.value} {refusal.value.faults}"
    return {fault.path: fault.code for fault in refusal.value.faults}


def test_a_credential_in_global_is_not_stored() -> None:
    external = {"name": "judge", "access_key": "hunter2"}

    faults = refused(model_catalog={"external": [external]})

    assert faults["global.model_catalog.external[0].access_key"] == "secret"


def test_a_part_of_global_that_no_data_plane_runs_is_not_stored() -> None:
    assert refused(router={"strategy": "confidence"}) == {"global.router.strategy": "unsupported"}


def test_routing_that_comes_from_elsewhere_cannot_be_put() -> None:
    assert refused(router={"config_source": "kubernetes"}) == {"global.router.config_source": "unsupported"}


def test_what_is_turned_off_may_be_put() -> None:
    put(stores={"response_cache": {"enabled": False}}, services={"response_api": {"enabled": False}})
