"""From a join token to an identity: two key pairs, one call, one file. Until the file is there, nothing is."""

from __future__ import annotations

from pathlib import Path

from liaison_agent.control.identity import Identity, KeyPairs, save_identity
from liaison_agent.ports import ControlPlane, Enrolment


async def enrol(
    control: ControlPlane, folder: Path, *, join_token: str, name: str, agent_version: str, keys: KeyPairs, ca: str = ""
) -> Identity:
    """Exchange the token and write the identity. Only the public halves of `keys` are sent. `ca`: see `Identity`.

    Raises `ControlPlaneError`, OSError. Dying on the way leaves no identity, and at worst a data plane over there that
    was never seen; the next start enrols anew, for which a one-time token is then used up. An answer lost on the way is
    given again to whoever asks with the same keys."""
    enrolled = await control.enroll(
        Enrolment(join_token, keys.public_signing, keys.public_sealing, name, agent_version)
    )
    identity = Identity.of(enrolled, keys, ca)
    save_identity(folder, identity)
    return identity
