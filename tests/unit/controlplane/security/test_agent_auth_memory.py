"""A verified token is remembered, within bounds, for as long as everything it was verified against stays."""

from datetime import timedelta

import pytest

from controlplane.domain.dataplanes import Dataplane
from controlplane.security.agent_auth import AgentVerifier, Refusal, TokenRefused
from tests.fakes.agent_tokens import NOW, OTHER_PUBLIC, PUBLIC, STORED, new_dataplane, seconds, signed


def test_a_token_used_again_is_remembered_once() -> None:
    verifier, token = AgentVerifier(), signed()

    for _ in range(3):
        verifier.verify(token, STORED, NOW)

    assert verifier.remembered() == 1


def test_a_refused_token_is_not_remembered() -> None:
    verifier = AgentVerifier()
    with pytest.raises(TokenRefused):
        verifier.verify(signed(aud="elsewhere"), STORED, NOW)

    assert verifier.remembered() == 0


def test_the_signature_of_a_remembered_token_is_not_checked_again(monkeypatch: pytest.MonkeyPatch) -> None:
    verifier, token = AgentVerifier(), signed()
    verifier.verify(token, STORED, NOW)
    monkeypatch.setattr("controlplane.security.agent_auth._verify_signature", None)

    verifier.verify(token, STORED, NOW + timedelta(minutes=4))


def test_a_forgotten_data_planes_token_is_checked_again(monkeypatch: pytest.MonkeyPatch) -> None:
    verifier, token = AgentVerifier(), signed()
    verifier.verify(token, STORED, NOW)
    verifier.forget("dp-1")
    verifier.forget("never seen")
    monkeypatch.setattr("controlplane.security.agent_auth._verify_signature", None)

    assert verifier.remembered() == 0
    with pytest.raises(TypeError, match="not callable"):
        verifier.verify(token, STORED, NOW)


@pytest.mark.parametrize(
    ("stored", "reason"),
    [
        (new_dataplane("dp-1", "ws-1", OTHER_PUBLIC), Refusal.BAD_SIGNATURE),
        (new_dataplane("dp-1", "ws-2", PUBLIC), Refusal.MALFORMED),
        (None, Refusal.UNKNOWN_KEY),
    ],
)
def test_a_remembered_token_does_not_outlive_what_is_stored(stored: Dataplane | None, reason: Refusal) -> None:
    verifier, token = AgentVerifier(), signed(workspace_id="ws-1")
    verifier.verify(token, STORED, NOW)

    with pytest.raises(TokenRefused) as refused:
        verifier.verify(token, stored, NOW)
    assert refused.value.reason is reason


def test_a_remembered_token_expires_like_any_other() -> None:
    verifier, token = AgentVerifier(), signed()
    verifier.verify(token, STORED, NOW)

    with pytest.raises(TokenRefused) as refused:
        verifier.verify(token, STORED, NOW + timedelta(minutes=6))
    assert refused.value.reason is Refusal.EXPIRED


def test_a_remembered_token_is_not_valid_before_its_time_when_the_clock_goes_back() -> None:
    verifier, token = AgentVerifier(), signed()
    verifier.verify(token, STORED, NOW)

    with pytest.raises(TokenRefused) as refused:
        verifier.verify(token, STORED, NOW - timedelta(minutes=2))
    assert refused.value.reason is Refusal.NOT_YET_VALID


def test_one_data_plane_takes_no_more_than_its_share() -> None:
    verifier = AgentVerifier()
    for number in range(20):
        verifier.verify(signed(number=number), STORED, NOW)

    assert verifier.remembered() == 4


def test_expired_tokens_make_room_first() -> None:
    verifier = AgentVerifier()
    for number in range(3):
        verifier.verify(signed(number=number), STORED, NOW)

    later = NOW + timedelta(minutes=5)
    verifier.verify(signed(iat=seconds(later), exp=seconds(later) + 300), STORED, later)

    assert verifier.remembered() == 1


def test_the_longest_unused_data_plane_is_forgotten_first(monkeypatch: pytest.MonkeyPatch) -> None:
    verifier = AgentVerifier(max_dataplanes=2)
    planes = {name: (signed({"kid": f"instance-{name}"}), new_dataplane(name, "ws-1", PUBLIC)) for name in "abc"}
    for name in "abac":
        verifier.verify(*planes[name], NOW)

    assert verifier.remembered() == 2
    monkeypatch.setattr("controlplane.security.agent_auth._verify_signature", None)
    verifier.verify(*planes["a"], NOW)
    verifier.verify(*planes["c"], NOW)
