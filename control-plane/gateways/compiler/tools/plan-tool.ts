/** An operation as a tool of the Model Context Protocol: what it takes, what it gives, and where its arguments go. Pure. */
import type { MediaType, Operation, Parameter, SchemaPart } from "#foundation/api-description";
import type { JsonObject, JsonValue, PlannedArgument, PlannedTool } from "#foundation/gateway-artifact";
import type { SchemaTable } from "../schema-table.ts";
import { PublishedSchemas } from "./published-schema.ts";

/** Of one tool's schema. Models read all of them before they do anything. */
const INPUT_MAX_BYTES = 64 * 1024;
const OUTPUT_MAX_BYTES = 32 * 1024;
const NAME_LENGTH_MAX = 128;

/** Fields that say how a message is carried or who sends it: the caller's own request has them, and no argument sets them. */
const NO_ARGUMENTS = new Set([
  "accept",
  "accept-encoding",
  "authorization",
  "connection",
  "content-encoding",
  "content-length",
  "content-type",
  "cookie",
  "expect",
  "forwarded",
  "host",
  "keep-alive",
  "origin",
  "proxy-authorization",
  "proxy-connection",
  "te",
  "trailer",
  "transfer-encoding",
  "upgrade",
  "via",
  "x-forwarded-for",
  "x-forwarded-host",
  "x-forwarded-proto",
]);

/** @param taken names of tools that are there already; its own is added */
export function planTool(operation: Operation, schemas: SchemaTable, taken: Set<string>): PlannedTool | undefined {
  const { mcp, operationId, summary, description } = operation;
  if (!mcp.enabled || operationId === undefined) return undefined;
  const title = mcp.title ?? summary;
  const output = outputSchema(operation, schemas);
  return {
    name: toolName(operationId, taken),
    ...(title === undefined ? {} : { title }),
    description: mcp.description ?? description ?? summary ?? operationId,
    ...inputOf(operation, schemas),
    ...(output === undefined ? {} : { outputSchema: output }),
    annotations: annotationsOf(operation),
  };
}

/** Letters, digits, `_`, `-` and `.`, at most 128, as the protocol wants them. */
function toolName(operationId: string, taken: Set<string>): string {
  const base = operationId.replace(/[^A-Za-z0-9_.-]/g, "_").slice(0, NAME_LENGTH_MAX);
  let name = base;
  for (let count = 2; taken.has(name); count++) {
    const suffix = `_${count}`;
    name = base.slice(0, NAME_LENGTH_MAX - suffix.length) + suffix;
  }
  taken.add(name);
  return name;
}

/** As methods are defined (RFC 9110 §9.2), unless the description says otherwise. */
function annotationsOf({ method, mcp }: Operation): PlannedTool["annotations"] {
  const isSafe = ["GET", "HEAD", "OPTIONS", "TRACE", "QUERY"].includes(method);
  const readOnlyHint = mcp.readOnly ?? isSafe;
  return {
    readOnlyHint,
    destructiveHint: mcp.destructive ?? (!readOnlyHint && method !== "POST"),
    idempotentHint: mcp.idempotent ?? (isSafe || method === "PUT" || method === "DELETE"),
  };
}

function inputOf(
  { parameters, requestBody }: Operation,
  schemas: SchemaTable,
): Pick<PlannedTool, "inputSchema" | "arguments" | "body"> {
  const published = new PublishedSchemas(schemas.resources, "request");
  const given = parameters
    .map((parameter, index) => ({ parameter, index }))
    .filter(({ parameter }) => parameter.in !== "header" || !NO_ARGUMENTS.has(parameter.name.toLowerCase()));
  const content = requestBody === undefined ? -1 : bestContent(requestBody.content);
  const names = argumentNames(
    given.map(({ parameter }) => parameter),
    content !== -1,
  );
  const properties: Record<string, JsonValue> = Object.create(null);
  const required: string[] = [];
  const planned: PlannedArgument[] = given.map(({ parameter, index }, at) => {
    const name = names[at]!;
    const schema = parameter.schema ?? parameter.content?.schema;
    properties[name] = described(schema, parameter.description, schemas, published);
    if (parameter.required) required.push(name);
    return { name, parameter: index };
  });
  if (content !== -1) {
    const media = requestBody!.content[content]!;
    properties[BODY] = bodySchema(media, requestBody!.description, schemas, published);
    if (requestBody!.required) required.push(BODY);
  }
  const definitions = published.definitions;
  const whole = {
    type: "object",
    properties: Object.fromEntries(Object.entries(properties)),
    ...(required.length === 0 ? {} : { required }),
    additionalProperties: false,
    ...(Object.keys(definitions).length === 0 ? {} : { $defs: definitions }),
  };
  const inputSchema = JSON.stringify(whole).length <= INPUT_MAX_BYTES ? whole : shortened(whole);
  return {
    inputSchema,
    arguments: planned,
    ...(content === -1 ? {} : { body: { argument: BODY, content } }),
  };
}

const BODY = "body";

/** Each by its name; those that share one say in front where they are. */
function argumentNames(parameters: readonly Parameter[], hasBody: boolean): readonly string[] {
  const plain = parameters.map(({ name }) => name.replace(/[^A-Za-z0-9_.-]/g, "_") || "_");
  const taken = new Set(hasBody ? [BODY] : []);
  return parameters.map((parameter, index) => {
    const own = plain[index]!;
    const isAlone = plain.filter((one) => one === own).length === 1 && !(hasBody && own === BODY);
    const base = isAlone ? own : `${parameter.in}_${own}`;
    let name = base;
    for (let count = 2; taken.has(name) || (name !== own && plain.includes(name)); count++) name = `${base}_${count}`;
    taken.add(name);
    return name;
  });
}

/** What models write best comes first. @returns its place; -1 for a body of no type that is known here */
function bestContent(content: readonly MediaType[]): number {
  const ranks: readonly number[] = content.map(({ type, subtype }) => {
    if (subtype === "json" || subtype.endsWith("+json")) return subtype === "json" ? 5 : 4;
    if (subtype === "x-www-form-urlencoded") return 3;
    if (type === "multipart" && subtype === "form-data") return 2;
    return type === "text" && subtype !== "*" ? 1 : 0;
  });
  const best = Math.max(...ranks, -1);
  return ranks.indexOf(best);
}

function bodySchema(
  media: MediaType,
  description: string | undefined,
  schemas: SchemaTable,
  published: PublishedSchemas,
): JsonValue {
  const { type, subtype, schema } = media;
  const isStructured = subtype.endsWith("json") || subtype === "x-www-form-urlencoded" || subtype === "form-data";
  if (isStructured || type === "text") {
    const written = described(schema, description, schemas, published);
    return schema === undefined && type === "text" ? { type: "string", ...(written as JsonObject) } : written;
  }
  return {
    type: "string",
    contentEncoding: "base64",
    ...(type === "*" || subtype === "*" ? {} : { contentMediaType: `${type}/${subtype}` }),
    ...(description === undefined ? {} : { description }),
  };
}

function described(
  part: SchemaPart | undefined,
  description: string | undefined,
  schemas: SchemaTable,
  published: PublishedSchemas,
): JsonValue {
  const place = part && schemas.placeOf(part);
  const written = (place && published.write(place)) ?? {};
  if (typeof written === "boolean") return written;
  return description === undefined ? written : { ...written, description };
}

/** Names and descriptions alone: too much has to be said about the rest, and the gateway checks it anyway. */
function shortened(schema: JsonObject): JsonObject {
  const { $defs: _, properties, ...rest } = schema;
  const short = Object.entries(properties as JsonObject).map(([name, one]) => {
    const { type, description } = (typeof one === "object" ? one : {}) as JsonObject;
    return [
      name,
      {
        ...(type === undefined ? {} : { type }),
        ...(typeof description === "string" ? { description: description.slice(0, 500) } : {}),
      },
    ] as const;
  });
  return { ...rest, properties: Object.fromEntries(short) };
}

/** Of the one response that says that all went well, when its body is an object in JSON. */
function outputSchema({ responses }: Operation, schemas: SchemaTable): JsonObject | undefined {
  const good = responses.filter(({ status }) => status.startsWith("2"));
  const [only] = good;
  const [media] = only?.content ?? [];
  if (good.length !== 1 || only?.content.length !== 1 || media?.schema === undefined) return undefined;
  if (media.subtype !== "json" && !media.subtype.endsWith("+json")) return undefined;
  const published = new PublishedSchemas(schemas.resources, "response");
  const place = schemas.placeOf(media.schema);
  const root = place && published.write(place);
  if (root === undefined || typeof root === "boolean") return undefined;
  const definitions = published.definitions;
  // Clients of earlier versions know schemas of objects alone, and look for that word at the root.
  const target = typeof root.$ref === "string" ? definitions[root.$ref.slice("#/$defs/".length)] : root;
  if ((target as JsonObject | undefined)?.type !== "object") return undefined;
  const schema = {
    ...root,
    type: "object",
    ...(Object.keys(definitions).length === 0 ? {} : { $defs: definitions }),
  };
  return JSON.stringify(schema).length <= OUTPUT_MAX_BYTES ? schema : undefined;
}
