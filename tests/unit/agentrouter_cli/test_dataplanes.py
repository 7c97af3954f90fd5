"""`dataplanes`: what runs, what was refused or taken back, and who may still join."""

from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta

import pytest
from google.protobuf.duration_pb2 import Duration
from google.protobuf.timestamp_pb2 import Timestamp

from agentrouter.configurator.v1 import configurations_pb2, events_pb2
from agentrouter.management.v1 import dataplanes_pb2
from agentrouter_cli.output import age_text
from tests.fakes.product import FakeProduct
from tests.unit.agentrouter_cli.conftest import Call


def at(hour: int) -> Timestamp:
    stamp = Timestamp()
    stamp.FromDatetime(datetime(2026, 1, 31, hour, tzinfo=UTC))
    return stamp


def span(**parts: int) -> Duration:
    made = Duration()
    made.FromTimedelta(timedelta(**parts))
    return made


def a_degraded_one() -> dataplanes_pb2.Dataplane:
    figures = configurations_pb2.RevertFigures(requests=120, failures=40, failure_ratio=1 / 3, window=span(seconds=30))
    report = configurations_pb2.AgentReport(
        agent_version="0.1.0",
        running=[configurations_pb2.RunningVersion(slot="config/", version=6)],
        rejected=[
            events_pb2.RejectedSlot(slot="config/", version=7, reason="said shorter"),
            events_pb2.RejectedSlot(slot="config/ann", version=3, reason="bad regex"),
        ],
        reverted=[
            configurations_pb2.RevertedSlot(
                slot="config/", from_version=7, to_version=6, figures=figures, reason="openai is down"
            )
        ],
        serving_stale_since=at(11),
        ledger_lost=True,
        running_revision=41,
        warnings=["disk full", "left out: consumer bob: backend mine: idp answered 401"],
        outages=[configurations_pb2.BackendOutage(user_id="bob", backend="mine", reason="idp answered 401")],
    )
    return dataplanes_pb2.Dataplane(
        id="dp_1",
        group="edge",
        connection=dataplanes_pb2.DATAPLANE_CONNECTION_ONLINE,
        sync=dataplanes_pb2.DATAPLANE_SYNC_DEGRADED,
        applied_revision=42,
        desired_revision=43,
        report=report,
        last_seen_at=at(12),
    )


WHY = "version 7: taken back, version 6 serves: openai is down; 40 of 120 requests failed (33.3%) within 30 s"


def test_the_list_says_whether_each_is_heard_and_in_step_and_since_when_not(product: FakeProduct, cli: Call) -> None:
    product.dataplanes.append(a_degraded_one())

    shown = " ".join(cli("dataplanes", "list").out.split())

    assert "edge ONLINE DEGRADED 42 41 43 2026-01-31 11:00:00Z 0.1.0 2026-01-31 12:00:00Z" in shown
    for words in ("config/ann: version 3: bad regex", "the ledger was lost", "disk full", "openai is down", "bob"):
        assert words in shown
    assert "out of service: consumer bob: backend mine: idp answered 401" in shown
    assert "left out" not in shown


def test_one_is_shown_with_its_slots(product: FakeProduct, cli: Call) -> None:
    product.dataplanes.append(a_degraded_one())

    outcome = cli("dataplanes", "get", "dp_1")

    assert product.asked_for(dataplanes_pb2.GetDataplaneRequest)[0].dataplane_id == "dp_1"
    lines = [" ".join(line.split()) for line in outcome.out.splitlines()]
    assert {"connection ONLINE", "sync DEGRADED", "running revision 41"} <= set(lines)
    assert "serving stale since 2026-01-31 11:00:00Z" in lines
    assert "warning the ledger was lost: everything is sent again" in lines
    assert "out of service consumer bob: backend mine: idp answered 401" in lines
    assert f"config/ 6 {WHY}" in lines
    assert "config/ann - version 3: bad regex" in lines


@pytest.mark.parametrize("arguments", [("list",), ("get", "dp_1")], ids=" ".join)
def test_json_has_all_of_it(product: FakeProduct, cli: Call, arguments: tuple[str, ...]) -> None:
    product.dataplanes.append(a_degraded_one())

    answer = json.loads(cli("dataplanes", *arguments, "--output", "json").out)

    one = answer["dataplane"] if "dataplane" in answer else answer["dataplanes"][0]
    assert (one["connection"], one["sync"]) == ("DATAPLANE_CONNECTION_ONLINE", "DATAPLANE_SYNC_DEGRADED")
    report = one["report"]
    assert (report["running_revision"], report["ledger_lost"]) == (41, True)
    assert report["serving_stale_since"] == "2026-01-31T11:00:00Z"
    assert report["reverted"][0]["figures"]["failures"] == 40


def test_join_tokens_are_listed_with_who_made_them(product: FakeProduct, cli: Call) -> None:
    product.join_tokens.append(
        dataplanes_pb2.JoinToken(id="jt_1", group="edge", created_by="mk_7", uses=2, max_uses=5, expires_at=at(12))
    )

    usable = cli("dataplanes", "join-tokens", "list")
    everything = json.loads(cli("dataplanes", "join-tokens", "list", "--all", "-o", "json").out)

    assert "jt_1 edge mk_7 2 of 5 2026-01-31 12:00:00Z" in " ".join(usable.out.split())
    assert [each.include_ended for each in product.asked_for(dataplanes_pb2.ListJoinTokensRequest)] == [False, True]
    assert everything["join_tokens"][0]["created_by"] == "mk_7"


def test_a_join_token_is_revoked_by_its_id(product: FakeProduct, cli: Call) -> None:
    outcome = cli("dataplanes", "join-tokens", "revoke", "jt_1", "--reason", "leaked")

    (request,) = product.asked_for(dataplanes_pb2.RevokeJoinTokenRequest)
    assert (request.join_token_id, request.reason) == ("jt_1", "leaked")
    assert "jt_1 is revoked; 3 data planes enrolled with it" in outcome.out


@pytest.mark.parametrize(
    ("parts", "text"),
    [({"days": 3, "hours": 4, "minutes": 5}, "3d 4h"), ({"minutes": 12, "seconds": 5}, "12m 5s"), ({}, "0s")],
    ids=str,
)
def test_an_age_is_told_in_its_two_greatest_units(parts: dict[str, int], text: str) -> None:
    assert age_text(span(**parts)) == text
