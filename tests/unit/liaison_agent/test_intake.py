"""What an answer does to memory."""

from __future__ import annotations

import hashlib
from dataclasses import replace
from datetime import UTC, datetime, timedelta

from liaison_agent import intake
from liaison_agent.memory import Memory, Received, Secret, SlotMemory, Tombstone
from liaison_agent.opener import Opened
from liaison_agent.ports import Answer
from liaison_agent.state import Configuration

NOW = datetime(2026, 1, 1, tzinfo=UTC)
NOTHING_SEALED = Opened({}, {}, {})


def doc(user_id: str, version: int, body: bytes = b"{}", revision: int | None = None) -> Configuration:
    digest = hashlib.sha256(body).hexdigest()
    return Configuration("ws_1", user_id, version, version if revision is None else revision, digest, body)


def take(memory: Memory, *received: Received, opened: Opened = NOTHING_SEALED, listing: bool = False) -> intake.Taken:
    return intake.take(memory, Answer(received=received), opened, listing=listing, now=NOW)


def test_an_older_version_than_the_known_one_is_passed_over() -> None:
    memory = take(Memory("ws_1"), doc("", 5)).memory

    assert take(memory, doc("", 4)).memory.newest("config/") == doc("", 5)


def test_in_a_listing_of_another_epoch_the_listed_version_counts() -> None:
    memory = take(Memory("ws_1"), doc("", 5)).memory

    assert take(memory, doc("", 4), listing=True).memory.newest("config/") == doc("", 4)


def test_a_broken_document_leaves_a_gap_and_the_others_are_taken() -> None:
    broken = replace(doc("ann", 1, revision=3), document=b"altered")

    taken = take(Memory("ws_1"), broken, doc("bob", 1, revision=4))

    assert list(taken.broken) == ["config/ann"]
    assert taken.gap == 3
    assert taken.memory.newest("config/ann") is None
    assert taken.memory.newest("config/bob") is not None


def test_the_gap_is_before_everything_that_is_broken_whatever_comes_first() -> None:
    broken = [
        replace(doc(name, 1, revision=at), document=b"altered") for name, at in (("ann", 7), ("bob", 3), ("cid", 5))
    ]

    assert take(Memory("ws_1"), *broken).gap == 3


def test_a_document_whose_secret_does_not_open_is_not_taken() -> None:
    body = b'{"key":"secret://openai@2"}'
    opened = Opened({}, {}, {"secret://openai@2": "it does not open"})

    taken = take(Memory("ws_1"), doc("", 1, body), opened=opened)

    assert taken.broken == {"config/": "it does not open"}


def test_a_disabled_or_removed_consumer_is_barred_and_an_enabled_one_is_not() -> None:
    memory = take(Memory("ws_1"), doc("ann", 1, b'{"enabled":false}'), Tombstone("config/bob", 1, 1), doc("cid", 1))

    assert memory.memory.barred == {"config/ann", "config/bob"}
    assert take(memory.memory, doc("ann", 2, b'{"enabled":true}')).memory.barred == {"config/bob"}


def test_revocations_only_grow_and_go_two_days_after_their_end() -> None:
    ended = {"old": NOW - timedelta(hours=49), "late": NOW - timedelta(hours=47)}
    memory = Memory("ws_1", revocations={**ended, "held": NOW})
    answer = Answer(revocations=(("held", NOW - timedelta(hours=1)), ("new", NOW)))

    taken = intake.take(memory, answer, NOTHING_SEALED, listing=False, now=NOW)

    assert taken.memory.revocations == {"late": ended["late"], "held": NOW, "new": NOW}


def test_a_revocation_until_the_end_of_the_calendar_is_held() -> None:
    answer = Answer(revocations=(("for ever", datetime.max.replace(tzinfo=UTC)),))

    taken = intake.take(Memory("ws_1"), answer, NOTHING_SEALED, listing=False, now=NOW)

    assert taken.memory.revocations.keys() == {"for ever"}


def test_what_a_listing_does_not_name_becomes_a_tombstone() -> None:
    memory = take(Memory("ws_1"), doc("", 1), doc("ann", 1)).memory

    dropped = intake.drop_unlisted(memory, frozenset({"config/"}))

    assert isinstance(dropped.newest("config/ann"), Tombstone)
    assert dropped.newest("config/") == doc("", 1)
    assert "config/ann" in dropped.barred


def test_an_older_reference_gets_the_newest_value_of_the_same_origin_only() -> None:
    memory = Memory(
        "ws_1",
        secrets={
            "secret://a@1": Secret("https://x:443", "old"),
            "secret://a@2": Secret("https://x:443", "new"),
            "secret://a@3": Secret("https://elsewhere:443", "never here"),
        },
    )

    assert intake.secrets_to_serve(memory) == {
        "secret://a@1": "new",
        "secret://a@2": "new",
        "secret://a@3": "never here",
    }


def test_secrets_that_nothing_refers_to_are_forgotten() -> None:
    good = doc("", 1, b'{"key":"secret://a@1"}')
    memory = Memory("ws_1", slots={"config/": SlotMemory(good, good)}, secrets={"secret://a@1": Secret("o", "1")})
    secrets = {f"secret://a@{version}": Secret("o", str(version)) for version in (2, 3)} | {
        "secret://gone@1": Secret("o", "x")
    }

    taken = take(memory, doc("", 2, b'{"key":"secret://a@2"}'), opened=Opened({}, secrets, {}))

    assert set(taken.memory.secrets) == {"secret://a@1", "secret://a@2", "secret://a@3"}


def test_secrets_and_keys_show_in_no_repr() -> None:
    memory = Memory("ws_1", secrets={"secret://a@1": Secret("o", "sk-canary")}, delivery_keys={"dk": b"sk-canary"})

    assert "canary" not in repr(memory) + repr(Secret("o", "sk-canary"))


def test_after_a_listing_no_secret_of_a_lost_history_outdoes_the_listed_one() -> None:
    here, elsewhere = "https://x:443", "https://elsewhere:443"
    listed = {"secret://a@3": Secret(here, "restored")}
    lost = {"secret://a@5": Secret(here, "lost")}
    kept = {"secret://a@9": Secret(elsewhere, "of another origin"), "secret://b@7": Secret(here, "of another name")}
    memory = Memory("ws_1", secrets={**listed, **lost, **kept})

    assert intake.forget_secrets_beyond(memory, listed).secrets == {**listed, **kept}
    assert intake.forget_secrets_beyond(memory, {}) is memory
