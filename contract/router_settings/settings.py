"""The whole section `global`: what is not written has the router's own default."""

from __future__ import annotations

from contract.fields import Part
from contract.router_settings.integrations import IntegrationSettings
from contract.router_settings.model_catalog import ModelCatalog
from contract.router_settings.router import RouterSettings
from contract.router_settings.services import ServiceSettings
from contract.router_settings.stores import StoreSettings


class GlobalSettings(Part):
    """Router-wide overrides, sparse by nature: a mapping is merged into the defaults field by field, a list replaces
    the default list, and what is written counts even when it is false, zero or empty.
    """

    router: RouterSettings = RouterSettings()
    services: ServiceSettings = ServiceSettings()
    stores: StoreSettings = StoreSettings()
    integrations: IntegrationSettings = IntegrationSettings()
    model_catalog: ModelCatalog = ModelCatalog()
