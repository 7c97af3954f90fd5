"""Takes credentials out of a source document before anything is stored: sealed at rest, encrypted once for delivery."""

from __future__ import annotations

import hashlib
import hmac
import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from datetime import datetime

from contract import BackendSecret, WorkspaceDocument, is_secret_ref, iter_backend_secrets
from contract.sealing import (
    KEY_BYTES,
    NONCE_BYTES,
    DeliveryKey,
    SealError,
    delivery_context,
    encrypt_secret,
    seal_delivery_key,
)
from controlplane.domain.counting import next_version
from controlplane.domain.dataplanes import Dataplane
from controlplane.domain.errors import FieldFault, InvalidInput
from controlplane.domain.secrets import StoredDeliveryKey, StoredSecret
from controlplane.domain.workspaces import Workspace
from controlplane.services.ports import Clock, Ids, Notice, Random, UnitOfWork, Vault

_UNSAFE = re.compile(r"[^A-Za-z0-9._-]+")


@dataclass(frozen=True, slots=True)
class TakenOut:
    """What was taken out of a document: by field path, the reference (`secret://<name>`) to leave in its place.

    `renewed`: whether any credential is not the stored one.
    """

    references: Mapping[str, str]
    renewed: bool


class SecretKeeper:
    """Seals, versions and encrypts; values never leave it in the clear."""

    def __init__(self, vault: Vault, ids: Ids, random: Random, clock: Clock) -> None:
        self._vault = vault
        self._ids = ids
        self._random = random
        self._clock = clock

    async def new_delivery_key(self, work: UnitOfWork, workspace_id: str) -> StoredDeliveryKey:
        """Make the workspace's next delivery key; it encrypts new secrets from now on."""
        key_id = self._ids.new("dk")
        sealed = self._vault.seal(self._random.bytes(KEY_BYTES), _key_aad(workspace_id, key_id))
        stored = StoredDeliveryKey(key_id, workspace_id, sealed, self._clock.now())
        await work.secrets.add_delivery_key(stored)
        return stored

    async def hand_keys_to(self, work: UnitOfWork, dataplane: Dataplane, *, newest_only: bool = False) -> None:
        """Seal the workspace's delivery keys to a data plane, once; answers carry the stored result.

        Raises InvalidInput when the data plane's sealing key is one that nobody can hold the private half of.
        """
        context = delivery_context(dataplane.workspace_id, dataplane.id)
        keys = await work.secrets.delivery_keys(dataplane.workspace_id)
        for stored in keys[-1:] if newest_only else keys:
            try:
                sealed = seal_delivery_key(self._opened(stored), dataplane.sealing_key, context)
            except SealError:
                raise _unusable_sealing_key() from None
            await work.secrets.add_sealed_delivery_key(dataplane.id, stored.id, sealed)

    async def rotate_delivery_key(self, work: UnitOfWork, workspace: Workspace) -> None:
        """A key that only the live data planes get; every stored secret is encrypted under it anew.

        Expects the workspace's row to be locked by `work`. A cursor is taken, so that every replica reads it again.
        """
        key = self._opened(await self.new_delivery_key(work, workspace.id))
        for live_id in await work.dataplanes.live_ids(workspace.id):
            live = await work.dataplanes.get(live_id)
            if live is not None:
                await self.hand_keys_to(work, live, newest_only=True)
        for stored in await work.secrets.under_other_keys(workspace.id, key.id):
            await work.secrets.redeliver(self._under(key, stored))
        await work.workspaces.take_cursors(workspace.id, 1)
        work.announce(Notice(workspace.id))

    async def take_out(self, work: UnitOfWork, workspace_id: str, document: WorkspaceDocument) -> TakenOut:
        """Store each inline credential of the document; one equal to the stored one, for the same origin, is kept, any
        other takes the stored one's place.

        Expects the workspace's row to be locked by `work`.
        """
        inline = _inline(document)
        names = secret_names(inline)
        known = await work.secrets.newest_of(workspace_id, set(names.values()))
        key = await self.delivery_key(work, workspace_id) if inline else None
        renewed = False
        for secret in inline:
            name = names[secret.path]
            mac = self._vault.mac(secret.value.encode(), f"{workspace_id}/{name}")
            stored = known.get(name)
            if key and not self._is(stored, secret.value, secret.origin):
                version = await _next_version(work, workspace_id, stored)
                await work.secrets.add(self._sealed(workspace_id, name, version, secret, mac, key))
                await work.secrets.drop(workspace_id, [(name, stored.version)] if stored else [])
                renewed = True
        return TakenOut(inline_references(document), renewed)

    async def renewals(self, work: UnitOfWork, workspace_id: str, document: WorkspaceDocument) -> list[str]:
        """Field paths of the inline credentials of which another value, or another origin, is stored."""
        inline = _inline(document)
        names = secret_names(inline)
        known = await work.secrets.newest_of(workspace_id, set(names.values()))
        stored = ((secret, known.get(names[secret.path])) for secret in inline)
        return [secret.path for secret, one in stored if one and not self._is(one, secret.value, secret.origin)]

    async def keep(self, work: UnitOfWork, workspace_id: str, name: str, value: str, origin: str) -> bool:
        """Store one secret of a consumer under its name, for one origin; whether it is not the stored one.

        Expects the workspace's row to be locked by `work`.
        """
        mac = self._vault.mac(value.encode(), f"{workspace_id}/{name}")
        stored = await work.secrets.newest(workspace_id, name)
        if self._is(stored, value, origin):
            return False
        version = await _next_version(work, workspace_id, stored)
        key = await self.delivery_key(work, workspace_id)
        given = BackendSecret(path="", model_name="", backend_name=name, value=value, origin=origin)
        await work.secrets.add(self._sealed(workspace_id, name, version, given, mac, key))
        return True

    def rewrapped(self, stored: StoredSecret) -> StoredSecret:
        """The same under the primary master key, its mac too. Raises what the vault raises."""
        context = _aad("secret", stored.workspace_id, stored.name, str(stored.version), stored.origin)
        sealed = self._vault.rewrap(stored.sealed)
        mac = self._vault.mac(self._vault.open_(sealed, context), f"{stored.workspace_id}/{stored.name}")
        return replace(stored, sealed=sealed, mac=mac)

    def _is(self, stored: StoredSecret | None, value: str, origin: str) -> bool:
        """Whether the stored secret has this value for this origin, whichever master key was in use then."""
        if stored is None or stored.origin != origin:
            return False
        plaintext, purpose = value.encode(), f"{stored.workspace_id}/{stored.name}"
        macs = (self._vault.mac(plaintext, purpose), *self._vault.former_macs(plaintext, purpose))
        return any(hmac.compare_digest(stored.mac, mac) for mac in macs)

    async def delivery_key(self, work: UnitOfWork, workspace_id: str) -> DeliveryKey:
        """The workspace's newest. Raises what the vault raises for what it cannot open."""
        return self._opened((await work.secrets.delivery_keys(workspace_id))[-1])

    def _under(self, key: DeliveryKey, stored: StoredSecret) -> StoredSecret:
        context = _aad("secret", stored.workspace_id, stored.name, str(stored.version), stored.origin)
        delivered = encrypt_secret(
            key,
            workspace_id=stored.workspace_id,
            ref=stored.ref,
            origin=stored.origin,
            plaintext=self._vault.open_(stored.sealed, context),
            nonce=self._random.bytes(NONCE_BYTES),
        )
        return replace(stored, delivery_key_id=key.id, delivered=delivered)

    def _opened(self, stored: StoredDeliveryKey) -> DeliveryKey:
        return DeliveryKey(stored.id, self._vault.open_(stored.sealed, _key_aad(stored.workspace_id, stored.id)))

    def _sealed(
        self, workspace_id: str, name: str, version: int, secret: BackendSecret, mac: bytes, key: DeliveryKey
    ) -> StoredSecret:
        plaintext = secret.value.encode()
        delivered = encrypt_secret(
            key,
            workspace_id=workspace_id,
            ref=f"secret://{name}@{version}",
            origin=secret.origin,
            plaintext=plaintext,
            nonce=self._random.bytes(NONCE_BYTES),
        )
        return StoredSecret(
            workspace_id=workspace_id,
            name=name,
            version=version,
            origin=secret.origin,
            mac=mac,
            sealed=self._vault.seal(plaintext, _aad("secret", workspace_id, name, str(version), secret.origin)),
            delivery_key_id=key.id,
            delivered=delivered,
            created_at=self._now(),
        )

    def _now(self) -> datetime:
        return self._clock.now()


async def _next_version(work: UnitOfWork, workspace_id: str, stored: StoredSecret | None) -> int:
    """Secrets go when nothing refers to them any more. One that has the name again must not have a version that was
    used before: each version came with a revision at least, so the first begins above the revision."""
    workspace = await work.workspaces.get(workspace_id)
    revision = workspace.revision if workspace else 0
    return next_version(stored.version if stored else revision, revision)


def _unusable_sealing_key() -> InvalidInput:
    problem = "is no X25519 public key that anything can be sealed to; send the public half of a fresh key pair"
    return InvalidInput(f"sealing_public_key {problem}", (FieldFault("sealing_public_key", "unusable_key", problem),))


def inline_references(document: WorkspaceDocument) -> dict[str, str]:
    """By field path of each inline credential, the reference that takes its place."""
    return {path: f"secret://{name}" for path, name in secret_names(_inline(document)).items()}


def _inline(document: WorkspaceDocument) -> list[BackendSecret]:
    return [secret for secret in iter_backend_secrets(document) if not is_secret_ref(secret.value)]


def secret_names(secrets: Iterable[BackendSecret]) -> dict[str, str]:
    """A readable name for each inline credential, by path: the same model and backend always give the same name."""
    names: dict[str, str] = {}
    taken: set[str] = set()
    for secret in secrets:
        base = f"backends/{_slug(secret.model_name)}/{_slug(secret.backend_name)}"
        name, place = base, 2
        while name in taken:
            name, place = f"{base}-{place}", place + 1
        taken.add(name)
        names[secret.path] = name
    return names


def _slug(text: str) -> str:
    """Only characters a reference may hold; what had to be changed gets a digest so that two never meet."""
    safe = _UNSAFE.sub("-", text)[:60]
    return safe if safe == text else f"{safe}-{hashlib.sha256(text.encode()).hexdigest()[:8]}"


def _key_aad(workspace_id: str, key_id: str) -> bytes:
    return _aad("delivery-key", workspace_id, key_id)


def _aad(*parts: str) -> bytes:
    """Length before each part, so that no two different lists of parts give the same bytes."""
    return b"".join(len(part.encode()).to_bytes(4, "big") + part.encode() for part in parts)
