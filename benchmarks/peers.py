"""Servers that stand beside ours: nginx as the ceiling of a request, etcd as the measure of a watch."""

from __future__ import annotations

import contextlib
import shutil
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from benchmarks.processes import Running, free_ports, running, wait_for_port

INSTALL = {
    "nginx": "apt-get install nginx-light",
    "wrk": "apt-get install wrk",
    "h2load": "apt-get install nghttp2-client",
    "etcd": "apt-get install etcd-server",
}

NGINX = """\
daemon off; master_process off; worker_processes 1; pid {folder}/nginx.pid; error_log stderr crit;
events {{ worker_connections 4096; }}
http {{
  access_log off; keepalive_requests 1000000000; keepalive_timeout 600s;
  client_body_temp_path {folder}; proxy_temp_path {folder}; fastcgi_temp_path {folder};
  uwsgi_temp_path {folder}; scgi_temp_path {folder};
  server {{ listen 127.0.0.1:{http1} backlog=4096; location / {{ return 200 ""; }} }}
  server {{ listen 127.0.0.1:{http2} http2 backlog=4096; location / {{ return 200 ""; }} }}
}}
"""


@dataclass(frozen=True, slots=True)
class Nginx:
    """Answers every request with an empty 200."""

    server: Running
    http1_port: int
    http2_port: int


@dataclass(frozen=True, slots=True)
class Etcd:
    """One member, its data in a folder of its own."""

    server: Running
    port: int


def absence(*programs: str) -> list[str]:
    """A line for each program that is not installed, with the command that installs it."""
    return [f"{name}: {INSTALL[name]}" for name in programs if shutil.which(name) is None]


@contextlib.contextmanager
def nginx(folder: Path, core: int) -> Iterator[Nginx]:
    """One worker on that core."""
    http1, http2 = free_ports(2)
    config = folder / "nginx.conf"
    config.write_text(NGINX.format(folder=folder, http1=http1, http2=http2))
    command = ["nginx", "-c", str(config), "-p", str(folder)]
    with running(command, core=core, log=folder / "nginx.log") as server:
        wait_for_port(http2, server)
        yield Nginx(server, http1, http2)


@contextlib.contextmanager
def etcd(folder: Path, core: int) -> Iterator[Etcd]:
    """A single member with its defaults, on that core."""
    client, peer = free_ports(2)
    client_url, peer_url = f"http://127.0.0.1:{client}", f"http://127.0.0.1:{peer}"
    clients = ["--listen-client-urls", client_url, "--advertise-client-urls", client_url]
    peers = ["--listen-peer-urls", peer_url, "--initial-advertise-peer-urls", peer_url]
    member = ["--name", "benchmark", "--initial-cluster", f"benchmark={peer_url}", "--data-dir", str(folder / "etcd")]
    with running(["etcd", *member, *clients, *peers], core=core, log=folder / "etcd.log") as server:
        wait_for_port(client, server)
        yield Etcd(server, client)
