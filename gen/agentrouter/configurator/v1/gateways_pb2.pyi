import datetime

from buf.validate import validate_pb2 as _validate_pb2
from google.protobuf import struct_pb2 as _struct_pb2
from google.protobuf import timestamp_pb2 as _timestamp_pb2
from google.protobuf.internal import containers as _containers
from google.protobuf import descriptor as _descriptor
from google.protobuf import message as _message
from collections.abc import Iterable as _Iterable, Mapping as _Mapping
from typing import ClassVar as _ClassVar, Optional as _Optional, Union as _Union

DESCRIPTOR: _descriptor.FileDescriptor

class UpsertMCPCatalogServerRequest(_message.Message):
    __slots__ = ("workspace_id", "id", "name", "url", "description", "icon_url", "categories", "note", "authentication", "requires_auth", "requires_profile", "is_enabled", "request_id", "validate_only")
    WORKSPACE_ID_FIELD_NUMBER: _ClassVar[int]
    ID_FIELD_NUMBER: _ClassVar[int]
    NAME_FIELD_NUMBER: _ClassVar[int]
    URL_FIELD_NUMBER: _ClassVar[int]
    DESCRIPTION_FIELD_NUMBER: _ClassVar[int]
    ICON_URL_FIELD_NUMBER: _ClassVar[int]
    CATEGORIES_FIELD_NUMBER: _ClassVar[int]
    NOTE_FIELD_NUMBER: _ClassVar[int]
    AUTHENTICATION_FIELD_NUMBER: _ClassVar[int]
    REQUIRES_AUTH_FIELD_NUMBER: _ClassVar[int]
    REQUIRES_PROFILE_FIELD_NUMBER: _ClassVar[int]
    IS_ENABLED_FIELD_NUMBER: _ClassVar[int]
    REQUEST_ID_FIELD_NUMBER: _ClassVar[int]
    VALIDATE_ONLY_FIELD_NUMBER: _ClassVar[int]
    workspace_id: str
    id: str
    name: str
    url: str
    description: str
    icon_url: str
    categories: _containers.RepeatedScalarFieldContainer[str]
    note: str
    authentication: _struct_pb2.Struct
    requires_auth: bool
    requires_profile: bool
    is_enabled: bool
    request_id: str
    validate_only: bool
    def __init__(self, workspace_id: _Optional[str] = ..., id: _Optional[str] = ..., name: _Optional[str] = ..., url: _Optional[str] = ..., description: _Optional[str] = ..., icon_url: _Optional[str] = ..., categories: _Optional[_Iterable[str]] = ..., note: _Optional[str] = ..., authentication: _Optional[_Union[_struct_pb2.Struct, _Mapping]] = ..., requires_auth: _Optional[bool] = ..., requires_profile: _Optional[bool] = ..., is_enabled: _Optional[bool] = ..., request_id: _Optional[str] = ..., validate_only: _Optional[bool] = ...) -> None: ...

class UpsertMCPCatalogServerResponse(_message.Message):
    __slots__ = ("revision",)
    REVISION_FIELD_NUMBER: _ClassVar[int]
    revision: int
    def __init__(self, revision: _Optional[int] = ...) -> None: ...

class RevokeUserTokenRequest(_message.Message):
    __slots__ = ("workspace_id", "jti", "reason", "expires_at", "request_id", "validate_only")
    WORKSPACE_ID_FIELD_NUMBER: _ClassVar[int]
    JTI_FIELD_NUMBER: _ClassVar[int]
    REASON_FIELD_NUMBER: _ClassVar[int]
    EXPIRES_AT_FIELD_NUMBER: _ClassVar[int]
    REQUEST_ID_FIELD_NUMBER: _ClassVar[int]
    VALIDATE_ONLY_FIELD_NUMBER: _ClassVar[int]
    workspace_id: str
    jti: str
    reason: str
    expires_at: _timestamp_pb2.Timestamp
    request_id: str
    validate_only: bool
    def __init__(self, workspace_id: _Optional[str] = ..., jti: _Optional[str] = ..., reason: _Optional[str] = ..., expires_at: _Optional[_Union[datetime.datetime, _timestamp_pb2.Timestamp, _Mapping]] = ..., request_id: _Optional[str] = ..., validate_only: _Optional[bool] = ...) -> None: ...

class RevokeUserTokenResponse(_message.Message):
    __slots__ = ("revision",)
    REVISION_FIELD_NUMBER: _ClassVar[int]
    revision: int
    def __init__(self, revision: _Optional[int] = ...) -> None: ...

class SetDataplaneURLRequest(_message.Message):
    __slots__ = ("workspace_id", "dataplane_id", "url", "allow_insecure", "request_id", "validate_only")
    WORKSPACE_ID_FIELD_NUMBER: _ClassVar[int]
    DATAPLANE_ID_FIELD_NUMBER: _ClassVar[int]
    URL_FIELD_NUMBER: _ClassVar[int]
    ALLOW_INSECURE_FIELD_NUMBER: _ClassVar[int]
    REQUEST_ID_FIELD_NUMBER: _ClassVar[int]
    VALIDATE_ONLY_FIELD_NUMBER: _ClassVar[int]
    workspace_id: str
    dataplane_id: str
    url: str
    allow_insecure: bool
    request_id: str
    validate_only: bool
    def __init__(self, workspace_id: _Optional[str] = ..., dataplane_id: _Optional[str] = ..., url: _Optional[str] = ..., allow_insecure: _Optional[bool] = ..., request_id: _Optional[str] = ..., validate_only: _Optional[bool] = ...) -> None: ...

class SetDataplaneURLResponse(_message.Message):
    __slots__ = ("emitted",)
    EMITTED_FIELD_NUMBER: _ClassVar[int]
    emitted: bool
    def __init__(self, emitted: _Optional[bool] = ...) -> None: ...

class ValidateDataplaneRequest(_message.Message):
    __slots__ = ()
    def __init__(self) -> None: ...

class ValidateDataplaneResponse(_message.Message):
    __slots__ = ("dataplane_id", "workspace_id", "jwks")
    DATAPLANE_ID_FIELD_NUMBER: _ClassVar[int]
    WORKSPACE_ID_FIELD_NUMBER: _ClassVar[int]
    JWKS_FIELD_NUMBER: _ClassVar[int]
    dataplane_id: str
    workspace_id: str
    jwks: str
    def __init__(self, dataplane_id: _Optional[str] = ..., workspace_id: _Optional[str] = ..., jwks: _Optional[str] = ...) -> None: ...
