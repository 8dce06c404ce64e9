/** Texts with variables: what of a request is put into what is sent on. */
import { parseCookies } from "#foundation/api-parameters";
import type { GatewayExchange } from "../../../message/gateway-exchange.ts";
import { textOfField } from "./field-text.ts";
import { queryPairs } from "./query-pairs.ts";

/** @returns undefined when all variables of the template are absent and nothing else is in it */
export type Template = (exchange: GatewayExchange) => string | undefined;

type Variable = (exchange: GatewayExchange) => string | undefined;

const VARIABLE = /\$(?:(client_ip)\b|(header|query|path|cookie|context)\.([A-Za-z0-9_.-]*[A-Za-z0-9_])|\$)/g;
const WHOLE_CONTEXT = /^context:([A-Za-z0-9_.-]+)$/;

/** What is absent is an empty text. */
export function compileTemplate(source: string): Template {
  const whole = WHOLE_CONTEXT.exec(source)?.[1];
  if (whole !== undefined) return ({ context }) => context.get(whole);
  const parts: (string | Variable)[] = [];
  let at = 0;
  for (const match of source.matchAll(VARIABLE)) {
    const [text, clientIp, kind, name = ""] = match;
    parts.push(source.slice(at, match.index));
    if (clientIp !== undefined) parts.push(({ request }) => request.clientAddress);
    else if (kind === undefined) parts.push("$");
    else parts.push(variable(kind, name));
    at = match.index + text.length;
  }
  parts.push(source.slice(at));
  const filled = parts.filter((part) => part !== "");
  if (filled.every((part) => typeof part === "string")) {
    const text = filled.join("");
    return () => text;
  }
  return (exchange) => {
    let text: string | undefined;
    for (const part of filled) {
      const value = typeof part === "string" ? part : part(exchange);
      if (value !== undefined) text = text === undefined ? value : text + value;
    }
    return text;
  };
}

function variable(kind: string, name: string): Variable {
  switch (kind) {
    case "header": {
      const field = name.toLowerCase();
      return ({ request }) => textOfField(request.headers.get(field));
    }
    case "query":
      return ({ request }) => queryPairs(request.query).find((pair) => pair.name === name)?.value;
    case "path":
      return ({ request: { pathParameters } }) =>
        Object.hasOwn(pathParameters, name) ? pathParameters[name] : undefined;
    case "cookie":
      return ({ request }) => textOfField(parseCookies(request.headers.get("cookie") ?? "").get(name)?.[0]);
    default:
      return ({ context }) => context.get(name);
  }
}
