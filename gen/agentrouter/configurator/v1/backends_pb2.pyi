import datetime

from buf.validate import validate_pb2 as _validate_pb2
from google.protobuf import timestamp_pb2 as _timestamp_pb2
from google.protobuf.internal import containers as _containers
from google.protobuf.internal import enum_type_wrapper as _enum_type_wrapper
from google.protobuf import descriptor as _descriptor
from google.protobuf import message as _message
from collections.abc import Iterable as _Iterable, Mapping as _Mapping
from typing import ClassVar as _ClassVar, Optional as _Optional, Union as _Union

DESCRIPTOR: _descriptor.FileDescriptor

class BackendMode(int, metaclass=_enum_type_wrapper.EnumTypeWrapper):
    __slots__ = ()
    BACKEND_MODE_UNSPECIFIED: _ClassVar[BackendMode]
    BACKEND_MODE_EXCLUSIVE: _ClassVar[BackendMode]
    BACKEND_MODE_PREFERRED: _ClassVar[BackendMode]
    BACKEND_MODE_FALLBACK: _ClassVar[BackendMode]
BACKEND_MODE_UNSPECIFIED: BackendMode
BACKEND_MODE_EXCLUSIVE: BackendMode
BACKEND_MODE_PREFERRED: BackendMode
BACKEND_MODE_FALLBACK: BackendMode

class OAuthClient(_message.Message):
    __slots__ = ("token_url", "client_id", "client_secret", "scopes", "audience")
    TOKEN_URL_FIELD_NUMBER: _ClassVar[int]
    CLIENT_ID_FIELD_NUMBER: _ClassVar[int]
    CLIENT_SECRET_FIELD_NUMBER: _ClassVar[int]
    SCOPES_FIELD_NUMBER: _ClassVar[int]
    AUDIENCE_FIELD_NUMBER: _ClassVar[int]
    token_url: str
    client_id: str
    client_secret: str
    scopes: _containers.RepeatedScalarFieldContainer[str]
    audience: str
    def __init__(self, token_url: _Optional[str] = ..., client_id: _Optional[str] = ..., client_secret: _Optional[str] = ..., scopes: _Optional[_Iterable[str]] = ..., audience: _Optional[str] = ...) -> None: ...

class AwsKeys(_message.Message):
    __slots__ = ("access_key_id", "secret_access_key", "session_token", "region", "service")
    ACCESS_KEY_ID_FIELD_NUMBER: _ClassVar[int]
    SECRET_ACCESS_KEY_FIELD_NUMBER: _ClassVar[int]
    SESSION_TOKEN_FIELD_NUMBER: _ClassVar[int]
    REGION_FIELD_NUMBER: _ClassVar[int]
    SERVICE_FIELD_NUMBER: _ClassVar[int]
    access_key_id: str
    secret_access_key: str
    session_token: str
    region: str
    service: str
    def __init__(self, access_key_id: _Optional[str] = ..., secret_access_key: _Optional[str] = ..., session_token: _Optional[str] = ..., region: _Optional[str] = ..., service: _Optional[str] = ...) -> None: ...

class GcpServiceAccount(_message.Message):
    __slots__ = ("key_file", "scopes")
    KEY_FILE_FIELD_NUMBER: _ClassVar[int]
    SCOPES_FIELD_NUMBER: _ClassVar[int]
    key_file: str
    scopes: _containers.RepeatedScalarFieldContainer[str]
    def __init__(self, key_file: _Optional[str] = ..., scopes: _Optional[_Iterable[str]] = ...) -> None: ...

class BackendCredential(_message.Message):
    __slots__ = ("api_key", "oauth", "aws", "gcp")
    API_KEY_FIELD_NUMBER: _ClassVar[int]
    OAUTH_FIELD_NUMBER: _ClassVar[int]
    AWS_FIELD_NUMBER: _ClassVar[int]
    GCP_FIELD_NUMBER: _ClassVar[int]
    api_key: str
    oauth: OAuthClient
    aws: AwsKeys
    gcp: GcpServiceAccount
    def __init__(self, api_key: _Optional[str] = ..., oauth: _Optional[_Union[OAuthClient, _Mapping]] = ..., aws: _Optional[_Union[AwsKeys, _Mapping]] = ..., gcp: _Optional[_Union[GcpServiceAccount, _Mapping]] = ...) -> None: ...

class Backend(_message.Message):
    __slots__ = ("name", "provider", "protocol", "base_url", "credential", "models", "weight", "priority")
    NAME_FIELD_NUMBER: _ClassVar[int]
    PROVIDER_FIELD_NUMBER: _ClassVar[int]
    PROTOCOL_FIELD_NUMBER: _ClassVar[int]
    BASE_URL_FIELD_NUMBER: _ClassVar[int]
    CREDENTIAL_FIELD_NUMBER: _ClassVar[int]
    MODELS_FIELD_NUMBER: _ClassVar[int]
    WEIGHT_FIELD_NUMBER: _ClassVar[int]
    PRIORITY_FIELD_NUMBER: _ClassVar[int]
    name: str
    provider: str
    protocol: str
    base_url: str
    credential: BackendCredential
    models: _containers.RepeatedScalarFieldContainer[str]
    weight: int
    priority: int
    def __init__(self, name: _Optional[str] = ..., provider: _Optional[str] = ..., protocol: _Optional[str] = ..., base_url: _Optional[str] = ..., credential: _Optional[_Union[BackendCredential, _Mapping]] = ..., models: _Optional[_Iterable[str]] = ..., weight: _Optional[int] = ..., priority: _Optional[int] = ...) -> None: ...

class BackendSummary(_message.Message):
    __slots__ = ("name", "provider", "credential_kind", "last_four", "created_at")
    NAME_FIELD_NUMBER: _ClassVar[int]
    PROVIDER_FIELD_NUMBER: _ClassVar[int]
    CREDENTIAL_KIND_FIELD_NUMBER: _ClassVar[int]
    LAST_FOUR_FIELD_NUMBER: _ClassVar[int]
    CREATED_AT_FIELD_NUMBER: _ClassVar[int]
    name: str
    provider: str
    credential_kind: str
    last_four: str
    created_at: _timestamp_pb2.Timestamp
    def __init__(self, name: _Optional[str] = ..., provider: _Optional[str] = ..., credential_kind: _Optional[str] = ..., last_four: _Optional[str] = ..., created_at: _Optional[_Union[datetime.datetime, _timestamp_pb2.Timestamp, _Mapping]] = ...) -> None: ...

class SaveBYOKBackendsRequest(_message.Message):
    __slots__ = ("workspace_id", "user_id", "backends", "mode", "etag", "request_id", "validate_only")
    WORKSPACE_ID_FIELD_NUMBER: _ClassVar[int]
    USER_ID_FIELD_NUMBER: _ClassVar[int]
    BACKENDS_FIELD_NUMBER: _ClassVar[int]
    MODE_FIELD_NUMBER: _ClassVar[int]
    ETAG_FIELD_NUMBER: _ClassVar[int]
    REQUEST_ID_FIELD_NUMBER: _ClassVar[int]
    VALIDATE_ONLY_FIELD_NUMBER: _ClassVar[int]
    workspace_id: str
    user_id: str
    backends: _containers.RepeatedCompositeFieldContainer[Backend]
    mode: BackendMode
    etag: str
    request_id: str
    validate_only: bool
    def __init__(self, workspace_id: _Optional[str] = ..., user_id: _Optional[str] = ..., backends: _Optional[_Iterable[_Union[Backend, _Mapping]]] = ..., mode: _Optional[_Union[BackendMode, str]] = ..., etag: _Optional[str] = ..., request_id: _Optional[str] = ..., validate_only: _Optional[bool] = ...) -> None: ...

class SaveBYOKBackendsResponse(_message.Message):
    __slots__ = ("backends", "etag")
    BACKENDS_FIELD_NUMBER: _ClassVar[int]
    ETAG_FIELD_NUMBER: _ClassVar[int]
    backends: _containers.RepeatedCompositeFieldContainer[BackendSummary]
    etag: str
    def __init__(self, backends: _Optional[_Iterable[_Union[BackendSummary, _Mapping]]] = ..., etag: _Optional[str] = ...) -> None: ...

class DeleteBYOKBackendsRequest(_message.Message):
    __slots__ = ("workspace_id", "user_id", "names", "request_id", "validate_only")
    WORKSPACE_ID_FIELD_NUMBER: _ClassVar[int]
    USER_ID_FIELD_NUMBER: _ClassVar[int]
    NAMES_FIELD_NUMBER: _ClassVar[int]
    REQUEST_ID_FIELD_NUMBER: _ClassVar[int]
    VALIDATE_ONLY_FIELD_NUMBER: _ClassVar[int]
    workspace_id: str
    user_id: str
    names: _containers.RepeatedScalarFieldContainer[str]
    request_id: str
    validate_only: bool
    def __init__(self, workspace_id: _Optional[str] = ..., user_id: _Optional[str] = ..., names: _Optional[_Iterable[str]] = ..., request_id: _Optional[str] = ..., validate_only: _Optional[bool] = ...) -> None: ...

class DeleteBYOKBackendsResponse(_message.Message):
    __slots__ = ("backends",)
    BACKENDS_FIELD_NUMBER: _ClassVar[int]
    backends: _containers.RepeatedCompositeFieldContainer[BackendSummary]
    def __init__(self, backends: _Optional[_Iterable[_Union[BackendSummary, _Mapping]]] = ...) -> None: ...
