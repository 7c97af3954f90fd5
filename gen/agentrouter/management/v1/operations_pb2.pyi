from agentrouter.configurator.v1 import events_pb2 as _events_pb2
from buf.validate import validate_pb2 as _validate_pb2
from google.protobuf import descriptor as _descriptor
from google.protobuf import message as _message
from collections.abc import Mapping as _Mapping
from typing import ClassVar as _ClassVar, Optional as _Optional, Union as _Union

DESCRIPTOR: _descriptor.FileDescriptor

class ReplayEventRequest(_message.Message):
    __slots__ = ("event_id", "request_id", "validate_only")
    EVENT_ID_FIELD_NUMBER: _ClassVar[int]
    REQUEST_ID_FIELD_NUMBER: _ClassVar[int]
    VALIDATE_ONLY_FIELD_NUMBER: _ClassVar[int]
    event_id: str
    request_id: str
    validate_only: bool
    def __init__(self, event_id: _Optional[str] = ..., request_id: _Optional[str] = ..., validate_only: _Optional[bool] = ...) -> None: ...

class ReplayEventResponse(_message.Message):
    __slots__ = ("event",)
    EVENT_FIELD_NUMBER: _ClassVar[int]
    event: _events_pb2.Event
    def __init__(self, event: _Optional[_Union[_events_pb2.Event, _Mapping]] = ...) -> None: ...

class RotateGatekeeperKeyRequest(_message.Message):
    __slots__ = ("workspace_id", "request_id", "validate_only")
    WORKSPACE_ID_FIELD_NUMBER: _ClassVar[int]
    REQUEST_ID_FIELD_NUMBER: _ClassVar[int]
    VALIDATE_ONLY_FIELD_NUMBER: _ClassVar[int]
    workspace_id: str
    request_id: str
    validate_only: bool
    def __init__(self, workspace_id: _Optional[str] = ..., request_id: _Optional[str] = ..., validate_only: _Optional[bool] = ...) -> None: ...

class RotateGatekeeperKeyResponse(_message.Message):
    __slots__ = ("kid", "jwks", "revision")
    KID_FIELD_NUMBER: _ClassVar[int]
    JWKS_FIELD_NUMBER: _ClassVar[int]
    REVISION_FIELD_NUMBER: _ClassVar[int]
    kid: str
    jwks: str
    revision: int
    def __init__(self, kid: _Optional[str] = ..., jwks: _Optional[str] = ..., revision: _Optional[int] = ...) -> None: ...

class RetireGatekeeperKeyRequest(_message.Message):
    __slots__ = ("workspace_id", "kid", "request_id", "validate_only")
    WORKSPACE_ID_FIELD_NUMBER: _ClassVar[int]
    KID_FIELD_NUMBER: _ClassVar[int]
    REQUEST_ID_FIELD_NUMBER: _ClassVar[int]
    VALIDATE_ONLY_FIELD_NUMBER: _ClassVar[int]
    workspace_id: str
    kid: str
    request_id: str
    validate_only: bool
    def __init__(self, workspace_id: _Optional[str] = ..., kid: _Optional[str] = ..., request_id: _Optional[str] = ..., validate_only: _Optional[bool] = ...) -> None: ...

class RetireGatekeeperKeyResponse(_message.Message):
    __slots__ = ("jwks", "revision")
    JWKS_FIELD_NUMBER: _ClassVar[int]
    REVISION_FIELD_NUMBER: _ClassVar[int]
    jwks: str
    revision: int
    def __init__(self, jwks: _Optional[str] = ..., revision: _Optional[int] = ...) -> None: ...

class RotateMasterKeyRequest(_message.Message):
    __slots__ = ()
    def __init__(self) -> None: ...

class RotateMasterKeyResponse(_message.Message):
    __slots__ = ("wrapped_count", "total_count", "fingerprint", "done")
    WRAPPED_COUNT_FIELD_NUMBER: _ClassVar[int]
    TOTAL_COUNT_FIELD_NUMBER: _ClassVar[int]
    FINGERPRINT_FIELD_NUMBER: _ClassVar[int]
    DONE_FIELD_NUMBER: _ClassVar[int]
    wrapped_count: int
    total_count: int
    fingerprint: str
    done: bool
    def __init__(self, wrapped_count: _Optional[int] = ..., total_count: _Optional[int] = ..., fingerprint: _Optional[str] = ..., done: _Optional[bool] = ...) -> None: ...
