"""The stand-in's source documents, their versions and differences."""

from __future__ import annotations

from typing import Any

from agentrouter.management.v1 import documents_pb2 as documents
from agentrouter.management.v1.documents_connect import DocumentService, DocumentServiceASGIApplication


class _Documents(DocumentService):
    def __init__(self, product: Any) -> None:
        self._product = product

    async def put_document(self, request: Any, ctx: Any, /) -> documents.PutDocumentResponse:
        self._product.take(request, ctx)
        configuration = self._product.newest(request.user_id)
        return documents.PutDocumentResponse(changed=True, configuration=configuration, event_ids=["ev_1"])

    async def get_document(self, request: Any, ctx: Any, /) -> documents.GetDocumentResponse:
        self._product.take(request, ctx)
        content = self._product.source.get(request.user_id)
        if content is None:
            raise self._product.missing("no document is stored", "DOCUMENT_NOT_FOUND")
        return documents.GetDocumentResponse(document=documents.SourceDocument(content=content, etag="e1"))

    async def validate_document(self, request: Any, ctx: Any, /) -> documents.ValidateDocumentResponse:
        self._product.take(request, ctx)
        return documents.ValidateDocumentResponse(valid=not self._product.faults, faults=self._product.faults)

    async def diff_document(self, request: Any, ctx: Any, /) -> documents.DiffDocumentResponse:
        self._product.take(request, ctx)
        told, faults = self._product.differences, self._product.faults
        return documents.DiffDocumentResponse(differences=told, faults=faults, version=request.version or 4, etag="e1")

    async def list_document_versions(self, request: Any, ctx: Any, /) -> documents.ListDocumentVersionsResponse:
        self._product.take(request, ctx)
        return documents.ListDocumentVersionsResponse(versions=self._product.versions)

    async def rollback_document(self, request: Any, ctx: Any, /) -> documents.RollbackDocumentResponse:
        self._product.take(request, ctx)
        return documents.RollbackDocumentResponse(
            document=documents.SourceDocument(content="{}", version=5),
            changed=True,
            configuration=self._product.newest(request.user_id),
            restored_version=request.version or 3,
        )

    async def delete_document(self, request: Any, ctx: Any, /) -> documents.DeleteDocumentResponse:
        self._product.take(request, ctx)
        configuration = self._product.newest(request.user_id)
        return documents.DeleteDocumentResponse(
            document_version=5,
            configuration=configuration,
            event_ids=["ev_1"],
            removed_backends=[each.name for each in self._product.backends],
        )


def documents_application(product: Any) -> DocumentServiceASGIApplication:
    """DocumentService over that product, a `FakeProduct`."""
    return DocumentServiceASGIApplication(_Documents(product))
