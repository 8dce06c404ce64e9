/** Large answers for clients that read gzip. */

import { crc32, gzipSync } from "node:zlib";
import type { WireResponse } from "./wire.ts";

/** Texts below this are sent as they are: what is saved is not worth the work. Characters. */
const COMPRESSED_CHARACTERS_MIN = 4 * 1024;

/** Fast rather than tight: level 1 packs about 150 MB/s. */
const LEVEL = 1;

/** Whether a text is long enough for {@link compressAnswer}. */
export function isLongAnswer({ body }: WireResponse): boolean {
  return typeof body === "string" && body.length >= COMPRESSED_CHARACTERS_MIN;
}

/**
 * The answer in gzip, when the client takes that (RFC 9110 section 12.5.3). `x-amz-crc32` is of the bytes that are sent: that is what SDKs that ask for
 * gzip compare (`calculateCrc32FromCompressedData` of the Java SDK's description of DynamoDB).
 */
export function compressAnswer(answer: WireResponse, acceptEncoding: string | undefined): WireResponse {
  if (!isLongAnswer(answer) || !takesGzip(acceptEncoding)) return answer;
  const body = gzipSync(answer.body as string, { level: LEVEL });
  const headers = answer.headers.map(
    ([name, value]) => [name, name === "x-amz-crc32" ? String(crc32(body)) : value] as const,
  );
  return { ...answer, headers: [...headers, ["Content-Encoding", "gzip"]], body: new Uint8Array(body) };
}

function takesGzip(acceptEncoding: string | undefined): boolean {
  if (acceptEncoding === undefined) return false;
  return acceptEncoding.split(",").some((coding) => {
    const [name = "", ...parameters] = coding.split(";").map((part) => part.trim().toLowerCase());
    return (name === "gzip" || name === "*") && !parameters.some((parameter) => /^q=0(\.0*)?$/.test(parameter));
  });
}
