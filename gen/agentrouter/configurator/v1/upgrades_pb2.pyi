import datetime

from buf.validate import validate_pb2 as _validate_pb2
from google.protobuf import timestamp_pb2 as _timestamp_pb2
from google.protobuf.internal import enum_type_wrapper as _enum_type_wrapper
from google.protobuf import descriptor as _descriptor
from google.protobuf import message as _message
from collections.abc import Mapping as _Mapping
from typing import ClassVar as _ClassVar, Optional as _Optional, Union as _Union

DESCRIPTOR: _descriptor.FileDescriptor

class UpgradePhase(int, metaclass=_enum_type_wrapper.EnumTypeWrapper):
    __slots__ = ()
    UPGRADE_PHASE_UNSPECIFIED: _ClassVar[UpgradePhase]
    UPGRADE_PHASE_REQUESTED: _ClassVar[UpgradePhase]
    UPGRADE_PHASE_CREDENTIALS_READY: _ClassVar[UpgradePhase]
    UPGRADE_PHASE_DOWNLOADING: _ClassVar[UpgradePhase]
    UPGRADE_PHASE_VERIFYING: _ClassVar[UpgradePhase]
    UPGRADE_PHASE_SWITCHING: _ClassVar[UpgradePhase]
    UPGRADE_PHASE_WATCHING: _ClassVar[UpgradePhase]
    UPGRADE_PHASE_COMPLETED: _ClassVar[UpgradePhase]
    UPGRADE_PHASE_CANCELLING: _ClassVar[UpgradePhase]
    UPGRADE_PHASE_CANCELLED: _ClassVar[UpgradePhase]
    UPGRADE_PHASE_FAILED: _ClassVar[UpgradePhase]
    UPGRADE_PHASE_ROLLING_BACK: _ClassVar[UpgradePhase]
    UPGRADE_PHASE_ROLLED_BACK: _ClassVar[UpgradePhase]
UPGRADE_PHASE_UNSPECIFIED: UpgradePhase
UPGRADE_PHASE_REQUESTED: UpgradePhase
UPGRADE_PHASE_CREDENTIALS_READY: UpgradePhase
UPGRADE_PHASE_DOWNLOADING: UpgradePhase
UPGRADE_PHASE_VERIFYING: UpgradePhase
UPGRADE_PHASE_SWITCHING: UpgradePhase
UPGRADE_PHASE_WATCHING: UpgradePhase
UPGRADE_PHASE_COMPLETED: UpgradePhase
UPGRADE_PHASE_CANCELLING: UpgradePhase
UPGRADE_PHASE_CANCELLED: UpgradePhase
UPGRADE_PHASE_FAILED: UpgradePhase
UPGRADE_PHASE_ROLLING_BACK: UpgradePhase
UPGRADE_PHASE_ROLLED_BACK: UpgradePhase

class SubmitDataplaneUpgradeCredentialsRequest(_message.Message):
    __slots__ = ("workspace_id", "dataplane_id", "registry", "username", "secret", "target_version", "expires_at", "request_id", "validate_only")
    WORKSPACE_ID_FIELD_NUMBER: _ClassVar[int]
    DATAPLANE_ID_FIELD_NUMBER: _ClassVar[int]
    REGISTRY_FIELD_NUMBER: _ClassVar[int]
    USERNAME_FIELD_NUMBER: _ClassVar[int]
    SECRET_FIELD_NUMBER: _ClassVar[int]
    TARGET_VERSION_FIELD_NUMBER: _ClassVar[int]
    EXPIRES_AT_FIELD_NUMBER: _ClassVar[int]
    REQUEST_ID_FIELD_NUMBER: _ClassVar[int]
    VALIDATE_ONLY_FIELD_NUMBER: _ClassVar[int]
    workspace_id: str
    dataplane_id: str
    registry: str
    username: str
    secret: str
    target_version: str
    expires_at: _timestamp_pb2.Timestamp
    request_id: str
    validate_only: bool
    def __init__(self, workspace_id: _Optional[str] = ..., dataplane_id: _Optional[str] = ..., registry: _Optional[str] = ..., username: _Optional[str] = ..., secret: _Optional[str] = ..., target_version: _Optional[str] = ..., expires_at: _Optional[_Union[datetime.datetime, _timestamp_pb2.Timestamp, _Mapping]] = ..., request_id: _Optional[str] = ..., validate_only: _Optional[bool] = ...) -> None: ...

class SubmitDataplaneUpgradeCredentialsResponse(_message.Message):
    __slots__ = ("upgrade_event_id",)
    UPGRADE_EVENT_ID_FIELD_NUMBER: _ClassVar[int]
    upgrade_event_id: str
    def __init__(self, upgrade_event_id: _Optional[str] = ...) -> None: ...

class GetDataplaneUpgradeCredentialsRequest(_message.Message):
    __slots__ = ("upgrade_event_id",)
    UPGRADE_EVENT_ID_FIELD_NUMBER: _ClassVar[int]
    upgrade_event_id: str
    def __init__(self, upgrade_event_id: _Optional[str] = ...) -> None: ...

class GetDataplaneUpgradeCredentialsResponse(_message.Message):
    __slots__ = ("sealed",)
    SEALED_FIELD_NUMBER: _ClassVar[int]
    sealed: bytes
    def __init__(self, sealed: _Optional[bytes] = ...) -> None: ...

class AckDataplaneUpgradeCredentialsRequest(_message.Message):
    __slots__ = ("upgrade_event_id",)
    UPGRADE_EVENT_ID_FIELD_NUMBER: _ClassVar[int]
    upgrade_event_id: str
    def __init__(self, upgrade_event_id: _Optional[str] = ...) -> None: ...

class AckDataplaneUpgradeCredentialsResponse(_message.Message):
    __slots__ = ()
    def __init__(self) -> None: ...

class CancelDataplaneUpgradeRequest(_message.Message):
    __slots__ = ("workspace_id", "dataplane_id", "request_id", "validate_only")
    WORKSPACE_ID_FIELD_NUMBER: _ClassVar[int]
    DATAPLANE_ID_FIELD_NUMBER: _ClassVar[int]
    REQUEST_ID_FIELD_NUMBER: _ClassVar[int]
    VALIDATE_ONLY_FIELD_NUMBER: _ClassVar[int]
    workspace_id: str
    dataplane_id: str
    request_id: str
    validate_only: bool
    def __init__(self, workspace_id: _Optional[str] = ..., dataplane_id: _Optional[str] = ..., request_id: _Optional[str] = ..., validate_only: _Optional[bool] = ...) -> None: ...

class CancelDataplaneUpgradeResponse(_message.Message):
    __slots__ = ("phase",)
    PHASE_FIELD_NUMBER: _ClassVar[int]
    phase: UpgradePhase
    def __init__(self, phase: _Optional[_Union[UpgradePhase, str]] = ...) -> None: ...

class RollbackDataplaneUpgradeRequest(_message.Message):
    __slots__ = ("workspace_id", "dataplane_id", "request_id", "validate_only")
    WORKSPACE_ID_FIELD_NUMBER: _ClassVar[int]
    DATAPLANE_ID_FIELD_NUMBER: _ClassVar[int]
    REQUEST_ID_FIELD_NUMBER: _ClassVar[int]
    VALIDATE_ONLY_FIELD_NUMBER: _ClassVar[int]
    workspace_id: str
    dataplane_id: str
    request_id: str
    validate_only: bool
    def __init__(self, workspace_id: _Optional[str] = ..., dataplane_id: _Optional[str] = ..., request_id: _Optional[str] = ..., validate_only: _Optional[bool] = ...) -> None: ...

class RollbackDataplaneUpgradeResponse(_message.Message):
    __slots__ = ("rollback_event_id",)
    ROLLBACK_EVENT_ID_FIELD_NUMBER: _ClassVar[int]
    rollback_event_id: str
    def __init__(self, rollback_event_id: _Optional[str] = ...) -> None: ...
