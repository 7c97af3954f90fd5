"""AuditService: lists and verifies."""

from __future__ import annotations

from agentrouter.management.v1 import audit_pb2 as pb
from controlplane.domain.audit import AuditRecord
from controlplane.services.audit import AuditService, ListAudit
from controlplane.transport.calls import Call
from controlplane.transport.messages.times import timestamp
from controlplane.transport.operations import Handler, handlers_of
from controlplane.transport.paging import bad_token, cut, next_token, page_after, page_size


class AuditHandlers:
    """One method an RPC."""

    def __init__(self, service: AuditService) -> None:
        self._service = service

    def table(self) -> dict[str, Handler]:
        """Handlers by path."""
        methods: list[tuple[str, Handler]] = [("ListAuditRecords", self.list), ("VerifyAudit", self.verify)]
        return handlers_of("agentrouter.management.v1.AuditService", methods)

    async def list(self, request: pb.ListAuditRecordsRequest, call: Call) -> pb.ListAuditRecordsResponse:
        size = page_size(request.page_size)
        (before,) = page_after(request, 1)
        if request.page_token and not (before.isdecimal() and len(before) < 19):
            raise bad_token()
        wanted = ListAudit(request.workspace_id, request.actor, request.action)
        found = await self._service.list_records(call.caller, wanted, int(before or 0), size + 1)
        page, more = cut(found, size)
        return pb.ListAuditRecordsResponse(
            records=[audit_record(item) for item in page],
            next_page_token=next_token(request, str(page[-1].sequence)) if more else "",
        )

    async def verify(self, _request: pb.VerifyAuditRequest, call: Call) -> pb.VerifyAuditResponse:
        verified = await self._service.verify(call.caller)
        broken = verified.broken
        return pb.VerifyAuditResponse(
            intact=broken is None,
            checked_count=verified.checked_count,
            broken_sequence=broken.sequence if broken else 0,
            problem=broken.problem if broken else "",
        )


def audit_record(value: AuditRecord) -> pb.AuditRecord:
    """A record."""
    return pb.AuditRecord(
        sequence=value.sequence,
        recorded_at=timestamp(value.recorded_at),
        actor=value.actor,
        action=value.action,
        workspace_id=value.workspace_id,
        subject=value.subject,
        origin=value.origin,
        details=value.details,
        hash=value.hash,
    )
