/** What the readers of one description share. */
import type { Diagnostics } from "./diagnostics/diagnostic.ts";
import type { Header, MediaType, Parameter, RequestBody, Response } from "./model.ts";
import type { Part } from "./references/part.ts";
import { placeKey } from "./references/part.ts";
import type { Resolver } from "./references/resolver.ts";
import type { SchemaWalker } from "./schemas/schema-walker.ts";
import type { Version } from "./structure/rules.ts";

export interface ReadOptions {
  /** What an operation without dispatch is. `off`: the compiler has a default for it. */
  readonly withoutDispatch: "error" | "warning" | "off";
}

export interface Reading {
  /** The whole document. */
  readonly root: Part;
  /** Of OpenAPI; what is like 3.1 for AsyncAPI. */
  readonly version: Version;
  readonly diagnostics: Diagnostics;
  readonly resolver: Resolver;
  readonly schemas: SchemaWalker;
  readonly options: ReadOptions;
  readonly shared: Shared;
}

/** Components that were read, by their places: many operations refer to one of them. */
export interface Shared {
  /** Components that are being read: how a header may lead back to itself, through the encoding of its content. */
  readonly open: Set<string>;
  readonly parameters: Map<string, Parameter | undefined>;
  readonly requestBodies: Map<string, RequestBody | undefined>;
  readonly responses: Map<string, Response | undefined>;
  readonly headers: Map<string, Header | undefined>;
  readonly mediaTypes: Map<string, MediaType | undefined>;
}

export const newShared = (): Shared => ({
  open: new Set(),
  parameters: new Map(),
  requestBodies: new Map(),
  responses: new Map(),
  headers: new Map(),
  mediaTypes: new Map(),
});

/** Components in one another through references. */
const OPEN_MAX = 64;

/** Reads a part once. @param suffix what else the result depends on */
export function once<Value>(
  known: Map<string, Value | undefined>,
  part: Part,
  suffix: string,
  { shared: { open }, diagnostics }: Pick<Reading, "shared" | "diagnostics">,
  read: () => Value | undefined,
): Value | undefined {
  const key = placeKey(part) + suffix;
  if (known.has(key)) return known.get(key);
  if (open.has(key) || open.size >= OPEN_MAX) {
    if (open.has(key)) diagnostics.report("E1007", part, "This leads back to itself.");
    else diagnostics.report("E1006", part, `More than ${OPEN_MAX} components are in one another here.`);
    return undefined;
  }
  open.add(key);
  const value = read();
  open.delete(key);
  known.set(key, value);
  return value;
}
