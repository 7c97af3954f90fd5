"""Which models a consumer sees, and how it asks for them."""

from __future__ import annotations

import json

import pytest

from tests.fakes.compiling import configuration, consumer
from tests.integration.dataplane.plane import CHAT, Plane

pytestmark = pytest.mark.asyncio(loop_scope="module")

EVERY_MODEL = ["fast", "pair", "bare-second", "open", "after-lost", "after-dark", "only-lost", "only-dark"]
EVERY_MODEL += ["org/named", "locked", "secure", "impostor"]


async def test_models_are_listed_as_openai_does_in_the_documents_order(plane: Plane) -> None:
    answered = await plane.get("/v1/models")

    listed = json.loads(answered.body)
    assert (answered.status, answered.headers["content-type"], listed["object"]) == (200, "application/json", "list")
    assert [model["id"] for model in listed["data"]] == EVERY_MODEL
    assert listed["data"][0] == {"id": "fast", "object": "model", "created": 0, "owned_by": "agentrouter"}


@pytest.mark.parametrize("written", ["fast", "f%61st", "org/named", "org%2Fnamed"])
async def test_one_model_is_shown_by_its_name(plane: Plane, written: str) -> None:
    answered = await plane.get(f"/v1/models/{written}")

    name = "org/named" if "org" in written else "fast"
    assert answered.status == 200
    assert json.loads(answered.body) == {"id": name, "object": "model", "created": 0, "owned_by": "agentrouter"}
    assert plane.upstreams["alpha"].received == []


@pytest.mark.parametrize(
    "name", ["nothing", "Fast", "fast ", "chat:fast", "models", "none", "a" * 5000, 'a"b\\', "x\ny", "ü€"]
)
async def test_a_model_that_does_not_exist_is_not_found(plane: Plane, name: str) -> None:
    answered = await plane.chat({"model": name})

    assert (answered.status, answered.error["code"], answered.error["param"]) == (404, "model_not_found", "model")
    assert answered.error["type"] == "invalid_request_error"
    assert len(answered.body) < 2000


async def test_the_refusal_names_the_model_that_was_asked_for(plane: Plane) -> None:
    by_body = await plane.chat({"model": 'mine "ü€😀"'})
    by_path = await plane.get("/v1/models/nothing")

    message = "The model `{}` does not exist or you do not have access to it."
    assert by_body.error["message"] == message.format('mine "ü€😀"')
    assert (by_path.status, by_path.error["message"]) == (404, message.format("nothing"))


async def test_bytes_that_are_no_text_still_get_an_answer_in_json(plane: Plane) -> None:
    answered = await plane.chat(b'{"model":"\xff\xfe\xed\xa0\x80 \\ud800"}')

    assert (answered.status, answered.error["code"]) == (404, "model_not_found")


async def test_the_providers_name_for_a_model_may_need_escapes(plane: Plane) -> None:
    await plane.chat(b'{"model":"org/named"}')

    assert plane.upstreams["alpha"].received[0].body == b'{"model":"quo\\"ted"}'


async def test_a_model_whose_credential_has_not_come_yet_says_so(plane: Plane) -> None:
    asked = await plane.chat({"model": "locked"})
    shown = await plane.get("/v1/models/locked")

    assert (asked.status, asked.error["code"], asked.error["type"]) == (503, "upstream_unavailable", "server_error")
    assert shown.status == 200


@pytest.mark.parametrize(
    ("method", "path", "allowed"),
    [
        ("GET", CHAT, "POST"),
        ("PUT", CHAT, "POST"),
        ("DELETE", CHAT, "POST"),
        ("OPTIONS", CHAT, "POST"),
        ("POST", "/v1/models", "GET"),
        ("DELETE", "/v1/models/fast", "GET"),
    ],
)
async def test_an_address_tells_which_method_it_takes(plane: Plane, method: str, path: str, allowed: str) -> None:
    answered = await plane.request(method, path, plane.headers())

    assert (answered.status, answered.error["code"]) == (405, "method_not_allowed")
    assert answered.headers["allow"] == allowed


@pytest.mark.parametrize(
    "path",
    [
        "/",
        "/v1",
        "/v1/chat",
        f"{CHAT}/",
        "/V1/chat/completions",
        "/v1/chat%2Fcompletions",
        "/v1/embeddings",
        "/v1/models/",
    ],
)
async def test_other_addresses_are_not_found(plane: Plane, path: str) -> None:
    answered = await plane.chat({"model": "fast"}, path=path)

    assert (answered.status, answered.error["code"]) == (404, "not_found")
    assert plane.upstreams["alpha"].received == []


@pytest.mark.parametrize("path", ["//v1//chat/completions", "/v1/x/../chat/completions", "/v1/./chat/completions"])
async def test_a_path_is_made_plain_before_it_is_compared(plane: Plane, path: str) -> None:
    answered = await plane.chat({"model": "open"}, path=path)

    assert answered.status == 200


async def test_hundreds_of_models_and_the_longest_names_are_listed_and_served(plane: Plane) -> None:
    usual = plane.desired.configurations
    document = json.loads(usual[""].document)
    served = next(model for model in document["providers"]["models"] if model["name"] == "open")
    names = [f"model-{number}" for number in range(500)] + ["😀" * 256]
    document["providers"]["models"] += [{**served, "name": name} for name in names]
    document["routing"]["modelCards"] += [{"name": name} for name in names]
    own = consumer("lister", models=names)
    try:
        await plane.apply(configurations={**usual, "": configuration("", document, 2), "lister": own})
        every = json.loads((await plane.get("/v1/models")).body)["data"]
        listed = json.loads((await plane.get("/v1/models", plane.key.sign("lister"))).body)["data"]
        asked = [
            (await plane.chat({"model": name}, plane.key.sign("lister"))).status for name in ("model-499", names[-1])
        ]
    finally:
        await plane.apply(configurations=usual)

    assert [model["id"] for model in listed] == names
    assert [model["id"] for model in every] == EVERY_MODEL + names
    assert asked == [200, 200]
