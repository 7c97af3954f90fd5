from buf.validate import validate_pb2 as _validate_pb2
from google.protobuf.internal import containers as _containers
from google.protobuf.internal import enum_type_wrapper as _enum_type_wrapper
from google.protobuf import descriptor as _descriptor
from google.protobuf import message as _message
from collections.abc import Iterable as _Iterable, Mapping as _Mapping
from typing import ClassVar as _ClassVar, Optional as _Optional, Union as _Union

DESCRIPTOR: _descriptor.FileDescriptor

class SlotFinding(int, metaclass=_enum_type_wrapper.EnumTypeWrapper):
    __slots__ = ()
    SLOT_FINDING_UNSPECIFIED: _ClassVar[SlotFinding]
    SLOT_FINDING_MISSING: _ClassVar[SlotFinding]
    SLOT_FINDING_STALE: _ClassVar[SlotFinding]
    SLOT_FINDING_ORPHANED: _ClassVar[SlotFinding]
    SLOT_FINDING_REJECTED: _ClassVar[SlotFinding]
SLOT_FINDING_UNSPECIFIED: SlotFinding
SLOT_FINDING_MISSING: SlotFinding
SLOT_FINDING_STALE: SlotFinding
SLOT_FINDING_ORPHANED: SlotFinding
SLOT_FINDING_REJECTED: SlotFinding

class SlotRow(_message.Message):
    __slots__ = ("dataplane_id", "slot", "finding", "event_id")
    DATAPLANE_ID_FIELD_NUMBER: _ClassVar[int]
    SLOT_FIELD_NUMBER: _ClassVar[int]
    FINDING_FIELD_NUMBER: _ClassVar[int]
    EVENT_ID_FIELD_NUMBER: _ClassVar[int]
    dataplane_id: str
    slot: str
    finding: SlotFinding
    event_id: str
    def __init__(self, dataplane_id: _Optional[str] = ..., slot: _Optional[str] = ..., finding: _Optional[_Union[SlotFinding, str]] = ..., event_id: _Optional[str] = ...) -> None: ...

class ReconcileWorkspaceRequest(_message.Message):
    __slots__ = ("workspace_id", "dataplane_id", "include_rejected", "validate_only", "request_id")
    WORKSPACE_ID_FIELD_NUMBER: _ClassVar[int]
    DATAPLANE_ID_FIELD_NUMBER: _ClassVar[int]
    INCLUDE_REJECTED_FIELD_NUMBER: _ClassVar[int]
    VALIDATE_ONLY_FIELD_NUMBER: _ClassVar[int]
    REQUEST_ID_FIELD_NUMBER: _ClassVar[int]
    workspace_id: str
    dataplane_id: str
    include_rejected: bool
    validate_only: bool
    request_id: str
    def __init__(self, workspace_id: _Optional[str] = ..., dataplane_id: _Optional[str] = ..., include_rejected: _Optional[bool] = ..., validate_only: _Optional[bool] = ..., request_id: _Optional[str] = ...) -> None: ...

class ReconcileWorkspaceResponse(_message.Message):
    __slots__ = ("rows", "enqueued_count", "missing_count", "stale_count", "orphaned_count", "rejected_count")
    ROWS_FIELD_NUMBER: _ClassVar[int]
    ENQUEUED_COUNT_FIELD_NUMBER: _ClassVar[int]
    MISSING_COUNT_FIELD_NUMBER: _ClassVar[int]
    STALE_COUNT_FIELD_NUMBER: _ClassVar[int]
    ORPHANED_COUNT_FIELD_NUMBER: _ClassVar[int]
    REJECTED_COUNT_FIELD_NUMBER: _ClassVar[int]
    rows: _containers.RepeatedCompositeFieldContainer[SlotRow]
    enqueued_count: int
    missing_count: int
    stale_count: int
    orphaned_count: int
    rejected_count: int
    def __init__(self, rows: _Optional[_Iterable[_Union[SlotRow, _Mapping]]] = ..., enqueued_count: _Optional[int] = ..., missing_count: _Optional[int] = ..., stale_count: _Optional[int] = ..., orphaned_count: _Optional[int] = ..., rejected_count: _Optional[int] = ...) -> None: ...

class FullSyncWorkspaceRequest(_message.Message):
    __slots__ = ("workspace_id", "validate_only", "request_id")
    WORKSPACE_ID_FIELD_NUMBER: _ClassVar[int]
    VALIDATE_ONLY_FIELD_NUMBER: _ClassVar[int]
    REQUEST_ID_FIELD_NUMBER: _ClassVar[int]
    workspace_id: str
    validate_only: bool
    request_id: str
    def __init__(self, workspace_id: _Optional[str] = ..., validate_only: _Optional[bool] = ..., request_id: _Optional[str] = ...) -> None: ...

class CompileProblem(_message.Message):
    __slots__ = ("user_id", "message")
    USER_ID_FIELD_NUMBER: _ClassVar[int]
    MESSAGE_FIELD_NUMBER: _ClassVar[int]
    user_id: str
    message: str
    def __init__(self, user_id: _Optional[str] = ..., message: _Optional[str] = ...) -> None: ...

class FullSyncWorkspaceResponse(_message.Message):
    __slots__ = ("walked_count", "total_count", "rows", "done", "compiled_count", "changed_count", "problems")
    WALKED_COUNT_FIELD_NUMBER: _ClassVar[int]
    TOTAL_COUNT_FIELD_NUMBER: _ClassVar[int]
    ROWS_FIELD_NUMBER: _ClassVar[int]
    DONE_FIELD_NUMBER: _ClassVar[int]
    COMPILED_COUNT_FIELD_NUMBER: _ClassVar[int]
    CHANGED_COUNT_FIELD_NUMBER: _ClassVar[int]
    PROBLEMS_FIELD_NUMBER: _ClassVar[int]
    walked_count: int
    total_count: int
    rows: _containers.RepeatedCompositeFieldContainer[SlotRow]
    done: bool
    compiled_count: int
    changed_count: int
    problems: _containers.RepeatedCompositeFieldContainer[CompileProblem]
    def __init__(self, walked_count: _Optional[int] = ..., total_count: _Optional[int] = ..., rows: _Optional[_Iterable[_Union[SlotRow, _Mapping]]] = ..., done: _Optional[bool] = ..., compiled_count: _Optional[int] = ..., changed_count: _Optional[int] = ..., problems: _Optional[_Iterable[_Union[CompileProblem, _Mapping]]] = ...) -> None: ...
