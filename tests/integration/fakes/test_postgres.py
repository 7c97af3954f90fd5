"""The PostgreSQL that tests get is real, isolated per test and gone afterwards."""

from __future__ import annotations

import os

import psycopg
import pytest
import sqlalchemy as sa
from sqlalchemy.ext.asyncio import create_async_engine

from tests.fakes.postgres import PostgresServer, running_postgres


async def test_the_url_opens_an_empty_database_of_a_current_server(postgres_url: str) -> None:
    engine = create_async_engine(postgres_url)

    async with engine.connect() as connection:
        version = (await connection.execute(sa.text("SHOW server_version_num"))).scalar_one()
        tables = (
            await connection.execute(sa.text("SELECT count(*) FROM pg_tables WHERE schemaname = 'public'"))
        ).scalar_one()
    await engine.dispose()

    assert int(version) >= 180000
    assert tables == 0


def test_a_database_made_from_a_template_starts_with_its_tables(postgres_server: PostgresServer) -> None:
    template = postgres_server.create_database()
    with psycopg.connect(host=str(postgres_server.folder), user="postgres", dbname=template) as connection:
        connection.execute("CREATE TABLE seen (id int)")

    copy = postgres_server.create_database(template=template)

    with psycopg.connect(host=str(postgres_server.folder), user="postgres", dbname=copy) as connection:
        assert connection.execute("SELECT count(*) FROM seen").fetchone() == (0,)


def test_a_dropped_database_is_gone_even_while_somebody_is_connected(postgres_server: PostgresServer) -> None:
    name = postgres_server.create_database()
    connection = psycopg.connect(host=str(postgres_server.folder), user="postgres", dbname=name)

    postgres_server.drop_database(name)

    with pytest.raises(psycopg.OperationalError):
        connection.execute("SELECT 1")
    connection.close()


def test_a_stopped_server_leaves_neither_process_nor_folder() -> None:
    with running_postgres() as server:
        pid = int((server.folder / "data" / "postmaster.pid").read_text().split()[0])

    assert not server.folder.exists()
    with pytest.raises(ProcessLookupError):
        os.kill(pid, 0)


def test_a_server_started_again_has_its_data() -> None:
    with running_postgres() as server:
        name = server.create_database()
        server.stop()
        with pytest.raises(psycopg.OperationalError):
            psycopg.connect(host=str(server.folder), user="postgres", dbname=name)

        server.start()

        psycopg.connect(host=str(server.folder), user="postgres", dbname=name).close()
