"""The sources of a query's columns: its SQL, resolved name by name.

Nothing is guessed: a name that no relation of the query has raises UnresolvedError.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, replace
from functools import cache
from typing import NamedTuple

import sqlglot
from sqlglot import Dialect, Generator, exp

ROWS = "*"
"""Stands for the rows of a relation where a column counts rows, whatever they hold."""

FORMULA_LENGTH = 1200
"""Longer formulas are cut: a normalised address is two pages of text."""


class UnresolvedError(ValueError):
    """A query has a name that cannot be followed."""


class Ref(NamedTuple):
    """A column of a table, view, seed or extract; `*` is its rows."""

    relation: str
    column: str


@dataclass(frozen=True)
class Value:
    """The sources of a column of a query.

    `taken` is a column that is passed on as it is, or rounded. `formulas` are the expressions that
    compute it, each with the CTE that holds it.
    """

    refs: frozenset[Ref] = frozenset()
    taken: frozenset[Ref] = frozenset()
    formulas: frozenset[tuple[str, str]] = frozenset()

    def __or__(self, other: Value) -> Value:
        return Value(
            self.refs | other.refs, self.taken | other.taken, self.formulas | other.formulas
        )


@dataclass(frozen=True)
class Relation:
    """The columns of a table, a CTE or a subquery, and what decides which rows it has."""

    columns: dict[str, Value]
    rows: frozenset[Ref] = frozenset()
    filters: frozenset[Ref] = frozenset()


@dataclass
class _Scope:
    """The relations that a select reads, by alias, with the scope around it."""

    relations: dict[str, Relation] = field(default_factory=dict)
    outer: _Scope | None = None
    aliases: dict[str, Value] = field(default_factory=dict)
    merged: set[str] = field(default_factory=set)

    def found(self, table: str, column: str) -> Value | None:
        """The value of a name, looked up here, then around; None if there is none."""
        here = self._here(table, column)
        if here is None and self.outer is not None:
            return self.outer.found(table, column)
        return here

    def _here(self, table: str, column: str) -> Value | None:
        if table and table in self.relations:
            return self.relations[table].columns.get(column)
        if table:  # `row.field`, where `row` is a column that holds a struct
            return self._here("", table)
        values = [one.columns[column] for one in self.relations.values() if column in one.columns]
        if values:
            return _all_of(values)
        return self.aliases.get(column)


def _all_of(values: list[Value]) -> Value:
    total = Value()
    for value in values:
        total = total | value
    return total


class Query:
    """Resolves the SQL of one model.

    `tables` are the relations that it may read, by schema and name; `parameters` are the names of a
    table function's parameters.
    """

    def __init__(self, tables: Mapping[str, Relation], parameters: frozenset[str]) -> None:
        self.tables = tables
        self.parameters = parameters
        self._place: list[str] = []
        self._writer = _writer()

    def resolved(self, sql: str) -> Relation:
        """The relation that the SQL makes.

        Raises UnresolvedError, or sqlglot's ParseError.
        """
        parsed = sqlglot.parse_one(sql, dialect="duckdb")
        if not isinstance(parsed, exp.Query):
            raise UnresolvedError(f"it is not a query but a {type(parsed).__name__}")
        return self._query(parsed, {}, None)

    # ------------------------------------------------------------------------------- queries

    def _query(self, query: exp.Expr, ctes: dict[str, Relation], outer: _Scope | None) -> Relation:
        known = dict(ctes)
        clause = query.args.get("with_") or query.args.get("with")
        is_recursive = clause is not None and bool(clause.args.get("recursive"))
        for cte in clause.expressions if clause is not None else []:
            self._place.append(cte.alias)
            if is_recursive and isinstance(cte.this, exp.SetOperation):
                # The first arm has no recursion and says which columns there are.
                known[cte.alias.lower()] = self._query(cte.this.left, known, outer)
            known[cte.alias.lower()] = _renamed(self._query(cte.this, known, outer), cte)
            self._place.pop()
        if isinstance(query, exp.SetOperation):
            return self._union(query, known, outer)
        if isinstance(query, exp.Subquery):
            return self._query(query.this, known, outer)
        if isinstance(query, exp.Select):
            return self._select(query, known, outer)
        raise UnresolvedError(f"a {type(query).__name__} cannot be followed")

    def _union(
        self, query: exp.SetOperation, ctes: dict[str, Relation], outer: _Scope | None
    ) -> Relation:
        left = _labelled(self._query(query.left, ctes, outer))
        right = _labelled(self._query(query.right, ctes, outer))
        if query.args.get("by_name"):
            names = [*left.columns, *(name for name in right.columns if name not in left.columns)]
            columns = {
                name: left.columns.get(name, Value()) | right.columns.get(name, Value())
                for name in names
            }
        else:
            if len(left.columns) != len(right.columns):
                raise UnresolvedError("the arms of a union have different numbers of columns")
            pairs = zip(left.columns.items(), right.columns.values(), strict=True)
            columns = {name: value | other for (name, value), other in pairs}
        return Relation(columns, left.rows | right.rows, frozenset())

    def _select(
        self, select: exp.Select, ctes: dict[str, Relation], outer: _Scope | None
    ) -> Relation:
        scope = _Scope(outer=outer)
        rows: frozenset[Ref] = frozenset()
        conditions = [select.args.get(name) for name in ("where", "having", "qualify", "group")]
        first = select.args.get("from_") or select.args.get("from")
        for item in [*([first] if first else []), *(select.args.get("joins") or [])]:
            alias, relation = self._source(item.this, ctes, scope)
            scope.relations[alias] = relation
            if item.args.get("kind") in ("SEMI", "ANTI"):  # it filters, and adds no column
                if item.args.get("on"):
                    rows |= self._refs(item.args["on"], scope, ctes)
                del scope.relations[alias]
                continue
            if isinstance(item, exp.Join) and item.args.get("on") and _is_seed(relation):
                # A value of a seed depends on the key of its row.
                scope.relations[alias] = _with(relation, self._refs(item.args["on"], scope, ctes))
            if item.args.get("side") != "LEFT":  # a left join takes no row away
                rows |= relation.rows
                conditions.append(item.args.get("on"))
            for column in item.args.get("using") or []:
                scope.merged.add(column.name.lower())
        columns: dict[str, Value] = {}
        counted: list[str] = []
        for position, item in enumerate(select.expressions):
            for name, value in self._item(item, position, scope, ctes):
                columns[name] = value
                scope.aliases.setdefault(name, value)
                if _counts_rows(item) or (item.find(exp.AggFunc) and _is_fixed(value)):
                    counted.append(name)
        filters: frozenset[Ref] = frozenset()
        for condition in conditions:
            if condition is not None:
                filters |= self._refs(condition, scope, ctes)
        for name in counted:
            value = columns[name]
            columns[name] = replace(value, refs=value.refs | rows | filters)
        return Relation(columns, rows | filters, filters)

    def _source(
        self, source: exp.Expr, ctes: dict[str, Relation], scope: _Scope
    ) -> tuple[str, Relation]:
        """A relation that a select reads, under its alias."""
        alias = source.alias_or_name.lower()
        if isinstance(source, exp.Subquery):
            return alias, _renamed(self._query(source.this, ctes, scope), source)
        if isinstance(source, exp.Values):
            width = len(source.expressions[0].expressions)
            names = [f"col{number}" for number in range(width)]
            constant = Value(formulas=frozenset({self._formula(source)}))
            return alias, _renamed(Relation(dict.fromkeys(names, constant)), source)
        if isinstance(source, exp.Lateral) and isinstance(source.this, exp.Subquery):
            return alias, _renamed(self._query(source.this, ctes, scope), source)
        if isinstance(source, exp.Unnest):
            value = Value(self._refs(source, scope, ctes))
            names = [*source.alias_column_names, "unnest", alias][:1]
            return alias, Relation({name.lower(): value for name in names})
        if not isinstance(source, exp.Table):
            raise UnresolvedError(f"a {type(source).__name__} is read and cannot be followed")
        name = source.name.lower()
        if isinstance(source.this, exp.Func):  # a table function, with its arguments
            return self._called(source.this, source)
        if not source.db and name in ctes:
            return alias, _renamed(ctes[name], source)
        table = self.tables.get(f"{source.db}.{name}".lower())
        if table is None:
            raise UnresolvedError(f"it reads {source.db}.{name}, which is not declared")
        return alias, _renamed(table, source)

    def _called(self, function: exp.Func, source: exp.Table) -> tuple[str, Relation]:
        """A table function that a select reads; `query_table` names its table as a text."""
        if isinstance(function, exp.GenerateSeries):
            alias = source.alias.lower() or "generate_series"
            numbers = Value(formulas=frozenset({self._formula(function)}))
            return alias, _renamed(Relation({alias: numbers}), source)
        name = str(function.name).lower()
        texts = [name] if name != "query_table" else []
        texts += [str(text.this) for text in function.find_all(exp.Literal) if text.is_string]
        for text in texts:
            # A text may name the database in front of schema and table.
            schema, _, table_name = text.replace('"', "").rpartition(".")
            schema = schema.rpartition(".")[2] or source.db
            table = self.tables.get(f"{schema}.{table_name}".lower())
            if table is not None:
                return source.alias.lower() or name, _renamed(table, source)
        raise UnresolvedError(f"it calls {name}, which is not declared")

    # --------------------------------------------------------------------------- expressions

    def _item(
        self, item: exp.Expr, position: int, scope: _Scope, ctes: dict[str, Relation]
    ) -> Iterator[tuple[str, Value]]:
        """The columns that one item of a select list makes: one, or those of a star."""
        starred = isinstance(item, exp.Star) or (
            isinstance(item, exp.Column) and isinstance(item.this, exp.Star)
        )
        if starred:
            table = item.table.lower() if isinstance(item, exp.Column) else ""
            if table and table not in scope.relations:
                raise UnresolvedError(f"{table}.* names no relation")
            relations = [scope.relations[table]] if table else [*scope.relations.values()]
            seen: set[str] = set()
            for relation in relations:
                for name, value in relation.columns.items():
                    if name not in seen:
                        yield name, value
                    if name in scope.merged:
                        seen.add(name)
            return
        name = (item.alias_or_name or f"column{position}").lower()
        expression = item.unalias()
        if isinstance(expression, exp.Column):
            yield name, self._column(expression, scope)
            return
        inner = _wrapped(expression)
        passed = self._column(inner, scope) if inner is not None else Value()
        formulas = passed.formulas | {self._formula(expression)}
        yield name, Value(self._refs(expression, scope, ctes), passed.taken, formulas)

    def _formula(self, expression: exp.Expr) -> tuple[str, str]:
        """The CTE and the text of an expression."""
        text = self._writer.generate(expression)
        if len(text) > FORMULA_LENGTH:
            text = text[:FORMULA_LENGTH].rstrip() + " …"
        return (self._place[0] if self._place else "", text)

    def _column(self, column: exp.Column, scope: _Scope) -> Value:
        table, name = column.table.lower(), column.name.lower()
        value = scope.found(table, name)
        if value is not None:
            return value
        if name in self.parameters and not table:
            return Value()
        raise UnresolvedError(f"{column.sql(dialect='duckdb')} names no column")

    def _refs(
        self, expression: exp.Expr, scope: _Scope, ctes: dict[str, Relation]
    ) -> frozenset[Ref]:
        """The columns that an expression reads, those of its subqueries among them."""
        refs: frozenset[Ref] = frozenset()
        waiting: list[tuple[exp.Expr, frozenset[str]]] = [(expression, frozenset())]
        while waiting:
            node, bound = waiting.pop()
            if isinstance(node, exp.Query):
                refs |= self._looked_up(node) or self._of_subquery(node, ctes, scope)
                continue
            if isinstance(node, exp.Lambda):
                bound = bound | {one.name.lower() for one in node.expressions}
                waiting.append((node.this, bound))
                continue
            if isinstance(node, exp.Column) and not isinstance(node.this, exp.Star):
                first = (node.table or node.name).lower()
                if first not in bound:
                    refs |= self._column(node, scope).refs
                continue
            waiting += [(child, bound) for child in node.iter_expressions()]
        return refs

    def _of_subquery(
        self, query: exp.Query, ctes: dict[str, Relation], scope: _Scope
    ) -> frozenset[Ref]:
        inner = self._query(query, ctes, scope)
        return inner.filters.union(*(value.refs for value in inner.columns.values()))

    def _looked_up(self, query: exp.Query) -> frozenset[Ref]:
        """One value of a seed, by the row that the query names: `value where rule = 'window'`."""
        while isinstance(query, exp.Subquery):
            query = query.this
        tables = [*query.find_all(exp.Table)]
        where = query.args.get("where")
        if len(tables) != 1 or where is None or len(query.expressions) != 1:
            return frozenset()
        table = self.tables.get(f"{tables[0].db}.{tables[0].name}".lower())
        if table is None or not _is_seed(table):
            return frozenset()
        named = []
        for condition in where.this.flatten() if isinstance(where.this, exp.And) else [where.this]:
            if not isinstance(condition, exp.EQ) or not isinstance(
                condition.expression, exp.Literal
            ):
                return frozenset()
            named.append(f"{condition.this.name} = '{condition.expression.name}'")
        relation = next(iter(table.rows)).relation
        column = query.expressions[0].alias_or_name
        return frozenset({Ref(relation, f"{column} where {' and '.join(named)}")})


@cache
def _writer() -> Generator:
    """Writes formulas; to make one takes longer than to write with it."""
    return Dialect.get_or_raise("duckdb").generator(pretty=True)


def _counts_rows(item: exp.Expr) -> bool:
    """Whether an item of a select list counts rows: `count(*)`, or a sum of constants."""
    return any(
        isinstance(one, exp.CountIf) or one.this is None or _is_constant(one.this)
        for one in item.find_all(exp.Count, exp.CountIf, exp.Sum)
    )


def _wrapped(expression: exp.Expr) -> exp.Column | None:
    """The column that an expression only rounds, casts or fills: its own formula matters more."""
    if isinstance(expression, exp.Column):
        return expression
    others = [one for one in expression.iter_expressions() if one is not expression.this]
    is_plain = all(isinstance(one, (exp.Literal, exp.DataType, exp.Boolean)) for one in others)
    if is_plain and isinstance(expression, (exp.Cast, exp.Round, exp.Coalesce, exp.Paren)):
        return _wrapped(expression.this)
    return None


def _is_fixed(value: Value) -> bool:
    """Whether a value is of seeds alone: a sum over such values counts rows."""
    return all(ref.relation.startswith("seed.") for ref in value.refs)


def _is_seed(relation: Relation) -> bool:
    """Whether a relation holds rows of seeds, and nothing else."""
    return bool(relation.rows) and all(
        _is_fixed(Value(one.refs | relation.rows)) for one in relation.columns.values()
    )


def _with(relation: Relation, refs: frozenset[Ref]) -> Relation:
    """A relation whose columns depend on further columns."""
    columns = {name: replace(one, refs=one.refs | refs) for name, one in relation.columns.items()}
    return replace(relation, columns=columns)


def _is_constant(value: exp.Expr) -> bool:
    """Whether an expression has the same values whatever the columns hold: `case … then 1 end`."""
    if isinstance(value, (exp.Star, exp.Literal, exp.Null)):
        return True
    if isinstance(value, exp.Case):
        results = [one.args["true"] for one in value.args["ifs"]]
        default = value.args.get("default")
        return all(_is_constant(one) for one in [*results, *([default] if default else [])])
    return isinstance(value, (exp.Cast, exp.Paren)) and _is_constant(value.this)


def _labelled(arm: Relation) -> Relation:
    """An arm of a union: a constant in it labels the rows that its filters let through."""
    columns = {
        name: value if value.refs else replace(value, refs=arm.filters)
        for name, value in arm.columns.items()
    }
    return replace(arm, columns=columns)


def _renamed(relation: Relation, source: exp.Expr) -> Relation:
    """A relation whose columns the alias names: `numbers(number)`."""
    names = [name.lower() for name in source.alias_column_names]
    if not names:
        return relation
    if len(names) != len(relation.columns):
        raise UnresolvedError(
            f"{source.alias} names {len(names)} columns of {len(relation.columns)}"
        )
    values = zip(names, relation.columns.values(), strict=True)
    return replace(relation, columns=dict(values))
