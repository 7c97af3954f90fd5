"""What must hold between the parts of the section `global`, on its fitted mapping."""

from __future__ import annotations

from typing import Any

from contract.faults import FaultLog
from contract.plain_values import section, text
from contract.router_settings.catalog_rules import check_catalog
from contract.router_settings.module_rules import check_modules
from contract.router_settings.secrets import warn_of_held_secrets
from contract.router_settings.service_rules import (
    check_integrations,
    check_router,
    check_services,
    check_stores,
)


def check_global(settings: dict[str, Any], log: FaultLog) -> None:
    check_router(section(settings, "router"), log)
    check_services(section(settings, "services"), log)
    check_stores(section(settings, "stores"), log)
    check_integrations(section(settings, "integrations"), log)
    check_catalog(section(settings, "model_catalog"), log)
    check_modules(section(settings, "model_catalog"), log)
    warn_of_held_secrets(settings, log)


def routing_comes_from_elsewhere(document: dict[str, Any]) -> bool:
    """Whether the file is only half of the configuration: its routing comes from Kubernetes resources."""
    return text(section(section(document, "global"), "router"), "config_source").strip() == "kubernetes"
