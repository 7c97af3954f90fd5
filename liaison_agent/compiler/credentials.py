"""Provider credentials: secrets under names that outlive their rotation, and the filter that presents them."""

from __future__ import annotations

from collections.abc import Mapping

from liaison_agent.compiler import names
from liaison_agent.compiler.gateway import Gateway, Upstream
from liaison_agent.compiler.packing import Fields, Packer, any_of, extension, type_url
from liaison_agent.state import WORKSPACE_SLOT, Resource

_INJECTOR = names.HTTP_FILTERS + "credential_injector.v3.CredentialInjector"
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
    status = {"key": names.OWN_KEY_STATUS_HEADER, "value": "%RESP(:status)%"}
    mark = {"append": {"header": status, "append_action": "OVERWRITE_IF_EXISTS_OR_ADD"}}
    return extension(upstream.name, names.HEADER_MUTATION, mutations={"response_mutations": [mark]})


def hand_over(upstream: Upstream, secret: str) -> Fields:
    """What a scope says to the hook: present this secret. Until it has come, the credential stays empty."""
    value = f"{upstream.auth_prefix.replace('%', '%%')}%SECRET(own)%"
    header = {"header": {"key": upstream.auth_header, "value": value}, "append_action": "OVERWRITE_IF_EXISTS_OR_ADD"}
    source = {"own": {"name": secret, "sds_config": names.ADS}}
    formatter = extension("envoy.formatter.generic_secret", _FORMATTER, secret_configs=source)
    mutations = {"request_mutations": [{"remove": upstream.auth_header}, {"append": header}], "formatters": [formatter]}
    return any_of(f"{names.HEADER_MUTATION}PerRoute", mutations=mutations)


def compile_secret(name: str, value: str, packer: Packer, slot: str = WORKSPACE_SLOT) -> Resource:
    """One SDS secret."""
    fields = {"name": name, "generic_secret": {"secret": {"inline_string": value}}}
    return Resource.of(type_url(names.SECRET), name, packer.pack(names.SECRET, fields), slot)
