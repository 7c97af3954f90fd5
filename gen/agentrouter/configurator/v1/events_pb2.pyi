import datetime

from buf.validate import validate_pb2 as _validate_pb2
from google.protobuf import struct_pb2 as _struct_pb2
from google.protobuf import timestamp_pb2 as _timestamp_pb2
from google.protobuf.internal import containers as _containers
from google.protobuf.internal import enum_type_wrapper as _enum_type_wrapper
from google.protobuf import descriptor as _descriptor
from google.protobuf import message as _message
from collections.abc import Iterable as _Iterable, Mapping as _Mapping
from typing import ClassVar as _ClassVar, Optional as _Optional, Union as _Union

DESCRIPTOR: _descriptor.FileDescriptor

class EventType(int, metaclass=_enum_type_wrapper.EnumTypeWrapper):
    __slots__ = ()
    EVENT_TYPE_UNSPECIFIED: _ClassVar[EventType]
    EVENT_TYPE_CONFIG_UPDATE: _ClassVar[EventType]
    EVENT_TYPE_BYOK_UPDATE: _ClassVar[EventType]
    EVENT_TYPE_BYOK_DELETE: _ClassVar[EventType]
    EVENT_TYPE_MCP_CATALOG_UPSERT: _ClassVar[EventType]
    EVENT_TYPE_PROXY_URL: _ClassVar[EventType]
    EVENT_TYPE_TOKEN_REVOKED: _ClassVar[EventType]
    EVENT_TYPE_GATEKEEPER_KEYS: _ClassVar[EventType]
    EVENT_TYPE_UPGRADE: _ClassVar[EventType]
    EVENT_TYPE_UPGRADE_ROLLBACK: _ClassVar[EventType]
    EVENT_TYPE_UPGRADE_CANCEL: _ClassVar[EventType]

class EventStatus(int, metaclass=_enum_type_wrapper.EnumTypeWrapper):
    __slots__ = ()
    EVENT_STATUS_UNSPECIFIED: _ClassVar[EventStatus]
    EVENT_STATUS_PENDING: _ClassVar[EventStatus]
    EVENT_STATUS_ACKNOWLEDGED: _ClassVar[EventStatus]
    EVENT_STATUS_APPLIED: _ClassVar[EventStatus]
    EVENT_STATUS_FAILED: _ClassVar[EventStatus]
    EVENT_STATUS_SUPERSEDED: _ClassVar[EventStatus]
    EVENT_STATUS_DEAD_LETTER: _ClassVar[EventStatus]

class EventOutcome(int, metaclass=_enum_type_wrapper.EnumTypeWrapper):
    __slots__ = ()
    EVENT_OUTCOME_UNSPECIFIED: _ClassVar[EventOutcome]
    EVENT_OUTCOME_APPLIED: _ClassVar[EventOutcome]
    EVENT_OUTCOME_FAILED: _ClassVar[EventOutcome]
EVENT_TYPE_UNSPECIFIED: EventType
EVENT_TYPE_CONFIG_UPDATE: EventType
EVENT_TYPE_BYOK_UPDATE: EventType
EVENT_TYPE_BYOK_DELETE: EventType
EVENT_TYPE_MCP_CATALOG_UPSERT: EventType
EVENT_TYPE_PROXY_URL: EventType
EVENT_TYPE_TOKEN_REVOKED: EventType
EVENT_TYPE_GATEKEEPER_KEYS: EventType
EVENT_TYPE_UPGRADE: EventType
EVENT_TYPE_UPGRADE_ROLLBACK: EventType
EVENT_TYPE_UPGRADE_CANCEL: EventType
EVENT_STATUS_UNSPECIFIED: EventStatus
EVENT_STATUS_PENDING: EventStatus
EVENT_STATUS_ACKNOWLEDGED: EventStatus
EVENT_STATUS_APPLIED: EventStatus
EVENT_STATUS_FAILED: EventStatus
EVENT_STATUS_SUPERSEDED: EventStatus
EVENT_STATUS_DEAD_LETTER: EventStatus
EVENT_OUTCOME_UNSPECIFIED: EventOutcome
EVENT_OUTCOME_APPLIED: EventOutcome
EVENT_OUTCOME_FAILED: EventOutcome

class Event(_message.Message):
    __slots__ = ("id", "workspace_id", "dataplane_id", "type", "slot", "status", "user_id", "configuration_version", "payload", "metadata", "etag", "attempt", "fencing_token", "lease_expires_at", "error", "created_at", "acknowledged_at", "completed_at", "superseded_by", "proof")
    ID_FIELD_NUMBER: _ClassVar[int]
    WORKSPACE_ID_FIELD_NUMBER: _ClassVar[int]
    DATAPLANE_ID_FIELD_NUMBER: _ClassVar[int]
    TYPE_FIELD_NUMBER: _ClassVar[int]
    SLOT_FIELD_NUMBER: _ClassVar[int]
    STATUS_FIELD_NUMBER: _ClassVar[int]
    USER_ID_FIELD_NUMBER: _ClassVar[int]
    CONFIGURATION_VERSION_FIELD_NUMBER: _ClassVar[int]
    PAYLOAD_FIELD_NUMBER: _ClassVar[int]
    METADATA_FIELD_NUMBER: _ClassVar[int]
    ETAG_FIELD_NUMBER: _ClassVar[int]
    ATTEMPT_FIELD_NUMBER: _ClassVar[int]
    FENCING_TOKEN_FIELD_NUMBER: _ClassVar[int]
    LEASE_EXPIRES_AT_FIELD_NUMBER: _ClassVar[int]
    ERROR_FIELD_NUMBER: _ClassVar[int]
    CREATED_AT_FIELD_NUMBER: _ClassVar[int]
    ACKNOWLEDGED_AT_FIELD_NUMBER: _ClassVar[int]
    COMPLETED_AT_FIELD_NUMBER: _ClassVar[int]
    SUPERSEDED_BY_FIELD_NUMBER: _ClassVar[int]
    PROOF_FIELD_NUMBER: _ClassVar[int]
    id: str
    workspace_id: str
    dataplane_id: str
    type: EventType
    slot: str
    status: EventStatus
    user_id: str
    configuration_version: int
    payload: _struct_pb2.Struct
    metadata: _struct_pb2.Struct
    etag: str
    attempt: int
    fencing_token: int
    lease_expires_at: _timestamp_pb2.Timestamp
    error: str
    created_at: _timestamp_pb2.Timestamp
    acknowledged_at: _timestamp_pb2.Timestamp
    completed_at: _timestamp_pb2.Timestamp
    superseded_by: str
    proof: ApplyProof
    def __init__(self, id: _Optional[str] = ..., workspace_id: _Optional[str] = ..., dataplane_id: _Optional[str] = ..., type: _Optional[_Union[EventType, str]] = ..., slot: _Optional[str] = ..., status: _Optional[_Union[EventStatus, str]] = ..., user_id: _Optional[str] = ..., configuration_version: _Optional[int] = ..., payload: _Optional[_Union[_struct_pb2.Struct, _Mapping]] = ..., metadata: _Optional[_Union[_struct_pb2.Struct, _Mapping]] = ..., etag: _Optional[str] = ..., attempt: _Optional[int] = ..., fencing_token: _Optional[int] = ..., lease_expires_at: _Optional[_Union[datetime.datetime, _timestamp_pb2.Timestamp, _Mapping]] = ..., error: _Optional[str] = ..., created_at: _Optional[_Union[datetime.datetime, _timestamp_pb2.Timestamp, _Mapping]] = ..., acknowledged_at: _Optional[_Union[datetime.datetime, _timestamp_pb2.Timestamp, _Mapping]] = ..., completed_at: _Optional[_Union[datetime.datetime, _timestamp_pb2.Timestamp, _Mapping]] = ..., superseded_by: _Optional[str] = ..., proof: _Optional[_Union[ApplyProof, _Mapping]] = ...) -> None: ...

class Boot(_message.Message):
    __slots__ = ("counter", "nonce")
    COUNTER_FIELD_NUMBER: _ClassVar[int]
    NONCE_FIELD_NUMBER: _ClassVar[int]
    counter: int
    nonce: str
    def __init__(self, counter: _Optional[int] = ..., nonce: _Optional[str] = ...) -> None: ...

class ProvenResource(_message.Message):
    __slots__ = ("name", "digest")
    NAME_FIELD_NUMBER: _ClassVar[int]
    DIGEST_FIELD_NUMBER: _ClassVar[int]
    name: str
    digest: str
    def __init__(self, name: _Optional[str] = ..., digest: _Optional[str] = ...) -> None: ...

class ApplyProof(_message.Message):
    __slots__ = ("envoy_version", "resources", "applied_at")
    ENVOY_VERSION_FIELD_NUMBER: _ClassVar[int]
    RESOURCES_FIELD_NUMBER: _ClassVar[int]
    APPLIED_AT_FIELD_NUMBER: _ClassVar[int]
    envoy_version: str
    resources: _containers.RepeatedCompositeFieldContainer[ProvenResource]
    applied_at: _timestamp_pb2.Timestamp
    def __init__(self, envoy_version: _Optional[str] = ..., resources: _Optional[_Iterable[_Union[ProvenResource, _Mapping]]] = ..., applied_at: _Optional[_Union[datetime.datetime, _timestamp_pb2.Timestamp, _Mapping]] = ...) -> None: ...

class ListPendingEventsRequest(_message.Message):
    __slots__ = ("workspace_id", "dataplane_id", "page_size", "page_token", "include_finished", "slot")
    WORKSPACE_ID_FIELD_NUMBER: _ClassVar[int]
    DATAPLANE_ID_FIELD_NUMBER: _ClassVar[int]
    PAGE_SIZE_FIELD_NUMBER: _ClassVar[int]
    PAGE_TOKEN_FIELD_NUMBER: _ClassVar[int]
    INCLUDE_FINISHED_FIELD_NUMBER: _ClassVar[int]
    SLOT_FIELD_NUMBER: _ClassVar[int]
    workspace_id: str
    dataplane_id: str
    page_size: int
    page_token: str
    include_finished: bool
    slot: str
    def __init__(self, workspace_id: _Optional[str] = ..., dataplane_id: _Optional[str] = ..., page_size: _Optional[int] = ..., page_token: _Optional[str] = ..., include_finished: _Optional[bool] = ..., slot: _Optional[str] = ...) -> None: ...

class ListPendingEventsResponse(_message.Message):
    __slots__ = ("events", "next_page_token")
    EVENTS_FIELD_NUMBER: _ClassVar[int]
    NEXT_PAGE_TOKEN_FIELD_NUMBER: _ClassVar[int]
    events: _containers.RepeatedCompositeFieldContainer[Event]
    next_page_token: str
    def __init__(self, events: _Optional[_Iterable[_Union[Event, _Mapping]]] = ..., next_page_token: _Optional[str] = ...) -> None: ...

class AcknowledgeEventRequest(_message.Message):
    __slots__ = ("event_id", "boot")
    EVENT_ID_FIELD_NUMBER: _ClassVar[int]
    BOOT_FIELD_NUMBER: _ClassVar[int]
    event_id: str
    boot: Boot
    def __init__(self, event_id: _Optional[str] = ..., boot: _Optional[_Union[Boot, _Mapping]] = ...) -> None: ...

class AcknowledgeEventResponse(_message.Message):
    __slots__ = ("event",)
    EVENT_FIELD_NUMBER: _ClassVar[int]
    event: Event
    def __init__(self, event: _Optional[_Union[Event, _Mapping]] = ...) -> None: ...

class RejectedSlot(_message.Message):
    __slots__ = ("slot", "version", "reason", "workspace_version")
    SLOT_FIELD_NUMBER: _ClassVar[int]
    VERSION_FIELD_NUMBER: _ClassVar[int]
    REASON_FIELD_NUMBER: _ClassVar[int]
    WORKSPACE_VERSION_FIELD_NUMBER: _ClassVar[int]
    slot: str
    version: int
    reason: str
    workspace_version: int
    def __init__(self, slot: _Optional[str] = ..., version: _Optional[int] = ..., reason: _Optional[str] = ..., workspace_version: _Optional[int] = ...) -> None: ...

class CompleteEventRequest(_message.Message):
    __slots__ = ("event_id", "outcome", "version", "digest", "retryable", "error", "fencing_token", "proof", "workspace_version", "rejected")
    EVENT_ID_FIELD_NUMBER: _ClassVar[int]
    OUTCOME_FIELD_NUMBER: _ClassVar[int]
    VERSION_FIELD_NUMBER: _ClassVar[int]
    DIGEST_FIELD_NUMBER: _ClassVar[int]
    RETRYABLE_FIELD_NUMBER: _ClassVar[int]
    ERROR_FIELD_NUMBER: _ClassVar[int]
    FENCING_TOKEN_FIELD_NUMBER: _ClassVar[int]
    PROOF_FIELD_NUMBER: _ClassVar[int]
    WORKSPACE_VERSION_FIELD_NUMBER: _ClassVar[int]
    REJECTED_FIELD_NUMBER: _ClassVar[int]
    event_id: str
    outcome: EventOutcome
    version: int
    digest: str
    retryable: bool
    error: str
    fencing_token: int
    proof: ApplyProof
    workspace_version: int
    rejected: _containers.RepeatedCompositeFieldContainer[RejectedSlot]
    def __init__(self, event_id: _Optional[str] = ..., outcome: _Optional[_Union[EventOutcome, str]] = ..., version: _Optional[int] = ..., digest: _Optional[str] = ..., retryable: _Optional[bool] = ..., error: _Optional[str] = ..., fencing_token: _Optional[int] = ..., proof: _Optional[_Union[ApplyProof, _Mapping]] = ..., workspace_version: _Optional[int] = ..., rejected: _Optional[_Iterable[_Union[RejectedSlot, _Mapping]]] = ...) -> None: ...

class CompleteEventResponse(_message.Message):
    __slots__ = ("event",)
    EVENT_FIELD_NUMBER: _ClassVar[int]
    event: Event
    def __init__(self, event: _Optional[_Union[Event, _Mapping]] = ...) -> None: ...

class UpdateEventMetadataRequest(_message.Message):
    __slots__ = ("event_id", "metadata", "etag", "request_id", "validate_only")
    EVENT_ID_FIELD_NUMBER: _ClassVar[int]
    METADATA_FIELD_NUMBER: _ClassVar[int]
    ETAG_FIELD_NUMBER: _ClassVar[int]
    REQUEST_ID_FIELD_NUMBER: _ClassVar[int]
    VALIDATE_ONLY_FIELD_NUMBER: _ClassVar[int]
    event_id: str
    metadata: _struct_pb2.Struct
    etag: str
    request_id: str
    validate_only: bool
    def __init__(self, event_id: _Optional[str] = ..., metadata: _Optional[_Union[_struct_pb2.Struct, _Mapping]] = ..., etag: _Optional[str] = ..., request_id: _Optional[str] = ..., validate_only: _Optional[bool] = ...) -> None: ...

class UpdateEventMetadataResponse(_message.Message):
    __slots__ = ("event",)
    EVENT_FIELD_NUMBER: _ClassVar[int]
    event: Event
    def __init__(self, event: _Optional[_Union[Event, _Mapping]] = ...) -> None: ...
