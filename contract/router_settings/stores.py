"""What routers keep: answered requests, what they remember of people, and uploaded documents."""

from __future__ import annotations

from typing import Literal

from pydantic import AliasChoices, Field

from contract.fields import Items, Part, Text
from contract.router_settings.datastores import KeyValueVectors, MilvusVectors, PostgresTable, QdrantPlace
from contract.router_settings.values import Amount, Chosen, Credential, Line, Place, Port, Share, Url, Whole


class QdrantCache(QdrantPlace):
    connect_timeout: Whole | None = None
    collection_name: Line = ""


class ResponseCache(Part):
    """Answers given before, found again by the likeness of the question."""

    enabled: bool = True
    backend_type: Chosen[Literal["memory", "redis", "valkey", "milvus", "qdrant", "hybrid"]] = "memory"
    similarity_threshold: Share | None = None
    max_entries: Whole = 1000
    ttl_seconds: Whole = 3600
    eviction_policy: Chosen[Literal["fifo", "lru", "lfu"]] = "fifo"
    embedding_model: Line = ""
    redis: KeyValueVectors | None = None
    valkey: KeyValueVectors | None = None
    milvus: MilvusVectors | None = None
    qdrant: QdrantCache | None = None


class MemoryMilvus(Part):
    address: Place = ""
    collection: Line = "agentic_memory"
    dimension: Whole = 384
    num_partitions: Whole | None = None


class MemoryValkey(Part):
    host: Place = "localhost"
    port: Port = 6379
    database: Whole = 0
    password: Credential = ""
    timeout: Whole = 10
    collection_prefix: Line = "mem:"
    index_name: Line = "mem_idx"
    dimension: Whole = 384
    metric_type: Line = "COSINE"
    index_m: Whole = 16
    index_ef_construction: Whole = 256
    tls_enabled: bool = False
    tls_ca_path: Line = ""
    tls_insecure_skip_verify: bool = False


class MemoryQdrant(QdrantPlace):
    connect_timeout: Whole | None = None
    collection: Line = ""
    dimension: Whole | None = None


class MemoryRedisCache(Part):
    enabled: bool = False
    address: Place = "localhost:6379"
    ttl_seconds: Whole = 300
    db: Whole = 0
    key_prefix: Line = "memory_cache:"
    password: Credential = ""


class MemoryQuality(Part):
    initial_strength_days: Whole | None = None
    prune_threshold: Amount | None = None
    max_memories_per_user: Whole | None = None


class MemoryReflection(Part):
    enabled: bool = True
    algorithm: Line = ""
    max_inject_tokens: Whole | None = None
    recency_decay_days: Whole | None = None
    dedup_threshold: Share | None = None
    block_patterns: Items[Text] = ()


class Memory(Part):
    """What is remembered of a person from one conversation to the next."""

    enabled: bool = False
    backend: Chosen[Literal["milvus", "valkey", "qdrant"]] = "milvus"
    auto_store: bool = False
    disabled_routes: Items[Line] = ()
    disabled_models: Items[Line] = ()
    milvus: MemoryMilvus = MemoryMilvus()
    valkey: MemoryValkey | None = None
    qdrant: MemoryQdrant | None = None
    redis_cache: MemoryRedisCache | None = None
    embedding_model: Line = ""
    extraction_batch_size: Whole = 10
    default_retrieval_limit: Whole = 5
    default_similarity_threshold: Share = 0.70
    hybrid_search: bool = False
    hybrid_mode: Line = ""
    adaptive_threshold: bool = False
    quality_scoring: MemoryQuality = MemoryQuality()
    reflection: MemoryReflection = MemoryReflection()


class VectorStoreMemory(Part):
    max_entries_per_store: Whole | None = None


class LlamaStack(Part):
    """A Llama Stack server that stores and embeds by itself."""

    endpoint: Url = ""
    auth_token: Credential = ""
    embedding_model: Line = ""
    request_timeout_seconds: Whole | None = None
    search_type: Chosen[Literal["vector", "hybrid"]] = "vector"


class VectorStoreValkey(Part):
    host: Place = ""
    port: Port | None = None
    database: Whole = 0
    password: Credential = ""
    connect_timeout: Whole | None = None
    collection_prefix: Line = ""
    metric_type: Line = ""
    index_m: Whole | None = None
    index_ef_construction: Whole | None = None


class VectorStoreQdrant(QdrantPlace):
    connect_timeout: Whole | None = None
    collection_prefix: Line = ""


class VectorStore(Part):
    """Uploaded documents, cut up, embedded and searched. An absent number or list is the engine's own default."""

    enabled: bool = False
    backend_type: Chosen[Literal["memory", "milvus", "llama_stack", "valkey", "qdrant"] | None] = None
    file_storage_dir: Line = ""
    max_file_size_mb: Whole | None = None
    embedding_model: Line = ""
    embedding_dimension: Whole | None = None
    ingestion_workers: Whole | None = None
    ingestion_drain_timeout_seconds: Whole | None = None
    supported_formats: Items[Line] = ()
    milvus: MilvusVectors | None = None
    memory: VectorStoreMemory | None = None
    llama_stack: LlamaStack | None = None
    valkey: VectorStoreValkey | None = None
    qdrant: VectorStoreQdrant | None = None
    metadata_store: Chosen[Literal["memory", "postgres"]] = "memory"
    metadata_postgres: PostgresTable | None = None


class StoreSettings(Part):
    """Storage of the router. `semantic_cache` is the earlier name of `response_cache`."""

    response_cache: ResponseCache = Field(
        default=ResponseCache(), validation_alias=AliasChoices("response_cache", "semantic_cache")
    )
    memory: Memory = Memory()
    vector_store: VectorStore | None = None
