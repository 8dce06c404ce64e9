/** Conditions of requests, held against a response that is kept (RFC 9110 §13). Pure. */
import type { HeaderFields } from "../../../message/header-fields.ts";
import { parseHttpDate } from "./http-date.ts";
import type { StoredResponse } from "./stored-response.ts";

/** Whether the client has this response already: 304. */
export function isNotModified(stored: StoredResponse, headers: HeaderFields, nowMs: number): boolean {
  if (stored.status !== 200) return false;
  const tags = headers.get("if-none-match");
  // When there are tags, the date does not count (§13.1.3).
  if (tags !== undefined) return isTagIn(stored.etag, tags);
  const since = headers.get("if-modified-since");
  if (since === undefined || stored.lastModified === undefined) return false;
  const sinceMs = parseHttpDate(since, nowMs);
  const modifiedMs = parseHttpDate(stored.lastModified, nowMs);
  return sinceMs !== undefined && modifiedMs !== undefined && modifiedMs <= sinceMs;
}

/** Weak comparison (§8.8.3.2). */
function isTagIn(etag: string | undefined, list: string): boolean {
  if (list.trim() === "*") return true;
  if (etag === undefined) return false;
  const opaque = etag.replace(/^W\//, "");
  for (const [, tag] of list.matchAll(/(?:W\/)?("[^"]*")/g)) if (tag === opaque) return true;
  return false;
}

/** Whether a request has conditions of its own. */
export function isConditional(headers: HeaderFields): boolean {
  return headers.has("if-none-match") || headers.has("if-modified-since");
}

/** Fields about the body, which a 304 is without (RFC 9110 §15.4.5). */
export function isAboutBody(name: string): boolean {
  return name.startsWith("content-") && name !== "content-location";
}
