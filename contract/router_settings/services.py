"""The services a router offers or uses beside answering chat completions."""

from __future__ import annotations

from typing import Annotated, Literal

from contract.fields import Items, Part, Share, says
from contract.router_settings.access import Authz, RateLimit
from contract.router_settings.datastores import PlainRedis, PostgresTable, QdrantPlace
from contract.router_settings.management_api import ManagementApi
from contract.router_settings.observability import Observability
from contract.router_settings.values import Amount, Chosen, Credential, Line, Place, Whole


class BatchSizeRange(Part):
    """A class of batches in the metrics."""

    min: Annotated[Whole, says("texts of the smallest batch of it")]
    max: Annotated[Whole, says("texts of the largest batch of it")]
    label: Annotated[Line, says("what it is called")] = ""


class BatchMetrics(Part):
    """What is measured of batches."""

    enabled: Annotated[bool, says("whether anything is")] = False
    sample_rate: Annotated[Share | None, says("of which share")] = None
    batch_size_ranges: Annotated[Items[BatchSizeRange], says("classes of batches by their size")] = ()
    duration_buckets: Annotated[Items[Amount], says("upper bounds of the histogram of durations, seconds")] = ()
    size_buckets: Annotated[Items[Amount], says("upper bounds of the histogram of sizes, texts")] = ()
    detailed_goroutine_tracking: Annotated[bool, says("whether work at once is counted one by one")] = False
    high_resolution_timing: Annotated[bool, says("whether times are taken in nanoseconds")] = False


class BatchClassification(Part):
    """Many texts classified in one call."""

    max_batch_size: Annotated[Whole | None, says("texts in one call")] = None
    concurrency_threshold: Annotated[Whole | None, says("with so many texts they are classified at once")] = None
    max_concurrency: Annotated[Whole | None, says("how many at once")] = None
    metrics: BatchMetrics = BatchMetrics()


class ClassificationApi(Part):
    """The router's API that classifies texts."""

    batch_classification: BatchClassification = BatchClassification()


class ResponseApiRedis(Part):
    """A Redis server or cluster, and where in it."""

    address: Annotated[Place, says("host:port of a server")] = ""
    password: Annotated[Credential, says("what the router presents; none if empty")] = ""
    db: Annotated[Whole, says("its database, by number")] = 0
    key_prefix: Annotated[Line, says("how the router's keys begin")] = ""
    cluster_mode: Annotated[bool, says("whether it is a cluster")] = False
    cluster_addresses: Annotated[Items[Place], says("host:port of servers of the cluster")] = ()
    pool_size: Annotated[Whole | None, says("connections there may be")] = None
    min_idle_conns: Annotated[Whole | None, says("connections that stay open with nothing to do")] = None
    max_retries: Annotated[Whole | None, says("how often a command is tried again")] = None
    dial_timeout: Annotated[Whole | None, says("seconds for connecting")] = None
    read_timeout: Annotated[Whole | None, says("seconds for an answer")] = None
    write_timeout: Annotated[Whole | None, says("seconds for sending")] = None
    tls_enabled: Annotated[bool, says("whether the connection is encrypted")] = False
    tls_cert_path: Annotated[Line, says("the router's certificate, in PEM")] = ""
    tls_key_path: Annotated[Line, says("the key of that certificate")] = ""
    tls_ca_path: Annotated[Line, says("who is trusted to have signed the server's certificate")] = ""
    config_path: Annotated[Line, says("a file that says all this instead")] = ""


class ResponseApi(Part):
    """Stored answers of the Responses API."""

    enabled: Annotated[bool, says("whether it is offered")] = True
    store_backend: Annotated[Chosen[Literal["memory", "redis"]], says("in memory, or in Redis")] = "redis"
    ttl_seconds: Annotated[Whole, says("for how long")] = 86400
    max_responses: Annotated[Whole, says("how many in memory; the oldest go first")] = 1000
    redis: ResponseApiRedis = ResponseApiRedis()


class ReplayMilvus(Part):
    """A collection in Milvus, and how its server is reached."""

    address: Annotated[Place, says("host:port")] = ""
    username: Annotated[Line, says("whose password it is")] = ""
    password: Annotated[Credential, says("what the router presents")] = ""
    collection_name: Annotated[Line, says("the collection")] = ""
    consistency_level: Annotated[Line, says("how new what is found has to be, such as Bounded or Strong")] = ""
    shard_num: Annotated[Whole | None, says("parts that it is divided into")] = None


class ReplayQdrant(QdrantPlace):
    """A collection in Qdrant, and how its server is reached."""

    collection_name: Annotated[Line, says("the collection")] = ""


class RouterReplay(Part):
    """A record of each decision, to be looked at and replayed."""

    enabled: Annotated[bool, says("whether decisions are recorded")] = False
    store_backend: Annotated[Chosen[Literal["memory", "redis", "postgres", "milvus", "qdrant"]], says("where")] = (
        "memory"
    )
    ttl_seconds: Annotated[Whole, says("for how long")] = 2592000
    async_writes: Annotated[bool, says("whether an answer goes out before its record is written")] = False
    redis: PlainRedis | None = None
    postgres: PostgresTable | None = None
    milvus: ReplayMilvus | None = None
    qdrant: ReplayQdrant | None = None


class StartupRedis(Part):
    """A Redis server, and where in it."""

    address: Annotated[Place, says("host:port")] = ""
    password: Annotated[Credential, says("what the router presents; none if empty")] = ""
    db: Annotated[Whole, says("its database, by number")] = 0


class StartupStatus(Part):
    """Where the router says how far its start has come."""

    store_backend: Annotated[Chosen[Literal["file", "redis"]], says("in a file, or in Redis")] = "file"
    redis: StartupRedis | None = None


class ServiceSettings(Part):
    """What the router offers or uses beside answering chat completions."""

    api: ClassificationApi = ClassificationApi()
    response_api: ResponseApi = ResponseApi()
    observability: Observability = Observability()
    authz: Authz = Authz()
    ratelimit: RateLimit = RateLimit()
    management_api: ManagementApi = ManagementApi()
    router_replay: RouterReplay = RouterReplay()
    startup_status: StartupStatus = StartupStatus()
