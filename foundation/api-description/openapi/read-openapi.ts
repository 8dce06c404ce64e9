/** An OpenAPI document, once its structure has been judged. */
import { readMcpServer, readMiddlewares, readResponseValidation } from "../extensions/read-extensions.ts";
import type { ApiDescription, Operation } from "../model.ts";
import { parseTemplate } from "../paths/path-template.ts";
import type { Reading } from "../reading.ts";
import { child, entriesOf, isObjectPart, itemsOf, type Part, textAt } from "../references/part.ts";
import { isReference, shown } from "../references/resolver.ts";
import { METHODS_30, METHODS_32 } from "../structure/openapi-rules.ts";
import { checkTool, readOperation, type Surroundings } from "./read-operation.ts";
import { readParameters } from "./read-parameters.ts";
import { readSecurity, readSecuritySchemes, reportUnusedSchemes } from "./read-security.ts";
import { readServers } from "./read-servers.ts";

type OfDocument = Omit<Surroundings, "path" | "template" | "parameters">;

/** What is read of the document itself; the loader adds the rest. */
export type ReadDescription = Pick<
  ApiDescription,
  "info" | "servers" | "securitySchemes" | "tags" | "middlewares" | "mcp" | "operations"
>;

export function readOpenApi(reading: Reading): ReadDescription {
  const { root, diagnostics } = reading;
  checkRoot(reading);
  const schemes = readSecuritySchemes(reading);
  const around: OfDocument = {
    servers: readServers(child(root, "servers"), reading),
    security: readSecurity(child(root, "security"), schemes, reading),
    middlewares: readMiddlewares(root, diagnostics) ?? [],
    mcp: readMcpServer(root, diagnostics),
    responseValidation: readResponseValidation(root, diagnostics),
    schemes,
  };
  const operations = entriesOf(child(root, "paths")).flatMap(([path, entry]) =>
    path.startsWith("x-") ? [] : readPathItem(path, entry, around, reading),
  );
  for (const operation of operations) checkTool(operation, reading);
  reportUnusedSchemes(schemes, usedSchemes(operations), reading);
  return {
    info: readInfo(root),
    servers: around.servers,
    securitySchemes: schemes,
    tags: readTags(root),
    middlewares: around.middlewares,
    mcp: around.mcp,
    operations,
  };
}

export function usedSchemes(operations: readonly Operation[]): ReadonlySet<string> {
  const alternatives = operations.flatMap(({ security }) => security ?? []);
  return new Set(alternatives.flatMap(({ requirements }) => requirements.map(({ scheme }) => scheme.name)));
}

export function readInfo(root: Part): ApiDescription["info"] {
  const info = child(root, "info");
  return {
    title: textAt(info, "title") ?? "",
    version: textAt(info, "version") ?? "",
    summary: textAt(info, "summary"),
    description: textAt(info, "description"),
  };
}

export function readTags(root: Part): ApiDescription["tags"] {
  return itemsOf(child(root, "tags")).flatMap((tag) => {
    const name = textAt(tag, "name");
    return name === undefined ? [] : [{ name, description: textAt(tag, "description") }];
  });
}

const DIALECTS =
  /^https:\/\/(?:json-schema\.org\/draft\/2020-12\/schema|spec\.openapis\.org\/oas\/3\.[12]\/dialect\/[a-z0-9-]+)#?$/;

function checkRoot({ root, version, diagnostics }: Reading): void {
  const containers = version === "3.0" ? ["paths"] : ["paths", "components", "webhooks"];
  if (containers.every((name) => child(root, name) === undefined)) {
    diagnostics.report("E1004", root, `An OpenAPI document needs ${containers.map(shown).join(" or ")}.`);
  }
  const webhooks = version === "3.0" ? undefined : child(root, "webhooks");
  if (webhooks !== undefined) {
    diagnostics.report("W1010", webhooks, "Webhooks do not come through the gateway: they are not used.", {
      at: "key",
    });
  }
  const dialect = version === "3.0" ? undefined : child(root, "jsonSchemaDialect");
  if (typeof dialect?.value === "string" && !DIALECTS.test(dialect.value)) {
    diagnostics.report("E1004", dialect, `Schemas are read as JSON Schema 2020-12, not as ${shown(dialect.value)}.`);
  }
}

function readPathItem(path: string, entry: Part, around: OfDocument, reading: Reading): readonly Operation[] {
  const { diagnostics, resolver } = reading;
  const parsed = parseTemplate(path);
  if ("problem" in parsed) {
    diagnostics.report("E1054", entry, `${shown(path)}: ${parsed.problem}`, { at: "key", hint: parsed.hint });
    return [];
  }
  const target = resolver.follow(entry);
  if (target === undefined) return [];
  const field = (name: string): Part | undefined => fieldOf(name, entry, target, reading);
  const servers = readServers(field("servers"), reading);
  const surroundings: Surroundings = {
    ...around,
    path,
    template: parsed.template,
    parameters: readParameters(field("parameters"), reading),
    servers: servers.length > 0 ? servers : around.servers,
  };
  const operations: Operation[] = [];
  for (const method of reading.version === "3.2" ? METHODS_32 : METHODS_30) {
    const part = field(method);
    // One that is a reference was refused for that.
    if (!isObjectPart(part) || isReference(part)) continue;
    operations.push(readOperation(method.toUpperCase(), part, surroundings, reading));
  }
  for (const [method, part] of reading.version === "3.2" ? entriesOf(field("additionalOperations")) : []) {
    if (isMethod(method, part, reading) && isObjectPart(part) && !isReference(part))
      operations.push(readOperation(method, part, surroundings, reading));
  }
  return operations;
}

/** Of a path item with a reference: from either side, not from both. */
function fieldOf(name: string, entry: Part, target: Part, { diagnostics }: Reading): Part | undefined {
  const there = child(target, name);
  if (target === entry) return there;
  const here = child(entry, name);
  if (here !== undefined && there !== undefined) {
    const message = `${shown(name)} is also in what $ref leads to, and it is open which one is meant.`;
    diagnostics.report("E1004", here, message, { at: "key" });
  }
  return here ?? there;
}

/** Methods are case-sensitive tokens (RFC 9110 §9.1); those that have a field of their own stand there. */
function isMethod(method: string, part: Part, { diagnostics }: Reading): boolean {
  const isToken = /^[!#$%&'*+.^_`|~0-9A-Za-z-]+$/.test(method);
  const hasField = METHODS_32.some((one) => one === method.toLowerCase());
  if (isToken && !hasField) return true;
  const reason = hasField ? `is written as ${method.toLowerCase()}, beside additionalOperations` : "is no method";
  diagnostics.report("E1004", part, `${shown(method)} ${reason}.`, { at: "key" });
  return false;
}
