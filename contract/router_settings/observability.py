"""What the router tells of itself: traces and metrics."""

from __future__ import annotations

from typing import Annotated, Literal

from contract.fields import Duration, Items, Part, Share, says
from contract.router_settings.values import Chosen, Line, Whole, Worded


class TracingExporter(Part):
    """Where traces go."""

    type: Annotated[Chosen[Literal["otlp", "stdout"]], says("to a collector, or to standard output")] = "otlp"
    endpoint: Annotated[Line, says("of otlp: host:port of the collector")] = "vllm-sr-jaeger:4317"
    insecure: Annotated[bool, says("whether the connection goes unencrypted")] = True


class TracingSampling(Part):
    """Which requests are traced."""

    type: Annotated[
        Worded[Literal["always_on", "always_off", "probabilistic", "traceidratio", "trace_id_ratio"]],
        says("all, none, or a share"),
    ] = "always_on"
    rate: Annotated[Share, says("which share")] = 1.0


class TracingResource(Part):
    """What a trace says of where it comes from."""

    service_name: Annotated[Line, says("the service")] = "vllm-sr"
    service_version: Annotated[Line, says("its version")] = "v0.3.0"
    deployment_environment: Annotated[Line, says("which installation")] = "development"


class Tracing(Part):
    """The way of each request, as OpenTelemetry tells it."""

    enabled: Annotated[bool, says("whether it is told")] = True
    provider: Annotated[Line, says("by which library")] = "opentelemetry"
    exporter: TracingExporter = TracingExporter()
    sampling: TracingSampling = TracingSampling()
    resource: TracingResource = TracingResource()


class WindowedMetrics(Part):
    """Metrics of each model over the last minutes or hours."""

    enabled: Annotated[bool, says("whether there are any")] = False
    time_windows: Annotated[Items[Duration], says("over which times")] = ()
    update_interval: Annotated[Duration | None, says("how often they are worked out")] = None
    model_metrics: Annotated[bool, says("whether by model")] = False
    queue_depth_estimation: Annotated[bool, says("whether requests that wait are estimated")] = False
    max_models: Annotated[Whole | None, says("how many models at the most")] = None


class Metrics(Part):
    """Numbers about requests, for Prometheus."""

    enabled: Annotated[bool, says("whether there are any")] = True
    windowed_metrics: WindowedMetrics = WindowedMetrics()


class Observability(Part):
    """What the router tells of its requests."""

    tracing: Tracing = Tracing()
    metrics: Metrics = Metrics()
