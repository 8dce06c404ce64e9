/**
 * An AsyncAPI document, as the gateway offers it over HTTP: an operation that sends is a POST to the address of its channel, with the payload as body; one that
 * receives is a GET, with the payload in the answer.
 */
import { readMcpServer, readMiddlewares, readResponseValidation } from "../extensions/read-extensions.ts";
import type { McpServer, Operation, Parameter, PluginUse, ResponseValidation, SecurityAlternative } from "../model.ts";
import { type ReadDescription, readInfo, readTags, usedSchemes } from "../openapi/read-openapi.ts";
import { checkTool, readCommon } from "../openapi/read-operation.ts";
import { checkPathParameters } from "../openapi/read-parameters.ts";
import {
  type NeededFields,
  readSecurityScheme,
  readSecuritySchemes,
  reportUnusedSchemes,
} from "../openapi/read-security.ts";
import { type PathTemplate, parseTemplate } from "../paths/path-template.ts";
import type { Reading } from "../reading.ts";
import { child, entriesOf, isObjectPart, itemsOf, type Part, placeOf, textAt, textsAt } from "../references/part.ts";
import { shown } from "../references/resolver.ts";
import { type Json, pointerSteps } from "../source/json-value.ts";
import type { MadeSchemas } from "./made-schemas.ts";
import { readMessageContent } from "./read-messages.ts";

interface Around {
  readonly middlewares: readonly PluginUse[];
  readonly mcp: McpServer | undefined;
  readonly responseValidation: ResponseValidation | undefined;
  readonly made: MadeSchemas;
}

/** AsyncAPI 3.0, "Security Scheme Object": an `apiKey` is the user or the password of a connection and has no name; the one of HTTP has. */
const NEEDED: NeededFields = {
  apiKey: ["in"],
  httpApiKey: ["name", "in"],
  http: ["scheme"],
  oauth2: ["flows"],
  openIdConnect: ["openIdConnectUrl"],
};

export function readAsyncApi(reading: Reading, made: MadeSchemas): ReadDescription {
  const { root, diagnostics } = reading;
  const schemes = readSecuritySchemes(reading, NEEDED);
  const middlewares = readMiddlewares(root, diagnostics) ?? [];
  const around: Around = {
    middlewares,
    mcp: readMcpServer(root, diagnostics),
    responseValidation: readResponseValidation(root, diagnostics),
    made,
  };
  const operations = entriesOf(child(root, "operations")).flatMap(
    ([name, entry]) => readOperation(name, entry, around, reading) ?? [],
  );
  for (const operation of operations) checkTool(operation, reading);
  reportUnusedSchemes(schemes, usedSchemes(operations), reading);
  const { mcp } = around;
  return {
    info: readInfo(root),
    servers: [],
    securitySchemes: schemes,
    tags: readTags(root),
    middlewares,
    mcp,
    operations,
  };
}

function readOperation(name: string, entry: Part, around: Around, reading: Reading): Operation | undefined {
  const { resolver, diagnostics } = reading;
  const part = resolver.follow(entry);
  const action = textAt(part, "action");
  const reference = child(part, "channel");
  const channel = reference && resolver.follow(reference);
  if (!isObjectPart(part) || !isObjectPart(channel) || (action !== "send" && action !== "receive")) return undefined;
  const address = readAddress(channel, part, reading);
  if (address === undefined) return undefined;
  const { path, template } = address;
  const parameters = readParameters(channel, around.made, reading);
  checkPathParameters(template, path, parameters, part, reading);
  if (child(part, "reply") !== undefined) {
    diagnostics.report("W1010", child(part, "reply")!, "Replies do not come through the gateway: they are not used.", {
      at: "key",
    });
  }
  const traits = itemsOf(child(part, "traits")).flatMap((trait) => resolver.follow(trait) ?? []);
  const field = (key: string): Part | undefined => [part, ...traits].map((one) => child(one, key)).find(Boolean);
  const text = (key: string): string | undefined => {
    const value = field(key)?.value;
    return typeof value === "string" ? value : undefined;
  };
  const content = readMessageContent(name, part, channel, around.made, reading);
  const body = { description: undefined, content, at: placeOf(child(part, "messages") ?? channel) };
  const isSending = action === "send" && content.length > 0;
  return {
    ...readCommon(part, around, reading),
    operationId: name,
    summary: text("summary") ?? text("title"),
    description: text("description"),
    method: action === "send" ? "POST" : "GET",
    path,
    template,
    parameters,
    requestBody: isSending ? { ...body, required: true } : undefined,
    responses: action === "receive" && content.length > 0 ? [{ ...body, status: "200", headers: [] }] : [],
    security: readSecurity(field("security"), reading),
    servers: [],
    bindings: bindingsOf(field("bindings"), child(channel, "bindings")),
    at: placeOf(part),
  };
}

function readAddress(
  channel: Part,
  operation: Part,
  { diagnostics }: Reading,
): { readonly path: string; readonly template: PathTemplate } | undefined {
  const address = textAt(channel, "address");
  if (address === undefined || address === "") {
    const hint = "The address becomes the path of the HTTP request, like /orders/{id}.";
    diagnostics.report("E1004", child(channel, "address") ?? channel, "A channel that is used needs an address.", {
      hint,
    });
    return undefined;
  }
  const path = address.startsWith("/") ? address : `/${address}`;
  const parsed = parseTemplate(path);
  if ("template" in parsed) return { path, template: parsed.template };
  diagnostics.report("E1054", child(channel, "address") ?? operation, `${shown(path)}: ${parsed.problem}`, {
    hint: parsed.hint,
  });
  return undefined;
}

function readParameters(channel: Part, made: MadeSchemas, { resolver }: Reading): readonly Parameter[] {
  return entriesOf(child(channel, "parameters")).flatMap(([name, entry]) => {
    const part = resolver.follow(entry);
    if (part === undefined) return [];
    const values = textsAt(part, "enum");
    const schema: Json = child(part, "enum") === undefined ? { type: "string" } : { type: "string", enum: values };
    return {
      name,
      in: "path",
      required: true,
      deprecated: false,
      description: textAt(part, "description"),
      style: "simple",
      explode: false,
      allowReserved: false,
      allowEmptyValue: false,
      schema: made.add(`${channel.pointer} ${name}`, schema, placeOf(part)),
      at: placeOf(part),
    } as const;
  });
}

/** Each entry is an alternative of its own. */
function readSecurity(list: Part | undefined, reading: Reading): readonly SecurityAlternative[] | undefined {
  if (list === undefined) return undefined;
  return itemsOf(list).map((item) => {
    const part = reading.resolver.follow(item);
    const name = pointerSteps(part?.pointer ?? "")?.at(-1) ?? "";
    const scheme = part && readSecurityScheme(name, part, reading, NEEDED);
    return {
      requirements: scheme === undefined ? [] : [{ scheme, scopes: textsAt(part, "scopes") }],
      at: placeOf(item),
    };
  });
}

function bindingsOf(operation: Part | undefined, channel: Part | undefined): Json | undefined {
  if (operation === undefined && channel === undefined) return undefined;
  const bindings: Record<string, Json> = {};
  if (channel !== undefined) bindings.channel = channel.value;
  if (operation !== undefined) bindings.operation = operation.value;
  return bindings;
}
