import { describe, expect, test } from "bun:test";
import { BATCH_DELETE, formatRecord, type LogRecord } from "./log-record.ts";

const OWNER = "a".repeat(64);
const record: LogRecord = {
  bucketOwner: OWNER,
  bucket: "photos",
  time: Date.UTC(2019, 1, 6, 0, 0, 38, 999),
  remoteIp: "192.0.2.3",
  requester: "arn:aws:iam::111122223333:user/ann",
  requestId: "3E57427F33A59F07",
  operation: "REST.GET.OBJECT",
  key: "cats/a b.png",
  requestUri: "GET /photos/cats/a%20b.png?versionId=1 HTTP/1.1",
  status: 200,
  errorCode: undefined,
  bytesSent: 113,
  objectSize: 226,
  totalMs: 7.4,
  turnAroundMs: 2.6,
  referrer: undefined,
  userAgent: "curl/8.0",
  versionId: "1",
  hostId: "HOST=",
  signatureVersion: "SigV4",
  authType: "AuthHeader",
  hostHeader: "photos.s3.localhost:4566",
  aclRequired: true,
};

/** A line as the published parsers cut it: brackets and quotes hold fields together. */
const cut = (line: string): string[] => line.trimEnd().match(/\[[^\]]*\]|"[^"]*"|\S+/g) ?? [];

describe("formatRecord()", () => {
  test("writes the fields in S3's order", () => {
    expect(formatRecord(record)).toBe(
      `${OWNER} photos [06/Feb/2019:00:00:38 +0000] 192.0.2.3 arn:aws:iam::111122223333:user/ann 3E57427F33A59F07 REST.GET.OBJECT cats/a%2520b.png "GET /photos/cats/a%20b.png?versionId=1 HTTP/1.1" 200 - 113 226 7 3 "-" "curl/8.0" 1 HOST= SigV4 - AuthHeader photos.s3.localhost:4566 - - Yes\n`,
    );
    expect(cut(formatRecord(record))).toHaveLength(26);
  });

  test("writes a dash for what is not known, and for no bytes", () => {
    const bare = formatRecord({
      ...record,
      requester: undefined,
      key: "",
      bytesSent: 0,
      objectSize: undefined,
      totalMs: undefined,
      turnAroundMs: undefined,
      userAgent: undefined,
      versionId: undefined,
      signatureVersion: undefined,
      authType: undefined,
      hostHeader: undefined,
      aclRequired: false,
    });
    expect(bare).toBe(
      `${OWNER} photos [06/Feb/2019:00:00:38 +0000] 192.0.2.3 - 3E57427F33A59F07 REST.GET.OBJECT - "GET /photos/cats/a%20b.png?versionId=1 HTTP/1.1" 200 - - - - - "-" "-" - HOST= - - - - - - -\n`,
    );
    expect(cut(bare)).toHaveLength(26);
  });

  test("keys of requests are encoded twice, keys of batches once", () => {
    expect(cut(formatRecord({ ...record, key: "50% größe" }))[7]).toBe("50%2525%2520gr%25C3%25B6%25C3%259Fe");
    expect(cut(formatRecord({ ...record, operation: BATCH_DELETE, key: "50% größe" }))[7]).toBe(
      "50%25%20gr%C3%B6%C3%9Fe",
    );
  });

  test("nothing that a client sends ends a field or a line", () => {
    const evil = '" 200 - "\r\nx y [z] \u0000\u2028\ud800';
    const line = formatRecord({
      ...record,
      key: evil,
      requestUri: `GET /${evil} HTTP/1.1`,
      referrer: evil,
      userAgent: evil,
      hostHeader: evil,
      versionId: evil,
      errorCode: evil,
    });
    expect(line).toMatch(/^[\x20-\x7e]+\n$/);
    expect(cut(line)).toHaveLength(26);
    expect(cut(line)[25]).toBe("Yes");
  });

  test("long fields are cut", () => {
    expect(formatRecord({ ...record, userAgent: "x".repeat(100_000) }).length).toBeLessThan(9_000);
  });
});
