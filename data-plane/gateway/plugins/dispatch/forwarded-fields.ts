/** Fields of a request as it goes on to another server. Pure. */
import type { Fields, ReceivedFields } from "#foundation/http1";
import { formatTraceparent } from "#foundation/telemetry";
import type { GatewayExchange } from "../../message/gateway-exchange.ts";

/** What the gateway says itself, so that nobody else can say it in its name. */
const SAID_HERE = new Set([
  "forwarded",
  "traceparent",
  "x-forwarded-for",
  "x-forwarded-host",
  "x-forwarded-port",
  "x-forwarded-proto",
  "x-real-ip",
  "x-request-id",
]);

/** For the next hop alone, or written anew (RFC 9110 §7.6.1). */
const FOR_ONE_HOP = new Set([
  "connection",
  "content-length",
  "expect",
  "host",
  "keep-alive",
  "proxy-authenticate",
  "proxy-authorization",
  "proxy-connection",
  "te",
  "trailer",
  "transfer-encoding",
  "upgrade",
]);

export interface ForwardedFields {
  readonly received?: ReceivedFields;
  readonly fields: readonly string[];
}

/** Says which fields a request goes on with. */
export interface RequestFields {
  /** Copied octet for octet as long as nobody has changed them. */
  of(exchange: GatewayExchange): ForwardedFields;
  /** What the gateway itself says: name, value, name, value … */
  said(exchange: GatewayExchange): readonly string[];
}

/** @param set fields of every request, in the place of those of the same name */
export function requestFields(set: Readonly<Record<string, string>> = {}): RequestFields {
  const own = Object.entries(set).flat();
  const replaced = new Set(Object.keys(set).map((name) => name.toLowerCase()));
  const isDropped =
    replaced.size === 0
      ? isSaidHere
      : (fields: Fields, index: number): boolean =>
          isSaidHere(fields, index) || replaced.has(fields.name(index).toLowerCase());
  // One literal: this is for every request.
  const saidHere = ({ request, requestId, trace }: GatewayExchange): string[] => [
    "X-Forwarded-For",
    request.clientAddress,
    "X-Forwarded-Proto",
    request.secure ? "https" : "http",
    "X-Forwarded-Host",
    request.host,
    "X-Request-Id",
    requestId,
    "traceparent",
    formatTraceparent(trace),
  ];
  const saidOf = own.length === 0 ? saidHere : (exchange: GatewayExchange): string[] => [...own, ...saidHere(exchange)];
  return {
    said: saidOf,
    of(exchange) {
      const { request } = exchange;
      const said = saidOf(exchange);
      const { untouched, added } = request.headers;
      if (untouched !== undefined && added.length === 0) {
        return { received: { fields: untouched, isDropped }, fields: said };
      }
      const nominated = nominatedBy(request.headers.get("connection"));
      const kept: string[] = [];
      for (let i = 0; i < added.length; i += 2) {
        const lower = added[i]!.toLowerCase();
        if (SAID_HERE.has(lower) || FOR_ONE_HOP.has(lower) || replaced.has(lower) || nominated?.has(lower)) continue;
        kept.push(added[i]!, added[i + 1]!);
      }
      const fields = [...kept, ...said];
      return untouched === undefined ? { fields } : { received: { fields: untouched, isDropped }, fields };
    },
  };
}

/** By their length: most names have none of these. */
const SAID_BY_LENGTH: readonly (readonly string[] | undefined)[] = Array.from(
  { length: 1 + Math.max(...[...SAID_HERE].map((name) => name.length)) },
  (_, length) => {
    const names = [...SAID_HERE].filter((name) => name.length === length);
    return names.length === 0 ? undefined : names;
  },
);

function isSaidHere(fields: Fields, index: number): boolean {
  const names = SAID_BY_LENGTH[fields.nameEnd(index) - fields.nameStart(index)];
  if (names === undefined) return false;
  for (const name of names) if (fields.isNamed(index, name)) return true;
  return false;
}

function nominatedBy(connection: string | undefined): ReadonlySet<string> | undefined {
  return connection === undefined ? undefined : new Set(connection.split(",").map((one) => one.trim().toLowerCase()));
}
