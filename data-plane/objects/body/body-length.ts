/** How long a request's body will be. */
import type { HttpRequest } from "#foundation/http";
import { s3Error } from "../errors.ts";

/**
 * Bytes of the object in the body: `x-amz-decoded-content-length` where the body is `aws-chunked`, else `Content-Length`.
 *
 * @throws AwsError MissingContentLength when the body is chunked by HTTP and nobody says its length
 */
export function bodyLength(request: HttpRequest): number {
  const decoded = request.headers.get("x-amz-decoded-content-length");
  if (decoded !== undefined && /^\d{1,15}$/.test(decoded)) return Number(decoded);
  if (request.contentLength !== undefined) return request.contentLength;
  if (request.body.empty) return 0;
  throw s3Error("MissingContentLength", 411, "You must provide the Content-Length HTTP header.");
}
