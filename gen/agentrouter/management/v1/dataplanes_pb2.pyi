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

class DataplaneConnection(int, metaclass=_enum_type_wrapper.EnumTypeWrapper):
    __slots__ = ()
    DATAPLANE_CONNECTION_UNSPECIFIED: _ClassVar[DataplaneConnection]
    DATAPLANE_CONNECTION_ENROLLED: _ClassVar[DataplaneConnection]
    DATAPLANE_CONNECTION_ONLINE: _ClassVar[DataplaneConnection]
    DATAPLANE_CONNECTION_OFFLINE: _ClassVar[DataplaneConnection]
    DATAPLANE_CONNECTION_RETIRED: _ClassVar[DataplaneConnection]
    DATAPLANE_CONNECTION_REVOKED: _ClassVar[DataplaneConnection]

class DataplaneSync(int, metaclass=_enum_type_wrapper.EnumTypeWrapper):
    __slots__ = ()
    DATAPLANE_SYNC_UNSPECIFIED: _ClassVar[DataplaneSync]
    DATAPLANE_SYNC_SYNCED: _ClassVar[DataplaneSync]
    DATAPLANE_SYNC_STALE: _ClassVar[DataplaneSync]
    DATAPLANE_SYNC_DEGRADED: _ClassVar[DataplaneSync]
    DATAPLANE_SYNC_INCOMPATIBLE: _ClassVar[DataplaneSync]
DATAPLANE_CONNECTION_UNSPECIFIED: DataplaneConnection
DATAPLANE_CONNECTION_ENROLLED: DataplaneConnection
DATAPLANE_CONNECTION_ONLINE: DataplaneConnection
DATAPLANE_CONNECTION_OFFLINE: DataplaneConnection
DATAPLANE_CONNECTION_RETIRED: DataplaneConnection
DATAPLANE_CONNECTION_REVOKED: DataplaneConnection
DATAPLANE_SYNC_UNSPECIFIED: DataplaneSync
DATAPLANE_SYNC_SYNCED: DataplaneSync
DATAPLANE_SYNC_STALE: DataplaneSync
DATAPLANE_SYNC_DEGRADED: DataplaneSync
DATAPLANE_SYNC_INCOMPATIBLE: DataplaneSync

class Dataplane(_message.Message):
    __slots__ = ("id", "workspace_id", "group", "name", "connection", "applied_revision", "desired_revision", "report", "created_at", "last_seen_at", "revoked_at", "boot_counter", "url", "upgrade", "retired_at", "sync")
    ID_FIELD_NUMBER: _ClassVar[int]
    WORKSPACE_ID_FIELD_NUMBER: _ClassVar[int]
    GROUP_FIELD_NUMBER: _ClassVar[int]
    NAME_FIELD_NUMBER: _ClassVar[int]
    CONNECTION_FIELD_NUMBER: _ClassVar[int]
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
    SYNC_FIELD_NUMBER: _ClassVar[int]
    id: str
    workspace_id: str
    group: str
    name: str
    connection: DataplaneConnection
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
    sync: DataplaneSync
    def __init__(self, id: _Optional[str] = ..., workspace_id: _Optional[str] = ..., group: _Optional[str] = ..., name: _Optional[str] = ..., connection: _Optional[_Union[DataplaneConnection, str]] = ..., applied_revision: _Optional[int] = ..., desired_revision: _Optional[int] = ..., report: _Optional[_Union[_configurations_pb2.AgentReport, _Mapping]] = ..., created_at: _Optional[_Union[datetime.datetime, _timestamp_pb2.Timestamp, _Mapping]] = ..., last_seen_at: _Optional[_Union[datetime.datetime, _timestamp_pb2.Timestamp, _Mapping]] = ..., revoked_at: _Optional[_Union[datetime.datetime, _timestamp_pb2.Timestamp, _Mapping]] = ..., boot_counter: _Optional[int] = ..., url: _Optional[str] = ..., upgrade: _Optional[_Union[UpgradeView, _Mapping]] = ..., retired_at: _Optional[_Union[datetime.datetime, _timestamp_pb2.Timestamp, _Mapping]] = ..., sync: _Optional[_Union[DataplaneSync, str]] = ...) -> None: ...

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
    __slots__ = ("workspace_id", "group", "max_uses", "lifetime", "request_id", "validate_only")
    WORKSPACE_ID_FIELD_NUMBER: _ClassVar[int]
    GROUP_FIELD_NUMBER: _ClassVar[int]
    MAX_USES_FIELD_NUMBER: _ClassVar[int]
    LIFETIME_FIELD_NUMBER: _ClassVar[int]
    REQUEST_ID_FIELD_NUMBER: _ClassVar[int]
    VALIDATE_ONLY_FIELD_NUMBER: _ClassVar[int]
    workspace_id: str
    group: str
    max_uses: int
    lifetime: _duration_pb2.Duration
    request_id: str
    validate_only: bool
    def __init__(self, workspace_id: _Optional[str] = ..., group: _Optional[str] = ..., max_uses: _Optional[int] = ..., lifetime: _Optional[_Union[datetime.timedelta, _duration_pb2.Duration, _Mapping]] = ..., request_id: _Optional[str] = ..., validate_only: _Optional[bool] = ...) -> None: ...

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

class JoinToken(_message.Message):
    __slots__ = ("id", "workspace_id", "group", "created_by", "max_uses", "uses", "created_at", "expires_at", "revoked_at")
    ID_FIELD_NUMBER: _ClassVar[int]
    WORKSPACE_ID_FIELD_NUMBER: _ClassVar[int]
    GROUP_FIELD_NUMBER: _ClassVar[int]
    CREATED_BY_FIELD_NUMBER: _ClassVar[int]
    MAX_USES_FIELD_NUMBER: _ClassVar[int]
    USES_FIELD_NUMBER: _ClassVar[int]
    CREATED_AT_FIELD_NUMBER: _ClassVar[int]
    EXPIRES_AT_FIELD_NUMBER: _ClassVar[int]
    REVOKED_AT_FIELD_NUMBER: _ClassVar[int]
    id: str
    workspace_id: str
    group: str
    created_by: str
    max_uses: int
    uses: int
    created_at: _timestamp_pb2.Timestamp
    expires_at: _timestamp_pb2.Timestamp
    revoked_at: _timestamp_pb2.Timestamp
    def __init__(self, id: _Optional[str] = ..., workspace_id: _Optional[str] = ..., group: _Optional[str] = ..., created_by: _Optional[str] = ..., max_uses: _Optional[int] = ..., uses: _Optional[int] = ..., created_at: _Optional[_Union[datetime.datetime, _timestamp_pb2.Timestamp, _Mapping]] = ..., expires_at: _Optional[_Union[datetime.datetime, _timestamp_pb2.Timestamp, _Mapping]] = ..., revoked_at: _Optional[_Union[datetime.datetime, _timestamp_pb2.Timestamp, _Mapping]] = ...) -> None: ...

class ListJoinTokensRequest(_message.Message):
    __slots__ = ("workspace_id", "include_ended", "page_size", "page_token")
    WORKSPACE_ID_FIELD_NUMBER: _ClassVar[int]
    INCLUDE_ENDED_FIELD_NUMBER: _ClassVar[int]
    PAGE_SIZE_FIELD_NUMBER: _ClassVar[int]
    PAGE_TOKEN_FIELD_NUMBER: _ClassVar[int]
    workspace_id: str
    include_ended: bool
    page_size: int
    page_token: str
    def __init__(self, workspace_id: _Optional[str] = ..., include_ended: _Optional[bool] = ..., page_size: _Optional[int] = ..., page_token: _Optional[str] = ...) -> None: ...

class ListJoinTokensResponse(_message.Message):
    __slots__ = ("join_tokens", "next_page_token")
    JOIN_TOKENS_FIELD_NUMBER: _ClassVar[int]
    NEXT_PAGE_TOKEN_FIELD_NUMBER: _ClassVar[int]
    join_tokens: _containers.RepeatedCompositeFieldContainer[JoinToken]
    next_page_token: str
    def __init__(self, join_tokens: _Optional[_Iterable[_Union[JoinToken, _Mapping]]] = ..., next_page_token: _Optional[str] = ...) -> None: ...

class RevokeJoinTokenRequest(_message.Message):
    __slots__ = ("join_token_id", "reason", "validate_only", "request_id")
    JOIN_TOKEN_ID_FIELD_NUMBER: _ClassVar[int]
    REASON_FIELD_NUMBER: _ClassVar[int]
    VALIDATE_ONLY_FIELD_NUMBER: _ClassVar[int]
    REQUEST_ID_FIELD_NUMBER: _ClassVar[int]
    join_token_id: str
    reason: str
    validate_only: bool
    request_id: str
    def __init__(self, join_token_id: _Optional[str] = ..., reason: _Optional[str] = ..., validate_only: _Optional[bool] = ..., request_id: _Optional[str] = ...) -> None: ...

class RevokeJoinTokenResponse(_message.Message):
    __slots__ = ("join_token",)
    JOIN_TOKEN_FIELD_NUMBER: _ClassVar[int]
    join_token: JoinToken
    def __init__(self, join_token: _Optional[_Union[JoinToken, _Mapping]] = ...) -> None: ...

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
    __slots__ = ("dataplane_id", "reason", "request_id", "validate_only")
    DATAPLANE_ID_FIELD_NUMBER: _ClassVar[int]
    REASON_FIELD_NUMBER: _ClassVar[int]
    REQUEST_ID_FIELD_NUMBER: _ClassVar[int]
    VALIDATE_ONLY_FIELD_NUMBER: _ClassVar[int]
    dataplane_id: str
    reason: str
    request_id: str
    validate_only: bool
    def __init__(self, dataplane_id: _Optional[str] = ..., reason: _Optional[str] = ..., request_id: _Optional[str] = ..., validate_only: _Optional[bool] = ...) -> None: ...

class RevokeDataplaneResponse(_message.Message):
    __slots__ = ("dataplane",)
    DATAPLANE_FIELD_NUMBER: _ClassVar[int]
    dataplane: Dataplane
    def __init__(self, dataplane: _Optional[_Union[Dataplane, _Mapping]] = ...) -> None: ...
