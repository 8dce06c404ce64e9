/** Texts that are made of a request: keys, ids, subjects. Pure. */
import { formatTraceparent } from "#foundation/telemetry";
import type { GatewayExchange } from "../../../message/gateway-exchange.ts";

/** Undefined where the request does not have what it is made of. */
export type TextOf = (exchange: GatewayExchange) => string | undefined;

const WHOLE = /^\$request\.(header|path)\.(.+)$/;

/** @param template `$request.header.NAME`, `$request.path.NAME`, or a text with `{name}` for parameters of the path */
export function textOf(template: string): TextOf {
  const [, place, name = ""] = WHOLE.exec(template) ?? [];
  if (place === "header") return (exchange) => fieldOf(exchange, name);
  if (place === "path") return ({ request }) => parameterOf(request.pathParameters, name);
  const parts = template.split(/\{([^{}+]+)\+?\}/);
  if (parts.length === 1) return () => template;
  return ({ request }) => {
    let text = parts[0]!;
    for (let index = 1; index < parts.length; index += 2) {
      const value = parameterOf(request.pathParameters, parts[index]!);
      if (value === undefined) return undefined;
      text += value + parts[index + 1]!;
    }
    return text;
  };
}

/** What a request says in fields of these names, as they are written there. Those that it does not have are left out. */
export function headersOf(names: readonly string[]): (exchange: GatewayExchange) => (readonly [string, string])[] {
  return (exchange) =>
    names.flatMap((name) => {
      const value = fieldOf(exchange, name);
      return value === undefined ? [] : [[name, value] as const];
    });
}

/** The gateway's own word where it has one: a client's may be made up. */
function fieldOf(exchange: GatewayExchange, name: string): string | undefined {
  const lower = name.toLowerCase();
  if (lower === "traceparent") return formatTraceparent(exchange.trace);
  if (lower === "x-request-id") return exchange.requestId;
  return exchange.request.headers.get(lower);
}

function parameterOf(parameters: Readonly<Record<string, string>>, name: string): string | undefined {
  return Object.hasOwn(parameters, name) ? parameters[name] : undefined;
}
