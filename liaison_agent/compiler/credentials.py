"""Provider credentials: secrets under names that outlive their rotation, and the filter that presents them."""

from __future__ import annotations

from collections.abc import Mapping

from contract.own_credentials import AwsKeys
from liaison_agent.compiler import names
from liaison_agent.compiler.gateway import SIGNATURE_HEADERS, Gateway, Upstream
from liaison_agent.compiler.packing import Fields, Packer, any_of, extension, type_url
from liaison_agent.state import WORKSPACE_SLOT, Resource

_INJECTOR = names.HTTP_FILTERS + "credential_injector.v3.CredentialInjector"
_SIGNER = names.HTTP_FILTERS + "aws_request_signing.v3.AwsRequestSigning"
_FORMATTER = "envoy.extensions.formatter.generic_secret.v3.GenericSecret"
_GENERIC = "envoy.extensions.http.injected_credentials.generic.v3.Generic"


def compile_secrets(gateway: Gateway, values: Mapping[str, str], packer: Packer) -> list[Resource]:
    """One SDS secret a credential in use, named without its version: a rotation pushes it and nothing else."""
    return [compile_secret(name, values[reference], packer) for name, reference in gateway.secrets]


def inject_credential(upstream: Upstream) -> Fields:
    """An upstream filter that presents this upstream's credential, and fails the attempt when it has none yet."""
    generic = extension(
        "envoy.http.injected_credentials.generic",
        _GENERIC,
        credential={"name": upstream.secret, "sds_config": names.ADS},
        header=upstream.auth_header.lower(),
        header_value_prefix=upstream.auth_prefix,
    )
    return extension("credential", _INJECTOR, overwrite=True, credential=generic)


def own_key_hook(upstream: Upstream) -> Fields:
    """The upstream filter that scopes hand consumers' own keys to, by its name. Without a scope's word it adds none.

    It marks answers with their status, by which alone a route may tell a refused key of the consumer's from a refused
    request: another's 401 is not to be tried again.
    """
    return extension(upstream.name, names.HEADER_MUTATION, mutations={"response_mutations": [_status_mark()]})


def sign_requests(upstream: Upstream, keys: AwsKeys) -> list[Fields]:
    """Upstream filters that sign each attempt with a consumer's keys, and mark answers as the hook does.

    Host, body and what AWS itself adds are signed, and no header that anybody after us may still change. What the
    attempt before was signed with goes first. Envoy shows these keys in no dump: it knows them to be secret.
    """
    removed: list[Fields] = [{"remove": name} for name in SIGNATURE_HEADERS]
    mutations = {"request_mutations": removed, "response_mutations": [_status_mark()]}
    inline = {"access_key_id": keys.access_key_id, "secret_access_key": keys.secret_access_key}
    if keys.session_token:
        inline["session_token"] = keys.session_token
    signer = extension(
        "sign",
        _SIGNER,
        service_name=keys.service,
        region=keys.region,
        host_rewrite=upstream.authority,
        credential_provider={"inline_credential": inline},
        match_included_headers=[{"exact": "content-type"}],
    )
    return [extension("own_key", names.HEADER_MUTATION, mutations=mutations), signer]


def _status_mark() -> Fields:
    status = {"key": names.OWN_KEY_STATUS_HEADER, "value": "%RESP(:status)%"}
    return {"append": {"header": status, "append_action": "OVERWRITE_IF_EXISTS_OR_ADD"}}


def hand_over(upstream: Upstream, secret: str, *, bearer: bool = False) -> Fields:
    """What a scope says to the hook: present this secret. Until it has come, the credential stays empty.

    `bearer`: an access token, which goes into its own header also where keys go into another.
    """
    key, prefix = ("authorization", "Bearer ") if bearer else (upstream.auth_header, upstream.auth_prefix)
    value = f"{prefix.replace('%', '%%')}%SECRET(own)%"
    header = {"header": {"key": key, "value": value}, "append_action": "OVERWRITE_IF_EXISTS_OR_ADD"}
    source = {"own": {"name": secret, "sds_config": names.ADS}}
    formatter = extension("envoy.formatter.generic_secret", _FORMATTER, secret_configs=source)
    mutations = {"request_mutations": [{"remove": upstream.auth_header}, {"append": header}], "formatters": [formatter]}
    return any_of(f"{names.HEADER_MUTATION}PerRoute", mutations=mutations)


def compile_secret(name: str, value: str, packer: Packer, slot: str = WORKSPACE_SLOT) -> Resource:
    """One SDS secret."""
    fields = {"name": name, "generic_secret": {"secret": {"inline_string": value}}}
    return Resource.of(type_url(names.SECRET), name, packer.pack(names.SECRET, fields), slot)
