import datetime

from agentrouter.configurator.v1 import configurations_pb2 as _configurations_pb2
from agentrouter.configurator.v1 import upgrades_pb2 as _upgrades_pb2
from buf.validate import validate_pb2 as _validate_pb2
from google.protobuf import duration_pb2 as _duration_pb2
from google.protobuf import timestamp_pb2 as _timestamp_pb2
from google.protobuf.internal import containers as _containers
from google.protobuf.internal import enum_type_wrapper as _enum_type_wrapper
from google.protobuf import descriptor as _descriptor
from google.protobuf import message as _message
from collections.abc import Iterable as _Iterable, Mapping as _Mapping
from typing import ClassVar as _ClassVar, Optional as _Optional, Union as _Union

DESCRIPTOR: _descriptor.FileDescriptor

class DataplaneHealth(int, metaclass=_enum_type_wrapper.EnumTypeWrapper):
    __slots__ = ()
    DATAPLANE_HEALTH_UNSPECIFIED: _ClassVar[DataplaneHealth]
    DATAPLANE_HEALTH_ENROLLED: _ClassVar[DataplaneHealth]
    DATAPLANE_HEALTH_SYNCED: _ClassVar[DataplaneHealth]
    DATAPLANE_HEALTH_STALE: _ClassVar[DataplaneHealth]
    DATAPLANE_HEALTH_DEGRADED: _ClassVar[DataplaneHealth]
    DATAPLANE_HEALTH_OFFLINE: _ClassVar[DataplaneHealth]
    DATAPLANE_HEALTH_REVOKED: _ClassVar[DataplaneHealth]
    DATAPLANE_HEALTH_INCOMPATIBLE: _ClassVar[DataplaneHealth]
    DATAPLANE_HEALTH_RETIRED: _ClassVar[DataplaneHealth]
DATAPLANE_HEALTH_UNSPECIFIED: DataplaneHealth
DATAPLANE_HEALTH_ENROLLED: DataplaneHealth
DATAPLANE_HEALTH_SYNCED: DataplaneHealth
DATAPLANE_HEALTH_STALE: DataplaneHealth
DATAPLANE_HEALTH_DEGRADED: DataplaneHealth
DATAPLANE_HEALTH_OFFLINE: DataplaneHealth
DATAPLANE_HEALTH_REVOKED: DataplaneHealth
DATAPLANE_HEALTH_INCOMPATIBLE: DataplaneHealth
DATAPLANE_HEALTH_RETIRED: DataplaneHealth

class Dataplane(_message.Message):
    __slots__ = ("id", "workspace_id", "group", "name", "health", "applied_revision", "desired_revision", "report", "created_at", "last_seen_at", "revoked_at", "boot_counter", "url", "upgrade", "retired_at")
    ID_FIELD_NUMBER: _ClassVar[int]
    WORKSPACE_ID_FIELD_NUMBER: _ClassVar[int]
    GROUP_FIELD_NUMBER: _ClassVar[int]
    NAME_FIELD_NUMBER: _ClassVar[int]
    HEALTH_FIELD_NUMBER: _ClassVar[int]
    APPLIED_REVISION_FIELD_NUMBER: _ClassVar[int]
    DESIRED_REVISION_FIELD_NUMBER: _ClassVar[int]
    REPORT_FIELD_NUMBER: _ClassVar[int]
    CREATED_AT_FIELD_NUMBER: _ClassVar[int]
    LAST_SEEN_AT_FIELD_NUMBER: _ClassVar[int]
    REVOKED_AT_FIELD_NUMBER: _ClassVar[int]
    BOOT_COUNTER_FIELD_NUMBER: _ClassVar[int]
    URL_FIELD_NUMBER: _ClassVar[int]
    UPGRADE_FIELD_NUMBER: _ClassVar[int]
    RETIRED_AT_FIELD_NUMBER: _ClassVar[int]
    id: str
    workspace_id: str
    group: str
    name: str
    health: DataplaneHealth
    applied_revision: int
    desired_revision: int
    report: _configurations_pb2.AgentReport
    created_at: _timestamp_pb2.Timestamp
    last_seen_at: _timestamp_pb2.Timestamp
    revoked_at: _timestamp_pb2.Timestamp
    boot_counter: int
    url: str
    upgrade: UpgradeView
    retired_at: _timestamp_pb2.Timestamp
    def __init__(self, id: _Optional[str] = ..., workspace_id: _Optional[str] = ..., group: _Optional[str] = ..., name: _Optional[str] = ..., health: _Optional[_Union[DataplaneHealth, str]] = ..., applied_revision: _Optional[int] = ..., desired_revision: _Optional[int] = ..., report: _Optional[_Union[_configurations_pb2.AgentReport, _Mapping]] = ..., created_at: _Optional[_Union[datetime.datetime, _timestamp_pb2.Timestamp, _Mapping]] = ..., last_seen_at: _Optional[_Union[datetime.datetime, _timestamp_pb2.Timestamp, _Mapping]] = ..., revoked_at: _Optional[_Union[datetime.datetime, _timestamp_pb2.Timestamp, _Mapping]] = ..., boot_counter: _Optional[int] = ..., url: _Optional[str] = ..., upgrade: _Optional[_Union[UpgradeView, _Mapping]] = ..., retired_at: _Optional[_Union[datetime.datetime, _timestamp_pb2.Timestamp, _Mapping]] = ...) -> None: ...

class UpgradeView(_message.Message):
    __slots__ = ("event_id", "phase", "target_version", "error", "updated_at")
    EVENT_ID_FIELD_NUMBER: _ClassVar[int]
    PHASE_FIELD_NUMBER: _ClassVar[int]
    TARGET_VERSION_FIELD_NUMBER: _ClassVar[int]
    ERROR_FIELD_NUMBER: _ClassVar[int]
    UPDATED_AT_FIELD_NUMBER: _ClassVar[int]
    event_id: str
    phase: _upgrades_pb2.UpgradePhase
    target_version: str
    error: str
    updated_at: _timestamp_pb2.Timestamp
    def __init__(self, event_id: _Optional[str] = ..., phase: _Optional[_Union[_upgrades_pb2.UpgradePhase, str]] = ..., target_version: _Optional[str] = ..., error: _Optional[str] = ..., updated_at: _Optional[_Union[datetime.datetime, _timestamp_pb2.Timestamp, _Mapping]] = ...) -> None: ...

class CreateJoinTokenRequest(_message.Message):
    __slots__ = ("workspace_id", "group", "max_uses", "lifetime", "request_id")
    WORKSPACE_ID_FIELD_NUMBER: _ClassVar[int]
    GROUP_FIELD_NUMBER: _ClassVar[int]
    MAX_USES_FIELD_NUMBER: _ClassVar[int]
    LIFETIME_FIELD_NUMBER: _ClassVar[int]
    REQUEST_ID_FIELD_NUMBER: _ClassVar[int]
    workspace_id: str
    group: str
    max_uses: int
    lifetime: _duration_pb2.Duration
    request_id: str
    def __init__(self, workspace_id: _Optional[str] = ..., group: _Optional[str] = ..., max_uses: _Optional[int] = ..., lifetime: _Optional[_Union[datetime.timedelta, _duration_pb2.Duration, _Mapping]] = ..., request_id: _Optional[str] = ...) -> None: ...

class CreateJoinTokenResponse(_message.Message):
    __slots__ = ("id", "join_token", "expires_at", "already_shown")
    ID_FIELD_NUMBER: _ClassVar[int]
    JOIN_TOKEN_FIELD_NUMBER: _ClassVar[int]
    EXPIRES_AT_FIELD_NUMBER: _ClassVar[int]
    ALREADY_SHOWN_FIELD_NUMBER: _ClassVar[int]
    id: str
    join_token: str
    expires_at: _timestamp_pb2.Timestamp
    already_shown: bool
    def __init__(self, id: _Optional[str] = ..., join_token: _Optional[str] = ..., expires_at: _Optional[_Union[datetime.datetime, _timestamp_pb2.Timestamp, _Mapping]] = ..., already_shown: _Optional[bool] = ...) -> None: ...

class EnrollDataplaneRequest(_message.Message):
    __slots__ = ("join_token", "signing_public_key", "sealing_public_key", "name", "agent_version")
    JOIN_TOKEN_FIELD_NUMBER: _ClassVar[int]
    SIGNING_PUBLIC_KEY_FIELD_NUMBER: _ClassVar[int]
    SEALING_PUBLIC_KEY_FIELD_NUMBER: _ClassVar[int]
    NAME_FIELD_NUMBER: _ClassVar[int]
    AGENT_VERSION_FIELD_NUMBER: _ClassVar[int]
    join_token: str
    signing_public_key: bytes
    sealing_public_key: bytes
    name: str
    agent_version: str
    def __init__(self, join_token: _Optional[str] = ..., signing_public_key: _Optional[bytes] = ..., sealing_public_key: _Optional[bytes] = ..., name: _Optional[str] = ..., agent_version: _Optional[str] = ...) -> None: ...

class EnrollDataplaneResponse(_message.Message):
    __slots__ = ("dataplane", "token_audience", "allow_loopback_upstreams", "allow_private_upstreams")
    DATAPLANE_FIELD_NUMBER: _ClassVar[int]
    TOKEN_AUDIENCE_FIELD_NUMBER: _ClassVar[int]
    ALLOW_LOOPBACK_UPSTREAMS_FIELD_NUMBER: _ClassVar[int]
    ALLOW_PRIVATE_UPSTREAMS_FIELD_NUMBER: _ClassVar[int]
    dataplane: Dataplane
    token_audience: str
    allow_loopback_upstreams: bool
    allow_private_upstreams: bool
    def __init__(self, dataplane: _Optional[_Union[Dataplane, _Mapping]] = ..., token_audience: _Optional[str] = ..., allow_loopback_upstreams: _Optional[bool] = ..., allow_private_upstreams: _Optional[bool] = ...) -> None: ...

class ListDataplanesRequest(_message.Message):
    __slots__ = ("workspace_id", "page_size", "page_token")
    WORKSPACE_ID_FIELD_NUMBER: _ClassVar[int]
    PAGE_SIZE_FIELD_NUMBER: _ClassVar[int]
    PAGE_TOKEN_FIELD_NUMBER: _ClassVar[int]
    workspace_id: str
    page_size: int
    page_token: str
    def __init__(self, workspace_id: _Optional[str] = ..., page_size: _Optional[int] = ..., page_token: _Optional[str] = ...) -> None: ...

class ListDataplanesResponse(_message.Message):
    __slots__ = ("dataplanes", "next_page_token")
    DATAPLANES_FIELD_NUMBER: _ClassVar[int]
    NEXT_PAGE_TOKEN_FIELD_NUMBER: _ClassVar[int]
    dataplanes: _containers.RepeatedCompositeFieldContainer[Dataplane]
    next_page_token: str
    def __init__(self, dataplanes: _Optional[_Iterable[_Union[Dataplane, _Mapping]]] = ..., next_page_token: _Optional[str] = ...) -> None: ...

class GetDataplaneRequest(_message.Message):
    __slots__ = ("dataplane_id",)
    DATAPLANE_ID_FIELD_NUMBER: _ClassVar[int]
    dataplane_id: str
    def __init__(self, dataplane_id: _Optional[str] = ...) -> None: ...

class GetDataplaneResponse(_message.Message):
    __slots__ = ("dataplane",)
    DATAPLANE_FIELD_NUMBER: _ClassVar[int]
    dataplane: Dataplane
    def __init__(self, dataplane: _Optional[_Union[Dataplane, _Mapping]] = ...) -> None: ...

class RevokeDataplaneRequest(_message.Message):
    __slots__ = ("dataplane_id", "reason", "request_id")
    DATAPLANE_ID_FIELD_NUMBER: _ClassVar[int]
    REASON_FIELD_NUMBER: _ClassVar[int]
    REQUEST_ID_FIELD_NUMBER: _ClassVar[int]
    dataplane_id: str
    reason: str
    request_id: str
    def __init__(self, dataplane_id: _Optional[str] = ..., reason: _Optional[str] = ..., request_id: _Optional[str] = ...) -> None: ...

class RevokeDataplaneResponse(_message.Message):
    __slots__ = ("dataplane",)
    DATAPLANE_FIELD_NUMBER: _ClassVar[int]
    dataplane: Dataplane
    def __init__(self, dataplane: _Optional[_Union[Dataplane, _Mapping]] = ...) -> None: ...
