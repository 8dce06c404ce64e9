/** A response that is kept, how old it is and how long it may be used (RFC 9111 §4.2). Pure. */
import { HeaderFields } from "../../../message/header-fields.ts";
import { varyNames } from "../vary.ts";
import { type CacheControl, parseCacheControl, seconds } from "./cache-control.ts";
import { parseHttpDate } from "./http-date.ts";

export interface StoredResponse {
  readonly status: number;
  /** Name, value, name, value … without `Age`. Nobody changes it. */
  readonly fields: readonly string[];
  /** Nobody changes it. */
  readonly body: Uint8Array;
  readonly said: CacheControl;
  /** Seconds for which it is fresh; undefined when the origin says nothing. */
  readonly lifetimeS: number | undefined;
  /** How old it was when it came. */
  readonly initialAgeMs: number;
  /** When it came, on the monotonic clock. */
  readonly cameAtMs: number;
  readonly variesByCookie: boolean;
  readonly etag: string | undefined;
  readonly lastModified: string | undefined;
}

/** When a response was asked for and when it came. */
export interface Moments {
  /** Both on the monotonic clock. */
  readonly askedAtMs: number;
  readonly cameAtMs: number;
  /** When it came, on the wall clock. */
  readonly wallMs: number;
}

/** Fields that are about this message, and not about what is kept (RFC 9111 §3.1). */
const NOT_KEPT = new Set(["age", "x-cache", "proxy-authenticate", "proxy-authentication-info", "proxy-authorization"]);

/** @param raw the caller gives it away */
export function storedResponse(status: number, raw: string[], body: Uint8Array, moments: Moments): StoredResponse {
  const headers = HeaderFields.of(raw);
  const said = parseCacheControl(headers.get("cache-control"));
  const dateText = headers.get("date");
  const date = dateText === undefined ? undefined : parseHttpDate(dateText, moments.wallMs);
  const age = seconds(headers.get("age")) ?? 0;
  const initialAgeMs = Math.max(
    date === undefined ? 0 : moments.wallMs - date,
    age * 1000 + (moments.cameAtMs - moments.askedAtMs),
    0,
  );
  headers.deleteWhere((name) => NOT_KEPT.has(name));
  // Whoever keeps a response without one has to add when it came (RFC 9110 §6.6.1).
  if (date === undefined) headers.set("Date", new Date(moments.wallMs).toUTCString());
  return {
    status,
    fields: headers.toRaw(),
    body,
    said,
    lifetimeS: said.sharedMaxAge ?? said.maxAge ?? expiresAfterS(headers.all("expires"), date, moments.wallMs),
    initialAgeMs,
    cameAtMs: moments.cameAtMs,
    variesByCookie: varyNames(headers).includes("cookie"),
    etag: headers.get("etag"),
    lastModified: headers.get("last-modified"),
  };
}

/** What is no date is in the past, and `0` most of all (RFC 9111 §5.3). */
function expiresAfterS(values: readonly string[], date: number | undefined, nowMs: number): number | undefined {
  if (values.length === 0) return undefined;
  const expires = values.length === 1 ? parseHttpDate(values[0]!, nowMs) : undefined;
  return expires === undefined ? 0 : Math.max(0, (expires - (date ?? nowMs)) / 1000);
}

/** Seconds with a fraction. */
export function ageOf(stored: StoredResponse, nowMs: number): number {
  return (stored.initialAgeMs + nowMs - stored.cameAtMs) / 1000;
}

/** Whether it may answer a request without asking the origin (RFC 9111 §4.2, §5.2.1). @param ttl seconds, when the origin says nothing */
export function isFresh(stored: StoredResponse, asked: CacheControl, ttl: number, nowMs: number): boolean {
  if (stored.said.noCache || asked.noCache) return false;
  const age = ageOf(stored, nowMs);
  const lifetime = stored.lifetimeS ?? ttl;
  if (asked.maxAge !== undefined && age > asked.maxAge) return false;
  return age + (asked.minFresh ?? 0) < lifetime;
}

/** By what the origin may tell somebody from others. */
export type Claim =
  /** Credentials, or whom the gateway has verified. */
  | "somebody"
  /** A cookie: a session, or nothing of importance. */
  | "cookie"
  | "nobody";

/**
 * Whether a response may be kept of, and given to, somebody. Of somebody with credentials only what its origin says is for everybody (RFC 9111 §3.5). With a cookie, which the RFC does not
 * look at, what its origin has said anything about: a page of a session must not be given to all only because nobody thought of it.
 */
export function isShared(
  claim: Claim,
  said: CacheControl,
  lifetimeS: number | undefined,
  variesByCookie: boolean,
): boolean {
  if (claim === "nobody" || said.isPublic || said.mustRevalidate || said.sharedMaxAge !== undefined) return true;
  return claim === "cookie" && (variesByCookie || lifetimeS !== undefined);
}
