"""The databases that routers keep things in: how each is reached and laid out."""

from __future__ import annotations

from typing import Annotated

from pydantic import Field

from contract.fields import Part, says
from contract.router_settings.values import Credential, Line, Place, Port, Whole


class StoreTls(Part):
    """How a connection is encrypted."""

    enabled: Annotated[bool, says("whether it is")] = False
    cert_file: Annotated[Line, says("the router's certificate, in PEM")] = ""
    key_file: Annotated[Line, says("the key of that certificate")] = ""
    ca_file: Annotated[Line, says("who is trusted to have signed the server's certificate")] = ""


class StoreLogging(Part):
    """What is logged of a store."""

    level: Annotated[Line, says("the least severity that is")] = ""
    enable_query_log: Annotated[bool, says("whether each query is")] = False
    enable_metrics: Annotated[bool, says("whether the store is measured")] = False


class VectorField(Part):
    """The field that holds vectors."""

    name: Annotated[Line, says("what it is called")] = ""
    dimension: Annotated[Whole | None, says("numbers in a vector; as the embedding model makes them")] = None
    metric_type: Annotated[Line, says("how likeness is measured, such as COSINE")] = ""


class HnswParams(Part):
    """The size of the graph that vectors are found by."""

    m: Annotated[Whole | None, says("neighbours of a vector; more find better and take more memory")] = Field(
        default=None, alias="M"
    )
    ef_construction: Annotated[
        Whole | None, says("neighbours looked at when a vector is added; more find better and take longer")
    ] = Field(default=None, alias="efConstruction")


class KeyValueConnection(Part):
    """How the server is reached."""

    host: Annotated[Place, says("its name or address")] = ""
    port: Annotated[Port | None, says("its port")] = None
    database: Annotated[Whole, says("its database, by number")] = 0
    password: Annotated[Credential, says("what the router presents; none if empty")] = ""
    timeout: Annotated[Whole | None, says("seconds for connecting")] = None
    tls: StoreTls = StoreTls()


class KeyValueIndex(Part):
    """The index that vectors are found by."""

    name: Annotated[Line, says("what it is called")] = ""
    prefix: Annotated[Line, says("how the keys begin that belong to it")] = ""
    vector_field: VectorField = VectorField()
    index_type: Annotated[Line, says("its kind, such as HNSW")] = ""
    params: HnswParams = HnswParams()


class KeyValueSearch(Part):
    """How vectors are searched."""

    topk: Annotated[Whole | None, says("how many are looked at")] = None


class KeyValueDevelopment(Part):
    """What helps while developing."""

    drop_index_on_startup: Annotated[bool, says("whether everything is forgotten at each start")] = False
    auto_create_index: Annotated[bool, says("whether a missing index is made")] = False
    verbose_errors: Annotated[bool, says("whether errors tell more")] = False


class KeyValueVectors(Part):
    """Redis or Valkey with vector search."""

    connection: KeyValueConnection = KeyValueConnection()
    index: KeyValueIndex = KeyValueIndex()
    search: KeyValueSearch = KeyValueSearch()
    development: KeyValueDevelopment = KeyValueDevelopment()
    logging: StoreLogging = StoreLogging()


class MilvusAuth(Part):
    """What the router presents."""

    enabled: Annotated[bool, says("whether it presents anything")] = False
    username: Annotated[Line, says("whose password it is")] = ""
    password: Annotated[Credential, says("the password")] = ""


class MilvusConnection(Part):
    """How the server is reached."""

    host: Annotated[Place, says("its name or address")] = ""
    port: Annotated[Port | None, says("its port")] = None
    database: Annotated[Line, says("its database, by name")] = ""
    timeout: Annotated[Whole | None, says("seconds for connecting")] = None
    auth: MilvusAuth = MilvusAuth()
    tls: StoreTls = StoreTls()


class MilvusIndex(Part):
    """The index that vectors are found by."""

    type: Annotated[Line, says("its kind, such as HNSW")] = ""
    params: HnswParams = HnswParams()


class MilvusCollection(Part):
    """Where vectors are kept."""

    name: Annotated[Line, says("what it is called")] = ""
    description: Annotated[Line, says("for people")] = ""
    vector_field: VectorField = VectorField()
    index: MilvusIndex = MilvusIndex()


class MilvusSearchParams(Part):
    """How thoroughly the index is searched."""

    ef: Annotated[Whole | None, says("neighbours looked at; more find better and take longer")] = None


class MilvusSearch(Part):
    """How vectors are searched."""

    params: MilvusSearchParams = MilvusSearchParams()
    topk: Annotated[Whole | None, says("how many are looked at")] = None
    consistency_level: Annotated[Line, says("how new what is found has to be, such as Bounded or Strong")] = ""


class MilvusPool(Part):
    """Connections that are kept open."""

    max_connections: Annotated[Whole | None, says("how many there may be")] = None
    max_idle_connections: Annotated[Whole | None, says("how many stay open with nothing to do")] = None
    acquire_timeout: Annotated[Whole | None, says("seconds to wait for a free one")] = None


class MilvusBatch(Part):
    """Several writes at once."""

    insert_batch_size: Annotated[Whole | None, says("how many entries")] = None
    timeout: Annotated[Whole | None, says("seconds a batch may take")] = None


class MilvusPerformance(Part):
    """What makes it faster."""

    connection_pool: MilvusPool = MilvusPool()
    batch: MilvusBatch = MilvusBatch()


class MilvusTtl(Part):
    """How entries that are over their time are taken out."""

    enabled: Annotated[bool, says("whether they are")] = False
    timestamp_field: Annotated[Line, says("the field that tells an entry's age")] = ""
    cleanup_interval: Annotated[Whole | None, says("seconds from one look to the next")] = None


class MilvusCompaction(Part):
    """How the space of what was taken out is got back."""

    enabled: Annotated[bool, says("whether it is")] = False
    interval: Annotated[Whole | None, says("seconds from one time to the next")] = None


class MilvusDataManagement(Part):
    """What keeps it small."""

    ttl: MilvusTtl = MilvusTtl()
    compaction: MilvusCompaction = MilvusCompaction()


class MilvusDevelopment(Part):
    """What helps while developing."""

    drop_collection_on_startup: Annotated[bool, says("whether everything is forgotten at each start")] = False
    auto_create_collection: Annotated[bool, says("whether a missing collection is made")] = False
    verbose_errors: Annotated[bool, says("whether errors tell more")] = False


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

    host: Annotated[Place, says("its name or address")] = ""
    port: Annotated[Port | None, says("its port for gRPC")] = None
    api_key: Annotated[Credential, says("what the router presents; none if empty")] = ""
    use_tls: Annotated[bool, says("whether the connection is encrypted")] = False


class PostgresTable(Part):
    """A table in PostgreSQL, and how its server is reached."""

    host: Annotated[Place, says("the server's name or address")] = ""
    port: Annotated[Port | None, says("its port")] = None
    database: Annotated[Line, says("its database, by name")] = ""
    user: Annotated[Line, says("whose password it is")] = ""
    password: Annotated[Credential, says("what the router presents")] = ""
    ssl_mode: Annotated[Line, says("how the connection is encrypted, in the words of PostgreSQL, such as require")] = ""
    max_open_conns: Annotated[Whole | None, says("connections there may be")] = None
    max_idle_conns: Annotated[Whole | None, says("connections that stay open with nothing to do")] = None
    conn_max_lifetime: Annotated[Whole | None, says("seconds until a connection is replaced")] = None
    table_name: Annotated[Line, says("the table")] = ""


class PlainRedis(Part):
    """A Redis server that keeps records under keys, without vectors."""

    address: Annotated[Place, says("host:port")] = ""
    db: Annotated[Whole, says("its database, by number")] = 0
    password: Annotated[Credential, says("what the router presents; none if empty")] = ""
    use_tls: Annotated[bool, says("whether the connection is encrypted")] = False
    tls_skip_verify: Annotated[bool, says("whether the server's certificate goes unchecked")] = False
    max_retries: Annotated[Whole | None, says("how often a command is tried again")] = None
    pool_size: Annotated[Whole | None, says("connections there may be")] = None
    key_prefix: Annotated[Line, says("how the router's keys begin")] = ""
