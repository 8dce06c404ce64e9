/** Fields that a description cannot set, because the gateway writes them itself. */
import type { JsonValue } from "../../plan.ts";
import type { ConfigProblem } from "../../plugin-declaration.ts";

const OWN = new Set([
  "connection",
  "content-length",
  "expect",
  "forwarded",
  "host",
  "keep-alive",
  "proxy-connection",
  "te",
  "trailer",
  "transfer-encoding",
  "traceparent",
  "upgrade",
  "x-forwarded-for",
  "x-forwarded-host",
  "x-forwarded-port",
  "x-forwarded-proto",
  "x-real-ip",
  "x-request-id",
]);

const NAME = /^[!#$%&'*+.^_`|~0-9A-Za-z-]+$/;

/** @param headers the member of that name, if it is there */
export function notToBeSet(headers: JsonValue | undefined): readonly ConfigProblem[] {
  return Object.keys((headers ?? {}) as object).flatMap((name) => {
    const pointer = `/headers/${name.replaceAll("~", "~0").replaceAll("/", "~1")}`;
    if (!NAME.test(name)) return [{ pointer, message: `${JSON.stringify(name)} is no name of a field.` }];
    return OWN.has(name.toLowerCase()) ? [{ pointer, message: `${name} is written by the gateway itself.` }] : [];
  });
}
