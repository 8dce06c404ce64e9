/** One operation of a path. */
import {
  mergeMiddlewares,
  readDispatch,
  readMcpTool,
  readMiddlewares,
  readResponseValidation,
  readSunset,
} from "../extensions/read-extensions.ts";
import type {
  McpServer,
  Operation,
  Parameter,
  PluginUse,
  RequestBody,
  Response,
  ResponseValidation,
  SecurityAlternative,
  Server,
} from "../model.ts";
import type { PathTemplate } from "../paths/path-template.ts";
import { once, type Reading } from "../reading.ts";
import { child, entriesOf, flagAt, isObjectPart, type Part, placeOf, textAt, textsAt } from "../references/part.ts";
import { shown } from "../references/resolver.ts";
import { readContent, readHeaders } from "./read-content.ts";
import { checkPathParameters, mergeParameters, readParameters } from "./read-parameters.ts";
import { readSecurity, type Schemes } from "./read-security.ts";
import { readServers } from "./read-servers.ts";

/** What operations have from around them. */
export interface Surroundings {
  readonly path: string;
  readonly template: PathTemplate;
  readonly parameters: readonly Parameter[];
  readonly servers: readonly Server[];
  readonly security: readonly SecurityAlternative[] | undefined;
  readonly middlewares: readonly PluginUse[];
  readonly mcp: McpServer | undefined;
  readonly responseValidation: ResponseValidation | undefined;
  readonly schemes: Schemes;
}

export function readOperation(method: string, part: Part, around: Surroundings, reading: Reading): Operation {
  const { diagnostics } = reading;
  const parameters = mergeParameters(around.parameters, readParameters(child(part, "parameters"), reading));
  checkPathParameters(around.template, around.path, parameters, part, reading);
  checkQueryStrings(parameters, reading);
  if (child(part, "callbacks") !== undefined) {
    const message = "Callbacks do not come through the gateway: they are not used.";
    diagnostics.report("W1010", child(part, "callbacks")!, message, { at: "key" });
  }
  const servers = readServers(child(part, "servers"), reading);
  return {
    ...readCommon(part, around, reading),
    method,
    path: around.path,
    template: around.template,
    parameters,
    requestBody: readRequestBody(method, child(part, "requestBody"), reading),
    responses: readResponses(child(part, "responses"), reading),
    security: readSecurity(child(part, "security"), around.schemes, reading) ?? around.security,
    servers: servers.length > 0 ? servers : around.servers,
    at: placeOf(part),
  };
}

type Common =
  | "operationId"
  | "summary"
  | "description"
  | "tags"
  | "deprecated"
  | "sunset"
  | "dispatch"
  | "middlewares"
  | "middlewaresFrom"
  | "mcp"
  | "responseValidation";

/** What the gateway's own extensions say, and what names an operation. */
export function readCommon(
  part: Part,
  around: Pick<Surroundings, "middlewares" | "mcp" | "responseValidation">,
  reading: Reading,
): Pick<Operation, Common> {
  const { diagnostics } = reading;
  const deprecated = flagAt(part, "deprecated") ?? false;
  const own = readMiddlewares(part, diagnostics);
  const common = {
    operationId: textAt(part, "operationId"),
    summary: textAt(part, "summary"),
    description: textAt(part, "description"),
    tags: textsAt(part, "tags"),
    deprecated,
    sunset: readSunset(part, deprecated, diagnostics),
    dispatch: readDispatch(part, diagnostics),
    middlewares: mergeMiddlewares(around.middlewares, own, own?.length === 0),
    middlewaresFrom: own === undefined ? "document" : own.length === 0 ? "opted-out" : "operation",
  } as const;
  checkDispatch(part, common.dispatch, reading);
  const tool = readMcpTool(part, diagnostics);
  const mcp = { ...tool, enabled: tool.enabled ?? around.mcp?.enabled ?? false };
  const responseValidation = readResponseValidation(part, diagnostics) ?? around.responseValidation ?? "off";
  return { ...common, mcp, responseValidation };
}

function checkDispatch(part: Part, dispatch: PluginUse | undefined, { diagnostics, options }: Reading): void {
  const isThere =
    dispatch !== undefined || ["x-biplane-dispatch", "x-barbacane-dispatch"].some((key) => child(part, key));
  if (isThere || options.withoutDispatch === "off") return;
  const hint = "Add x-biplane-dispatch, or give a default for all operations with --upstream.";
  diagnostics.report("E1020", part, "The operation has no dispatch.", { hint, level: options.withoutDispatch });
}

/** What a tool needs. @param id the name of the tool */
export function checkTool({ mcp, operationId, summary, description, at }: Operation, { diagnostics }: Reading): void {
  if (!mcp.enabled) return;
  if (operationId === undefined) {
    diagnostics.report("E1060", at, "The operation is no tool: it has no operationId.");
  }
  if ((mcp.description ?? summary ?? description ?? "") === "") {
    diagnostics.report("E1061", at, "The tool has neither summary nor description.");
  }
}

/** OpenAPI 3.2 §4.12: the whole query, once, and nothing of it beside. */
function checkQueryStrings(parameters: readonly Parameter[], { diagnostics }: Reading): void {
  const [whole, second] = parameters.filter((parameter) => parameter.in === "querystring");
  if (whole === undefined) return;
  const beside = second ?? parameters.find((parameter) => parameter.in === "query");
  if (beside !== undefined)
    diagnostics.report("E1004", beside.at, "A querystring is the whole query: there is nothing beside it.");
}

/** Methods whose bodies mean nothing (RFC 9110 §9.3). */
const BODILESS = new Set(["GET", "HEAD", "DELETE", "TRACE"]);

function readRequestBody(method: string, entry: Part | undefined, reading: Reading): RequestBody | undefined {
  const part = entry && reading.resolver.follow(entry);
  if (part === undefined) return undefined;
  if (BODILESS.has(method)) {
    reading.diagnostics.report("W1015", entry!, `A body of ${method} has no meaning in HTTP.`, { at: "key" });
  }
  return once(reading.shared.requestBodies, part, "", reading, () => {
    if (!isObjectPart(part)) return undefined;
    const content = child(part, "content");
    if (isObjectPart(content) && Object.keys(content.value).length === 0) {
      reading.diagnostics.report("E1004", content, "A body without any media type cannot be sent.", { at: "key" });
    }
    return {
      required: flagAt(part, "required") ?? false,
      description: textAt(part, "description"),
      content: readContent(content, reading),
      at: placeOf(part),
    };
  });
}

const STATUS = /^(?:[1-5][0-9]{2}|[1-5]XX|default)$/;

export function readResponses(part: Part | undefined, reading: Reading): readonly Response[] {
  const responses: Response[] = [];
  for (const [status, entry] of entriesOf(part)) {
    if (status.startsWith("x-")) continue;
    if (!STATUS.test(status)) {
      const hint = "It is a status like 200, a range like 2XX, or default.";
      reading.diagnostics.report("E1004", entry, `${shown(status)} names no responses.`, { at: "key", hint });
      continue;
    }
    const target = reading.resolver.follow(entry);
    const read =
      target &&
      once(reading.shared.responses, target, ` ${status}`, reading, () => readResponse(status, target, reading));
    if (read !== undefined) responses.push(read);
  }
  return responses;
}

function readResponse(status: string, part: Part, reading: Reading): Response | undefined {
  if (!isObjectPart(part)) return undefined;
  return {
    status,
    description: textAt(part, "description"),
    headers: readHeaders(child(part, "headers"), reading),
    content: readContent(child(part, "content"), reading),
    at: placeOf(part),
  };
}
