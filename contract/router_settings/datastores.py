"""The databases that routers keep things in: how each is reached and laid out."""

from __future__ import annotations

from pydantic import Field

from contract.fields import Part
from contract.router_settings.values import Credential, Line, Place, Port, Whole


class StoreTls(Part):
    enabled: bool = False
    cert_file: Line = ""
    key_file: Line = ""
    ca_file: Line = ""


class StoreLogging(Part):
    level: Line = ""
    enable_query_log: bool = False
    enable_metrics: bool = False


class VectorField(Part):
    name: Line = ""
    dimension: Whole | None = None
    metric_type: Line = ""


class HnswParams(Part):
    m: Whole | None = Field(default=None, alias="M")
    ef_construction: Whole | None = Field(default=None, alias="efConstruction")


class KeyValueConnection(Part):
    host: Place = ""
    port: Port | None = None
    database: Whole = 0
    password: Credential = ""
    timeout: Whole | None = None
    tls: StoreTls = StoreTls()


class KeyValueIndex(Part):
    name: Line = ""
    prefix: Line = ""
    vector_field: VectorField = VectorField()
    index_type: Line = ""
    params: HnswParams = HnswParams()


class KeyValueSearch(Part):
    topk: Whole | None = None


class KeyValueDevelopment(Part):
    drop_index_on_startup: bool = False
    auto_create_index: bool = False
    verbose_errors: bool = False


class KeyValueVectors(Part):
    """Redis or Valkey with vector search."""

    connection: KeyValueConnection = KeyValueConnection()
    index: KeyValueIndex = KeyValueIndex()
    search: KeyValueSearch = KeyValueSearch()
    development: KeyValueDevelopment = KeyValueDevelopment()
    logging: StoreLogging = StoreLogging()


class MilvusAuth(Part):
    enabled: bool = False
    username: Line = ""
    password: Credential = ""


class MilvusConnection(Part):
    host: Place = ""
    port: Port | None = None
    database: Line = ""
    timeout: Whole | None = None
    auth: MilvusAuth = MilvusAuth()
    tls: StoreTls = StoreTls()


class MilvusIndex(Part):
    type: Line = ""
    params: HnswParams = HnswParams()


class MilvusCollection(Part):
    name: Line = ""
    description: Line = ""
    vector_field: VectorField = VectorField()
    index: MilvusIndex = MilvusIndex()


class MilvusSearchParams(Part):
    ef: Whole | None = None


class MilvusSearch(Part):
    params: MilvusSearchParams = MilvusSearchParams()
    topk: Whole | None = None
    consistency_level: Line = ""


class MilvusPool(Part):
    max_connections: Whole | None = None
    max_idle_connections: Whole | None = None
    acquire_timeout: Whole | None = None


class MilvusBatch(Part):
    insert_batch_size: Whole | None = None
    timeout: Whole | None = None


class MilvusPerformance(Part):
    connection_pool: MilvusPool = MilvusPool()
    batch: MilvusBatch = MilvusBatch()


class MilvusTtl(Part):
    enabled: bool = False
    timestamp_field: Line = ""
    cleanup_interval: Whole | None = None


class MilvusCompaction(Part):
    enabled: bool = False
    interval: Whole | None = None


class MilvusDataManagement(Part):
    ttl: MilvusTtl = MilvusTtl()
    compaction: MilvusCompaction = MilvusCompaction()


class MilvusDevelopment(Part):
    drop_collection_on_startup: bool = False
    auto_create_collection: bool = False
    verbose_errors: bool = False


class MilvusVectors(Part):
    """A Milvus collection: how it is reached, searched and kept small."""

    connection: MilvusConnection = MilvusConnection()
    collection: MilvusCollection = MilvusCollection()
    search: MilvusSearch = MilvusSearch()
    performance: MilvusPerformance = MilvusPerformance()
    data_management: MilvusDataManagement = MilvusDataManagement()
    logging: StoreLogging = StoreLogging()
    development: MilvusDevelopment = MilvusDevelopment()


class QdrantPlace(Part):
    """A Qdrant server, reached by gRPC."""

    host: Place = ""
    port: Port | None = None
    api_key: Credential = ""
    use_tls: bool = False


class PostgresTable(Part):
    host: Place = ""
    port: Port | None = None
    database: Line = ""
    user: Line = ""
    password: Credential = ""
    ssl_mode: Line = ""
    max_open_conns: Whole | None = None
    max_idle_conns: Whole | None = None
    conn_max_lifetime: Whole | None = None
    table_name: Line = ""


class PlainRedis(Part):
    """A Redis server that keeps records under keys, without vectors."""

    address: Place = ""
    db: Whole = 0
    password: Credential = ""
    use_tls: bool = False
    tls_skip_verify: bool = False
    max_retries: Whole | None = None
    pool_size: Whole | None = None
    key_prefix: Line = ""
