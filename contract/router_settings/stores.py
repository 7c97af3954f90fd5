"""What routers keep: answered requests, what they remember of people, and uploaded documents."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import AliasChoices, Field

from contract.fields import Items, Part, Share, Text, says
from contract.router_settings.datastores import KeyValueVectors, MilvusVectors, PostgresTable, QdrantPlace
from contract.router_settings.values import Amount, Chosen, Credential, Line, Place, Port, Url, Whole


class QdrantCache(QdrantPlace):
    """A collection in Qdrant, and how its server is reached."""

    connect_timeout: Annotated[Whole | None, says("seconds for connecting")] = None
    collection_name: Annotated[Line, says("the collection")] = ""


class ResponseCache(Part):
    """Answers given before, found again by the likeness of the question."""

    enabled: Annotated[bool, says("whether answers are kept")] = True
    backend_type: Annotated[
        Chosen[Literal["memory", "redis", "valkey", "milvus", "qdrant", "hybrid"]], says("where")
    ] = "memory"
    similarity_threshold: Annotated[Share | None, says("how alike two requests have to be")] = None
    max_entries: Annotated[Whole, says("how many in memory")] = 1000
    ttl_seconds: Annotated[Whole, says("for how long")] = 3600
    eviction_policy: Annotated[
        Chosen[Literal["fifo", "lru", "lfu"]],
        says("which goes when there are too many: the oldest, the longest unused, the least used"),
    ] = "fifo"
    embedding_model: Annotated[Line, says("the model that tells likeness; empty: that of model_catalog.embeddings")] = (
        ""
    )
    redis: KeyValueVectors | None = None
    valkey: KeyValueVectors | None = None
    milvus: MilvusVectors | None = None
    qdrant: QdrantCache | None = None


class MemoryMilvus(Part):
    """A collection in Milvus, and how its server is reached."""

    address: Annotated[Place, says("host:port")] = ""
    collection: Annotated[Line, says("the collection")] = "agentic_memory"
    dimension: Annotated[Whole, says("numbers in an embedding")] = 384
    num_partitions: Annotated[Whole | None, says("parts that it is divided into")] = None


class MemoryValkey(Part):
    """Collections in Valkey, and how its server is reached."""

    host: Annotated[Place, says("its name or address")] = "localhost"
    port: Annotated[Port, says("its port")] = 6379
    database: Annotated[Whole, says("its database, by number")] = 0
    password: Annotated[Credential, says("what the router presents; none if empty")] = ""
    timeout: Annotated[Whole, says("seconds for connecting")] = 10
    collection_prefix: Annotated[Line, says("how the keys of memories begin")] = "mem:"
    index_name: Annotated[Line, says("the index that they are found by")] = "mem_idx"
    dimension: Annotated[Whole, says("numbers in an embedding")] = 384
    metric_type: Annotated[Line, says("how likeness is measured")] = "COSINE"
    index_m: Annotated[Whole, says("neighbours of a vector; more find better and take more memory")] = 16
    index_ef_construction: Annotated[
        Whole, says("neighbours looked at when a vector is added; more find better and take longer")
    ] = 256
    tls_enabled: Annotated[bool, says("whether the connection is encrypted")] = False
    tls_ca_path: Annotated[Line, says("who is trusted to have signed the server's certificate")] = ""
    tls_insecure_skip_verify: Annotated[bool, says("whether the server's certificate goes unchecked")] = False


class MemoryQdrant(QdrantPlace):
    """A collection in Qdrant, and how its server is reached."""

    connect_timeout: Annotated[Whole | None, says("seconds for connecting")] = None
    collection: Annotated[Line, says("the collection")] = ""
    dimension: Annotated[Whole | None, says("numbers in an embedding")] = None


class MemoryRedisCache(Part):
    """What was found lately, kept in Redis."""

    enabled: Annotated[bool, says("whether it is")] = False
    address: Annotated[Place, says("host:port")] = "localhost:6379"
    ttl_seconds: Annotated[Whole, says("for how long")] = 300
    db: Annotated[Whole, says("its database, by number")] = 0
    key_prefix: Annotated[Line, says("how the router's keys begin")] = "memory_cache:"
    password: Annotated[Credential, says("what the router presents; none if empty")] = ""


class MemoryQuality(Part):
    """Which memories are let go."""

    initial_strength_days: Annotated[Whole | None, says("for how many days a new one lasts unused")] = None
    prune_threshold: Annotated[Amount | None, says("one whose strength is below goes")] = None
    max_memories_per_user: Annotated[Whole | None, says("of one person")] = None


class MemoryReflection(Part):
    """Which memories are worth telling the model, and which never are."""

    enabled: Annotated[bool, says("whether memories are sifted")] = True
    algorithm: Annotated[Line, says("how; empty: the router's own way")] = ""
    max_inject_tokens: Annotated[Whole | None, says("tokens of memories in a request")] = None
    recency_decay_days: Annotated[Whole | None, says("after how many days a memory counts for less")] = None
    dedup_threshold: Annotated[Share | None, says("memories that are more alike than this count once")] = None
    block_patterns: Annotated[Items[Text], says("what must not stand in a memory that is told")] = ()


class Memory(Part):
    """What is remembered of a person from one conversation to the next."""

    enabled: Annotated[bool, says("whether anything is")] = False
    backend: Annotated[Chosen[Literal["milvus", "valkey", "qdrant"]], says("where")] = "milvus"
    auto_store: Annotated[bool, says("whether what is said is remembered without being asked for")] = False
    disabled_routes: Annotated[Items[Line], says("routes whose requests are not remembered")] = ()
    disabled_models: Annotated[Items[Line], says("models whose requests are not remembered")] = ()
    milvus: MemoryMilvus = MemoryMilvus()
    valkey: MemoryValkey | None = None
    qdrant: MemoryQdrant | None = None
    redis_cache: MemoryRedisCache | None = None
    embedding_model: Annotated[Line, says("the model that tells likeness; empty: that of model_catalog.embeddings")] = (
        ""
    )
    extraction_batch_size: Annotated[Whole, says("turns of a conversation that are looked through at once")] = 10
    default_retrieval_limit: Annotated[Whole, says("how many memories are told")] = 5
    default_similarity_threshold: Annotated[Share, says("how like the request they have to be")] = 0.70
    hybrid_search: Annotated[bool, says("whether words count beside likeness")] = False
    hybrid_mode: Annotated[Line, says("how the two are joined; empty: the router's own way")] = ""
    adaptive_threshold: Annotated[bool, says("whether the threshold follows what was found")] = False
    quality_scoring: MemoryQuality = MemoryQuality()
    reflection: MemoryReflection = MemoryReflection()


class VectorStoreMemory(Part):
    """Documents kept in the router's memory."""

    max_entries_per_store: Annotated[Whole | None, says("pieces of documents in one store")] = None


class LlamaStack(Part):
    """A Llama Stack server that stores and embeds by itself."""

    endpoint: Annotated[Url, says("where it is")] = ""
    auth_token: Annotated[Credential, says("what the router presents")] = ""
    embedding_model: Annotated[Line, says("what the server calls the model")] = ""
    request_timeout_seconds: Annotated[Whole | None, says("how long it may take")] = None
    search_type: Annotated[Chosen[Literal["vector", "hybrid"]], says("by likeness, or by words as well")] = "vector"


class VectorStoreValkey(Part):
    """Collections in Valkey, and how its server is reached."""

    host: Annotated[Place, says("its name or address")] = ""
    port: Annotated[Port | None, says("its port")] = None
    database: Annotated[Whole, says("its database, by number")] = 0
    password: Annotated[Credential, says("what the router presents; none if empty")] = ""
    connect_timeout: Annotated[Whole | None, says("seconds for connecting")] = None
    collection_prefix: Annotated[Line, says("how the names of collections begin")] = ""
    metric_type: Annotated[Line, says("how likeness is measured, such as COSINE")] = ""
    index_m: Annotated[Whole | None, says("neighbours of a vector; more find better and take more memory")] = None
    index_ef_construction: Annotated[
        Whole | None, says("neighbours looked at when a vector is added; more find better and take longer")
    ] = None


class VectorStoreQdrant(QdrantPlace):
    """Collections in Qdrant, and how its server is reached."""

    connect_timeout: Annotated[Whole | None, says("seconds for connecting")] = None
    collection_prefix: Annotated[Line, says("how the names of collections begin")] = ""


class VectorStore(Part):
    """Uploaded documents, cut up, embedded and searched. An absent number or list is the engine's own default."""

    enabled: Annotated[bool, says("whether documents may be uploaded")] = False
    backend_type: Annotated[
        Chosen[Literal["memory", "milvus", "llama_stack", "valkey", "qdrant"] | None], says("where vectors are kept")
    ] = None
    file_storage_dir: Annotated[Line, says("the folder of the documents")] = ""
    max_file_size_mb: Annotated[Whole | None, says("MiB of a document")] = None
    embedding_model: Annotated[Line, says("the model that embeds; empty: that of model_catalog.embeddings")] = ""
    embedding_dimension: Annotated[Whole | None, says("numbers in an embedding")] = None
    ingestion_workers: Annotated[Whole | None, says("documents that are cut up at once")] = None
    ingestion_drain_timeout_seconds: Annotated[Whole | None, says("how long a stop waits for documents under way")] = (
        None
    )
    supported_formats: Annotated[Items[Line], says("endings of files that are taken")] = ()
    milvus: MilvusVectors | None = None
    memory: VectorStoreMemory | None = None
    llama_stack: LlamaStack | None = None
    valkey: VectorStoreValkey | None = None
    qdrant: VectorStoreQdrant | None = None
    metadata_store: Annotated[
        Chosen[Literal["memory", "postgres"]], says("where it is kept which documents there are")
    ] = "memory"
    metadata_postgres: PostgresTable | None = None


class StoreSettings(Part):
    """Storage of the router. `semantic_cache` is the earlier name of `response_cache`."""

    response_cache: ResponseCache = Field(
        default=ResponseCache(), validation_alias=AliasChoices("response_cache", "semantic_cache")
    )
    memory: Memory = Memory()
    vector_store: VectorStore | None = None
