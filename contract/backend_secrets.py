"""The credentials in a workspace document: found with the place they may be sent to, and replaced."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from typing import Any, Final, NamedTuple, overload

from contract.backend_names import backend_name
from contract.backends import address_of, origin
from contract.faults import FaultLog, item
from contract.secret_refs import is_secret_ref, parse_secret_ref
from contract.workspace_document import WorkspaceDocument

_PATH: Final = re.compile(r"providers\.models\[([0-9]{1,9})\]\.backend_refs\[([0-9]{1,9})\]\.api_key")


class BackendSecret(NamedTuple):
    """One `api_key`, inline or as `secret://…`. `origin` is `https://host:port`. Never log the value."""

    path: str
    model_name: str
    backend_name: str
    value: str
    origin: str

    def __repr__(self) -> str:
        return f"BackendSecret(path={self.path!r}, origin={self.origin!r})"


def iter_backend_secrets(document: WorkspaceDocument) -> Iterator[BackendSecret]:
    """Every backend with an `api_key`, in document order; backends without one are passed over."""
    for model_index, model in enumerate(document.providers.models):
        model_path = item("providers.models", model_index)
        for index, ref in enumerate(model.backend_refs):
            if ref.api_key:
                path = f"{item(f'{model_path}.backend_refs', index)}.api_key"
                name = backend_name(ref.name, index)
                yield BackendSecret(path, model.name, name, ref.api_key, origin(address_of(ref)))


@overload
def with_backend_secrets(document: WorkspaceDocument, replaced: Mapping[str, str]) -> WorkspaceDocument: ...
@overload
def with_backend_secrets(document: Mapping[str, Any], replaced: Mapping[str, str]) -> dict[str, Any]: ...
def with_backend_secrets(
    document: WorkspaceDocument | Mapping[str, Any], replaced: Mapping[str, str]
) -> WorkspaceDocument | dict[str, Any]:
    """The document with other values at the given paths, which are those of `iter_backend_secrets`.

    Takes the parsed document, or the mapping that it was parsed from; neither is changed. Raises KeyError for a path
    that leads to no backend.
    """
    if isinstance(document, WorkspaceDocument):
        return _in_model(document, _by_position(replaced))
    return _in_mapping(document, _by_position(replaced))


def check_delivered_secrets(document: WorkspaceDocument, log: FaultLog) -> None:
    """A delivered document names each secret with its version and holds none itself."""
    for secret in iter_backend_secrets(document):
        if not is_secret_ref(secret.value):
            log.add(secret.path, "secret", "holds a credential itself, and a delivered document only names it")
        elif parse_secret_ref(secret.value).version is None:
            log.add(secret.path, "secret", "names a secret without its version", "write secret://<name>@<version>")


def _by_position(replaced: Mapping[str, str]) -> dict[tuple[int, int], str]:
    positions = {}
    for path, value in replaced.items():
        match = _PATH.fullmatch(path)
        if match is None:
            raise KeyError(path)
        positions[int(match[1]), int(match[2])] = value
    return positions


def _in_model(document: WorkspaceDocument, replaced: Mapping[tuple[int, int], str]) -> WorkspaceDocument:
    models = list(document.providers.models)
    for (model_index, index), value in replaced.items():
        try:
            refs = list(models[model_index].backend_refs)
            refs[index] = refs[index].model_copy(update={"api_key": value})
        except IndexError:
            raise KeyError(f"providers.models[{model_index}].backend_refs[{index}].api_key") from None
        models[model_index] = models[model_index].model_copy(update={"backend_refs": tuple(refs)})
    providers = document.providers.model_copy(update={"models": tuple(models)})
    return document.model_copy(update={"providers": providers})


def _in_mapping(document: Mapping[str, Any], replaced: Mapping[tuple[int, int], str]) -> dict[str, Any]:
    """Copies only what lies on the way to a replaced value."""
    copied = dict(document)
    providers = copied["providers"] = dict(copied["providers"])
    models = providers["models"] = list(providers["models"])
    for (model_index, index), value in replaced.items():
        try:
            model = models[model_index] = dict(models[model_index])
            refs = model["backend_refs"] = list(model["backend_refs"])
            refs[index] = {**refs[index], "api_key": value}
        except (IndexError, KeyError):
            raise KeyError(f"providers.models[{model_index}].backend_refs[{index}].api_key") from None
    return copied
