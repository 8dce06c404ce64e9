/** Makes signed requests as bytes. */
import { type Credential, signRequest } from "#foundation/aws/sigv4";
import type { PreparedRequest } from "./http-load.ts";

export interface RequestShape {
  readonly method: string;
  /** Percent-encoded. */
  readonly path: string;
  readonly query?: string;
  readonly body?: Uint8Array;
  /** Leaves the body out of the signature: clients do so for large bodies over TLS. */
  readonly unsignedPayload?: boolean;
  readonly headers?: readonly (readonly [string, string])[];
  /** What the signature is for; `s3` unless said otherwise. */
  readonly service?: string;
}

/** Signs once; the result may be sent as often as the clock skew permits (15 minutes). */
export function prepare(
  shape: RequestShape,
  target: { readonly host: string; readonly port: number },
  credential: Credential,
): PreparedRequest {
  const body = shape.body ?? new Uint8Array(0);
  const signed = signRequest(
    {
      method: shape.method,
      path: shape.path,
      query: shape.query ?? "",
      headers: [
        ["host", `${target.host}:${target.port}`],
        ["content-length", String(body.length)],
        ...(shape.headers ?? []),
      ],
    },
    shape.unsignedPayload === true ? "UNSIGNED-PAYLOAD" : body,
    { credential, region: "us-east-1", service: shape.service ?? "s3", now: Date.now() },
  );
  const query = shape.query === undefined || shape.query === "" ? "" : `?${shape.query}`;
  const head = `${shape.method} ${shape.path}${query} HTTP/1.1\r\n${signed.headers.map(([name, value]) => `${name}: ${value}\r\n`).join("")}\r\n`;
  const bytes = Buffer.from(head, "latin1");
  // One piece for small bodies: one write, as clients do.
  return body.length === 0 ? [bytes] : body.length <= 65_536 ? [Buffer.concat([bytes, body])] : [bytes, body];
}
