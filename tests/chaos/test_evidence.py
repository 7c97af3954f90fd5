"""What is left of a run that failed: where everything is stands in the failure, and the decisive rows with it."""

from __future__ import annotations

from pathlib import Path

import psycopg
import pytest

from agentrouter.configurator.v1 import configurations_pb2 as conf
from controlplane.store import migrate
from tests.chaos.evidence import Evidence
from tests.chaos.history import Changed, History

AGAIN = "once more: AGENTROUTER_CHAOS_SEED=7 pytest"
ANSWER = """
INSERT INTO answers (caller, method, request_id, body_mac, expires_at, answer)
VALUES ('mk_1', '/agentrouter.configurator.v1.ConfiguratorService/TriggerUpdate', 'command-9', '', now(), %s)
"""
AUDIT = """
INSERT INTO audit_records
    (tenant_id, sequence, recorded_at, actor, action, workspace_id, subject, origin, details, hash)
VALUES ('tn_1', 1, now(), 'mk_1', 'configuration.trigger', 'ws_1', 'config/ada', '', '{"version": "14"}', '')
"""


def history() -> History:
    kept = History(lambda: 0.0)
    kept.add(Changed(who="operator", began_at=1, ended_at=2, what="TriggerUpdate", slot="config/ada", version=13))
    return kept


def answer() -> bytes:
    made = conf.Configuration(user_id="ada", version=14, revision=20, document=b"private")
    return conf.TriggerUpdateResponse(changed=True, configuration=made).SerializeToString()


@pytest.fixture
def dsn(postgres_url: str) -> str:
    migrate(postgres_url)
    dsn = postgres_url.replace("+psycopg", "")
    with psycopg.connect(dsn) as connection:
        connection.execute(ANSWER, [answer()])
        connection.execute(AUDIT)
    return dsn


def test_a_failure_names_a_file_with_all_that_was_seen_and_stored(tmp_path: Path, dsn: str) -> None:
    evidence = Evidence(tmp_path / "chaos", AGAIN, history(), dsn)

    with pytest.raises(AssertionError) as failure, evidence.kept_on_failure():
        raise AssertionError("a promise is broken")

    (note,) = failure.value.__notes__
    assert note.startswith(AGAIN)
    assert note.endswith(str(tmp_path / "chaos" / "7.txt"))
    text = (tmp_path / "chaos" / "7.txt").read_text()
    assert "a promise is broken" in text
    assert "version=13" in text
    assert "command-9 /agentrouter.configurator.v1.ConfiguratorService/TriggerUpdate version=14 revision=20" in text
    assert "private" not in text


def test_what_is_stored_of_a_slot_tells_who_was_answered_with_which_version(tmp_path: Path, dsn: str) -> None:
    evidence = Evidence(tmp_path, AGAIN, history(), dsn)

    kept, audited = evidence.about("config/ada", [14])

    assert kept.startswith("answers: command-9 ")
    assert audited.startswith("audit_records: sequence=1 ")
    assert evidence.about("config/ada", [40]) == evidence.about("config/eve", []) == []


def test_a_database_that_is_away_does_not_hide_the_failure(tmp_path: Path) -> None:
    evidence = Evidence(tmp_path, AGAIN, history(), f"host={tmp_path}")

    with pytest.raises(AssertionError), evidence.kept_on_failure():
        raise AssertionError("a promise is broken")

    assert "unreadable" in (tmp_path / "7.txt").read_text()
