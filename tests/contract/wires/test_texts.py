"""Text of any kind in any field and in the credential: stored as it is or refused, never anything else."""

from __future__ import annotations

from typing import Any

from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st

from agentrouter.configurator.v1 import configurations_pb2 as configurations
from agentrouter.management.v1 import consumer_keys_pb2 as consumer_keys
from agentrouter.management.v1 import dataplanes_pb2 as dataplanes
from agentrouter.management.v1 import documents_pb2 as documents
from agentrouter.management.v1 import management_keys_pb2 as management_keys
from agentrouter.management.v1 import workspaces_pb2 as workspaces
from tests.contract.wires.people import Tenant
from tests.contract.wires.procedures import procedure_of
from tests.contract.wires.raw_bytes import over_grpc, over_http
from tests.contract.wires.refusals import Refused

INJECTIONS = [
    "' OR '1'='1",
    "'; DROP TABLE events; --",
    '"; SELECT pg_sleep(10); --',
    "%s%s%n {0} ${jndi:ldap://x} $(id) `id`",
    "../../../../etc/passwd",
    "<script>alert(1)</script>",
    "\x00",
    "a\x00b",
    "line\r\nInjected: header",
    "\u202e\ufeff\ufffe\U0010ffff",
    "\x1b[2J",
    "null",
    "x" * 2000,
]


texts = st.one_of(st.sampled_from(INJECTIONS), st.text(max_size=300))


def requests_with(workspace_id: str) -> st.SearchStrategy[Any]:
    """Requests whose text fields hold anything."""
    return st.one_of(
        st.builds(workspaces.CreateWorkspaceRequest, name=texts, request_id=texts),
        st.builds(workspaces.GetWorkspaceRequest, workspace_id=texts),
        st.builds(
            management_keys.CreateManagementKeyRequest, name=texts, role=st.sampled_from([0, 1, 2, 3]), request_id=texts
        ),
        st.builds(management_keys.RevokeManagementKeyRequest, key_id=texts),
        st.builds(dataplanes.CreateJoinTokenRequest, workspace_id=st.just(workspace_id), group=texts),
        st.builds(dataplanes.EnrollDataplaneRequest, join_token=texts, name=texts, agent_version=texts),
        st.builds(dataplanes.RevokeDataplaneRequest, dataplane_id=texts, reason=texts),
        st.builds(
            consumer_keys.IssueConsumerKeyRequest, workspace_id=st.just(workspace_id), consumer_id=texts, name=texts
        ),
        st.builds(documents.PutDocumentRequest, workspace_id=st.just(workspace_id), user_id=texts, content=texts),
        st.builds(documents.GetDocumentRequest, workspace_id=st.just(workspace_id), user_id=texts),
        st.builds(
            configurations.TriggerUpdateRequest,
            workspace_id=st.just(workspace_id),
            user_id=texts,
            reason=texts,
            request_id=texts,
        ),
        st.builds(
            configurations.ListConfigurationsRequest,
            workspace_id=st.just(workspace_id),
            user_id=texts,
            digest=texts,
            page_token=texts,
        ),
        st.builds(
            configurations.GetConfigurationRequest,
            workspace_id=st.just(workspace_id),
            epoch=texts,
            queries=st.lists(st.builds(configurations.ConfigurationQuery, user_id=texts), max_size=3),
        ),
    )


async def test_text_of_any_kind_is_stored_or_refused_and_never_an_internal_error(victim: Tenant) -> None:
    found: list[Any] = []

    @settings(
        max_examples=120,
        database=None,
        deadline=None,
        derandomize=True,
        phases=[Phase.generate],
        suppress_health_check=list(HealthCheck),
    )
    @given(requests_with(victim.id))
    def collect(request: Any) -> None:
        found.append(request)

    collect()
    expected = {"INVALID_ARGUMENT", "NOT_FOUND", "ALREADY_EXISTS", "FAILED_PRECONDITION", "UNAUTHENTICATED"}
    for request in found:
        try:
            await victim.call(request)
        except Refused as refused:
            assert refused.code in expected, (request, refused)  # noqa: PT017 - an answer is fine as well
    assert (await victim.call(workspaces.GetWorkspaceRequest(workspace_id=victim.id))).workspace.id == victim.id


async def test_text_comes_back_as_it_was_given(victim: Tenant) -> None:
    for text in INJECTIONS:
        if "\x00" not in text and len(text) < 200:
            made = await victim.call(
                management_keys.CreateManagementKeyRequest(name=text, role=management_keys.ROLE_VIEWER)
            )
            assert made.key.name == text
            key = consumer_keys.IssueConsumerKeyRequest(workspace_id=victim.id, consumer_id="alice", name=text)
            assert (await victim.call(key)).key.name == text


async def test_a_credential_of_any_bytes_is_refused_like_any_other(victim: Tenant) -> None:
    path = procedure_of(workspaces.ListWorkspacesRequest).path
    for bearer in (*(text for text in INJECTIONS if text.isprintable() and text.isascii()), "ak-" + "'" * 43):
        assert (await over_grpc(victim.running, path, b"", bearer))[0] == "UNAUTHENTICATED"
        assert (await over_http(victim.running, path, b"", bearer))[0] == "UNAUTHENTICATED"
    for header in ("Basic dXNlcjpwYXNz", "Bearer", "bearer  ", "Bearer a b c", "é"):
        code, _ = await over_http(victim.running, path, b"", authorization=header)
        assert code == "UNAUTHENTICATED"
