"""The one path of every call: an answer over the limit is refused in our words, whichever wire asked for it."""

from __future__ import annotations

from typing import Any

import pytest

from agentrouter.management.v1 import dataplanes_pb2 as dataplanes
from controlplane.transport.calls import Spliced
from controlplane.transport.errors import WireError
from controlplane.transport.metrics import Metrics
from controlplane.transport.operations import Operation
from controlplane.transport.seam import ANSWER_BYTES, Incoming, Seam

REQUEST = dataplanes.EnrollDataplaneRequest(
    join_token="jt", signing_public_key=b"s" * 32, sealing_public_key=b"x" * 32
).SerializeToString()


def named(size: int) -> dataplanes.EnrollDataplaneResponse:
    """An answer of exactly so many bytes."""
    bare = dataplanes.EnrollDataplaneResponse(dataplane=dataplanes.Dataplane(name="x" * (size - 20)))
    return dataplanes.EnrollDataplaneResponse(
        dataplane=dataplanes.Dataplane(name="x" * (size - 20 + size - bare.ByteSize()))
    )


async def answered(answer: Any) -> Any:
    async def handler(_request: Any, _call: Any) -> Any:
        return answer

    operation = Operation(
        service="agentrouter.management.v1.DataplaneService",
        name="EnrollDataplane",
        request=dataplanes.EnrollDataplaneRequest,
        response=dataplanes.EnrollDataplaneResponse,
        streams=False,
        safe=False,
        handler=handler,
    )
    nobody: Any = None  # it needs no credential, and nothing is repeated
    return await Seam(nobody, nobody, Metrics()).call(operation, Incoming(REQUEST), "", "grpc")


async def test_an_answer_of_just_the_limit_is_given() -> None:
    answer = named(ANSWER_BYTES)

    assert answer.ByteSize() == ANSWER_BYTES
    assert await answered(answer) is answer


@pytest.mark.parametrize("shared", [0, 1000])
async def test_an_answer_over_the_limit_is_refused_with_the_way_out(shared: int) -> None:
    own = named(ANSWER_BYTES + 1 - shared)

    with pytest.raises(WireError, match="ask for a smaller page") as refused:
        await answered(Spliced(type(own), (bytes(shared), own.SerializeToString())) if shared else own)

    assert (refused.value.code_name, refused.value.reason) == ("INVALID_ARGUMENT", "ANSWER_TOO_LARGE")
