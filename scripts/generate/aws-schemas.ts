/**
 * Reads the schema tuples of an installed `@aws-sdk/client-*` into the committed model form.
 *
 * A tuple is `[kind, namespace, name, traits, …]`: kind 0 simple (`[4]` type code), 1 list (`[4]` element), 2 map (`[4]` key, `[5]` value),
 * 3 structure, 4 union, -3 error (`[4]` member names, `[5]` member schemas, `[6]` how many are required), 9 operation (`[4]` input, `[5]`
 * output). A member schema is a simple code, a tuple behind a function, or `[schema, traits]`.
 */

import { readFileSync } from "node:fs";
import { join } from "node:path";
import type { RawError, RawModel, RawOperation, RawShape, RawTraits, RawUse } from "#foundation/aws/model";
import { patchModel } from "./aws-patches.ts";
import type { ServiceSource } from "./aws-services.ts";

/** A schema of unknown form; every read of it is checked. */
type Tuple = readonly unknown[];
type Traits = Readonly<Record<string, unknown>>;

const packages = join(import.meta.dirname, "../../node_modules/@aws-sdk");

/** The folder of a client's package. */
export function clientFolder(source: ServiceSource): string {
  return join(packages, `client-${source.client}`);
}

/** Bits of a numeric trait indicator, lowest first. */
const traitBits = [
  "httpLabel",
  "idempotent",
  "idempotencyToken",
  "sensitive",
  "httpPayload",
  "httpResponseCode",
  "httpQueryParams",
] as const;

const simpleCodes: Readonly<Record<number, string>> = {
  0: "s",
  1: "n",
  2: "b",
  4: "t",
  5: "td",
  6: "th",
  7: "te",
  15: "j",
  17: "I",
  19: "D",
  21: "B",
  42: "S",
};
const listOf = 64;
const mapOf = 128;

/** Reads one client's schemas. The result is ordered by name, so that a new SDK version changes only the lines that it changes. */
export async function readModel(source: ServiceSource): Promise<RawModel> {
  const exported: Record<string, unknown> = await import(join(clientFolder(source), "dist-es/schemas/schemas_0.js"));
  const shapes = new Map<string, RawShape>();
  const operations = new Map<string, RawOperation>();
  const checksums = readChecksums(source);

  const use = (memberName: string, schema: unknown): RawUse => {
    if (Array.isArray(schema) && schema.length === 2) {
      const traits = readTraits(memberName, schema[1]);
      const reference = refer(schema[0]);
      return Object.keys(traits).length === 0 ? reference : [reference, traits];
    }
    return refer(schema);
  };

  const refer = (schema: unknown): string => {
    const target = typeof schema === "function" ? schema() : schema;
    if (typeof target === "number") return simpleReference(target);
    if (target === "unit") return unitName;
    if (!Array.isArray(target)) throw new Error(`unknown schema ${String(target)}`);
    addShape(target);
    return String(target[2]);
  };

  const addShape = (tuple: Tuple): void => {
    const name = String(tuple[2]);
    if (shapes.has(name)) return;
    const traits = expandTraits(tuple[3]);
    if (tuple[0] === 0) {
      shapes.set(name, {
        kind: "simple",
        type: simpleReference(Number(tuple[4])),
        ...(traits.sensitive === 1 && { sensitive: 1 }),
      });
      return;
    }
    // Claims the name first: shapes may contain themselves.
    shapes.set(name, { kind: "structure", members: {} });
    const flags = {
      ...(traits.sparse === 1 && { sparse: 1 as const }),
      ...(traits.xmlFlattened === 1 && { flat: 1 as const }),
    };
    if (tuple[0] === 1) {
      shapes.set(name, { kind: "list", element: use("member", tuple[4]), ...flags });
    } else if (tuple[0] === 2) {
      shapes.set(name, { kind: "map", key: use("key", tuple[4]), value: use("value", tuple[5]), ...flags });
    } else {
      const names = tuple[4] as readonly string[];
      const members = tuple[5] as readonly unknown[];
      const required = typeof tuple[6] === "number" ? tuple[6] : 0;
      const error = tuple[0] === -3 ? readError(traits) : undefined;
      shapes.set(name, {
        kind: tuple[0] === 4 ? "union" : "structure",
        ...(required > 0 && { required }),
        ...(typeof traits.xmlName === "string" && { xmlName: traits.xmlName }),
        ...(traits.streaming === 1 && { eventStream: 1 }),
        ...(error && { error }),
        members: Object.fromEntries(names.map((member, index) => [member, use(member, members[index])])),
      });
    }
  };

  for (const value of Object.values(exported)) {
    if (!Array.isArray(value) || typeof value[0] !== "number" || typeof value[2] !== "string") continue;
    // The SDK's own base exception is no shape of the service.
    if (String(value[1]).startsWith("smithy.ts.sdk")) continue;
    if (value[0] === 9) {
      const name = value[2];
      const traits = expandTraits(value[3]);
      const input = refer(value[4]);
      const output = refer(value[5]);
      operations.set(name, {
        ...(Array.isArray(traits.http) && { http: httpOf(traits.http) }),
        ...(input !== unitName && { input }),
        ...(output !== unitName && { output }),
        ...(traits.httpChecksum !== undefined && { checksum: checksums.get(name) ?? 1 }),
        ...(Array.isArray(traits.endpoint) && { hostPrefix: String(traits.endpoint[0]) }),
      });
    } else {
      addShape(value);
    }
  }

  const settings = readSettings(source);
  const xmlNamespace =
    source.xmlNamespace ??
    (source.protocols.some((name) => !name.includes("son")) ? settings("xmlNamespace") : undefined);
  const target = source.protocols.some((name) => name.startsWith("awsJson")) ? settings("serviceTarget") : undefined;
  return patchModel(source, {
    service: source.service,
    protocols: source.protocols,
    version: settings("version") ?? "",
    ...(xmlNamespace !== undefined && { xmlNamespace }),
    ...(target !== undefined && { targetPrefix: target }),
    errorNamespace: source.errorNamespace,
    ...(settings("awsQueryCompatible") === "true" && { queryCompatible: true }),
    operations: sorted(operations),
    shapes: sorted(shapes),
  });
}

const unitName = "Unit";

function httpOf(trait: readonly unknown[]): readonly [string, string, number] {
  return [String(trait[0]), String(trait[1]), Number(trait[2])];
}

function simpleReference(code: number): string {
  if (code >= mapOf) return `\${${simpleCode(code - mapOf)}`;
  if (code >= listOf) return `$[${simpleCode(code - listOf)}`;
  return `$${simpleCode(code)}`;
}

function simpleCode(code: number): string {
  const name = simpleCodes[code];
  if (name === undefined) throw new Error(`unknown simple schema ${code}`);
  return name;
}

function expandTraits(traits: unknown): Traits {
  if (typeof traits === "object" && traits !== null) return traits as Traits;
  const bits = Number(traits ?? 0);
  return Object.fromEntries(
    traitBits.flatMap((name, index) => ((bits >> index) & 1 ? [[name, 1]] : [])) as [string, unknown][],
  );
}

/** How each trait of a member is written in the committed form; undefined: of no use to a server. */
const traitReaders: Readonly<Record<string, (value: unknown) => RawTraits>> = {
  httpLabel: () => ({ label: 1 }),
  httpHeader: (value) => ({ header: String(value) }),
  httpPrefixHeaders: (value) => ({ prefixHeaders: String(value) }),
  httpQuery: (value) => ({ query: String(value) }),
  httpQueryParams: () => ({ queryParams: 1 }),
  httpPayload: () => ({ payload: 1 }),
  httpResponseCode: () => ({ status: 1 }),
  jsonName: (value) => ({ jsonName: String(value) }),
  xmlName: (value) => ({ xmlName: String(value) }),
  xmlNamespace: (value) => ({ xmlNamespace: namespaceOf(value) }),
  xmlAttribute: () => ({ attribute: 1 }),
  xmlFlattened: () => ({ flat: 1 }),
  ec2QueryName: (value) => ({ ec2Name: String(value) }),
  idempotencyToken: () => ({ token: 1 }),
  hostLabel: () => ({ hostLabel: 1 }),
  eventHeader: () => ({ eventHeader: 1 }),
  eventPayload: () => ({ eventPayload: 1 }),
  idempotent: () => ({}),
  sensitive: () => ({}),
};

function readTraits(memberName: string, indicator: unknown): RawTraits {
  let traits: RawTraits = {};
  for (const [name, value] of Object.entries(expandTraits(indicator))) {
    const reader = traitReaders[name];
    if (reader === undefined) throw new Error(`unknown member trait ${name}`);
    traits = { ...traits, ...reader(value) };
  }
  return withoutDefaultEc2Name(memberName, traits);
}

/** The EC2 query name is the capitalised XML name unless the model says otherwise; the default is not worth its 200 KiB. */
function withoutDefaultEc2Name(memberName: string, traits: RawTraits): RawTraits {
  const { ec2Name, ...others } = traits;
  const base = traits.xmlName ?? memberName;
  return ec2Name === base.charAt(0).toUpperCase() + base.slice(1) ? others : traits;
}

/** The schemas write `[prefix, uri]`. */
function namespaceOf(value: unknown): readonly [string, string?] {
  if (!Array.isArray(value)) return [String(value)];
  return value.length > 1 ? [String(value[1]), String(value[0])] : [String(value[0])];
}

function readError(traits: Traits): RawError {
  const query = traits.awsQueryError;
  return {
    fault: traits.error === "server" ? "server" : "client",
    ...(typeof traits.httpError === "number" && { status: traits.httpError }),
    ...(Array.isArray(query) && { query: [String(query[0]), Number(query[1])] }),
  };
}

/** A reader of the literal protocol settings in the client's runtime configuration. */
function readSettings(source: ServiceSource): (name: string) => string | undefined {
  const text = readFileSync(join(clientFolder(source), "dist-es/runtimeConfig.shared.js"), "utf8");
  const settings = /protocolSettings: [^{]*\{([^}]*)\}/.exec(text)?.[1] ?? "";
  return (name) => {
    const match = new RegExp(`\\b${name}: (?:"([^"]*)"|(true|false))`).exec(settings);
    return match?.[1] ?? match?.[2];
  };
}

/** Operations whose requests must carry a checksum; the schemas only say that checksums play a part, the commands' middleware says which. */
function readChecksums(source: ServiceSource): ReadonlyMap<string, 1 | 2> {
  const folder = join(clientFolder(source), "dist-es");
  const result = new Map<string, 1 | 2>();
  let builder: string;
  try {
    builder = readFileSync(join(folder, "commandBuilder.js"), "utf8");
  } catch {
    return result;
  }
  const required = new Set(
    builder
      .split(/export const (?=_mw)/)
      .filter((part) => part.includes("requestChecksumRequired: true"))
      .map((part) => part.slice(0, part.indexOf(" "))),
  );
  const index = readFileSync(join(folder, "commands/index.js"), "utf8");
  for (const [, file] of index.matchAll(/"\.\/(\w+)"/g)) {
    const command = /command\(\w+, (_mw\d+), "(\w+)"/.exec(readFileSync(join(folder, `commands/${file}.js`), "utf8"));
    if (command?.[1] !== undefined && command[2] !== undefined)
      result.set(command[2], required.has(command[1]) ? 2 : 1);
  }
  return result;
}

function sorted<T>(entries: ReadonlyMap<string, T>): Record<string, T> {
  return Object.fromEntries([...entries].sort(([a], [b]) => (a < b ? -1 : 1)));
}
