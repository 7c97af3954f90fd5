import datetime

from agentrouter.configurator.v1 import configurations_pb2 as _configurations_pb2
from buf.validate import validate_pb2 as _validate_pb2
from google.protobuf import timestamp_pb2 as _timestamp_pb2
from google.protobuf.internal import containers as _containers
from google.protobuf.internal import enum_type_wrapper as _enum_type_wrapper
from google.protobuf import descriptor as _descriptor
from google.protobuf import message as _message
from collections.abc import Iterable as _Iterable, Mapping as _Mapping
from typing import ClassVar as _ClassVar, Optional as _Optional, Union as _Union

DESCRIPTOR: _descriptor.FileDescriptor

class FaultSeverity(int, metaclass=_enum_type_wrapper.EnumTypeWrapper):
    __slots__ = ()
    FAULT_SEVERITY_UNSPECIFIED: _ClassVar[FaultSeverity]
    FAULT_SEVERITY_ERROR: _ClassVar[FaultSeverity]
    FAULT_SEVERITY_WARNING: _ClassVar[FaultSeverity]

class DifferenceKind(int, metaclass=_enum_type_wrapper.EnumTypeWrapper):
    __slots__ = ()
    DIFFERENCE_KIND_UNSPECIFIED: _ClassVar[DifferenceKind]
    DIFFERENCE_KIND_ADDED: _ClassVar[DifferenceKind]
    DIFFERENCE_KIND_REMOVED: _ClassVar[DifferenceKind]
    DIFFERENCE_KIND_CHANGED: _ClassVar[DifferenceKind]
    DIFFERENCE_KIND_MOVED: _ClassVar[DifferenceKind]
    DIFFERENCE_KIND_RENEWED: _ClassVar[DifferenceKind]
FAULT_SEVERITY_UNSPECIFIED: FaultSeverity
FAULT_SEVERITY_ERROR: FaultSeverity
FAULT_SEVERITY_WARNING: FaultSeverity
DIFFERENCE_KIND_UNSPECIFIED: DifferenceKind
DIFFERENCE_KIND_ADDED: DifferenceKind
DIFFERENCE_KIND_REMOVED: DifferenceKind
DIFFERENCE_KIND_CHANGED: DifferenceKind
DIFFERENCE_KIND_MOVED: DifferenceKind
DIFFERENCE_KIND_RENEWED: DifferenceKind

class SourceDocument(_message.Message):
    __slots__ = ("workspace_id", "user_id", "content", "etag", "updated_at", "version")
    WORKSPACE_ID_FIELD_NUMBER: _ClassVar[int]
    USER_ID_FIELD_NUMBER: _ClassVar[int]
    CONTENT_FIELD_NUMBER: _ClassVar[int]
    ETAG_FIELD_NUMBER: _ClassVar[int]
    UPDATED_AT_FIELD_NUMBER: _ClassVar[int]
    VERSION_FIELD_NUMBER: _ClassVar[int]
    workspace_id: str
    user_id: str
    content: str
    etag: str
    updated_at: _timestamp_pb2.Timestamp
    version: int
    def __init__(self, workspace_id: _Optional[str] = ..., user_id: _Optional[str] = ..., content: _Optional[str] = ..., etag: _Optional[str] = ..., updated_at: _Optional[_Union[datetime.datetime, _timestamp_pb2.Timestamp, _Mapping]] = ..., version: _Optional[int] = ...) -> None: ...

class DocumentFault(_message.Message):
    __slots__ = ("path", "code", "message", "remedy", "severity", "line", "column")
    PATH_FIELD_NUMBER: _ClassVar[int]
    CODE_FIELD_NUMBER: _ClassVar[int]
    MESSAGE_FIELD_NUMBER: _ClassVar[int]
    REMEDY_FIELD_NUMBER: _ClassVar[int]
    SEVERITY_FIELD_NUMBER: _ClassVar[int]
    LINE_FIELD_NUMBER: _ClassVar[int]
    COLUMN_FIELD_NUMBER: _ClassVar[int]
    path: str
    code: str
    message: str
    remedy: str
    severity: FaultSeverity
    line: int
    column: int
    def __init__(self, path: _Optional[str] = ..., code: _Optional[str] = ..., message: _Optional[str] = ..., remedy: _Optional[str] = ..., severity: _Optional[_Union[FaultSeverity, str]] = ..., line: _Optional[int] = ..., column: _Optional[int] = ...) -> None: ...

class PutDocumentRequest(_message.Message):
    __slots__ = ("workspace_id", "user_id", "content", "etag", "validate_only", "reason", "request_id")
    WORKSPACE_ID_FIELD_NUMBER: _ClassVar[int]
    USER_ID_FIELD_NUMBER: _ClassVar[int]
    CONTENT_FIELD_NUMBER: _ClassVar[int]
    ETAG_FIELD_NUMBER: _ClassVar[int]
    VALIDATE_ONLY_FIELD_NUMBER: _ClassVar[int]
    REASON_FIELD_NUMBER: _ClassVar[int]
    REQUEST_ID_FIELD_NUMBER: _ClassVar[int]
    workspace_id: str
    user_id: str
    content: str
    etag: str
    validate_only: bool
    reason: str
    request_id: str
    def __init__(self, workspace_id: _Optional[str] = ..., user_id: _Optional[str] = ..., content: _Optional[str] = ..., etag: _Optional[str] = ..., validate_only: _Optional[bool] = ..., reason: _Optional[str] = ..., request_id: _Optional[str] = ...) -> None: ...

class PutDocumentResponse(_message.Message):
    __slots__ = ("document", "changed", "configuration", "event_ids")
    DOCUMENT_FIELD_NUMBER: _ClassVar[int]
    CHANGED_FIELD_NUMBER: _ClassVar[int]
    CONFIGURATION_FIELD_NUMBER: _ClassVar[int]
    EVENT_IDS_FIELD_NUMBER: _ClassVar[int]
    document: SourceDocument
    changed: bool
    configuration: _configurations_pb2.Configuration
    event_ids: _containers.RepeatedScalarFieldContainer[str]
    def __init__(self, document: _Optional[_Union[SourceDocument, _Mapping]] = ..., changed: _Optional[bool] = ..., configuration: _Optional[_Union[_configurations_pb2.Configuration, _Mapping]] = ..., event_ids: _Optional[_Iterable[str]] = ...) -> None: ...

class GetDocumentRequest(_message.Message):
    __slots__ = ("workspace_id", "user_id", "version")
    WORKSPACE_ID_FIELD_NUMBER: _ClassVar[int]
    USER_ID_FIELD_NUMBER: _ClassVar[int]
    VERSION_FIELD_NUMBER: _ClassVar[int]
    workspace_id: str
    user_id: str
    version: int
    def __init__(self, workspace_id: _Optional[str] = ..., user_id: _Optional[str] = ..., version: _Optional[int] = ...) -> None: ...

class GetDocumentResponse(_message.Message):
    __slots__ = ("document",)
    DOCUMENT_FIELD_NUMBER: _ClassVar[int]
    document: SourceDocument
    def __init__(self, document: _Optional[_Union[SourceDocument, _Mapping]] = ...) -> None: ...

class ValidateDocumentRequest(_message.Message):
    __slots__ = ("workspace_id", "user_id", "content")
    WORKSPACE_ID_FIELD_NUMBER: _ClassVar[int]
    USER_ID_FIELD_NUMBER: _ClassVar[int]
    CONTENT_FIELD_NUMBER: _ClassVar[int]
    workspace_id: str
    user_id: str
    content: str
    def __init__(self, workspace_id: _Optional[str] = ..., user_id: _Optional[str] = ..., content: _Optional[str] = ...) -> None: ...

class ValidateDocumentResponse(_message.Message):
    __slots__ = ("valid", "faults")
    VALID_FIELD_NUMBER: _ClassVar[int]
    FAULTS_FIELD_NUMBER: _ClassVar[int]
    valid: bool
    faults: _containers.RepeatedCompositeFieldContainer[DocumentFault]
    def __init__(self, valid: _Optional[bool] = ..., faults: _Optional[_Iterable[_Union[DocumentFault, _Mapping]]] = ...) -> None: ...

class DocumentDifference(_message.Message):
    __slots__ = ("path", "kind", "old_value", "new_value")
    PATH_FIELD_NUMBER: _ClassVar[int]
    KIND_FIELD_NUMBER: _ClassVar[int]
    OLD_VALUE_FIELD_NUMBER: _ClassVar[int]
    NEW_VALUE_FIELD_NUMBER: _ClassVar[int]
    path: str
    kind: DifferenceKind
    old_value: str
    new_value: str
    def __init__(self, path: _Optional[str] = ..., kind: _Optional[_Union[DifferenceKind, str]] = ..., old_value: _Optional[str] = ..., new_value: _Optional[str] = ...) -> None: ...

class DiffDocumentRequest(_message.Message):
    __slots__ = ("workspace_id", "user_id", "content", "version")
    WORKSPACE_ID_FIELD_NUMBER: _ClassVar[int]
    USER_ID_FIELD_NUMBER: _ClassVar[int]
    CONTENT_FIELD_NUMBER: _ClassVar[int]
    VERSION_FIELD_NUMBER: _ClassVar[int]
    workspace_id: str
    user_id: str
    content: str
    version: int
    def __init__(self, workspace_id: _Optional[str] = ..., user_id: _Optional[str] = ..., content: _Optional[str] = ..., version: _Optional[int] = ...) -> None: ...

class DiffDocumentResponse(_message.Message):
    __slots__ = ("differences", "left_out_count", "faults", "version", "etag")
    DIFFERENCES_FIELD_NUMBER: _ClassVar[int]
    LEFT_OUT_COUNT_FIELD_NUMBER: _ClassVar[int]
    FAULTS_FIELD_NUMBER: _ClassVar[int]
    VERSION_FIELD_NUMBER: _ClassVar[int]
    ETAG_FIELD_NUMBER: _ClassVar[int]
    differences: _containers.RepeatedCompositeFieldContainer[DocumentDifference]
    left_out_count: int
    faults: _containers.RepeatedCompositeFieldContainer[DocumentFault]
    version: int
    etag: str
    def __init__(self, differences: _Optional[_Iterable[_Union[DocumentDifference, _Mapping]]] = ..., left_out_count: _Optional[int] = ..., faults: _Optional[_Iterable[_Union[DocumentFault, _Mapping]]] = ..., version: _Optional[int] = ..., etag: _Optional[str] = ...) -> None: ...

class DocumentVersion(_message.Message):
    __slots__ = ("version", "etag", "author", "reason", "configuration_version", "restored_version", "created_at", "removed")
    VERSION_FIELD_NUMBER: _ClassVar[int]
    ETAG_FIELD_NUMBER: _ClassVar[int]
    AUTHOR_FIELD_NUMBER: _ClassVar[int]
    REASON_FIELD_NUMBER: _ClassVar[int]
    CONFIGURATION_VERSION_FIELD_NUMBER: _ClassVar[int]
    RESTORED_VERSION_FIELD_NUMBER: _ClassVar[int]
    CREATED_AT_FIELD_NUMBER: _ClassVar[int]
    REMOVED_FIELD_NUMBER: _ClassVar[int]
    version: int
    etag: str
    author: str
    reason: str
    configuration_version: int
    restored_version: int
    created_at: _timestamp_pb2.Timestamp
    removed: bool
    def __init__(self, version: _Optional[int] = ..., etag: _Optional[str] = ..., author: _Optional[str] = ..., reason: _Optional[str] = ..., configuration_version: _Optional[int] = ..., restored_version: _Optional[int] = ..., created_at: _Optional[_Union[datetime.datetime, _timestamp_pb2.Timestamp, _Mapping]] = ..., removed: _Optional[bool] = ...) -> None: ...

class ListDocumentVersionsRequest(_message.Message):
    __slots__ = ("workspace_id", "user_id", "page_size", "page_token")
    WORKSPACE_ID_FIELD_NUMBER: _ClassVar[int]
    USER_ID_FIELD_NUMBER: _ClassVar[int]
    PAGE_SIZE_FIELD_NUMBER: _ClassVar[int]
    PAGE_TOKEN_FIELD_NUMBER: _ClassVar[int]
    workspace_id: str
    user_id: str
    page_size: int
    page_token: str
    def __init__(self, workspace_id: _Optional[str] = ..., user_id: _Optional[str] = ..., page_size: _Optional[int] = ..., page_token: _Optional[str] = ...) -> None: ...

class ListDocumentVersionsResponse(_message.Message):
    __slots__ = ("versions", "next_page_token")
    VERSIONS_FIELD_NUMBER: _ClassVar[int]
    NEXT_PAGE_TOKEN_FIELD_NUMBER: _ClassVar[int]
    versions: _containers.RepeatedCompositeFieldContainer[DocumentVersion]
    next_page_token: str
    def __init__(self, versions: _Optional[_Iterable[_Union[DocumentVersion, _Mapping]]] = ..., next_page_token: _Optional[str] = ...) -> None: ...

class RollbackDocumentRequest(_message.Message):
    __slots__ = ("workspace_id", "user_id", "version", "etag", "validate_only", "reason", "request_id")
    WORKSPACE_ID_FIELD_NUMBER: _ClassVar[int]
    USER_ID_FIELD_NUMBER: _ClassVar[int]
    VERSION_FIELD_NUMBER: _ClassVar[int]
    ETAG_FIELD_NUMBER: _ClassVar[int]
    VALIDATE_ONLY_FIELD_NUMBER: _ClassVar[int]
    REASON_FIELD_NUMBER: _ClassVar[int]
    REQUEST_ID_FIELD_NUMBER: _ClassVar[int]
    workspace_id: str
    user_id: str
    version: int
    etag: str
    validate_only: bool
    reason: str
    request_id: str
    def __init__(self, workspace_id: _Optional[str] = ..., user_id: _Optional[str] = ..., version: _Optional[int] = ..., etag: _Optional[str] = ..., validate_only: _Optional[bool] = ..., reason: _Optional[str] = ..., request_id: _Optional[str] = ...) -> None: ...

class RollbackDocumentResponse(_message.Message):
    __slots__ = ("document", "changed", "configuration", "event_ids", "restored_version")
    DOCUMENT_FIELD_NUMBER: _ClassVar[int]
    CHANGED_FIELD_NUMBER: _ClassVar[int]
    CONFIGURATION_FIELD_NUMBER: _ClassVar[int]
    EVENT_IDS_FIELD_NUMBER: _ClassVar[int]
    RESTORED_VERSION_FIELD_NUMBER: _ClassVar[int]
    document: SourceDocument
    changed: bool
    configuration: _configurations_pb2.Configuration
    event_ids: _containers.RepeatedScalarFieldContainer[str]
    restored_version: int
    def __init__(self, document: _Optional[_Union[SourceDocument, _Mapping]] = ..., changed: _Optional[bool] = ..., configuration: _Optional[_Union[_configurations_pb2.Configuration, _Mapping]] = ..., event_ids: _Optional[_Iterable[str]] = ..., restored_version: _Optional[int] = ...) -> None: ...

class DeleteDocumentRequest(_message.Message):
    __slots__ = ("workspace_id", "user_id", "etag", "validate_only", "reason", "request_id")
    WORKSPACE_ID_FIELD_NUMBER: _ClassVar[int]
    USER_ID_FIELD_NUMBER: _ClassVar[int]
    ETAG_FIELD_NUMBER: _ClassVar[int]
    VALIDATE_ONLY_FIELD_NUMBER: _ClassVar[int]
    REASON_FIELD_NUMBER: _ClassVar[int]
    REQUEST_ID_FIELD_NUMBER: _ClassVar[int]
    workspace_id: str
    user_id: str
    etag: str
    validate_only: bool
    reason: str
    request_id: str
    def __init__(self, workspace_id: _Optional[str] = ..., user_id: _Optional[str] = ..., etag: _Optional[str] = ..., validate_only: _Optional[bool] = ..., reason: _Optional[str] = ..., request_id: _Optional[str] = ...) -> None: ...

class DeleteDocumentResponse(_message.Message):
    __slots__ = ("document_version", "configuration", "event_ids", "removed_backends")
    DOCUMENT_VERSION_FIELD_NUMBER: _ClassVar[int]
    CONFIGURATION_FIELD_NUMBER: _ClassVar[int]
    EVENT_IDS_FIELD_NUMBER: _ClassVar[int]
    REMOVED_BACKENDS_FIELD_NUMBER: _ClassVar[int]
    document_version: int
    configuration: _configurations_pb2.Configuration
    event_ids: _containers.RepeatedScalarFieldContainer[str]
    removed_backends: _containers.RepeatedScalarFieldContainer[str]
    def __init__(self, document_version: _Optional[int] = ..., configuration: _Optional[_Union[_configurations_pb2.Configuration, _Mapping]] = ..., event_ids: _Optional[_Iterable[str]] = ..., removed_backends: _Optional[_Iterable[str]] = ...) -> None: ...
