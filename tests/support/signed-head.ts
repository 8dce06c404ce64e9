/** The head of a signed request as text, for tests that send what follows, or do not. */
import { signRequest } from "#foundation/aws/sigv4";
import type { CloudEnvironment } from "./cloud.ts";

/** @param contentLength bytes that the head announces; undefined for none */
export function signedHead(
  environment: CloudEnvironment,
  method: string,
  path: string,
  contentLength?: number,
): string {
  const length: [string, string][] = contentLength === undefined ? [] : [["content-length", String(contentLength)]];
  const { headers } = signRequest(
    { method, path, query: "", headers: [["host", new URL(environment.AWS_ENDPOINT_URL!).host], ...length] },
    "UNSIGNED-PAYLOAD",
    {
      credential: {
        accessKeyId: environment.AWS_ACCESS_KEY_ID!,
        secretAccessKey: environment.AWS_SECRET_ACCESS_KEY!,
      },
      region: environment.AWS_REGION!,
      service: "s3",
      now: Date.now(),
    },
  );
  return `${method} ${path} HTTP/1.1\r\n${headers.map(([name, value]) => `${name}: ${value}\r\n`).join("")}\r\n`;
}
