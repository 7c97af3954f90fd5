"""A verified token is remembered, within bounds, for as long as everything it was verified against stays."""

from datetime import timedelta

import pytest

from controlplane.security.agent_auth import AgentAuthenticator, KnownDataplane, Refusal, TokenRefused
from tests.fakes.agent_tokens import NOW, OTHER_PUBLIC, PUBLIC, STORED, seconds, signed


def test_a_token_used_again_is_remembered_once() -> None:
    authenticator, token = AgentAuthenticator(), signed()

    for _ in range(3):
        authenticator.verify(token, STORED, NOW)

    assert authenticator.remembered() == 1


def test_a_refused_token_is_not_remembered() -> None:
    authenticator = AgentAuthenticator()
    with pytest.raises(TokenRefused):
        authenticator.verify(signed(aud="elsewhere"), STORED, NOW)

    assert authenticator.remembered() == 0


def test_the_signature_of_a_remembered_token_is_not_checked_again(monkeypatch: pytest.MonkeyPatch) -> None:
    authenticator, token = AgentAuthenticator(), signed()
    authenticator.verify(token, STORED, NOW)
    monkeypatch.setattr("controlplane.security.agent_auth._verify_signature", None)

    authenticator.verify(token, STORED, NOW + timedelta(minutes=4))


def test_a_forgotten_data_planes_token_is_checked_again(monkeypatch: pytest.MonkeyPatch) -> None:
    authenticator, token = AgentAuthenticator(), signed()
    authenticator.verify(token, STORED, NOW)
    authenticator.forget("dp-1")
    authenticator.forget("never seen")
    monkeypatch.setattr("controlplane.security.agent_auth._verify_signature", None)

    assert authenticator.remembered() == 0
    with pytest.raises(TypeError, match="not callable"):
        authenticator.verify(token, STORED, NOW)


@pytest.mark.parametrize(
    ("stored", "reason"),
    [
        (KnownDataplane("dp-1", "ws-1", OTHER_PUBLIC), Refusal.BAD_SIGNATURE),
        (KnownDataplane("dp-1", "ws-2", PUBLIC), Refusal.MALFORMED),
        (None, Refusal.UNKNOWN_KEY),
    ],
)
def test_a_remembered_token_does_not_outlive_what_is_stored(stored: KnownDataplane | None, reason: Refusal) -> None:
    authenticator, token = AgentAuthenticator(), signed(workspace_id="ws-1")
    authenticator.verify(token, STORED, NOW)

    with pytest.raises(TokenRefused) as refused:
        authenticator.verify(token, stored, NOW)
    assert refused.value.reason is reason


def test_a_remembered_token_expires_like_any_other() -> None:
    authenticator, token = AgentAuthenticator(), signed()
    authenticator.verify(token, STORED, NOW)

    with pytest.raises(TokenRefused) as refused:
        authenticator.verify(token, STORED, NOW + timedelta(minutes=6))
    assert refused.value.reason is Refusal.EXPIRED


def test_a_remembered_token_is_not_valid_before_its_time_when_the_clock_goes_back() -> None:
    authenticator, token = AgentAuthenticator(), signed()
    authenticator.verify(token, STORED, NOW)

    with pytest.raises(TokenRefused) as refused:
        authenticator.verify(token, STORED, NOW - timedelta(minutes=2))
    assert refused.value.reason is Refusal.NOT_YET_VALID


def test_one_data_plane_takes_no_more_than_its_share() -> None:
    authenticator = AgentAuthenticator()
    for number in range(20):
        authenticator.verify(signed(number=number), STORED, NOW)

    assert authenticator.remembered() == 4


def test_expired_tokens_make_room_first() -> None:
    authenticator = AgentAuthenticator()
    for number in range(3):
        authenticator.verify(signed(number=number), STORED, NOW)

    later = NOW + timedelta(minutes=5)
    authenticator.verify(signed(iat=seconds(later), exp=seconds(later) + 300), STORED, later)

    assert authenticator.remembered() == 1


def test_the_longest_unused_data_plane_is_forgotten_first(monkeypatch: pytest.MonkeyPatch) -> None:
    authenticator = AgentAuthenticator(max_dataplanes=2)
    planes = {name: (signed({"kid": f"instance-{name}"}), KnownDataplane(name, "ws-1", PUBLIC)) for name in "abc"}
    for name in "abac":
        authenticator.verify(*planes[name], NOW)

    assert authenticator.remembered() == 2
    monkeypatch.setattr("controlplane.security.agent_auth._verify_signature", None)
    authenticator.verify(*planes["a"], NOW)
    authenticator.verify(*planes["c"], NOW)
