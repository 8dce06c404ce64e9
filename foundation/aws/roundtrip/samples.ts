/** Test support: values for every shape of a model, from a seed. */

import type { Member, OperationModel, Shape, StructureShape } from "../model/shapes.ts";

export interface SampleOptions {
  /** Members to leave out, by structure and name. */
  readonly skip?: (structure: StructureShape, member: Member) => boolean;
  /** Strings that must have a certain form. */
  readonly text?: (member: Member) => string | undefined;
  /** Deeper structures get only their required members; recursion ends here. */
  readonly maxDepth: number;
  /** Only required members. */
  readonly minimal: boolean;
  readonly seed: number;
  /** Whose view it is: bytes that a server keeps as base64 text are bytes for clients. */
  readonly side: "client" | "server";
}

/** A value of an operation's input or output. */
export function sampleStructure(shape: StructureShape, options: SampleOptions): Record<string, unknown> {
  return structure(shape, options, 0);
}

function structure(shape: StructureShape, options: SampleOptions, depth: number): Record<string, unknown> {
  const value: Record<string, unknown> = {};
  const members = shape.members.filter((member) => options.skip?.(shape, member) !== true);
  const chosen = shape.kind === "union" ? pickOne(members, options, depth) : members;
  for (const member of chosen) {
    const optional = !member.required && !alwaysThere(member);
    if (shape.kind !== "union" && optional && (options.minimal || depth > options.maxDepth)) continue;
    const item = sample(member, options, depth + 1);
    if (item !== undefined) value[member.name] = item;
  }
  return value;
}

/** A payload is the whole body, which clients want; status and content type are part of every answer, whether the output says them or not. */
function alwaysThere({ location }: Member): boolean {
  return (
    location.in === "payload" ||
    location.in === "statusCode" ||
    (location.in === "header" && location.lowerName === "content-type")
  );
}

/** One member of a union; a simple one where it gets deep. */
function pickOne(members: readonly Member[], options: SampleOptions, depth: number): readonly Member[] {
  const simple = members.filter(({ shape }) => !isAggregate(shape));
  const from = depth > options.maxDepth && simple.length > 0 ? simple : members;
  const member = from[(options.seed + depth) % from.length];
  return member === undefined ? [] : [member];
}

function sample(member: Member, options: SampleOptions, depth: number): unknown {
  const { shape } = member;
  if (depth > options.maxDepth + 6) return undefined;
  switch (shape.kind) {
    case "structure":
    case "union":
      return shape.eventStream ? undefined : structure(shape, options, depth);
    case "list": {
      const item = sample({ ...shape.element, name: member.name, location: member.location }, options, depth + 1);
      if (item === undefined) return undefined;
      const second = sample(
        { ...shape.element, name: member.name, location: member.location },
        { ...options, seed: options.seed + 1 },
        depth + 1,
      );
      return second === undefined ? [item] : [item, second];
    }
    case "map": {
      const item = sample({ ...shape.value, name: member.name, location: member.location }, options, depth + 1);
      if (item === undefined) return undefined;
      return member.location.in === "prefixHeaders" ? { "key-one": item } : { "key one": item, __proto2__: item };
    }
    default:
      return simpleValue(member, shape, options);
  }
}

function simpleValue(member: Member, shape: Shape, options: SampleOptions): unknown {
  const { seed } = options;
  switch (shape.kind) {
    case "string":
      return options.text?.(member) ?? text(member, seed);
    case "boolean":
      return seed % 2 === 0;
    case "number":
    case "integer":
      return member.location.in === "statusCode" ? 202 : 7 + seed;
    case "float":
      return 2.5 + seed;
    case "timestamp":
      return new Date(1_700_000_000_000 + seed * 1000);
    case "blob":
      return new TextEncoder().encode(`bytes ${seed} \u0000\u00ff`);
    case "base64": {
      const bytes = Buffer.from(`bytes ${seed} \u0000\u00ff`);
      return options.side === "client" ? new Uint8Array(bytes) : bytes.toString("base64");
    }
    case "document":
      return { any: ["thing", seed, null, true] };
    case "bigInteger":
      return 123456789012345678901234567890n;
    case "bigDecimal":
      return "1.10";
    default:
      return undefined;
  }
}

/** Text with what each place finds hard to carry. */
function text(member: Member, seed: number): string {
  switch (member.location.in) {
    case "header":
    case "prefixHeaders":
      return `value, "${seed}"; x=y`;
    case "label":
      return `läbel ${seed}/../%2F+&?#`;
    case "query":
      return `quéry ${seed}+&=%/?#`;
    default:
      // A tab in an attribute becomes a space on its way through the SDK's writer.
      return `${member.name} <&>"' \u00e9\u{1f600}${member.xmlAttribute === true ? "" : "\t"}${seed}`;
  }
}

function isAggregate(shape: Shape): boolean {
  return shape.kind === "structure" || shape.kind === "union" || shape.kind === "list" || shape.kind === "map";
}

/** Puts values into a form that can be compared: no prototypes, no undefined, bytes and dates as text. */
export function comparable(value: unknown): unknown {
  if (value instanceof Date) return `date ${value.toISOString()}`;
  if (value instanceof Uint8Array) return `bytes ${Buffer.from(value).toString("hex")}`;
  if (typeof value === "bigint") return `bigint ${value}`;
  if (Array.isArray(value)) return value.map(comparable);
  if (typeof value !== "object" || value === null) return value;
  const entries = Object.entries(value).filter(([key, item]) => item !== undefined && key !== "$metadata");
  return Object.fromEntries(entries.sort(([a], [b]) => (a < b ? -1 : 1)).map(([key, item]) => [key, comparable(item)]));
}

/**
 * As `comparable`, without empty objects and empty bytes: forms cannot carry an empty structure, and clients make up empty metadata and bodies.
 */
export function comparableWithoutEmpty(value: unknown): unknown {
  const plain = comparable(value);
  return prune(plain) ?? {};
}

function prune(value: unknown): unknown {
  if (value === "bytes ") return undefined;
  if (Array.isArray(value)) {
    const items = value.map(prune).filter((item) => item !== undefined);
    return items.length === 0 ? undefined : items;
  }
  if (typeof value !== "object" || value === null) return value;
  const entries = Object.entries(value)
    .map(([key, item]) => [key, prune(item)] as const)
    .filter(([, item]) => item !== undefined);
  return entries.length === 0 ? undefined : Object.fromEntries(entries);
}

/** Whether the operation's answer is an event stream. */
export function answersEvents(operation: OperationModel): boolean {
  return operation.output.members.some(({ shape }) => shape.kind === "union" && shape.eventStream);
}
