import datetime

from agentrouter.configurator.v1 import events_pb2 as _events_pb2
from buf.validate import validate_pb2 as _validate_pb2
from google.protobuf import duration_pb2 as _duration_pb2
from google.protobuf import struct_pb2 as _struct_pb2
from google.protobuf import timestamp_pb2 as _timestamp_pb2
from google.protobuf.internal import containers as _containers
from google.protobuf.internal import enum_type_wrapper as _enum_type_wrapper
from google.protobuf import descriptor as _descriptor
from google.protobuf import message as _message
from collections.abc import Iterable as _Iterable, Mapping as _Mapping
from typing import ClassVar as _ClassVar, Optional as _Optional, Union as _Union

DESCRIPTOR: _descriptor.FileDescriptor

class ConfigurationState(int, metaclass=_enum_type_wrapper.EnumTypeWrapper):
    __slots__ = ()
    CONFIGURATION_STATE_UNSPECIFIED: _ClassVar[ConfigurationState]
    CONFIGURATION_STATE_ACTIVE: _ClassVar[ConfigurationState]
    CONFIGURATION_STATE_SUPERSEDED: _ClassVar[ConfigurationState]
    CONFIGURATION_STATE_REMOVED: _ClassVar[ConfigurationState]

class ConfigurationView(int, metaclass=_enum_type_wrapper.EnumTypeWrapper):
    __slots__ = ()
    CONFIGURATION_VIEW_UNSPECIFIED: _ClassVar[ConfigurationView]
    CONFIGURATION_VIEW_BASIC: _ClassVar[ConfigurationView]
    CONFIGURATION_VIEW_FULL: _ClassVar[ConfigurationView]
CONFIGURATION_STATE_UNSPECIFIED: ConfigurationState
CONFIGURATION_STATE_ACTIVE: ConfigurationState
CONFIGURATION_STATE_SUPERSEDED: ConfigurationState
CONFIGURATION_STATE_REMOVED: ConfigurationState
CONFIGURATION_VIEW_UNSPECIFIED: ConfigurationView
CONFIGURATION_VIEW_BASIC: ConfigurationView
CONFIGURATION_VIEW_FULL: ConfigurationView

class Configuration(_message.Message):
    __slots__ = ("workspace_id", "user_id", "version", "revision", "digest", "state", "document", "created_at", "reason", "dataplanes")
    WORKSPACE_ID_FIELD_NUMBER: _ClassVar[int]
    USER_ID_FIELD_NUMBER: _ClassVar[int]
    VERSION_FIELD_NUMBER: _ClassVar[int]
    REVISION_FIELD_NUMBER: _ClassVar[int]
    DIGEST_FIELD_NUMBER: _ClassVar[int]
    STATE_FIELD_NUMBER: _ClassVar[int]
    DOCUMENT_FIELD_NUMBER: _ClassVar[int]
    CREATED_AT_FIELD_NUMBER: _ClassVar[int]
    REASON_FIELD_NUMBER: _ClassVar[int]
    DATAPLANES_FIELD_NUMBER: _ClassVar[int]
    workspace_id: str
    user_id: str
    version: int
    revision: int
    digest: str
    state: ConfigurationState
    document: bytes
    created_at: _timestamp_pb2.Timestamp
    reason: str
    dataplanes: _containers.RepeatedCompositeFieldContainer[DataplaneVersions]
    def __init__(self, workspace_id: _Optional[str] = ..., user_id: _Optional[str] = ..., version: _Optional[int] = ..., revision: _Optional[int] = ..., digest: _Optional[str] = ..., state: _Optional[_Union[ConfigurationState, str]] = ..., document: _Optional[bytes] = ..., created_at: _Optional[_Union[datetime.datetime, _timestamp_pb2.Timestamp, _Mapping]] = ..., reason: _Optional[str] = ..., dataplanes: _Optional[_Iterable[_Union[DataplaneVersions, _Mapping]]] = ...) -> None: ...

class DataplaneVersions(_message.Message):
    __slots__ = ("dataplane_id", "desired_version", "delivered_version", "applied_version", "running_version", "drift_age", "proof", "rejected_version", "rejected_reason", "reverted")
    DATAPLANE_ID_FIELD_NUMBER: _ClassVar[int]
    DESIRED_VERSION_FIELD_NUMBER: _ClassVar[int]
    DELIVERED_VERSION_FIELD_NUMBER: _ClassVar[int]
    APPLIED_VERSION_FIELD_NUMBER: _ClassVar[int]
    RUNNING_VERSION_FIELD_NUMBER: _ClassVar[int]
    DRIFT_AGE_FIELD_NUMBER: _ClassVar[int]
    PROOF_FIELD_NUMBER: _ClassVar[int]
    REJECTED_VERSION_FIELD_NUMBER: _ClassVar[int]
    REJECTED_REASON_FIELD_NUMBER: _ClassVar[int]
    REVERTED_FIELD_NUMBER: _ClassVar[int]
    dataplane_id: str
    desired_version: int
    delivered_version: int
    applied_version: int
    running_version: int
    drift_age: _duration_pb2.Duration
    proof: _events_pb2.ApplyProof
    rejected_version: int
    rejected_reason: str
    reverted: RevertedSlot
    def __init__(self, dataplane_id: _Optional[str] = ..., desired_version: _Optional[int] = ..., delivered_version: _Optional[int] = ..., applied_version: _Optional[int] = ..., running_version: _Optional[int] = ..., drift_age: _Optional[_Union[datetime.timedelta, _duration_pb2.Duration, _Mapping]] = ..., proof: _Optional[_Union[_events_pb2.ApplyProof, _Mapping]] = ..., rejected_version: _Optional[int] = ..., rejected_reason: _Optional[str] = ..., reverted: _Optional[_Union[RevertedSlot, _Mapping]] = ...) -> None: ...

class SlotValue(_message.Message):
    __slots__ = ("slot", "version", "revision", "digest", "value", "tombstone")
    SLOT_FIELD_NUMBER: _ClassVar[int]
    VERSION_FIELD_NUMBER: _ClassVar[int]
    REVISION_FIELD_NUMBER: _ClassVar[int]
    DIGEST_FIELD_NUMBER: _ClassVar[int]
    VALUE_FIELD_NUMBER: _ClassVar[int]
    TOMBSTONE_FIELD_NUMBER: _ClassVar[int]
    slot: str
    version: int
    revision: int
    digest: str
    value: bytes
    tombstone: bool
    def __init__(self, slot: _Optional[str] = ..., version: _Optional[int] = ..., revision: _Optional[int] = ..., digest: _Optional[str] = ..., value: _Optional[bytes] = ..., tombstone: _Optional[bool] = ...) -> None: ...

class Revocation(_message.Message):
    __slots__ = ("jti", "expires_at", "revision")
    JTI_FIELD_NUMBER: _ClassVar[int]
    EXPIRES_AT_FIELD_NUMBER: _ClassVar[int]
    REVISION_FIELD_NUMBER: _ClassVar[int]
    jti: str
    expires_at: _timestamp_pb2.Timestamp
    revision: int
    def __init__(self, jti: _Optional[str] = ..., expires_at: _Optional[_Union[datetime.datetime, _timestamp_pb2.Timestamp, _Mapping]] = ..., revision: _Optional[int] = ...) -> None: ...

class SealedSecret(_message.Message):
    __slots__ = ("ref", "delivery_key_id", "ciphertext", "origin")
    REF_FIELD_NUMBER: _ClassVar[int]
    DELIVERY_KEY_ID_FIELD_NUMBER: _ClassVar[int]
    CIPHERTEXT_FIELD_NUMBER: _ClassVar[int]
    ORIGIN_FIELD_NUMBER: _ClassVar[int]
    ref: str
    delivery_key_id: str
    ciphertext: bytes
    origin: str
    def __init__(self, ref: _Optional[str] = ..., delivery_key_id: _Optional[str] = ..., ciphertext: _Optional[bytes] = ..., origin: _Optional[str] = ...) -> None: ...

class DeliveryKey(_message.Message):
    __slots__ = ("id", "sealed")
    ID_FIELD_NUMBER: _ClassVar[int]
    SEALED_FIELD_NUMBER: _ClassVar[int]
    id: str
    sealed: bytes
    def __init__(self, id: _Optional[str] = ..., sealed: _Optional[bytes] = ...) -> None: ...

class ConfigurationQuery(_message.Message):
    __slots__ = ("user_id", "current_version")
    USER_ID_FIELD_NUMBER: _ClassVar[int]
    CURRENT_VERSION_FIELD_NUMBER: _ClassVar[int]
    user_id: str
    current_version: int
    def __init__(self, user_id: _Optional[str] = ..., current_version: _Optional[int] = ...) -> None: ...

class TriggerUpdateRequest(_message.Message):
    __slots__ = ("workspace_id", "user_id", "reason", "force", "validate_only", "metadata", "request_id")
    WORKSPACE_ID_FIELD_NUMBER: _ClassVar[int]
    USER_ID_FIELD_NUMBER: _ClassVar[int]
    REASON_FIELD_NUMBER: _ClassVar[int]
    FORCE_FIELD_NUMBER: _ClassVar[int]
    VALIDATE_ONLY_FIELD_NUMBER: _ClassVar[int]
    METADATA_FIELD_NUMBER: _ClassVar[int]
    REQUEST_ID_FIELD_NUMBER: _ClassVar[int]
    workspace_id: str
    user_id: str
    reason: str
    force: bool
    validate_only: bool
    metadata: _struct_pb2.Struct
    request_id: str
    def __init__(self, workspace_id: _Optional[str] = ..., user_id: _Optional[str] = ..., reason: _Optional[str] = ..., force: _Optional[bool] = ..., validate_only: _Optional[bool] = ..., metadata: _Optional[_Union[_struct_pb2.Struct, _Mapping]] = ..., request_id: _Optional[str] = ...) -> None: ...

class TriggerUpdateResponse(_message.Message):
    __slots__ = ("changed", "configuration", "event_ids", "revision")
    CHANGED_FIELD_NUMBER: _ClassVar[int]
    CONFIGURATION_FIELD_NUMBER: _ClassVar[int]
    EVENT_IDS_FIELD_NUMBER: _ClassVar[int]
    REVISION_FIELD_NUMBER: _ClassVar[int]
    changed: bool
    configuration: Configuration
    event_ids: _containers.RepeatedScalarFieldContainer[str]
    revision: int
    def __init__(self, changed: _Optional[bool] = ..., configuration: _Optional[_Union[Configuration, _Mapping]] = ..., event_ids: _Optional[_Iterable[str]] = ..., revision: _Optional[int] = ...) -> None: ...

class GetConfigurationRequest(_message.Message):
    __slots__ = ("workspace_id", "queries", "since_revision", "wait", "epoch", "boot", "report", "event_cursor", "held_revocations")
    WORKSPACE_ID_FIELD_NUMBER: _ClassVar[int]
    QUERIES_FIELD_NUMBER: _ClassVar[int]
    SINCE_REVISION_FIELD_NUMBER: _ClassVar[int]
    WAIT_FIELD_NUMBER: _ClassVar[int]
    EPOCH_FIELD_NUMBER: _ClassVar[int]
    BOOT_FIELD_NUMBER: _ClassVar[int]
    REPORT_FIELD_NUMBER: _ClassVar[int]
    EVENT_CURSOR_FIELD_NUMBER: _ClassVar[int]
    HELD_REVOCATIONS_FIELD_NUMBER: _ClassVar[int]
    workspace_id: str
    queries: _containers.RepeatedCompositeFieldContainer[ConfigurationQuery]
    since_revision: int
    wait: _duration_pb2.Duration
    epoch: str
    boot: _events_pb2.Boot
    report: AgentReport
    event_cursor: int
    held_revocations: _containers.RepeatedCompositeFieldContainer[Revocation]
    def __init__(self, workspace_id: _Optional[str] = ..., queries: _Optional[_Iterable[_Union[ConfigurationQuery, _Mapping]]] = ..., since_revision: _Optional[int] = ..., wait: _Optional[_Union[datetime.timedelta, _duration_pb2.Duration, _Mapping]] = ..., epoch: _Optional[str] = ..., boot: _Optional[_Union[_events_pb2.Boot, _Mapping]] = ..., report: _Optional[_Union[AgentReport, _Mapping]] = ..., event_cursor: _Optional[int] = ..., held_revocations: _Optional[_Iterable[_Union[Revocation, _Mapping]]] = ...) -> None: ...

class GetConfigurationResponse(_message.Message):
    __slots__ = ("configurations", "values", "revocations", "secrets", "delivery_keys", "pending_events", "revision", "epoch", "more", "resync", "next_poll_after", "event_cursor")
    CONFIGURATIONS_FIELD_NUMBER: _ClassVar[int]
    VALUES_FIELD_NUMBER: _ClassVar[int]
    REVOCATIONS_FIELD_NUMBER: _ClassVar[int]
    SECRETS_FIELD_NUMBER: _ClassVar[int]
    DELIVERY_KEYS_FIELD_NUMBER: _ClassVar[int]
    PENDING_EVENTS_FIELD_NUMBER: _ClassVar[int]
    REVISION_FIELD_NUMBER: _ClassVar[int]
    EPOCH_FIELD_NUMBER: _ClassVar[int]
    MORE_FIELD_NUMBER: _ClassVar[int]
    RESYNC_FIELD_NUMBER: _ClassVar[int]
    NEXT_POLL_AFTER_FIELD_NUMBER: _ClassVar[int]
    EVENT_CURSOR_FIELD_NUMBER: _ClassVar[int]
    configurations: _containers.RepeatedCompositeFieldContainer[Configuration]
    values: _containers.RepeatedCompositeFieldContainer[SlotValue]
    revocations: _containers.RepeatedCompositeFieldContainer[Revocation]
    secrets: _containers.RepeatedCompositeFieldContainer[SealedSecret]
    delivery_keys: _containers.RepeatedCompositeFieldContainer[DeliveryKey]
    pending_events: _containers.RepeatedCompositeFieldContainer[_events_pb2.Event]
    revision: int
    epoch: str
    more: bool
    resync: bool
    next_poll_after: _duration_pb2.Duration
    event_cursor: int
    def __init__(self, configurations: _Optional[_Iterable[_Union[Configuration, _Mapping]]] = ..., values: _Optional[_Iterable[_Union[SlotValue, _Mapping]]] = ..., revocations: _Optional[_Iterable[_Union[Revocation, _Mapping]]] = ..., secrets: _Optional[_Iterable[_Union[SealedSecret, _Mapping]]] = ..., delivery_keys: _Optional[_Iterable[_Union[DeliveryKey, _Mapping]]] = ..., pending_events: _Optional[_Iterable[_Union[_events_pb2.Event, _Mapping]]] = ..., revision: _Optional[int] = ..., epoch: _Optional[str] = ..., more: _Optional[bool] = ..., resync: _Optional[bool] = ..., next_poll_after: _Optional[_Union[datetime.timedelta, _duration_pb2.Duration, _Mapping]] = ..., event_cursor: _Optional[int] = ...) -> None: ...

class ListConfigurationsRequest(_message.Message):
    __slots__ = ("workspace_id", "user_id", "state", "created_after", "created_before", "digest", "view", "history", "page_size", "page_token")
    WORKSPACE_ID_FIELD_NUMBER: _ClassVar[int]
    USER_ID_FIELD_NUMBER: _ClassVar[int]
    STATE_FIELD_NUMBER: _ClassVar[int]
    CREATED_AFTER_FIELD_NUMBER: _ClassVar[int]
    CREATED_BEFORE_FIELD_NUMBER: _ClassVar[int]
    DIGEST_FIELD_NUMBER: _ClassVar[int]
    VIEW_FIELD_NUMBER: _ClassVar[int]
    HISTORY_FIELD_NUMBER: _ClassVar[int]
    PAGE_SIZE_FIELD_NUMBER: _ClassVar[int]
    PAGE_TOKEN_FIELD_NUMBER: _ClassVar[int]
    workspace_id: str
    user_id: str
    state: ConfigurationState
    created_after: _timestamp_pb2.Timestamp
    created_before: _timestamp_pb2.Timestamp
    digest: str
    view: ConfigurationView
    history: bool
    page_size: int
    page_token: str
    def __init__(self, workspace_id: _Optional[str] = ..., user_id: _Optional[str] = ..., state: _Optional[_Union[ConfigurationState, str]] = ..., created_after: _Optional[_Union[datetime.datetime, _timestamp_pb2.Timestamp, _Mapping]] = ..., created_before: _Optional[_Union[datetime.datetime, _timestamp_pb2.Timestamp, _Mapping]] = ..., digest: _Optional[str] = ..., view: _Optional[_Union[ConfigurationView, str]] = ..., history: _Optional[bool] = ..., page_size: _Optional[int] = ..., page_token: _Optional[str] = ...) -> None: ...

class ListConfigurationsResponse(_message.Message):
    __slots__ = ("configurations", "next_page_token")
    CONFIGURATIONS_FIELD_NUMBER: _ClassVar[int]
    NEXT_PAGE_TOKEN_FIELD_NUMBER: _ClassVar[int]
    configurations: _containers.RepeatedCompositeFieldContainer[Configuration]
    next_page_token: str
    def __init__(self, configurations: _Optional[_Iterable[_Union[Configuration, _Mapping]]] = ..., next_page_token: _Optional[str] = ...) -> None: ...

class ListActiveUsersRequest(_message.Message):
    __slots__ = ("workspace_id", "page_size", "page_token")
    WORKSPACE_ID_FIELD_NUMBER: _ClassVar[int]
    PAGE_SIZE_FIELD_NUMBER: _ClassVar[int]
    PAGE_TOKEN_FIELD_NUMBER: _ClassVar[int]
    workspace_id: str
    page_size: int
    page_token: str
    def __init__(self, workspace_id: _Optional[str] = ..., page_size: _Optional[int] = ..., page_token: _Optional[str] = ...) -> None: ...

class ListActiveUsersResponse(_message.Message):
    __slots__ = ("user_ids", "next_page_token")
    USER_IDS_FIELD_NUMBER: _ClassVar[int]
    NEXT_PAGE_TOKEN_FIELD_NUMBER: _ClassVar[int]
    user_ids: _containers.RepeatedScalarFieldContainer[str]
    next_page_token: str
    def __init__(self, user_ids: _Optional[_Iterable[str]] = ..., next_page_token: _Optional[str] = ...) -> None: ...

class ListActiveProvidersRequest(_message.Message):
    __slots__ = ("workspace_id",)
    WORKSPACE_ID_FIELD_NUMBER: _ClassVar[int]
    workspace_id: str
    def __init__(self, workspace_id: _Optional[str] = ...) -> None: ...

class ActiveProvider(_message.Message):
    __slots__ = ("name", "model_count", "credential_resolves")
    NAME_FIELD_NUMBER: _ClassVar[int]
    MODEL_COUNT_FIELD_NUMBER: _ClassVar[int]
    CREDENTIAL_RESOLVES_FIELD_NUMBER: _ClassVar[int]
    name: str
    model_count: int
    credential_resolves: bool
    def __init__(self, name: _Optional[str] = ..., model_count: _Optional[int] = ..., credential_resolves: _Optional[bool] = ...) -> None: ...

class ListActiveProvidersResponse(_message.Message):
    __slots__ = ("providers",)
    PROVIDERS_FIELD_NUMBER: _ClassVar[int]
    providers: _containers.RepeatedCompositeFieldContainer[ActiveProvider]
    def __init__(self, providers: _Optional[_Iterable[_Union[ActiveProvider, _Mapping]]] = ...) -> None: ...

class AgentReport(_message.Message):
    __slots__ = ("agent_version", "envoy_version", "received_revision", "running", "rejected", "serving_stale_since", "ledger_lost", "warnings", "reverted", "running_revision", "outages")
    AGENT_VERSION_FIELD_NUMBER: _ClassVar[int]
    ENVOY_VERSION_FIELD_NUMBER: _ClassVar[int]
    RECEIVED_REVISION_FIELD_NUMBER: _ClassVar[int]
    RUNNING_FIELD_NUMBER: _ClassVar[int]
    REJECTED_FIELD_NUMBER: _ClassVar[int]
    SERVING_STALE_SINCE_FIELD_NUMBER: _ClassVar[int]
    LEDGER_LOST_FIELD_NUMBER: _ClassVar[int]
    WARNINGS_FIELD_NUMBER: _ClassVar[int]
    REVERTED_FIELD_NUMBER: _ClassVar[int]
    RUNNING_REVISION_FIELD_NUMBER: _ClassVar[int]
    OUTAGES_FIELD_NUMBER: _ClassVar[int]
    agent_version: str
    envoy_version: str
    received_revision: int
    running: _containers.RepeatedCompositeFieldContainer[RunningVersion]
    rejected: _containers.RepeatedCompositeFieldContainer[_events_pb2.RejectedSlot]
    serving_stale_since: _timestamp_pb2.Timestamp
    ledger_lost: bool
    warnings: _containers.RepeatedScalarFieldContainer[str]
    reverted: _containers.RepeatedCompositeFieldContainer[RevertedSlot]
    running_revision: int
    outages: _containers.RepeatedCompositeFieldContainer[BackendOutage]
    def __init__(self, agent_version: _Optional[str] = ..., envoy_version: _Optional[str] = ..., received_revision: _Optional[int] = ..., running: _Optional[_Iterable[_Union[RunningVersion, _Mapping]]] = ..., rejected: _Optional[_Iterable[_Union[_events_pb2.RejectedSlot, _Mapping]]] = ..., serving_stale_since: _Optional[_Union[datetime.datetime, _timestamp_pb2.Timestamp, _Mapping]] = ..., ledger_lost: _Optional[bool] = ..., warnings: _Optional[_Iterable[str]] = ..., reverted: _Optional[_Iterable[_Union[RevertedSlot, _Mapping]]] = ..., running_revision: _Optional[int] = ..., outages: _Optional[_Iterable[_Union[BackendOutage, _Mapping]]] = ...) -> None: ...

class BackendOutage(_message.Message):
    __slots__ = ("user_id", "backend", "reason")
    USER_ID_FIELD_NUMBER: _ClassVar[int]
    BACKEND_FIELD_NUMBER: _ClassVar[int]
    REASON_FIELD_NUMBER: _ClassVar[int]
    user_id: str
    backend: str
    reason: str
    def __init__(self, user_id: _Optional[str] = ..., backend: _Optional[str] = ..., reason: _Optional[str] = ...) -> None: ...

class RevertedSlot(_message.Message):
    __slots__ = ("slot", "from_version", "to_version", "figures", "reason", "workspace_version", "reverted_at")
    SLOT_FIELD_NUMBER: _ClassVar[int]
    FROM_VERSION_FIELD_NUMBER: _ClassVar[int]
    TO_VERSION_FIELD_NUMBER: _ClassVar[int]
    FIGURES_FIELD_NUMBER: _ClassVar[int]
    REASON_FIELD_NUMBER: _ClassVar[int]
    WORKSPACE_VERSION_FIELD_NUMBER: _ClassVar[int]
    REVERTED_AT_FIELD_NUMBER: _ClassVar[int]
    slot: str
    from_version: int
    to_version: int
    figures: RevertFigures
    reason: str
    workspace_version: int
    reverted_at: _timestamp_pb2.Timestamp
    def __init__(self, slot: _Optional[str] = ..., from_version: _Optional[int] = ..., to_version: _Optional[int] = ..., figures: _Optional[_Union[RevertFigures, _Mapping]] = ..., reason: _Optional[str] = ..., workspace_version: _Optional[int] = ..., reverted_at: _Optional[_Union[datetime.datetime, _timestamp_pb2.Timestamp, _Mapping]] = ...) -> None: ...

class RevertFigures(_message.Message):
    __slots__ = ("requests", "failures", "failure_ratio", "window")
    REQUESTS_FIELD_NUMBER: _ClassVar[int]
    FAILURES_FIELD_NUMBER: _ClassVar[int]
    FAILURE_RATIO_FIELD_NUMBER: _ClassVar[int]
    WINDOW_FIELD_NUMBER: _ClassVar[int]
    requests: int
    failures: int
    failure_ratio: float
    window: _duration_pb2.Duration
    def __init__(self, requests: _Optional[int] = ..., failures: _Optional[int] = ..., failure_ratio: _Optional[float] = ..., window: _Optional[_Union[datetime.timedelta, _duration_pb2.Duration, _Mapping]] = ...) -> None: ...

class RunningVersion(_message.Message):
    __slots__ = ("slot", "version")
    SLOT_FIELD_NUMBER: _ClassVar[int]
    VERSION_FIELD_NUMBER: _ClassVar[int]
    slot: str
    version: int
    def __init__(self, slot: _Optional[str] = ..., version: _Optional[int] = ...) -> None: ...
