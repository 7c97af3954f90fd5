"""The section `global`: what a router does beside routing, as sparse overrides of typed defaults."""

from contract.router_settings.settings import GlobalSettings

__all__ = ["GlobalSettings"]
