"""Functions that the two databases name differently."""

from typing import Any

from sqlalchemy import Integer, Text
from sqlalchemy.ext.compiler import compiles
from sqlalchemy.sql.functions import GenericFunction


class place_of(GenericFunction[int]):  # noqa: N801 - it reads as SQL's functions do
    """`place_of(text, part)`: where `part` first stands in `text`, from 1; 0 for nowhere. As the letters are."""

    type = Integer()
    inherit_cache = True


@compiles(place_of, "sqlite")
def _in_sqlite(element: place_of, compiler: Any, **options: Any) -> str:
    return f"instr({compiler.process(element.clauses, **options)})"


@compiles(place_of, "postgresql")
def _in_postgresql(element: place_of, compiler: Any, **options: Any) -> str:
    return f"strpos({compiler.process(element.clauses, **options)})"


class unindexed(GenericFunction[str]):  # noqa: N801
    """`unindexed(column)`: the column as it is, for which SQLite takes no index; PostgreSQL knows by itself."""

    type = Text()
    inherit_cache = True


@compiles(unindexed, "sqlite")
def _unindexed_in_sqlite(element: unindexed, compiler: Any, **options: Any) -> str:
    return f"+{compiler.process(element.clauses, **options)}"


@compiles(unindexed, "postgresql")
def _unindexed_in_postgresql(element: unindexed, compiler: Any, **options: Any) -> str:
    return str(compiler.process(element.clauses, **options))
