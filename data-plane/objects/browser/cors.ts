/** CORS as browsers ask for it: preflights, and the headers of ordinary answers. */
import type { Catalog } from "#data-plane/link";
import type { HttpRequest, HttpResponse } from "#foundation/http";
import { s3Error } from "../errors.ts";
import { CORS_VARY, type CorsHeaders } from "../rules/cors/match.ts";
import { viewOf } from "../service/bucket-view.ts";

const NO_HEADERS: CorsHeaders = [];
const METHODS: ReadonlySet<string> = new Set(["GET", "PUT", "POST", "DELETE", "HEAD"]);
const REFUSED =
  "CORSResponse: This CORS request is not allowed. This is usually because the evalution of Origin, request method / Access-Control-Request-Method or Access-Control-Request-Headers are not whitelisted by the resource's CORS spec.";

/** Headers for the answer to a request that names its origin; empty when no rule of the bucket speaks of it. */
export function corsFor(catalog: Catalog, bucket: string, origin: string | undefined, method: string): CorsHeaders {
  if (origin === undefined) return NO_HEADERS;
  const record = catalog.bucket(bucket);
  if (record === undefined || record.sections.cors === undefined) return NO_HEADERS;
  return viewOf(record).cors?.actual(origin, method) ?? NO_HEADERS;
}

/**
 * Answers a preflight.
 *
 * @param key empty when the bucket itself is asked for
 * @throws AwsError BadRequest without origin or method; AccessForbidden when no rule lets the browser in
 */
export function corsPreflight(catalog: Catalog, bucket: string, key: string, request: HttpRequest): HttpResponse {
  const origin = request.headers.get("origin");
  const method = request.headers.get("access-control-request-method");
  if (origin === undefined || origin === "") {
    throw s3Error("BadRequest", 400, "Insufficient information. Origin request header needed.");
  }
  if (method === undefined || !METHODS.has(method)) {
    throw s3Error("BadRequest", 400, `Invalid Access-Control-Request-Method: ${method ?? "null"}`);
  }
  const forbidden = (message: string) =>
    s3Error("AccessForbidden", 403, message, { Method: method, ResourceType: key === "" ? "BUCKET" : "OBJECT" }, [
      ["Vary", CORS_VARY],
    ]);
  const record = catalog.bucket(bucket);
  if (record === undefined) throw forbidden("CORSResponse: Bucket not found");
  const { cors } = viewOf(record);
  if (cors === undefined) throw forbidden("CORSResponse: CORS is not enabled for this bucket.");
  const headers = cors.preflight(origin, method, request.headers.get("access-control-request-headers"));
  if (headers === undefined) throw forbidden(REFUSED);
  return { status: 200, headers, body: null };
}
