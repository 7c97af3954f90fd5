"""Every answer that Envoy makes itself, as the error JSON of OpenAI's API, with a code that clients may rely on.

Envoy says what happened in its "response code details", which may hold addresses and paths of ours: it is compared
with, never shown. The first entry that fits is taken.
"""

from __future__ import annotations

from dataclasses import dataclass

from liaison_agent.compiler.packing import Fields, extension

_CEL = "envoy.extensions.access_loggers.filters.cel.v3.ExpressionFilter"

# The front door and the routes answer in the right form already.
_OURS = "response.code_details in ['direct_response', 'lua_response']"

_DENIED = "({} || {})".format(
    "response.code_details.startsWith('jwt_authn_access_denied')",
    "response.code_details.startsWith('rbac_access_denied')",
)
_NO_KEY = "!('authorization' in request.headers) && !('x-api-key' in request.headers)"


@dataclass(frozen=True, slots=True)
class Reply:
    """One answer: when it is given (a CEL expression), its status (0 keeps Envoy's), code and text."""

    when: str
    status: int
    code: str
    message: str

    @property
    def kind(self) -> str:
        """OpenAI's `type`: whose fault it is."""
        return "server_error" if self.status >= 500 else "invalid_request_error"


def _is(details: str) -> str:
    return f"response.code_details == '{details}'"


def _starts(details: str) -> str:
    return f"response.code_details.startsWith('{details}')"


_REVOKED = "response.code_details.startsWith('rbac_access_denied_matched_policy[revoked')"

REPLIES = (
    Reply(_REVOKED, 401, "invalid_api_key", "Incorrect API key provided."),  # the key is gone from the headers by then
    Reply(
        f"{_DENIED} && {_NO_KEY}",
        401,
        "missing_api_key",
        "You did not provide an API key. Send it as: Authorization: Bearer sk-…",
    ),
    Reply(_DENIED, 401, "invalid_api_key", "Incorrect API key provided."),
    Reply(_is("route_not_found"), 401, "invalid_api_key", "Incorrect API key provided."),
    Reply("response.code == 413", 413, "request_too_large", "The request is larger than this gateway takes."),
    Reply("response.code == 431", 431, "headers_too_large", "The headers are larger than this gateway takes."),
    Reply(
        "response.code == 504 || (response.code == 408 && has(upstream.address))",
        504,
        "upstream_timeout",
        "The model's provider did not answer in time.",
    ),
    Reply("response.code == 408", 408, "request_timeout", "The request did not arrive in time."),
    Reply(
        " || ".join(
            (
                _starts("upstream_"),
                _is("no_healthy_upstream"),
                _is("cluster_not_found"),
                _is("failed_to_inject_credential"),
                "response.code == 502",
                "response.code == 503",
            )
        ),
        503,
        "upstream_unavailable",
        "The model's provider cannot be reached.",
    ),
    Reply("response.code < 500", 0, "invalid_request", "The request is malformed."),
    Reply("true", 500, "internal_error", "The gateway failed."),
)


def error_json(code: str, message: str, kind: str = "invalid_request_error", param: str | None = None) -> Fields:
    """The error object of OpenAI's API."""
    return {"error": {"message": message, "type": kind, "param": param, "code": code}}


def local_replies() -> Fields:
    """The `local_reply_config` of a listener."""
    return {"mappers": [{"filter": _filter(_OURS)}, *(_mapper(reply) for reply in REPLIES)]}


def _mapper(reply: Reply) -> Fields:
    body = error_json(reply.code, reply.message, reply.kind)
    status = {"status_code": reply.status} if reply.status else {}
    return {"filter": _filter(reply.when), "body_format_override": {"json_format": body}, **status}


def _filter(expression: str) -> Fields:
    return {"extension_filter": extension("cel", _CEL, expression=expression)}
