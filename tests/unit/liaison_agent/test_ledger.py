"""The ledger on a real disk: what survives, and every way in which it may be damaged."""

from __future__ import annotations

import resource
import stat
from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from liaison_agent.ledger.file_ledger import FileLedger
from liaison_agent.ledger.records import dump, facts_of, memory_from, work_of
from liaison_agent.ledger.vault import Vault
from liaison_agent.memory import (
    Completion,
    HeldEvent,
    Memory,
    Proof,
    Rejection,
    Reverted,
    Secret,
    SlotMemory,
    Tombstone,
    Value,
)
from liaison_agent.ports import LedgerError
from liaison_agent.state import Configuration

KEY = bytes(range(32))
NOW = datetime(2026, 1, 1, tzinfo=UTC)


def open_ledger(folder: Path, *, key: bytes = KEY, dataplane_id: str = "dp_1", history: str = "h1") -> FileLedger:
    return FileLedger(Vault(folder / "ledger", key, dataplane_id), lambda: history)


def document(version: int, user_id: str = "") -> Configuration:
    return Configuration("ws_1", user_id, version, version, f"digest-{version}", b'{"v":%d}' % version)


def a_memory() -> Memory:
    first, second = document(1), document(2)
    value = Value("gatekeeper_keys", 4, 4, "d", b"{}")
    return Memory(
        workspace_id="ws_1",
        epoch="epoch-1",
        revision=7,
        slots={
            "config/": SlotMemory(second, first),
            "gatekeeper_keys": SlotMemory(value, value),
            "config/ann": SlotMemory(Tombstone("config/ann", 3, 6), None),
        },
        secrets={"secret://openai@1": Secret("https://api.openai.com:443", "sk-canary")},
        delivery_keys={"dk-1": bytes(32)},
        revocations={"jti-1": NOW},
        rejections={"config/": Rejection("config/", 2, 2, "bad regex", "ev_9")},
        reverts={"config/bob": Reverted("config/bob", 3, 2, 120, 40, 1 / 3, timedelta(seconds=30), NOW, "5xx", 2)},
        barred=frozenset({"config/ann"}),
        held={"ev_1": HeldEvent("ev_1", "config/", 2, 3)},
        outbox=(
            Completion("ev_2", "config/", 1, 1, "d", proof=Proof("1.40", (("listener/public", "x"),), NOW)),
            Completion("ev_3", "config/", 1, 2, "d", error="bad regex", retryable=False),
            Completion("ev_4", "config/bob", 1, 2, "d", error="bad regex", workspace_version=2),
            Completion("ev_5", "config/", 1, 2, "d", rejected=(Rejection("config/bob", 2, 2, "bad regex", "ev_4"),)),
        ),
    )


def test_a_completion_of_an_older_release_is_owed_as_it_was(tmp_path: Path) -> None:
    fields = work_of(a_memory())
    without_workspace_version = {**fields, "outbox": [one[:8] for one in fields["outbox"]]}

    owed = memory_from(facts_of(a_memory(), "h1", {}), {}, without_workspace_version).outbox

    assert owed == tuple(replace(one, workspace_version=0, rejected=()) for one in a_memory().outbox)


def test_everything_comes_back_as_it_was_saved(tmp_path: Path) -> None:
    open_ledger(tmp_path).save(a_memory())

    loaded = open_ledger(tmp_path).load()

    assert loaded.memory == a_memory()
    assert (loaded.damaged, loaded.problems) == (False, ())


def test_a_last_known_good_that_is_the_newest_is_the_same_object_after_loading(tmp_path: Path) -> None:
    open_ledger(tmp_path).save(a_memory())

    memory = open_ledger(tmp_path).load().memory

    assert memory is not None
    assert memory.slots["gatekeeper_keys"].good is memory.slots["gatekeeper_keys"].newest


def test_nothing_readable_and_no_foreign_eyes_on_the_disk(tmp_path: Path) -> None:
    open_ledger(tmp_path).save(a_memory())

    files = list((tmp_path / "ledger").iterdir())

    assert stat.S_IMODE((tmp_path / "ledger").stat().st_mode) == 0o700
    assert {stat.S_IMODE(file.stat().st_mode) for file in files} == {0o600}
    assert not any(b"sk-canary" in file.read_bytes() or b"config/" in file.read_bytes() for file in files)


def test_a_change_of_one_slot_writes_one_bucket(tmp_path: Path) -> None:
    ledger = open_ledger(tmp_path)
    users = [f"user-{number}" for number in range(300)]
    memory = Memory("ws_1", slots={f"config/{one}": SlotMemory(document(1, one)) for one in users})
    ledger.save(memory)
    before = {file.name: file.stat().st_ino for file in (tmp_path / "ledger").iterdir()}

    ledger.save(replace(memory, slots={**memory.slots, "config/user-7": SlotMemory(document(2, "user-7"))}))

    after = {file.name: file.stat().st_ino for file in (tmp_path / "ledger").iterdir()}
    written = {name for name in after if after[name] != before.get(name) and not name.endswith(".older")}
    assert len([name for name in written if name.startswith("slots-")]) == 1


def test_a_ledger_that_was_never_written_is_lost_without_a_problem(tmp_path: Path) -> None:
    loaded = open_ledger(tmp_path).load()

    assert (loaded.memory, loaded.problems) == (None, ())


DAMAGES: dict[str, Callable[[bytes], bytes]] = {
    "empty": lambda blob: b"",
    "truncated": lambda blob: blob[: len(blob) // 2],
    "one bit": lambda blob: blob[:-1] + bytes([blob[-1] ^ 1]),
    "old schema": lambda blob: blob.replace(b"agentrouter-ledger\x01", b"agentrouter-ledger\x00", 1),
    "rubbish": lambda blob: b"\xff" * len(blob),
    "only the head": lambda blob: blob[:19],
}


@pytest.mark.parametrize("damage", DAMAGES)
def test_damaged_facts_are_a_lost_ledger_and_reported(tmp_path: Path, damage: str) -> None:
    open_ledger(tmp_path).save(a_memory())
    _damage(tmp_path / "ledger" / "facts", DAMAGES[damage])

    loaded = open_ledger(tmp_path).load()

    assert loaded.memory is None
    assert loaded.problems
    assert loaded.problems[0].startswith("facts ")


@pytest.mark.parametrize("damage", DAMAGES)
def test_a_damaged_bucket_is_replaced_by_the_generation_before(tmp_path: Path, damage: str) -> None:
    ledger = open_ledger(tmp_path)
    memory = Memory("ws_1", revision=1, slots={"config/": SlotMemory(document(1), None)})
    ledger.save(memory)
    known = memory.slots["config/"].newest
    assert isinstance(known, Configuration)
    ledger.save(replace(memory, slots={"config/": SlotMemory(known, known)}))
    newest = document(2)
    ledger.save(replace(memory, revision=2, slots={"config/": SlotMemory(newest, known)}))
    [bucket] = [file for file in (tmp_path / "ledger").glob("slots-*") if not file.name.endswith(".older")]
    _damage(bucket, DAMAGES[damage])

    loaded = open_ledger(tmp_path).load()

    assert loaded.damaged
    assert loaded.memory is not None
    assert loaded.memory.slots == {"config/": SlotMemory(known, known)}
    assert "the generation before is used" in loaded.problems[-1]


def test_a_bucket_lost_in_both_generations_costs_its_slots_only(tmp_path: Path) -> None:
    ledger = open_ledger(tmp_path)
    ledger.save(Memory("ws_1", slots={f"config/{one}": SlotMemory(document(1, str(one))) for one in range(50)}))
    next((tmp_path / "ledger").glob("slots-*")).unlink()

    loaded = open_ledger(tmp_path).load()

    assert loaded.damaged
    assert loaded.memory is not None
    assert 0 < len(loaded.memory.slots) < 50


def test_damaged_work_is_reported_and_given_up_alone(tmp_path: Path) -> None:
    open_ledger(tmp_path).save(a_memory())
    _damage(tmp_path / "ledger" / "work", DAMAGES["truncated"])

    loaded = open_ledger(tmp_path).load()

    assert loaded.memory == replace(a_memory(), held={}, outbox=())
    assert loaded.problems


@pytest.mark.parametrize("work", [{"held": [["ev_1"]]}, {"outbox": [[1, 2]]}, {"held": 7}])
def test_work_that_is_not_understood_never_costs_the_facts(tmp_path: Path, work: dict) -> None:
    open_ledger(tmp_path).save(a_memory())
    Vault(tmp_path / "ledger", KEY, "dp_1").write("work", dump(work))

    loaded = open_ledger(tmp_path).load()

    assert loaded.memory == replace(a_memory(), held={}, outbox=())
    assert loaded.problems == ("work is not understood: what it held comes again",)


@pytest.mark.parametrize("foreign", [{"key": bytes(32)}, {"dataplane_id": "dp_2"}], ids=["key", "data plane"])
def test_a_foreign_ledger_is_passed_over(tmp_path: Path, foreign: dict) -> None:
    open_ledger(tmp_path).save(a_memory())

    loaded = open_ledger(tmp_path, **foreign).load()

    assert loaded.memory is None
    assert "another data plane" in loaded.problems[0]


def test_files_that_change_places_are_found_out(tmp_path: Path) -> None:
    open_ledger(tmp_path).save(a_memory())
    folder = tmp_path / "ledger"
    (folder / "facts").write_bytes((folder / "work").read_bytes())

    assert open_ledger(tmp_path).load().memory is None


def test_buckets_of_a_lost_ledger_never_pass_for_the_new_ones(tmp_path: Path) -> None:
    old = open_ledger(tmp_path, history="old")
    for version in range(1, 5):
        old.save(Memory("ws_1", revision=version, slots={"config/": SlotMemory(document(version))}))
    (tmp_path / "ledger" / "facts").unlink()
    new = open_ledger(tmp_path, history="new")
    new.load()
    new.save(Memory("ws_1", revision=9, slots={"config/": SlotMemory(document(9))}))
    [bucket] = [file for file in (tmp_path / "ledger").glob("slots-*") if not file.name.endswith(".older")]
    bucket.unlink()

    loaded = open_ledger(tmp_path, history="third").load()

    assert loaded.damaged
    assert loaded.memory is not None
    assert loaded.memory.slots == {}


def test_a_crash_between_buckets_and_facts_is_no_damage(tmp_path: Path) -> None:
    ledger = open_ledger(tmp_path)
    ledger.save(Memory("ws_1", revision=1, slots={"config/": SlotMemory(document(1))}))
    facts = (tmp_path / "ledger" / "facts").read_bytes()
    ledger.save(Memory("ws_1", revision=2, slots={"config/": SlotMemory(document(2))}))
    (tmp_path / "ledger" / "facts").write_bytes(facts)

    loaded = open_ledger(tmp_path).load()

    assert not loaded.damaged
    assert loaded.memory is not None
    assert loaded.memory.revision == 1
    assert loaded.memory.slots["config/"].newest == document(2)


def test_a_crash_between_the_two_renames_leaves_the_generation_before(tmp_path: Path) -> None:
    ledger = open_ledger(tmp_path)
    ledger.save(Memory("ws_1", revision=1, slots={"config/": SlotMemory(document(1))}))
    [bucket] = (tmp_path / "ledger").glob("slots-*")
    bucket.rename(bucket.with_name(f"{bucket.name}.older"))

    loaded = open_ledger(tmp_path).load()

    assert not loaded.damaged
    assert loaded.memory is not None
    assert loaded.memory.slots["config/"].newest == document(1)


def test_a_full_disk_is_told_and_what_was_durable_still_is(tmp_path: Path) -> None:
    ledger = open_ledger(tmp_path)
    ledger.save(a_memory())
    large = replace(a_memory(), slots={**a_memory().slots, "config/big": SlotMemory(_large())})

    with _files_limited_to(64 * 1024), pytest.raises(LedgerError, match="state folder cannot be written"):
        ledger.save(large)

    assert open_ledger(tmp_path).load().memory == a_memory()
    assert not list((tmp_path / "ledger").glob("*.new"))
    ledger.save(large)
    assert open_ledger(tmp_path).load().memory == large


def test_wiping_leaves_nothing(tmp_path: Path) -> None:
    ledger = open_ledger(tmp_path)
    ledger.save(a_memory())

    ledger.wipe()

    assert list((tmp_path / "ledger").iterdir()) == []
    assert open_ledger(tmp_path).load().memory is None


def _damage(path: Path, how: Callable[[bytes], bytes]) -> None:
    path.write_bytes(how(path.read_bytes()))


def _large() -> Configuration:
    return Configuration("ws_1", "big", 1, 8, "d", bytes(200_000))


class _files_limited_to:
    """The kernel refuses to let files grow, as a full disk does."""

    def __init__(self, size: int) -> None:
        self._size = size

    def __enter__(self) -> None:
        self._limits = resource.getrlimit(resource.RLIMIT_FSIZE)
        resource.setrlimit(resource.RLIMIT_FSIZE, (self._size, self._limits[1]))

    def __exit__(self, *_: object) -> None:
        resource.setrlimit(resource.RLIMIT_FSIZE, self._limits)
