"""One example of every RPC: docs/API.md is written from this table, and a test runs its lines in this order.

A text `$NAME` in a body is a shell variable; `keeps` names what later lines use, by its way through the answer.
"""

from __future__ import annotations

from tools.api_calls import (
    ADMIN,
    DATAPLANE,
    EITHER,
    MANAGEMENT,
    NOBODY,
    OPERATOR,
    PLATFORM,
    VIEWER,
    Example,
    configurator,
    dataplanes,
    documents,
)

YAML = "version: consumer/v1\nconsumer_id: alice\n"
BACKEND = {
    "name": "mine",
    "base_url": "https://llm.example.com/v1",
    "models": ["gpt-4o"],
    "credential": {"api_key": "sk-of-alice-herself"},
}
MCP = {"id": "git", "name": "Git", "url": "https://mcp.example.com/git"}
UPGRADE = {"registry": "registry.example.com", "username": "robot", "secret": "s3cret", "target_version": "1.2.0"}


EXAMPLES: tuple[Example, ...] = (
    documents(
        "ValidateDocument",
        "Says exactly what PutDocument would refuse; stores nothing.",
        VIEWER,
        body={"user_id": "alice", "content": YAML},
    ),
    documents(
        "PutDocument",
        "Stores a source document, YAML or JSON, compiles and announces it.",
        OPERATOR,
        body={"user_id": "alice", "content": YAML, "reason": "alice joins"},
    ),
    documents("GetDocument", "Gives a source document back, credentials as references.", VIEWER, body={"user_id": ""}),
    documents(
        "DiffDocument",
        "Says what a document means otherwise than the stored one, by path.",
        VIEWER,
        body={"user_id": "alice", "content": f"{YAML}enabled: false\n"},
    ),
    documents(
        "ListDocumentVersions",
        "Versions that are kept of a source document, newest first: who, when, why.",
        VIEWER,
        body={"user_id": "alice", "page_size": 10},
        keeps={"DOCUMENT_VERSION": "versions.0.version"},
    ),
    documents(
        "RollbackDocument",
        "Puts an earlier version again, with all that PutDocument checks.",
        OPERATOR,
        body={"user_id": "alice", "version": "$DOCUMENT_VERSION", "reason": "as it was"},
    ),
    documents(
        "DeleteDocument",
        "Removes a consumer: its document, the backends it brought; keys stay, and are refused until it is made again.",
        OPERATOR,
        body={"user_id": "alice", "reason": "alice left", "request_id": "alice-left"},
    ),
    configurator(
        "TriggerUpdate",
        "Compiles a configuration anew and announces it when it differs.",
        OPERATOR,
        body={"user_id": "", "reason": "by hand", "force": True},
    ),
    configurator(
        "GetConfiguration",
        "Configurations newer than the caller's; without queries everything after a revision.",
        EITHER,
        body={"queries": [{"user_id": "", "current_version": 0}]},
        keeps={"VERSION": "configurations.0.version", "DIGEST": "configurations.0.digest"},
    ),
    configurator(
        "ListConfigurations",
        "Every configuration, with what each data plane has of it.",
        EITHER,
        body={"state": "CONFIGURATION_STATE_ACTIVE", "page_size": 50},
    ),
    configurator("ListActiveUsers", "Users that have an active configuration.", EITHER),
    configurator("ListActiveProviders", "Enabled providers, their models, whether a credential resolves.", EITHER),
    configurator(
        "ListPendingEvents",
        "Events that need processing, oldest first.",
        EITHER,
        body={"dataplane_id": "$DATAPLANE", "slot": "config/"},
        keeps={"EVENT": "events.0.id"},
    ),
    configurator(
        "UpdateEventMetadata",
        "Replaces the metadata of an event.",
        OPERATOR,
        body={"event_id": "$EVENT", "metadata": {"ticket": "OPS-4711"}},
    ),
    configurator(
        "AcknowledgeEvent",
        "Takes an event over, or renews its lease of 60 s.",
        DATAPLANE,
        body={"event_id": "$EVENT", "boot": {"counter": 1, "nonce": "nonce-of-boot-1"}},
        keeps={"FENCING_TOKEN": "event.fencingToken"},
    ),
    configurator(
        "CompleteEvent",
        "Says how the work on an event ended; the same twice is fine.",
        DATAPLANE,
        body={
            "event_id": "$EVENT",
            "outcome": "EVENT_OUTCOME_APPLIED",
            "version": "$VERSION",
            "digest": "$DIGEST",
            "fencing_token": "$FENCING_TOKEN",
        },
    ),
    configurator(
        "ReconcileWorkspace",
        "Finds what deviates and enqueues it again; `validate_only` only shows it.",
        OPERATOR,
        body={"validate_only": True},
    ),
    configurator(
        "FullSyncWorkspace", "Walks everything, compiles and enqueues it again; streams progress.", ADMIN, streams=True
    ),
    configurator(
        "SaveBYOKBackends",
        "Replaces the whole set of backends that a user brought. A credential is an api_key, oauth, aws or gcp.",
        OPERATOR,
        body={"user_id": "alice", "mode": "BACKEND_MODE_PREFERRED", "backends": [BACKEND]},
    ),
    Example(
        f"{MANAGEMENT}BackendService",
        "ListBackends",
        "A user's backends; of credentials kind and last four characters.",
        VIEWER,
        body={"user_id": "alice"},
    ),
    configurator("DeleteBYOKBackends", "Removes some by name, or all.", OPERATOR, body={"user_id": "alice"}),
    configurator("UpsertMCPCatalogServer", "Wires an MCP server into the catalogue.", OPERATOR, body=MCP),
    configurator(
        "RevokeUserToken",
        "Revokes a consumer key in every data plane; twice is fine.",
        OPERATOR,
        body={"jti": "ck_lost", "reason": "laptop was stolen", "expires_at": "2099-01-01T00:00:00Z"},
    ),
    configurator(
        "SetDataplaneURL",
        "The URL at which customers reach the gateway.",
        OPERATOR,
        body={"dataplane_id": "$DATAPLANE", "url": "https://llm.example.com"},
    ),
    configurator(
        "ValidateDataplane", "Whether a data plane is known, and the public keys of consumer keys.", DATAPLANE
    ),
    configurator(
        "SubmitDataplaneUpgradeCredentials",
        "Begins an upgrade with registry credentials that only the data plane can open.",
        OPERATOR,
        body={"dataplane_id": "$DATAPLANE", **UPGRADE, "request_id": "upgrade-to-1.2.0"},
        keeps={"UPGRADE": "upgradeEventId"},
    ),
    configurator(
        "GetDataplaneUpgradeCredentials",
        "The sealed credentials; every read is audited.",
        DATAPLANE,
        body={"upgrade_event_id": "$UPGRADE"},
    ),
    configurator(
        "AckDataplaneUpgradeCredentials",
        "The data plane has them; the stored copy is wiped.",
        DATAPLANE,
        body={"upgrade_event_id": "$UPGRADE"},
    ),
    configurator(
        "CancelDataplaneUpgrade",
        "Cancels the running upgrade; nothing happens when it has ended.",
        OPERATOR,
        body={"dataplane_id": "$DATAPLANE"},
    ),
    configurator(
        "RollbackDataplaneUpgrade",
        "Goes back after a completed upgrade.",
        OPERATOR,
        body={"dataplane_id": "$UPGRADED_DATAPLANE", "request_id": "back-from-1.2.0"},
    ),
    dataplanes(
        "CreateJoinToken",
        "Lets another data plane join; the token is shown once.",
        ADMIN,
        body={"max_uses": 5, "lifetime": "3600s"},
        keeps={"JOIN_TOKEN": "joinToken", "JOIN_TOKEN_ID": "id"},
    ),
    dataplanes(
        "EnrollDataplane",
        "Exchanges a join token for an identity; both keys are raw public halves, base64.",
        NOBODY,
        body={
            "join_token": "$JOIN_TOKEN",
            "signing_public_key": "$ED25519_PUBLIC_KEY",
            "sealing_public_key": "$X25519_PUBLIC_KEY",
            "name": "rack-7",
        },
        keeps={"ENROLLED": "dataplane.id"},
    ),
    dataplanes("ListJoinTokens", "Tokens that may still be used, never the tokens themselves.", ADMIN),
    dataplanes(
        "RevokeJoinToken",
        "Nobody enrols with it any more; twice is fine.",
        ADMIN,
        body={"join_token_id": "$JOIN_TOKEN_ID", "reason": "leaked"},
    ),
    dataplanes("ListDataplanes", "Data planes: heard or not, in step or not, and their reports.", EITHER),
    dataplanes("GetDataplane", "One of them.", EITHER, body={"dataplane_id": "$DATAPLANE"}),
    dataplanes(
        "RevokeDataplane",
        "For good: it drains, wipes and ends.",
        ADMIN,
        body={"dataplane_id": "$ENROLLED", "reason": "host was sold"},
    ),
    Example(
        f"{MANAGEMENT}ConsumerKeyService",
        "IssueConsumerKey",
        "Signs a key for a caller of the gateway; it is shown once.",
        OPERATOR,
        body={"consumer_id": "alice", "lifetime": "86400s"},
        keeps={"JTI": "key.jti"},
    ),
    Example(
        f"{MANAGEMENT}ConsumerKeyService",
        "ListConsumerKeys",
        "Issued keys, live, expired or revoked; never the keys themselves.",
        VIEWER,
        body={"consumer_id": "alice"},
    ),
    Example(
        f"{MANAGEMENT}ConsumerKeyService",
        "RevokeConsumerKey",
        "Revokes an issued key in every data plane; twice is fine.",
        OPERATOR,
        body={"jti": "$JTI", "reason": "laptop was stolen"},
    ),
    Example(
        f"{MANAGEMENT}ManagementKeyService",
        "CreateManagementKey",
        "A key for a person or program; it is shown once.",
        ADMIN,
        body={"name": "ci", "role": "ROLE_OPERATOR", "lifetime": "86400s"},
        keeps={"KEY": "key.id"},
    ),
    Example(f"{MANAGEMENT}ManagementKeyService", "ListManagementKeys", "Keys, never the keys themselves.", ADMIN),
    Example(
        f"{MANAGEMENT}ManagementKeyService",
        "RevokeManagementKey",
        "Effective before the answer; twice is fine.",
        ADMIN,
        body={"key_id": "$KEY"},
    ),
    Example(
        f"{MANAGEMENT}OperationsService",
        "RotateGatekeeperKey",
        "Signs with a new key from now on; the old ones verify until retired.",
        ADMIN,
        body={"request_id": "rotation-of-2026-11"},
    ),
    Example(
        f"{MANAGEMENT}OperationsService",
        "RetireGatekeeperKey",
        "A key that was rotated out verifies no longer.",
        ADMIN,
        body={"kid": "$OLD_KID", "request_id": "retirement-of-the-old-key"},
    ),
    Example(
        f"{MANAGEMENT}OperationsService",
        "ReplayEvent",
        "Gives a dead letter fresh attempts.",
        OPERATOR,
        body={"event_id": "$DEAD_EVENT", "request_id": "replay-of-4711"},
    ),
    Example(
        f"{MANAGEMENT}OperationsService",
        "RotateMasterKey",
        "Wraps everything anew under the primary master key; streams progress.",
        PLATFORM,
        streams=True,
    ),
    Example(
        f"{MANAGEMENT}AuditService", "ListAuditRecords", "Who did what, newest first.", ADMIN, body={"page_size": 20}
    ),
    Example(f"{MANAGEMENT}AuditService", "VerifyAudit", "Walks the tenant's hash chain.", ADMIN),
    Example(f"{MANAGEMENT}TenantService", "ListTenants", "Tenants that the key sees.", VIEWER),
    Example(
        f"{MANAGEMENT}TenantService",
        "CreateTenant",
        "A tenant with a first workspace and its first key, shown once.",
        PLATFORM,
        body={"name": "acme", "request_id": "tenant-acme"},
    ),
    Example(f"{MANAGEMENT}WorkspaceService", "GetWorkspace", "One workspace.", EITHER),
    Example(f"{MANAGEMENT}WorkspaceService", "ListWorkspaces", "Workspaces that the key sees.", VIEWER),
    Example(
        f"{MANAGEMENT}WorkspaceService",
        "CreateWorkspace",
        "Another workspace; from now on requests name theirs by `workspace_id`.",
        ADMIN,
        body={"name": "second", "request_id": "workspace-second"},
    ),
)
