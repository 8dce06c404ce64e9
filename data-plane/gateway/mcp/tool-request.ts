/** The arguments of a call made into the request that a client of HTTP would send. Pure. */
import type { PlannedOperation, PlannedParameter, PlannedTool } from "#foundation/gateway-artifact";
import type { HeaderFields } from "../message/header-fields.ts";
import { formValueText } from "./query-string.ts";
import { writtenBody } from "./write-body.ts";
import { cookiePairs, headerText, pathText, queryPairs, Unwritable } from "./write-parameter.ts";

export interface ToolRequest {
  /** Percent-encoded, beginning with a slash. */
  readonly path: string;
  /** Without question mark. */
  readonly query: string;
  /** Name, value, name, value … */
  readonly headers: string[];
  readonly body: Uint8Array | undefined;
}

/** An argument that is wrong before there is a request. */
export interface BadArgument {
  readonly argument: string;
  /** To stand behind its name. */
  readonly message: string;
}

/**
 * What is not handed on from the call to the operation: it speaks of the call itself, of its body, of one hop, or of how the answer should come. Everything else is the caller's own,
 * credentials above all.
 */
const OF_THE_CALL = new Set([
  "accept",
  "accept-encoding",
  "access-control-request-headers",
  "access-control-request-method",
  "connection",
  "content-encoding",
  "content-language",
  "content-length",
  "content-location",
  "content-md5",
  "content-digest",
  "content-type",
  "expect",
  "host",
  "if-match",
  "if-modified-since",
  "if-none-match",
  "if-range",
  "if-unmodified-since",
  "keep-alive",
  "last-event-id",
  "origin",
  "proxy-connection",
  "range",
  "referer",
  "te",
  "trailer",
  "transfer-encoding",
  "upgrade",
  "x-http-method-override",
]);

/** @param own fields of the call */
export function toolRequest(
  operation: PlannedOperation,
  tool: PlannedTool,
  given: Readonly<Record<string, unknown>>,
  own: HeaderFields,
  boundary: string,
): ToolRequest | BadArgument {
  const known = new Set([...tool.arguments.map(({ name }) => name), ...(tool.body ? [tool.body.argument] : [])]);
  const unknown = Object.keys(given).find((name) => !known.has(name));
  if (unknown !== undefined) {
    return {
      argument: unknown.slice(0, 100),
      message: `is none of its arguments (${[...known].join(", ") || "it takes none"})`,
    };
  }
  const values = new Map<PlannedParameter, unknown>();
  for (const { name, parameter } of tool.arguments) {
    const value = Object.hasOwn(given, name) ? given[name] : undefined;
    // Without a value it is as if it were not there; what has to be there is asked for where all requests are.
    if (value !== undefined && value !== null) values.set(operation.parameters[parameter]!, value);
  }
  let current = "";
  const nameOf = (parameter: PlannedParameter): string =>
    tool.arguments.find((one) => operation.parameters[one.parameter] === parameter)?.name ?? parameter.name;
  try {
    const pairs: string[] = [];
    const cookies: (readonly [string, string])[] = [];
    const headers = ownFields(own);
    for (const [parameter, value] of values) {
      current = nameOf(parameter);
      if (parameter.in === "query")
        pairs.push(...queryPairs(parameter, value).map(([name, text]) => `${name}=${text}`));
      else if (parameter.in === "querystring") pairs.push(formValueText(parameter, value));
      else if (parameter.in === "cookie") cookies.push(...cookiePairs(parameter, value));
      else if (parameter.in === "header") setField(headers, parameter.name, headerText(parameter, value));
    }
    if (cookies.length > 0) addCookies(headers, cookies);
    const path = pathOf(operation, values, (name) => {
      current = name;
    });
    const media = tool.body && operation.requestBody?.content[tool.body.content];
    current = tool.body?.argument ?? "";
    const value = tool.body && Object.hasOwn(given, tool.body.argument) ? given[tool.body.argument] : undefined;
    if (media === undefined || value === undefined) return { path, query: pairs.join("&"), headers, body: undefined };
    const { contentType, bytes } = writtenBody(media, value, boundary);
    headers.push("Content-Type", contentType, "Content-Length", String(bytes.length));
    return { path, query: pairs.join("&"), headers, body: bytes };
  } catch (error) {
    if (error instanceof Unwritable) return { argument: current, message: error.message };
    throw error;
  }
}

function pathOf(
  { template, parameters }: PlannedOperation,
  values: ReadonlyMap<PlannedParameter, unknown>,
  onName: (argument: string) => void,
): string {
  const textOf = (name: string, isRest = false): string => {
    onName(name);
    const parameter = parameters.find((one) => one.in === "path" && one.name === name);
    const value = parameter && values.get(parameter);
    if (parameter === undefined || value === undefined) throw new Unwritable("is required");
    const text = isRest && typeof value === "string" ? restText(value) : pathText(parameter, value);
    if (text === "") throw new Unwritable("must not be empty");
    return text;
  };
  const segments = template.segments.map((segment): string => {
    switch (segment.kind) {
      case "text":
        return encodeURIComponent(segment.text);
      case "parameter":
        return textOf(segment.name);
      case "rest":
        return textOf(segment.name, true);
      default:
        return segment.parts
          .map((part) => (part.name === undefined ? encodeURIComponent(part.text) : textOf(part.name)))
          .join("");
    }
  });
  return `/${segments.join("/")}`;
}

/** Several segments: their slashes stay. */
function restText(value: string): string {
  try {
    return value.split("/").map(encodeURIComponent).join("/");
  } catch {
    throw new Unwritable("is not Unicode");
  }
}

function ownFields(own: HeaderFields): string[] {
  const nominated =
    own
      .get("connection")
      ?.toLowerCase()
      .split(/\s*,\s*/) ?? [];
  const kept: string[] = [];
  for (const [name, value] of own) {
    const lower = name.toLowerCase();
    if (OF_THE_CALL.has(lower) || /^(?:mcp|sec)-/.test(lower) || nominated.includes(lower)) continue;
    kept.push(name, value);
  }
  kept.push("Accept", "application/json, */*;q=0.5");
  return kept;
}

function setField(headers: string[], name: string, value: string): void {
  for (let i = headers.length - 2; i >= 0; i -= 2) {
    if (headers[i]!.toLowerCase() === name.toLowerCase()) headers.splice(i, 2);
  }
  headers.push(name, value);
}

/** In the place of those of the same name that the caller's own request has. */
function addCookies(headers: string[], cookies: readonly (readonly [string, string])[]): void {
  const names = new Set(cookies.map(([name]) => name));
  const before: string[] = [];
  for (let i = headers.length - 2; i >= 0; i -= 2) {
    if (headers[i]!.toLowerCase() !== "cookie") continue;
    before.unshift(...headers[i + 1]!.split(/;\s*/));
    headers.splice(i, 2);
  }
  const kept = before.filter((pair) => pair !== "" && !names.has(pair.split("=", 1)[0]!.trim()));
  headers.push("Cookie", [...kept, ...cookies.map(([name, value]) => `${name}=${value}`)].join("; "));
}
