import { expect, test } from "bun:test";
import { crc32, gunzipSync } from "node:zlib";
import { compressAnswer } from "./compress-answer.ts";

const answer = { status: 200, headers: [["x-amz-crc32", "1"]] as const, body: "{}".padEnd(5000) };

test("a long answer is compressed for clients that take gzip, with the checksum of what is sent", () => {
  for (const accepted of ["gzip", "deflate, gzip;q=0.5", "*", "GZIP"]) {
    const { headers, body } = compressAnswer(answer, accepted);
    if (!(body instanceof Uint8Array)) throw new Error(`${accepted}: it was not compressed`);
    expect(gunzipSync(body).toString()).toBe(answer.body);
    expect(headers).toEqual([
      ["x-amz-crc32", String(crc32(body))],
      ["Content-Encoding", "gzip"],
    ]);
  }
});

test("nothing is compressed for the others, and nothing short", () => {
  for (const accepted of [undefined, "", "identity", "br", "gzip;q=0", "gzip; q=0.0"]) {
    expect(compressAnswer(answer, accepted)).toBe(answer);
  }
  const short = { ...answer, body: "{}" };
  expect(compressAnswer(short, "gzip")).toBe(short);
});
