"""Opens what the control plane sealed: delivery keys with this data plane's private key, secrets with those."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field

from contract.sealing import DeliveryKey, SealError, decrypt_secret, delivery_context, open_delivery_key
from contract.secret_refs import SecretRefError, parse_secret_ref
from liaison_agent.memory import Secret
from liaison_agent.ports import Answer, SealedSecret

KEPT_DELIVERY_KEYS = 8


@dataclass(frozen=True, slots=True)
class Opened:
    """What an answer's sealed parts hold. `failed` maps a reference that did not open to the reason."""

    delivery_keys: Mapping[str, bytes] = field(repr=False)
    secrets: Mapping[str, Secret] = field(repr=False)
    failed: Mapping[str, str]


class Opener:
    """`sealing_key` is the raw X25519 private key (32 bytes) of the data plane that these ids name."""

    def __init__(self, sealing_key: bytes, *, workspace_id: str, dataplane_id: str) -> None:
        self._sealing_key = sealing_key
        self._workspace_id = workspace_id
        self._context = delivery_context(workspace_id, dataplane_id)

    def open(self, answer: Answer, known_keys: Mapping[str, bytes]) -> Opened:
        """Open everything that opens; one bad secret spoils no other. Known keys are tried too, newest kept last."""
        keys, unusable = self._open_keys(answer, known_keys)
        secrets: dict[str, Secret] = {}
        failed: dict[str, str] = {}
        for sealed in answer.secrets:
            try:
                parse_secret_ref(sealed.ref)
                secrets[sealed.ref] = self._open_secret(sealed, keys, unusable)
            except (SealError, SecretRefError) as error:
                failed[sealed.ref] = str(error)
        return Opened(_newest(keys), secrets, failed)

    def _open_keys(self, answer: Answer, known: Mapping[str, bytes]) -> tuple[dict[str, bytes], dict[str, str]]:
        keys, unusable = dict(known), {}
        for sealed in answer.delivery_keys:
            try:
                opened = open_delivery_key(sealed.sealed, self._sealing_key, self._context)
            except SealError as error:
                unusable[sealed.id] = str(error)
                continue
            keys.pop(sealed.id, None)
            keys[sealed.id] = opened.key
        return keys, unusable

    def _open_secret(self, sealed: SealedSecret, keys: Mapping[str, bytes], unusable: Mapping[str, str]) -> Secret:
        key = keys.get(sealed.delivery_key_id)
        if key is None:
            why = unusable.get(sealed.delivery_key_id, "that key did not come with it")
            raise SealError(f"{sealed.ref} is under delivery key {sealed.delivery_key_id!r}: {why}")
        plaintext = decrypt_secret(
            DeliveryKey(sealed.delivery_key_id, key),
            workspace_id=self._workspace_id,
            ref=sealed.ref,
            origin=sealed.origin,
            ciphertext=sealed.ciphertext,
        )
        try:
            return Secret(sealed.origin, plaintext.decode())
        except UnicodeDecodeError:
            raise SealError(f"{sealed.ref} is not text; give the credential again") from None


def _newest(keys: Mapping[str, bytes]) -> Mapping[str, bytes]:
    kept: Iterable[str] = list(keys)[-KEPT_DELIVERY_KEYS:]
    return {name: keys[name] for name in kept}
