"""The ledger in files: the facts, the work in hand, and the slots in buckets, so that one change rewrites one bucket.

A bucket keeps its generation before, for when the newer one turns out damaged. The facts name the writing (serial) of
each bucket that they go with; an older one in its place may still serve, but everything must be asked for again.
Buckets are written before the facts: facts never speak of a version that is not there. `history` is drawn anew when
there are no facts to go on from, so that buckets of a lost ledger never pass for the new one's.
"""

from __future__ import annotations

import zlib
from collections.abc import Callable

from liaison_agent.ledger import records
from liaison_agent.ledger.vault import Unreadable, Vault
from liaison_agent.memory import Memory, SlotMemory
from liaison_agent.ports import LedgerError, Loaded

BUCKETS = 64
FACTS = "facts"
WORK = "work"
_FACT_FIELDS = (
    "workspace_id",
    "epoch",
    "revision",
    "secrets",
    "delivery_keys",
    "revocations",
    "revoked_to",
    "rejections",
    "reverts",
    "barred",
)


class FileLedger:
    """Implements `Ledger`."""

    def __init__(self, vault: Vault, new_history: Callable[[], str]) -> None:
        self._vault = vault
        self._history = new_history()
        self._saved: Memory | None = None
        self._buckets: list[dict[str, SlotMemory]] = [{} for _ in range(BUCKETS)]
        self._serials: dict[int, int] = {}

    def load(self) -> Loaded:
        """See `Ledger`."""
        problems: list[str] = []
        facts = self._read(FACTS, problems)
        if facts is None:
            return Loaded(None, problems=tuple(problems))
        work = self._read(WORK, problems) or {}
        try:
            wanted = records.serials_of(facts)
            self._history = str(facts["history"])
            intact = [self._load_bucket(bucket, serial, problems) for bucket, serial in wanted.items()]
            slots = {slot: known for bucket in self._buckets for slot, known in bucket.items()}
            memory = _remembered(facts, slots, work, problems)
        except (KeyError, TypeError, ValueError):
            return Loaded(None, problems=(*problems, f"{FACTS} is not understood"))
        damaged = not all(intact)
        self._saved = None if damaged else memory
        return Loaded(memory, damaged, tuple(problems))

    def save(self, memory: Memory) -> None:
        """See `Ledger`."""
        saved = self._saved
        try:
            newest_changed = self._save_slots(memory, saved)
            if saved is None or newest_changed or _differ(_FACT_FIELDS, memory, saved):
                self._vault.write(FACTS, records.dump(records.facts_of(memory, self._history, self._serials)))
            if saved is None or _differ(("held", "outbox"), memory, saved):
                self._vault.write(WORK, records.dump(records.work_of(memory)))
        except OSError as error:
            raise LedgerError(f"the state folder cannot be written ({error.strerror})") from None
        self._saved = memory

    def digest_on_disk(self, slot: str) -> str:
        """See `Ledger`."""
        fields = self._read(_name(zlib.crc32(slot.encode()) % BUCKETS), [])
        try:
            known = records.slots_from(fields).get(slot) if fields else None
        except (KeyError, TypeError, ValueError):
            return ""
        return known.newest.digest if known else ""

    def wipe(self) -> None:
        """See `Ledger`."""
        self._vault.wipe()
        self._saved, self._serials = None, {}
        self._buckets = [{} for _ in range(BUCKETS)]

    def _save_slots(self, memory: Memory, saved: Memory | None) -> bool:
        """Write the buckets that changed; returns whether a newest version did."""
        before = saved.slots if saved else {}
        if memory.slots is before:
            return False
        changed = [slot for slot, known in memory.slots.items() if before.get(slot) is not known]
        gone = [slot for slot in before if slot not in memory.slots]
        dirty: set[int] = set()
        for slot in (*changed, *gone):
            bucket = zlib.crc32(slot.encode()) % BUCKETS
            dirty.add(bucket)
            if slot in memory.slots:
                self._buckets[bucket][slot] = memory.slots[slot]
            else:
                self._buckets[bucket].pop(slot, None)
        for bucket in sorted(dirty):
            self._write_bucket(bucket)
        return bool(gone) or any(
            (known := before.get(slot)) is None or known.newest is not memory.slots[slot].newest for slot in changed
        )

    def _write_bucket(self, bucket: int) -> None:
        serial = self._serials.get(bucket, 0) + 1
        content = records.dump(records.bucket_of(self._buckets[bucket], self._history, serial))
        self._vault.write(_name(bucket), content, keep_older=True)
        self._serials[bucket] = serial

    def _load_bucket(self, bucket: int, serial: int, problems: list[str]) -> bool:
        """Fill one bucket from its newest readable generation; False if that is older than the facts."""
        self._serials[bucket] = serial
        for older in (False, True):
            fields = self._read(_name(bucket), problems, older=older)
            if fields is None:
                continue
            try:
                if fields["history"] != self._history:
                    raise ValueError("of another history")
                self._buckets[bucket] = records.slots_from(fields)
                self._serials[bucket] = max(serial, int(fields["serial"]))
            except (KeyError, TypeError, ValueError) as error:
                problems.append(f"{_name(bucket)} is not understood ({error})")
                continue
            if older:
                problems.append(f"{_name(bucket)}: the generation before is used")
            return int(fields["serial"]) >= serial
        problems.append(f"{_name(bucket)} is lost")
        return False

    def _read(self, name: str, problems: list[str], *, older: bool = False) -> records.Fields | None:
        try:
            content = self._vault.read(name, older=older)
            return None if content is None else records.load(content)
        except Unreadable as problem:
            problems.append(str(problem))
        except ValueError:
            problems.append(f"{name} is not understood")
        return None


def _remembered(
    facts: records.Fields, slots: dict[str, SlotMemory], work: records.Fields, problems: list[str]
) -> Memory:
    """Work that another release wrote may not be understood; that costs a lease, never the facts."""
    try:
        return records.memory_from(facts, slots, work)
    except (KeyError, TypeError, ValueError):
        memory = records.memory_from(facts, slots, {})
    problems.append(f"{WORK} is not understood: what it held comes again")
    return memory


def _name(bucket: int) -> str:
    return f"slots-{bucket:02x}"


def _differ(fields: tuple[str, ...], one: Memory, other: Memory) -> bool:
    return any(getattr(one, name) != getattr(other, name) for name in fields)
