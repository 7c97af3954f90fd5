"""What the router tells of itself: traces and metrics."""

from __future__ import annotations

from typing import Literal

from contract.fields import Duration, Items, Part
from contract.router_settings.values import Chosen, Line, Share, Whole, Worded


class TracingExporter(Part):
    type: Chosen[Literal["otlp", "stdout"]] = "otlp"
    endpoint: Line = "vllm-sr-jaeger:4317"
    insecure: bool = True


class TracingSampling(Part):
    type: Worded[Literal["always_on", "always_off", "probabilistic", "traceidratio", "trace_id_ratio"]] = "always_on"
    rate: Share = 1.0


class TracingResource(Part):
    service_name: Line = "vllm-sr"
    service_version: Line = "v0.3.0"
    deployment_environment: Line = "development"


class Tracing(Part):
    enabled: bool = True
    provider: Line = "opentelemetry"
    exporter: TracingExporter = TracingExporter()
    sampling: TracingSampling = TracingSampling()
    resource: TracingResource = TracingResource()


class WindowedMetrics(Part):
    """Metrics of each model over the last minutes or hours."""

    enabled: bool = False
    time_windows: Items[Duration] = ()
    update_interval: Duration | None = None
    model_metrics: bool = False
    queue_depth_estimation: bool = False
    max_models: Whole | None = None


class Metrics(Part):
    enabled: bool = True
    windowed_metrics: WindowedMetrics = WindowedMetrics()


class Observability(Part):
    tracing: Tracing = Tracing()
    metrics: Metrics = Metrics()
