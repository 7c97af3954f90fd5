"""Provider credentials: secrets under names that outlive their rotation, and the filter that presents them."""

from __future__ import annotations

from collections.abc import Mapping

from liaison_agent.compiler import names
from liaison_agent.compiler.gateway import Gateway, Upstream
from liaison_agent.compiler.packing import Fields, Packer, extension, type_url
from liaison_agent.state import WORKSPACE_SLOT, Resource

_INJECTOR = names.HTTP_FILTERS + "credential_injector.v3.CredentialInjector"
_GENERIC = "envoy.extensions.http.injected_credentials.generic.v3.Generic"


def compile_secrets(gateway: Gateway, values: Mapping[str, str], packer: Packer) -> list[Resource]:
    """One SDS secret a credential in use, named without its version: a rotation pushes it and nothing else."""
    return [_secret(name, values[reference], packer) for name, reference in gateway.secrets]


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


def _secret(name: str, value: str, packer: Packer) -> Resource:
    fields = {"name": name, "generic_secret": {"secret": {"inline_string": value}}}
    return Resource.of(type_url(names.SECRET), name, packer.pack(names.SECRET, fields), WORKSPACE_SLOT)
