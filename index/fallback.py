"""Passages found by PostgreSQL itself while Milvus is away; needs the extension pgvector.

The index is on an expression of the stored vectors, so that PostgreSQL keeps it current in the
transaction of each change, and no table is added. It is made by ``geungeo init``, as the owner of
the tables, and is partial: another embedder may store vectors of another dimension.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from geungeo.index.articles import conditions
from geungeo.index.database import Connection, Database, Row
from geungeo.index.postgres import PostgresDatabase
from geungeo.rag.errors import SettingsError, StoreUnavailable
from geungeo.rag.protocols import Filters, FloatArray

# With iterative scans, so that filters leave enough.
_OLDEST = (0, 8)
_EF_SEARCH = 200
_PREPARE = "run as the owner of the tables: geungeo init"

# IEEE 754 single precision, little-endian; denormal numbers are zero.
_FUNCTION = """
CREATE OR REPLACE FUNCTION geungeo_halfvec(data bytea) RETURNS {schema}.halfvec
LANGUAGE sql IMMUTABLE STRICT PARALLEL SAFE COST 10000 AS $$
SELECT CAST(ARRAY(
    SELECT CAST(
        CASE WHEN exponent = 0 THEN 0
        ELSE sign * (8388608 + fraction) * power(CAST(2 AS double precision), exponent - 150)
        END AS real)
    FROM (
        SELECT number,
            CASE WHEN get_byte(data, 4 * number + 3) >= 128 THEN -1 ELSE 1 END AS sign,
            (get_byte(data, 4 * number + 3) & 127) * 2 + (get_byte(data, 4 * number + 2) >> 7)
                AS exponent,
            (get_byte(data, 4 * number + 2) & 127) * 65536
                + get_byte(data, 4 * number + 1) * 256 + get_byte(data, 4 * number) AS fraction
        FROM generate_series(0, octet_length(data) / 4 - 1) AS number
    ) AS parts
    ORDER BY number
) AS {schema}.halfvec)
$$
"""
_STATE = """
SELECT (SELECT indisvalid FROM pg_index WHERE indexrelid = to_regclass(?)) AS valid,
    (SELECT extversion FROM pg_extension WHERE extname = 'vector') AS version,
    (SELECT nspname FROM pg_extension JOIN pg_namespace n ON n.oid = extnamespace
        WHERE extname = 'vector') AS schema
"""


class Fallback:
    """An index of the vectors in PostgreSQL."""

    def __init__(self, database: Database, dimension: int) -> None:
        """Use the index if it exists.

        Raises:
            SettingsError: the store is not in PostgreSQL.
        """
        if not isinstance(database, PostgresDatabase):
            raise SettingsError(
                "setting 'engine_fallback' needs a store in PostgreSQL (docs/scale.md)"
            )
        self._database = database
        self._dimension = dimension
        self._index = f"passages_near_{dimension}"

    def prepare(self) -> None:
        """Make the extension and the index; this server and others change articles meanwhile.

        Raises:
            StoreUnavailable: PostgreSQL has no pgvector, or the role may not make it.
        """
        with self._database.building() as connection:
            row = connection.execute(
                "SELECT 1 FROM pg_available_extensions WHERE name = 'vector'"
            ).fetchone()
            if row is None:
                raise StoreUnavailable(
                    "PostgreSQL has no extension pgvector: install it there, or set "
                    "engine_fallback to false"
                )
            connection.execute("CREATE EXTENSION IF NOT EXISTS vector SCHEMA public")
            valid, schema = self._state(connection)
            if valid:
                return
            connection.execute(_FUNCTION.format(schema=schema))
            # One that was interrupted is left over, and is never used.
            connection.execute(f"DROP INDEX IF EXISTS {self._index}")
            connection.execute(
                f"CREATE INDEX CONCURRENTLY {self._index} ON passages"
                f" USING hnsw (({self._expression('vector', schema)}) {schema}.halfvec_ip_ops)"
                f" WHERE octet_length(vector) = {4 * self._dimension}"
            )

    def nearest(self, vector: FloatArray, k: int, filters: Filters) -> list[int]:
        """Return the keys of the ``k`` passages nearest to ``vector`` ``(dim,)``, roughly.

        Raises:
            StoreUnavailable: the index was not made, or PostgreSQL cannot be used.
        """
        condition, values = conditions(filters)
        numbers = f"[{','.join(f'{value:.6g}' for value in vector.tolist())}]"
        with self._database.snapshot() as connection:
            valid, schema = self._state(connection)
            if not valid:
                raise StoreUnavailable(f"PostgreSQL has no index of the vectors; {_PREPARE}")
            asked: list[Any] = [*values, numbers, k]
            rows: Sequence[Row] = []
            if filters.article_ids is None:
                self._plan(connection)
                rows = connection.execute(self._search(schema, condition), asked).fetchall()
            if filters and len(rows) < k:
                # Few pass the filters, or the scan of the index ended before it met enough of them
                # (hnsw.max_scan_tuples). So all that pass are compared.
                connection.execute("SELECT set_config('enable_sort', 'on', true)")
                rows = connection.execute(self._comparison(schema, condition), asked).fetchall()
        return [int(row[0]) for row in rows]

    def _plan(self, connection: Connection) -> None:
        """Set how the rest of the transaction searches.

        PostgreSQL cannot know how many passages have vectors of the dimension. It takes them for
        few, and would compute the distances of all and sort them: a hundred times slower.
        """
        for name, value in (
            ("hnsw.ef_search", f"{_EF_SEARCH}"),
            ("hnsw.iterative_scan", "strict_order"),
            ("enable_sort", "off"),
        ):
            connection.execute("SELECT set_config(?, ?, true)", (name, value))

    def _search(self, schema: str, condition: str) -> str:
        return (
            f"SELECT p.key {self._selected(condition)}"
            f" ORDER BY {self._distance('p.vector', schema)} LIMIT ?"
        )

    def _comparison(self, schema: str, condition: str) -> str:
        """Return the same search without the index."""
        return (
            "WITH selected AS MATERIALIZED"  # noqa: S608
            f" (SELECT p.key, p.vector {self._selected(condition)})"
            f" SELECT key FROM selected ORDER BY {self._distance('vector', schema)} LIMIT ?"
        )

    # Names and fixed fragments are joined; all values are bound.

    def _selected(self, condition: str) -> str:
        return (
            "FROM passages p JOIN articles a ON a.id = p.article_id AND a.version = p.version"
            f" WHERE octet_length(p.vector) = {4 * self._dimension} AND {condition}"
        )

    def _distance(self, column: str, schema: str) -> str:
        return (
            f"{self._expression(column, schema)} OPERATOR({schema}.<#>) CAST(? AS {schema}.halfvec)"
        )

    def _expression(self, column: str, schema: str) -> str:
        return f"CAST(geungeo_halfvec({column}) AS {schema}.halfvec({self._dimension}))"

    def _state(self, connection: Connection) -> tuple[bool, str]:
        """Return whether the index can be used, and the quoted schema of the extension."""
        row = connection.execute(_STATE, (self._index,)).fetchone()
        if row["version"] is not None and _numbers(row["version"]) < _OLDEST:
            raise StoreUnavailable(
                f"PostgreSQL has pgvector {row['version']}, but {_OLDEST[0]}.{_OLDEST[1]} or newer "
                "is needed; run: ALTER EXTENSION vector UPDATE"
            )
        name = str(row["schema"] or "public").replace('"', '""')
        return bool(row["valid"]), f'"{name}"'


def _numbers(version: str) -> tuple[int, ...]:
    return tuple(int(part) for part in version.split(".")[:2])
