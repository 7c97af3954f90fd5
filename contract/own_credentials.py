"""The credentials of consumers' own backends that are more than a key: read strictly, sealed whole, never quoted."""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Mapping
from dataclasses import asdict, dataclass, field
from typing import Any, Final, NamedTuple

from contract.addresses import AddressError, parse_base_url
from contract.faults import FaultCode
from contract.fields import MOST_KEY_SIGNS
from contract.own_secrets import AWS, GCP, OAUTH

_CLOUD_PLATFORM: Final = "https://www.googleapis.com/auth/cloud-platform"
_GOOGLE: Final = "https://oauth2.googleapis.com/token"
_SMALLEST_RSA_KEY: Final = 2048
_LARGEST_RSA_KEY: Final = 4096
_MOST_SCOPES: Final = 100

_SCOPE: Final = re.compile(r"[\x21\x23-\x5b\x5d-\x7e]{1,1000}")
_ACCESS_KEY_ID: Final = re.compile(r"[A-Za-z0-9_]{16,128}")
_ACCESS_KEY: Final = re.compile(r"[A-Za-z0-9/+=]{16,256}")
_SESSION_TOKEN: Final = re.compile(r"[A-Za-z0-9/+=_-]{0,8192}")
_TEMPORARY: Final = "ASIA"
_REGION: Final = re.compile(r"[a-z0-9-]{1,40}")
_HERE: Final = frozenset({"localhost", "127.0.0.1", "::1"})


@dataclass(frozen=True, slots=True)
class OAuthClient:
    """A client whose access tokens are presented (client credentials, RFC 6749 section 4.4)."""

    token_url: str
    client_id: str
    client_secret: str = field(repr=False)
    scopes: tuple[str, ...] = ()
    audience: str = ""

    @property
    def told_by(self) -> str:
        """What its owner knows it by, of which the last four characters are shown."""
        return self.client_secret

    @property
    def account(self) -> tuple[str, str]:
        """Whose it is: another secret of the same client is a rotation, another client is somebody else."""
        return self.token_url, self.client_id


@dataclass(frozen=True, slots=True)
class ServiceAccount:
    """A GCP service account whose access tokens are presented, with the key that signs the assertions for them."""

    token_url: str
    client_email: str
    private_key_id: str
    private_key: str = field(repr=False)
    scopes: tuple[str, ...] = (_CLOUD_PLATFORM,)

    @property
    def told_by(self) -> str:
        """See `OAuthClient.told_by`."""
        return self.private_key_id

    @property
    def account(self) -> tuple[str, str]:
        """See `OAuthClient.account`."""
        return self.token_url, self.client_email


@dataclass(frozen=True, slots=True)
class AwsKeys:
    """Keys that sign each request (AWS Signature Version 4). `session_token` is empty for lasting ones."""

    access_key_id: str
    secret_access_key: str = field(repr=False)
    region: str
    service: str = "bedrock"
    session_token: str = field(default="", repr=False)

    @property
    def told_by(self) -> str:
        """See `OAuthClient.told_by`."""
        return self.access_key_id

    @property
    def account(self) -> tuple[str, str]:
        """See `OAuthClient.account`."""
        return self.region, self.access_key_id


WholeCredential = OAuthClient | ServiceAccount | AwsKeys
_KINDS: Final[Mapping[str, Callable[..., WholeCredential]]] = {OAUTH: OAuthClient, GCP: ServiceAccount, AWS: AwsKeys}


class CredentialFault(NamedTuple):
    """One fault of a given credential. `field` is empty for the whole of it; the message never repeats a value."""

    field: str
    code: FaultCode
    message: str


class CredentialError(ValueError):
    """What was given is no such credential; every fault at once."""

    def __init__(self, faults: list[CredentialFault]) -> None:
        super().__init__("; ".join(f"{one.field} {one.message}".strip() for one in faults))
        self.faults = tuple(faults)


def parse_credential(kind: str, given: Mapping[str, Any]) -> WholeCredential:
    """`given` is what the API takes: texts by field name, `scopes` a list. Raises CredentialError."""
    read = {OAUTH: _oauth, GCP: _gcp, AWS: _aws}[kind]
    faults: list[CredentialFault] = []
    found = read(given, faults)
    if faults or found is None:
        raise CredentialError(faults)
    return found


def sealed_text(credential: WholeCredential) -> str:
    """The one text of a credential that is sealed and delivered; equal credentials have equal texts."""
    return json.dumps(asdict(credential), sort_keys=True, separators=(",", ":"))


def read_sealed(kind: str, text: str) -> WholeCredential:
    """The reverse. Raises CredentialError for what no release that is known has sealed."""
    try:
        kept = {name: tuple(value) if name == "scopes" else value for name, value in json.loads(text).items()}
        return _KINDS[kind](**kept)
    except (ValueError, TypeError, AttributeError, KeyError):
        fault = CredentialFault("", "secret", f"is no {kind} credential that this release knows; save it again")
        raise CredentialError([fault]) from None


def token_host(credential: WholeCredential) -> str:
    """The host that its access tokens come from; empty for one that needs none."""
    return "" if isinstance(credential, AwsKeys) else parse_base_url(credential.token_url).host


def _oauth(given: Mapping[str, Any], faults: list[CredentialFault]) -> OAuthClient | None:
    for name in ("client_id", "client_secret"):
        _check_line(given, name, faults)
    if given.get("audience"):
        _check_line(given, "audience", faults)
    _check_token_url(given, "token_url", faults)
    scopes = _scopes(given, faults)
    if faults:
        return None
    audience = str(given.get("audience") or "")
    return OAuthClient(given["token_url"], given["client_id"], given["client_secret"], scopes, audience)


def _aws(given: Mapping[str, Any], faults: list[CredentialFault]) -> AwsKeys | None:
    kept = {"service": "bedrock", **{name: str(value) for name, value in given.items() if value}}
    shapes = {
        "access_key_id": (_ACCESS_KEY_ID, "should be 16 to 128 letters, digits and underscores"),
        "secret_access_key": (_ACCESS_KEY, "should be 16 to 256 letters, digits, slashes, plus and equal signs"),
        "session_token": (_SESSION_TOKEN, "should be letters, digits and the signs / + = _ -"),
        "region": (_REGION, "should be a region's name, as in us-east-1"),
        "service": (_REGION, "should be a service's name, as in bedrock"),
    }
    for name, (shape, problem) in shapes.items():
        if not kept.get(name) and name != "session_token":
            faults.append(CredentialFault(name, "required", "is required"))
        elif not shape.fullmatch(kept.get(name, "")):
            faults.append(CredentialFault(name, "secret", problem))
    if kept.get("access_key_id", "").startswith(_TEMPORARY) and not kept.get("session_token"):
        problem = f"is required: keys whose id begins with {_TEMPORARY} are temporary and count with it alone"
        faults.append(CredentialFault("session_token", "required", problem))
    return None if faults else AwsKeys(**{name: kept[name] for name in shapes if name in kept})


def _gcp(given: Mapping[str, Any], faults: list[CredentialFault]) -> ServiceAccount | None:
    scopes = _scopes(given, faults) or (_CLOUD_PLATFORM,)
    file = _key_file(given)
    if file is None:
        problem = "should be the JSON of a service account's key file, whose type is service_account"
        faults.append(CredentialFault("key_file", "secret", problem))
        return None
    token_url = file.get("token_uri") or _GOOGLE
    found: list[CredentialFault] = []
    _check_token_url({"token_uri": token_url}, "token_uri", found)
    for name in ("client_email", "private_key_id"):
        _check_line(file, name, found)
    if problem_of_key := _private_key_problem(file.get("private_key")):
        found.append(CredentialFault("private_key", "secret", problem_of_key))
    faults += (CredentialFault("key_file", one.code, f"has a {one.field} that {one.message}") for one in found)
    if faults:
        return None
    return ServiceAccount(token_url, file["client_email"], file["private_key_id"], file["private_key"], scopes)


def _key_file(given: Mapping[str, Any]) -> dict[str, Any] | None:
    try:
        file = json.loads(given.get("key_file") or "")
    except (ValueError, TypeError, RecursionError):
        return None
    return file if isinstance(file, dict) and file.get("type") == "service_account" else None


def _private_key_problem(text: object) -> str | None:
    from cryptography.exceptions import UnsupportedAlgorithm
    from cryptography.hazmat.primitives.serialization import load_pem_private_key

    try:  # not whether its primes are any: that takes a quarter of a second, or a minute for what is made for it
        key = load_pem_private_key(str(text).encode(), None, unsafe_skip_rsa_key_validation=True)
    except (ValueError, TypeError, UnsupportedAlgorithm):
        return "is no private key in PEM without a password"
    if not _is_rsa_key(key):
        return f"is no RSA key of {_SMALLEST_RSA_KEY} to {_LARGEST_RSA_KEY} bits"
    return None


def _is_rsa_key(key: object) -> bool:
    """Of a size that whoever signs with it can check: what a key calls its primes may be larger than itself."""
    from cryptography.hazmat.primitives.asymmetric.rsa import RSAPrivateKey

    if not isinstance(key, RSAPrivateKey) or not _SMALLEST_RSA_KEY <= key.key_size <= _LARGEST_RSA_KEY:
        return False
    numbers = key.private_numbers()
    small = max(numbers.p, numbers.q).bit_length() <= _LARGEST_RSA_KEY // 2
    return small and numbers.p * numbers.q == numbers.public_numbers.n


def _check_line(given: Mapping[str, Any], name: str, faults: list[CredentialFault]) -> None:
    value = given.get(name)
    if not value:
        faults.append(CredentialFault(name, "required", "is required"))
    elif not isinstance(value, str) or not _is_line(value):
        problem = f"should be one line of ASCII without surrounding whitespace, up to {MOST_KEY_SIGNS} signs"
        faults.append(CredentialFault(name, "secret", problem))


def _is_line(value: str) -> bool:
    return value.isascii() and value.isprintable() and value == value.strip() and len(value) <= MOST_KEY_SIGNS


def _check_token_url(given: Mapping[str, Any], name: str, faults: list[CredentialFault]) -> None:
    value = given.get(name)
    if not value:
        faults.append(CredentialFault(name, "required", "is required"))
        return
    try:
        address = parse_base_url(str(value))
    except AddressError as problem:
        faults.append(CredentialFault(name, "address", str(problem)))
        return
    if address.scheme != "https" and address.host not in _HERE:
        problem_of_scheme = "should be reached by https: a credential is sent there; begin with https://"
        faults.append(CredentialFault(name, "address", problem_of_scheme))


def _scopes(given: Mapping[str, Any], faults: list[CredentialFault]) -> tuple[str, ...]:
    scopes = tuple(given.get("scopes") or ())
    if len(scopes) > _MOST_SCOPES or not all(isinstance(one, str) and _SCOPE.fullmatch(one) for one in scopes):
        problem = f"should be up to {_MOST_SCOPES} words without spaces, quotes and backslashes"
        faults.append(CredentialFault("scopes", "value", problem))
    return scopes
