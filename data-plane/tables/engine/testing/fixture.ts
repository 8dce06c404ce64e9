/** The engine on a temporary directory, with a clock that tests move; and short forms for what tests do all the time. */

import { existsSync, mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { AccountId, Region, ResourceId } from "#contracts";
import { Bindings, compileCondition, compileUpdate } from "#data-plane/tables/expressions";
import type { AttributeValue, Item, ScalarKeyType } from "#data-plane/tables/values";
import { createVirtualTime, type VirtualTime } from "#foundation/runtime";
import type { EmbeddedTableEngine } from "../embedded-engine.ts";
import { openTableEngine, type TableEngineOptions } from "../open-table-engine.ts";
import type { KeyAttribute, Page, PageRequest, QueryRequest, ScanRequest, TableDefinition } from "../port.ts";

export interface TableFixture {
  /** The engine as it is now: another one after `reopen`. */
  readonly engine: EmbeddedTableEngine;
  readonly directory: string;
  readonly time: VirtualTime;
  /** Closes and opens again on the same directory. */
  reopen(): Promise<void>;
  close(): Promise<void>;
}

export async function openTableFixture(
  hosting: TableEngineOptions["hosting"],
  options: Partial<TableEngineOptions> = {},
): Promise<TableFixture> {
  const directory = scratchDirectory("biplane-tables-");
  const time = createVirtualTime(Date.UTC(2030, 0, 1));
  const open = () => openTableEngine({ directory, clock: time.clock, timers: time.timers, hosting, ...options });
  let engine = await open();
  return {
    directory,
    time,
    get engine() {
      return engine;
    },
    async reopen() {
      await engine.close();
      engine = await open();
    },
    async close() {
      await engine.close();
      rmSync(directory, { recursive: true, force: true });
    },
  };
}

const IN_MEMORY = "/dev/shm";

/** A fresh directory, in memory where the system offers that: an fsync proves nothing while the machine stays up. Whoever asks removes it. */
export function scratchDirectory(prefix: string): string {
  return mkdtempSync(join(existsSync(IN_MEMORY) ? IN_MEMORY : tmpdir(), prefix));
}

let tables = 0;

/** A table that no other test uses: `pk` (S) and no range key, unless changed. */
export function definition(changes: Partial<TableDefinition> = {}): TableDefinition {
  tables++;
  return {
    tableId: `table-${tables}` as ResourceId,
    revision: 1,
    accountId: "111122223333" as AccountId,
    region: "us-east-1" as Region,
    name: `Table${tables}`,
    keys: keys("pk:S"),
    localIndexes: [],
    globalIndexes: [],
    ...changes,
  };
}

/** Keys from `hash:S range:N`; with several of either, `a:S+b:N range:S`. */
export function keys(text: string): TableDefinition["keys"] {
  const [hash = "", range = ""] = text.split(" ");
  return { hash: attributes(hash), range: attributes(range) };
}

function attributes(text: string): KeyAttribute[] {
  if (text === "") return [];
  return text.split("+").map((one) => {
    const [name = "", type = "S"] = one.split(":");
    return { name, type: type as ScalarKeyType };
  });
}

/** An item from plain JavaScript: strings, numbers, booleans, null, bytes, arrays, objects. */
export function item(values: Readonly<Record<string, unknown>>): Item {
  return Object.fromEntries(Object.entries(values).map(([name, value]) => [name, attribute(value)]));
}

export function attribute(value: unknown): AttributeValue {
  if (typeof value === "string") return { S: value };
  if (typeof value === "number") return { N: String(value) };
  if (typeof value === "boolean") return { BOOL: value };
  if (value === null) return { NULL: true };
  if (value instanceof Uint8Array) return { B: Buffer.from(value).toString("base64") };
  if (Array.isArray(value)) return { L: value.map(attribute) };
  return { M: item(value as Readonly<Record<string, unknown>>) };
}

export function condition(text: string, values?: Readonly<Record<string, unknown>>) {
  return compileCondition(text, bindings(values), "ConditionExpression");
}

export function update(text: string, values?: Readonly<Record<string, unknown>>) {
  return compileUpdate(text, bindings(values));
}

/** Names begin with `#` and are given as text; values begin with `:`. */
function bindings(given: Readonly<Record<string, unknown>> = {}): Bindings {
  const names = Object.entries(given).filter(([name]) => name.startsWith("#"));
  const values = Object.entries(given).filter(([name]) => name.startsWith(":"));
  return new Bindings(
    names.length === 0 ? undefined : Object.fromEntries(names),
    values.length === 0 ? undefined : Object.fromEntries(values.map(([name, value]) => [name, attribute(value)])),
  );
}

/** The code that a promise is refused with; `(fulfilled)` when it is not. */
export async function refusal(attempt: () => unknown): Promise<string> {
  try {
    await attempt();
    return "(fulfilled)";
  } catch (error) {
    return error instanceof Error && "code" in error ? String(error.code) : String(error);
  }
}

/** All pages of a query or a scan. */
export async function allPages<Request extends PageRequest>(
  read: (request: Request) => Promise<Page>,
  request: Request,
): Promise<Page[]> {
  const pages: Page[] = [];
  for (let start = request.start; ; ) {
    const page = await read({ ...request, start });
    pages.push(page);
    if (page.lastKey === undefined) return pages;
    start = page.lastKey;
  }
}

export async function queryAll(engine: EmbeddedTableEngine, request: QueryRequest): Promise<Item[]> {
  return itemsOf(await allPages(engine.query, request));
}

export async function scanAll(engine: EmbeddedTableEngine, request: ScanRequest): Promise<Item[]> {
  return itemsOf(await allPages(engine.scan, request));
}

export function itemsOf(pages: readonly Page[]): Item[] {
  return pages.flatMap((page) => page.items.map(({ text }) => JSON.parse(text) as Item));
}
