"""Identity, boots and enrolment on a real disk."""

from __future__ import annotations

import json
import stat
from pathlib import Path

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey

from liaison_agent.control.enrolment import enrol
from liaison_agent.control.identity import (
    Identity,
    IdentityError,
    KeyPairs,
    load_identity,
    next_boot,
    save_identity,
)
from liaison_agent.ports import ControlPlaneUnreachable
from liaison_agent.status_file import StatusFile
from tests.fakes.clocks import START, FakeClock
from tests.fakes.control_plane import DATAPLANE, WORKSPACE, ControlPlaneSimulator


def an_identity() -> Identity:
    return Identity("dp_1", "ws_1", "agentrouter", KeyPairs.generate())


def files_in(folder: Path) -> list[str]:
    return [file.name for file in folder.iterdir()]


def test_an_identity_comes_back_as_it_was_saved_and_nobody_else_may_read_it(tmp_path: Path) -> None:
    identity = an_identity()

    save_identity(tmp_path, identity)

    assert load_identity(tmp_path) == identity
    assert stat.S_IMODE((tmp_path / "identity.json").stat().st_mode) == 0o600
    assert files_in(tmp_path) == ["identity.json"]


def test_there_is_none_before_enrolment(tmp_path: Path) -> None:
    assert load_identity(tmp_path) is None


@pytest.mark.parametrize("content", [b"", b"{", b"[]", b'{"schema":1}', b'{"schema":2}', b"\xff"])
def test_a_damaged_identity_is_told_and_never_replaced_by_a_new_one(tmp_path: Path, content: bytes) -> None:
    (tmp_path / "identity.json").write_bytes(content)

    with pytest.raises(IdentityError, match="enrol again with a new join token"):
        load_identity(tmp_path)


def test_a_key_of_the_wrong_length_is_a_damaged_identity(tmp_path: Path) -> None:
    save_identity(tmp_path, an_identity())
    fields = json.loads((tmp_path / "identity.json").read_bytes())
    (tmp_path / "identity.json").write_text(json.dumps({**fields, "signing_key": "AAAA"}))

    with pytest.raises(IdentityError):
        load_identity(tmp_path)


def test_private_halves_show_in_no_repr_and_the_public_ones_belong_to_them() -> None:
    keys = KeyPairs.generate()

    assert repr(keys) == "KeyPairs()"
    Ed25519PublicKey.from_public_bytes(keys.public_signing).verify(keys.signing_key.sign(b"x"), b"x")


def test_every_boot_counts_one_more_and_draws_another_nonce(tmp_path: Path) -> None:
    boots = [next_boot(tmp_path, now=START) for _ in range(3)]

    assert [boot.counter for boot in boots] == [1, 2, 3]
    assert len({boot.nonce for boot in boots}) == 3
    assert all(8 <= len(boot.nonce) <= 64 for boot in boots)


@pytest.mark.parametrize("content", [b"", b"{}", b'{"counter":"x"}', b"[]"])
def test_a_damaged_counter_goes_on_from_where_no_counter_can_have_been(tmp_path: Path, content: bytes) -> None:
    (tmp_path / "boot.json").write_bytes(content)

    first, second = (next_boot(tmp_path, now=START) for _ in range(2))

    assert first.counter == int(START.timestamp())
    assert second.counter == first.counter + 1


async def test_enrolment_sends_the_public_halves_only_and_leaves_one_file(tmp_path: Path) -> None:
    control = ControlPlaneSimulator(FakeClock(), bytes(32))
    keys = KeyPairs.generate()

    identity = await enrol(control, tmp_path, join_token="jt-x", name="host", agent_version="0.1.0", keys=keys)

    [enrolment] = control.enrolments
    assert (enrolment.signing_public_key, enrolment.sealing_public_key) == (keys.public_signing, keys.public_sealing)
    assert (identity.dataplane_id, identity.workspace_id) == (DATAPLANE, WORKSPACE)
    assert load_identity(tmp_path) == identity


@pytest.mark.parametrize("when", ["before", "after"])
async def test_an_enrolment_that_got_no_answer_leaves_nothing(tmp_path: Path, when: str) -> None:
    control = ControlPlaneSimulator(FakeClock(), bytes(32))
    getattr(control, when)["enroll"] = [ControlPlaneUnreachable("away")]

    with pytest.raises(ControlPlaneUnreachable):
        await enrol(control, tmp_path, join_token="jt-x", name="h", agent_version="1", keys=KeyPairs.generate())

    assert files_in(tmp_path) == []


def test_the_status_file_is_true_after_every_change(tmp_path: Path) -> None:
    status = StatusFile(tmp_path, 42)

    status.set_identity("dp_1", "ws_1")
    status.set_envoy_pid(43)
    status.set_status("serving")

    assert json.loads((tmp_path / "agent.json").read_bytes()) == {
        "pid": 42,
        "envoy_pid": 43,
        "dataplane_id": "dp_1",
        "workspace_id": "ws_1",
        "status": "serving",
    }
    assert stat.S_IMODE((tmp_path / "agent.json").stat().st_mode) == 0o600
