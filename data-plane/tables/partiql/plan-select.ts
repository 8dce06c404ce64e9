/** How a SELECT is carried out. */
import type { GlobalIndexDefinition, IndexDefinition, TableDefinition } from "#data-plane/tables/engine";
import type { Condition, Path as DocumentPath } from "#data-plane/tables/expressions";
import { compareBytes, encodeKey, TableValidation } from "#data-plane/tables/values";
import { type BoundStatement, refusal } from "./bound-statement.ts";
import { ALWAYS, conditionOf, isAlways } from "./condition-nodes.ts";
import { lowerCondition } from "./conditions.ts";
import { javaSetOrder } from "./java-set-order.ts";
import type { ReadKey } from "./key-predicates.ts";
import { rangeOf } from "./key-ranges.ts";
import { type KeyedRead, keyedReads } from "./keyed-reads.ts";
import { columnName, pathOf } from "./paths.ts";
import type { OrderTerm, Select } from "./syntax.ts";

/** One attribute of the answer. */
export interface Column {
  readonly path: DocumentPath;
  readonly name: string;
}

export interface SelectPlan {
  readonly index?: string;
  /** Reads whole items, though the (local) index does not hold them. */
  readonly wholeItems: boolean;
  /** Queries, one after the other; undefined for a scan. May be empty: then nothing can match. */
  readonly queries: readonly PlannedQuery[] | undefined;
  /** What a scan keeps. */
  readonly filter?: Condition;
  /** In descending order of the sort key. */
  readonly backward: boolean;
  /** All attributes when undefined. */
  readonly columns?: readonly Column[];
}

export interface PlannedQuery {
  readonly hash: KeyedRead["hash"];
  readonly range?: KeyedRead["range"];
  readonly filter?: Condition;
}

/** @throws TableValidation in DynamoDB's words */
export function planSelect(bound: BoundStatement, select: Select, table: TableDefinition): SelectPlan {
  const where = select.where === undefined ? ALWAYS : lowerCondition(bound, select.where);
  const index = select.from.index === undefined ? undefined : findIndex(table, select.from.index);
  const key = readKey(table, index);
  const columns = columnsOf(bound, select);
  const isLocal = index !== undefined && table.localIndexes.includes(index);
  const visible = index === undefined ? undefined : projectedAttributes(table, index);
  const hidden =
    visible === undefined
      ? []
      : hiddenAttributes(
          (columns ?? []).map(({ path }) => path[0]),
          visible,
        );
  if (hidden.length > 0 && !isLocal) {
    throw new TableValidation(
      `One or more parameter values were invalid: Global secondary index ${index!.name} does not project [${hidden.join(", ")}]`,
    );
  }
  const wholeItems = hidden.length > 0;
  const reads = keyedReads(where, key);
  const ordered = select.orderBy.length === 0 ? reads : inOrder(select, reads, key);
  const queries = ordered?.map(queryOf);
  if (index !== undefined && visible !== undefined && !wholeItems) assertFiltersVisible(index, queries ?? [], visible);
  return {
    ...(index === undefined ? {} : { index: index.name }),
    wholeItems,
    queries,
    ...(queries !== undefined || isAlways(where) ? {} : { filter: conditionOf(where) }),
    backward: isBackward(select.orderBy, key),
    ...(columns === undefined ? {} : { columns }),
  };
}

function queryOf({ hash, range, filter }: KeyedRead): PlannedQuery {
  return {
    hash,
    ...(range === undefined ? {} : { range }),
    ...(isAlways(filter) ? {} : { filter: conditionOf(filter) }),
  };
}

function findIndex(table: TableDefinition, name: string): IndexDefinition | GlobalIndexDefinition {
  const index = [...table.localIndexes, ...table.globalIndexes].find((one) => one.name === name);
  if (index === undefined) throw new TableValidation(`The table does not have the specified index: ${name}`);
  const { hash, range } = index.keys;
  if (hash.length > 1 || range.length > 1) {
    throw new TableValidation(
      "PartiQL statements cannot be executed on tables with multi-attribute HASH keys or multi-attribute RANGE keys.",
    );
  }
  return index;
}

/** The key that a statement about a table, or about one of its indexes, can name. */
export function readKey(table: TableDefinition, index?: IndexDefinition): ReadKey {
  const { hash, range } = (index ?? table).keys;
  return { hash: hash[0]!, ...(range[0] === undefined ? {} : { range: range[0] }) };
}

function columnsOf(bound: BoundStatement, { projection }: Select): readonly Column[] | undefined {
  if (projection === "*") return undefined;
  const names = new Set<string>();
  return projection.map((expression) => {
    if (expression.kind !== "path") throw refusal(bound, "Unexpected path component", expression.span);
    const name = columnName(expression);
    if (names.has(name)) throw new TableValidation(`Duplicate identifiers in select clause: ${name}`);
    names.add(name);
    return { path: pathOf(expression), name };
  });
}

/** Undefined when the index shows everything. */
function projectedAttributes(table: TableDefinition, { keys, projection }: IndexDefinition): Set<string> | undefined {
  if (projection.type === "ALL") return undefined;
  const shown = new Set([table.keys, keys].flatMap(({ hash, range }) => [...hash, ...range].map(({ name }) => name)));
  if (projection.type === "INCLUDE") for (const name of projection.attributes) shown.add(name);
  return shown;
}

function hiddenAttributes(names: readonly string[], visible: ReadonlySet<string>): readonly string[] {
  return [...new Set(names)].filter((name) => !visible.has(name));
}

/** A query filters on what the index shows; a scan takes what is not shown for missing. */
function assertFiltersVisible(
  index: IndexDefinition,
  queries: readonly PlannedQuery[],
  visible: ReadonlySet<string>,
): void {
  for (const { filter } of queries) {
    const hidden = hiddenAttributes(filter?.attributes ?? [], visible);
    if (hidden.length === 0) continue;
    throw new TableValidation(
      `One or more parameter values were invalid: Secondary index ${index.name} does not project one or more filter attributes: ` +
        `[${javaSetOrder(hidden).join(", ")}]`,
    );
  }
}

function isBackward(orderBy: readonly OrderTerm[], { range }: ReadKey): boolean {
  if (orderBy.length === 0) return false;
  // Ordered by the partition key alone, the sort key comes in descending order.
  return orderBy.find(({ path }) => path.root === range?.name)?.descending ?? true;
}

/** Checks ORDER BY, and puts the queries in its order. */
function inOrder(select: Select, reads: readonly KeyedRead[] | undefined, key: ReadKey): readonly KeyedRead[] {
  if (select.where === undefined) {
    throw new TableValidation("Must have WHERE clause in the statement when using ORDER BY clause.");
  }
  const names = [key.hash.name, ...(key.range === undefined ? [] : [key.range.name])];
  for (const { path } of select.orderBy) {
    if (path.steps.length === 0 && names.includes(path.root)) continue;
    throw new TableValidation(`Attribute ${columnName(path)} in ORDER BY clause must be part of the primary key`);
  }
  if (reads === undefined) {
    throw new TableValidation(
      "Must have at least one non-optional hash key condition in WHERE clause when using ORDER BY clause.",
    );
  }
  const hashBytes = (read: KeyedRead) => encodeKey(key.hash.type, read.hash);
  const hashTerm = select.orderBy.find(({ path }) => path.root === key.hash.name);
  const several = reads.some((read) => compareBytes(hashBytes(read), hashBytes(reads[0]!)) !== 0);
  if (several && hashTerm === undefined) {
    throw new TableValidation(
      "Must have hash key in ORDER BY clause when more than one hash key condition specified in WHERE clause.",
    );
  }
  const hashDirection = hashTerm?.descending === true ? -1 : 1;
  const rangeDirection = isBackward(select.orderBy, key) ? -1 : 1;
  return reads.toSorted(
    (a, b) =>
      compareBytes(hashBytes(a), hashBytes(b)) * hashDirection ||
      compareBytes(rangeStart(a, key), rangeStart(b, key)) * rangeDirection,
  );
}

const NO_BYTES = new Uint8Array(0);

/** Ranges of one partition key do not overlap: where they begin is their order. */
function rangeStart({ range }: KeyedRead, key: ReadKey): Uint8Array {
  if (range === undefined || key.range === undefined) return NO_BYTES;
  return rangeOf(key.range.type, range).low?.bytes ?? NO_BYTES;
}
