"""The delta ADS server: Envoy subscribes, we push what differs, Envoy acknowledges or refuses."""
