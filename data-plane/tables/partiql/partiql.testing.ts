/** Tables for the tests of this room. */
import type { AccountId, Region, ResourceId } from "#contracts";
import type { KeyAttribute, TableDefinition } from "#data-plane/tables/engine";
import type { AttributeValue } from "#data-plane/tables/values";
import { type BoundStatement, bindStatement } from "./bound-statement.ts";
import { planSelect, type SelectPlan } from "./plan-select.ts";
import { planWrite, type WritePlan } from "./plan-write.ts";

const text = (name: string): KeyAttribute => ({ name, type: "S" });

function definition(name: string, more: Partial<TableDefinition>): TableDefinition {
  return {
    revision: 1,
    tableId: name as ResourceId,
    accountId: "123456789012" as AccountId,
    region: "us-east-1" as Region,
    name,
    keys: { hash: [text("pk")], range: [] },
    localIndexes: [],
    globalIndexes: [],
    ...more,
  };
}

export const TABLES: Readonly<Record<string, TableDefinition>> = {
  H: definition("H", {}),
  T: definition("T", {
    keys: { hash: [text("pk")], range: [text("sk")] },
    localIndexes: [
      { name: "lsi", keys: { hash: [text("pk")], range: [text("l")] }, projection: { type: "KEYS_ONLY" } },
    ],
    globalIndexes: [
      {
        indexId: "1",
        name: "gsi",
        keys: { hash: [text("g")], range: [] },
        projection: { type: "INCLUDE", attributes: ["shown"] },
      },
      {
        indexId: "2",
        name: "multi",
        keys: { hash: [text("g"), text("h")], range: [text("sk")] },
        projection: { type: "ALL" },
      },
    ],
  }),
};

export type Plan = SelectPlan | WritePlan;

/** Everything from the text to the plan. */
export function planOf(source: string, ...parameters: readonly AttributeValue[]): Plan {
  return planBound(bindStatement(source, parameters));
}

function planBound(bound: BoundStatement): Plan {
  const { statement } = bound;
  if (statement.kind === "select") return planSelect(bound, statement, tableOf(statement.from.table));
  return planWrite(bound, statement, tableOf(tableNameOf(statement)));
}

function tableNameOf(statement: Exclude<BoundStatement["statement"], { readonly kind: "select" }>): string {
  switch (statement.kind) {
    case "insert":
      return statement.into.table;
    case "update":
      return statement.table.table;
    case "delete":
      return statement.from.table;
    case "exists":
      return statement.select.from.table;
  }
}

function tableOf(name: string): TableDefinition {
  const table = TABLES[name];
  if (table === undefined) throw new Error(`the tests have no table ${name}`);
  return table;
}
