"""DocumentService: source documents, their versions, and what another one would change."""

from __future__ import annotations

from agentrouter.management.v1 import documents_pb2
from controlplane.services.document_history import Compared, DiffDocument, DocumentHistoryService
from controlplane.services.document_removal import DeleteDocument, DocumentRemovalService, Removed
from controlplane.services.documents import DocumentService, PutDocument, PutResult, RollBackDocument
from controlplane.transport.calls import Call
from controlplane.transport.messages import configurations, management
from controlplane.transport.operations import Handler, handlers_of
from controlplane.transport.paging import bad_token, cut, next_token, page_after, page_size

SERVICE = "agentrouter.management.v1.DocumentService"


class DocumentHandlers:
    """DocumentService."""

    def __init__(
        self, service: DocumentService, history: DocumentHistoryService, removal: DocumentRemovalService
    ) -> None:
        self._service = service
        self._history = history
        self._removal = removal

    def table(self) -> dict[str, Handler]:
        """Handlers by path."""
        methods: list[tuple[str, Handler]] = [
            ("PutDocument", self.put),
            ("GetDocument", self.get),
            ("ValidateDocument", self.validate),
            ("DiffDocument", self.diff),
            ("ListDocumentVersions", self.list_versions),
            ("RollbackDocument", self.roll_back),
            ("DeleteDocument", self.delete),
        ]
        return handlers_of(SERVICE, methods)

    async def put(self, request: documents_pb2.PutDocumentRequest, call: Call) -> documents_pb2.PutDocumentResponse:
        command = PutDocument(
            workspace_id=request.workspace_id,
            user_id=request.user_id,
            content=request.content,
            etag=request.etag,
            reason=request.reason,
        )
        return _put(await self._service.put(call.caller, command, call.once(_put)))

    async def get(self, request: documents_pb2.GetDocumentRequest, call: Call) -> documents_pb2.GetDocumentResponse:
        found = await self._service.get(call.caller, request.workspace_id, request.user_id, request.version)
        return documents_pb2.GetDocumentResponse(document=management.source_document(found))

    async def validate(
        self, request: documents_pb2.ValidateDocumentRequest, call: Call
    ) -> documents_pb2.ValidateDocumentResponse:
        faults = await self._service.validate(call.caller, request.workspace_id, request.user_id, request.content)
        return documents_pb2.ValidateDocumentResponse(
            valid=all(fault.severity == "warning" for fault in faults),
            faults=[management.document_fault(fault) for fault in faults],
        )

    async def diff(self, request: documents_pb2.DiffDocumentRequest, call: Call) -> documents_pb2.DiffDocumentResponse:
        command = DiffDocument(request.workspace_id, request.user_id, request.content, request.version)
        return _compared(await self._history.diff(call.caller, command))

    async def list_versions(
        self, request: documents_pb2.ListDocumentVersionsRequest, call: Call
    ) -> documents_pb2.ListDocumentVersionsResponse:
        size = page_size(request.page_size)
        (before,) = page_after(request, 1)
        found = await self._history.list_versions(
            call.caller, request.workspace_id, request.user_id, _version(before), size + 1
        )
        page, more = cut(found, size)
        return documents_pb2.ListDocumentVersionsResponse(
            versions=[management.document_version(item) for item in page],
            next_page_token=next_token(request, str(page[-1].version)) if more else "",
        )

    async def roll_back(
        self, request: documents_pb2.RollbackDocumentRequest, call: Call
    ) -> documents_pb2.RollbackDocumentResponse:
        command = RollBackDocument(
            workspace_id=request.workspace_id,
            user_id=request.user_id,
            version=request.version,
            etag=request.etag,
            reason=request.reason,
        )
        return _rolled_back(await self._service.roll_back(call.caller, command, call.once(_rolled_back)))

    async def delete(
        self, request: documents_pb2.DeleteDocumentRequest, call: Call
    ) -> documents_pb2.DeleteDocumentResponse:
        command = DeleteDocument(request.workspace_id, request.user_id, request.etag, request.reason)
        return _removed(await self._removal.delete(call.caller, command, call.once(_removed)))


def _put(result: PutResult) -> documents_pb2.PutDocumentResponse:
    return documents_pb2.PutDocumentResponse(
        document=management.source_document(result.document),
        changed=result.published.changed,
        configuration=configurations.configuration(result.published.configuration, document=False),
        event_ids=result.published.event_ids,
    )


def _rolled_back(result: PutResult) -> documents_pb2.RollbackDocumentResponse:
    return documents_pb2.RollbackDocumentResponse(
        document=management.source_document(result.document),
        changed=result.published.changed,
        configuration=configurations.configuration(result.published.configuration, document=False),
        event_ids=result.published.event_ids,
        restored_version=result.restored_version,
    )


def _removed(done: Removed) -> documents_pb2.DeleteDocumentResponse:
    return documents_pb2.DeleteDocumentResponse(
        document_version=done.document_version,
        configuration=configurations.configuration(done.published.configuration, document=False),
        event_ids=done.published.event_ids,
        removed_backends=done.backends,
    )


def _compared(value: Compared) -> documents_pb2.DiffDocumentResponse:
    return documents_pb2.DiffDocumentResponse(
        differences=[
            documents_pb2.DocumentDifference(
                path=each.path, kind=f"DIFFERENCE_KIND_{each.kind.upper()}", old_value=each.old, new_value=each.new
            )
            for each in value.told
        ],
        left_out_count=value.left_out,
        faults=[management.document_fault(fault) for fault in value.faults],
        version=value.version,
        etag=value.etag,
    )


def _version(before: str) -> int:
    """The place in a page token. Raises InvalidInput for one that is not ours."""
    if before and not (before.isdecimal() and len(before) < 19):
        raise bad_token()
    return int(before or 0)
