"""The services a router offers or uses beside answering chat completions."""

from __future__ import annotations

from typing import Literal

from contract.fields import Items, Part
from contract.router_settings.access import Authz, RateLimit
from contract.router_settings.datastores import PlainRedis, PostgresTable, QdrantPlace
from contract.router_settings.management_api import ManagementApi
from contract.router_settings.observability import Observability
from contract.router_settings.values import Amount, Chosen, Credential, Line, Place, Share, Whole


class BatchSizeRange(Part):
    min: Whole
    max: Whole
    label: Line = ""


class BatchMetrics(Part):
    enabled: bool = False
    sample_rate: Share | None = None
    batch_size_ranges: Items[BatchSizeRange] = ()
    duration_buckets: Items[Amount] = ()
    size_buckets: Items[Amount] = ()
    detailed_goroutine_tracking: bool = False
    high_resolution_timing: bool = False


class BatchClassification(Part):
    max_batch_size: Whole | None = None
    concurrency_threshold: Whole | None = None
    max_concurrency: Whole | None = None
    metrics: BatchMetrics = BatchMetrics()


class ClassificationApi(Part):
    batch_classification: BatchClassification = BatchClassification()


class ResponseApiRedis(Part):
    address: Place = ""
    password: Credential = ""
    db: Whole = 0
    key_prefix: Line = ""
    cluster_mode: bool = False
    cluster_addresses: Items[Place] = ()
    pool_size: Whole | None = None
    min_idle_conns: Whole | None = None
    max_retries: Whole | None = None
    dial_timeout: Whole | None = None
    read_timeout: Whole | None = None
    write_timeout: Whole | None = None
    tls_enabled: bool = False
    tls_cert_path: Line = ""
    tls_key_path: Line = ""
    tls_ca_path: Line = ""
    config_path: Line = ""


class ResponseApi(Part):
    """Stored answers of the Responses API."""

    enabled: bool = True
    store_backend: Chosen[Literal["memory", "redis"]] = "redis"
    ttl_seconds: Whole = 86400
    max_responses: Whole = 1000
    redis: ResponseApiRedis = ResponseApiRedis()


class ReplayMilvus(Part):
    address: Place = ""
    username: Line = ""
    password: Credential = ""
    collection_name: Line = ""
    consistency_level: Line = ""
    shard_num: Whole | None = None


class ReplayQdrant(QdrantPlace):
    collection_name: Line = ""


class RouterReplay(Part):
    """A record of each decision, to be looked at and replayed."""

    enabled: bool = False
    store_backend: Chosen[Literal["memory", "redis", "postgres", "milvus", "qdrant"]] = "memory"
    ttl_seconds: Whole = 2592000
    async_writes: bool = False
    redis: PlainRedis | None = None
    postgres: PostgresTable | None = None
    milvus: ReplayMilvus | None = None
    qdrant: ReplayQdrant | None = None


class StartupRedis(Part):
    address: Place = ""
    password: Credential = ""
    db: Whole = 0


class StartupStatus(Part):
    """Where the router says how far its start has come."""

    store_backend: Chosen[Literal["file", "redis"]] = "file"
    redis: StartupRedis | None = None


class ServiceSettings(Part):
    api: ClassificationApi = ClassificationApi()
    response_api: ResponseApi = ResponseApi()
    observability: Observability = Observability()
    authz: Authz = Authz()
    ratelimit: RateLimit = RateLimit()
    management_api: ManagementApi = ManagementApi()
    router_replay: RouterReplay = RouterReplay()
    startup_status: StartupStatus = StartupStatus()
