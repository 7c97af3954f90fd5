import datetime

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

class ConsumerKeyState(int, metaclass=_enum_type_wrapper.EnumTypeWrapper):
    __slots__ = ()
    CONSUMER_KEY_STATE_UNSPECIFIED: _ClassVar[ConsumerKeyState]
    CONSUMER_KEY_STATE_LIVE: _ClassVar[ConsumerKeyState]
    CONSUMER_KEY_STATE_EXPIRED: _ClassVar[ConsumerKeyState]
    CONSUMER_KEY_STATE_REVOKED: _ClassVar[ConsumerKeyState]
CONSUMER_KEY_STATE_UNSPECIFIED: ConsumerKeyState
CONSUMER_KEY_STATE_LIVE: ConsumerKeyState
CONSUMER_KEY_STATE_EXPIRED: ConsumerKeyState
CONSUMER_KEY_STATE_REVOKED: ConsumerKeyState

class ConsumerKey(_message.Message):
    __slots__ = ("jti", "workspace_id", "consumer_id", "name", "created_at", "expires_at", "state", "revoked_at", "revoked_reason")
    JTI_FIELD_NUMBER: _ClassVar[int]
    WORKSPACE_ID_FIELD_NUMBER: _ClassVar[int]
    CONSUMER_ID_FIELD_NUMBER: _ClassVar[int]
    NAME_FIELD_NUMBER: _ClassVar[int]
    CREATED_AT_FIELD_NUMBER: _ClassVar[int]
    EXPIRES_AT_FIELD_NUMBER: _ClassVar[int]
    STATE_FIELD_NUMBER: _ClassVar[int]
    REVOKED_AT_FIELD_NUMBER: _ClassVar[int]
    REVOKED_REASON_FIELD_NUMBER: _ClassVar[int]
    jti: str
    workspace_id: str
    consumer_id: str
    name: str
    created_at: _timestamp_pb2.Timestamp
    expires_at: _timestamp_pb2.Timestamp
    state: ConsumerKeyState
    revoked_at: _timestamp_pb2.Timestamp
    revoked_reason: str
    def __init__(self, jti: _Optional[str] = ..., workspace_id: _Optional[str] = ..., consumer_id: _Optional[str] = ..., name: _Optional[str] = ..., created_at: _Optional[_Union[datetime.datetime, _timestamp_pb2.Timestamp, _Mapping]] = ..., expires_at: _Optional[_Union[datetime.datetime, _timestamp_pb2.Timestamp, _Mapping]] = ..., state: _Optional[_Union[ConsumerKeyState, str]] = ..., revoked_at: _Optional[_Union[datetime.datetime, _timestamp_pb2.Timestamp, _Mapping]] = ..., revoked_reason: _Optional[str] = ...) -> None: ...

class IssueConsumerKeyRequest(_message.Message):
    __slots__ = ("workspace_id", "consumer_id", "name", "lifetime", "request_id", "validate_only")
    WORKSPACE_ID_FIELD_NUMBER: _ClassVar[int]
    CONSUMER_ID_FIELD_NUMBER: _ClassVar[int]
    NAME_FIELD_NUMBER: _ClassVar[int]
    LIFETIME_FIELD_NUMBER: _ClassVar[int]
    REQUEST_ID_FIELD_NUMBER: _ClassVar[int]
    VALIDATE_ONLY_FIELD_NUMBER: _ClassVar[int]
    workspace_id: str
    consumer_id: str
    name: str
    lifetime: _duration_pb2.Duration
    request_id: str
    validate_only: bool
    def __init__(self, workspace_id: _Optional[str] = ..., consumer_id: _Optional[str] = ..., name: _Optional[str] = ..., lifetime: _Optional[_Union[datetime.timedelta, _duration_pb2.Duration, _Mapping]] = ..., request_id: _Optional[str] = ..., validate_only: _Optional[bool] = ...) -> None: ...

class IssueConsumerKeyResponse(_message.Message):
    __slots__ = ("key", "secret", "already_shown", "revision")
    KEY_FIELD_NUMBER: _ClassVar[int]
    SECRET_FIELD_NUMBER: _ClassVar[int]
    ALREADY_SHOWN_FIELD_NUMBER: _ClassVar[int]
    REVISION_FIELD_NUMBER: _ClassVar[int]
    key: ConsumerKey
    secret: str
    already_shown: bool
    revision: int
    def __init__(self, key: _Optional[_Union[ConsumerKey, _Mapping]] = ..., secret: _Optional[str] = ..., already_shown: _Optional[bool] = ..., revision: _Optional[int] = ...) -> None: ...

class ListConsumerKeysRequest(_message.Message):
    __slots__ = ("workspace_id", "consumer_id", "page_size", "page_token")
    WORKSPACE_ID_FIELD_NUMBER: _ClassVar[int]
    CONSUMER_ID_FIELD_NUMBER: _ClassVar[int]
    PAGE_SIZE_FIELD_NUMBER: _ClassVar[int]
    PAGE_TOKEN_FIELD_NUMBER: _ClassVar[int]
    workspace_id: str
    consumer_id: str
    page_size: int
    page_token: str
    def __init__(self, workspace_id: _Optional[str] = ..., consumer_id: _Optional[str] = ..., page_size: _Optional[int] = ..., page_token: _Optional[str] = ...) -> None: ...

class ListConsumerKeysResponse(_message.Message):
    __slots__ = ("keys", "next_page_token")
    KEYS_FIELD_NUMBER: _ClassVar[int]
    NEXT_PAGE_TOKEN_FIELD_NUMBER: _ClassVar[int]
    keys: _containers.RepeatedCompositeFieldContainer[ConsumerKey]
    next_page_token: str
    def __init__(self, keys: _Optional[_Iterable[_Union[ConsumerKey, _Mapping]]] = ..., next_page_token: _Optional[str] = ...) -> None: ...

class RevokeConsumerKeyRequest(_message.Message):
    __slots__ = ("workspace_id", "jti", "reason", "request_id", "validate_only")
    WORKSPACE_ID_FIELD_NUMBER: _ClassVar[int]
    JTI_FIELD_NUMBER: _ClassVar[int]
    REASON_FIELD_NUMBER: _ClassVar[int]
    REQUEST_ID_FIELD_NUMBER: _ClassVar[int]
    VALIDATE_ONLY_FIELD_NUMBER: _ClassVar[int]
    workspace_id: str
    jti: str
    reason: str
    request_id: str
    validate_only: bool
    def __init__(self, workspace_id: _Optional[str] = ..., jti: _Optional[str] = ..., reason: _Optional[str] = ..., request_id: _Optional[str] = ..., validate_only: _Optional[bool] = ...) -> None: ...

class RevokeConsumerKeyResponse(_message.Message):
    __slots__ = ("key", "revision")
    KEY_FIELD_NUMBER: _ClassVar[int]
    REVISION_FIELD_NUMBER: _ClassVar[int]
    key: ConsumerKey
    revision: int
    def __init__(self, key: _Optional[_Union[ConsumerKey, _Mapping]] = ..., revision: _Optional[int] = ...) -> None: ...
