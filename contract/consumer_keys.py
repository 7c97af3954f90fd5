"""What both sides agree on about consumer keys: the control plane issues them, the data plane's Envoy checks them."""

from __future__ import annotations

from typing import Final

CONSUMER_KEY_PREFIX: Final = "sk-"
CONSUMER_KEY_ISSUER: Final = "agentrouter"
CONSUMER_KEY_ALGORITHM: Final = "EdDSA"
