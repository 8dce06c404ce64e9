/** The table of the crash tests: every kind of derived data, and an index that comes and goes from life to life. */
import type { AccountId, Region, ResourceId } from "#contracts";
import type { Item } from "#data-plane/tables/values";
import type { GlobalIndexDefinition, TableDefinition } from "../port.ts";
import { keys } from "../testing/fixture.ts";

export const STREAM_LABEL = "2030-01-01T00:00:00.000";

export function crashTable(life: number): TableDefinition {
  const index = (name: string, indexId: string, on: string): GlobalIndexDefinition => ({
    name,
    indexId,
    keys: keys(on),
    projection: { type: "INCLUDE", attributes: ["padding"] },
  });
  const comesAndGoes = life % 2 === 0 ? [index("second", `second-${life}`, "value:S")] : [];
  return {
    tableId: "crash" as ResourceId,
    revision: life,
    accountId: "111122223333" as AccountId,
    region: "us-east-1" as Region,
    name: "Crash",
    keys: keys("pk:S sk:S"),
    localIndexes: [{ name: "local", keys: keys("pk:S value:S"), projection: { type: "ALL" } }],
    globalIndexes: [index("first", "first", "group:S value:S"), ...comesAndGoes],
    stream: { label: STREAM_LABEL, viewType: "NEW_AND_OLD_IMAGES" },
    timeToLive: { attribute: "ttl" },
  };
}

/** Few hash keys, so that item collections are shared. */
export function keyOf(key: string): Item {
  return { pk: { S: `p${key.length % 3}` }, sk: { S: key } };
}

export function itemOf(key: string, value: string): Item {
  const padding = "x".repeat((value.length * 97) % 700);
  const late = { N: "4000000000" };
  return { ...keyOf(key), value: { S: value }, group: { S: `g${value.length}` }, padding: { S: padding }, ttl: late };
}
