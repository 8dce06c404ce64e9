import { describe, expect, test } from "bun:test";
import {
  needsBodyToVerify,
  parseSignature,
  presign,
  presignV2,
  type SignableRequest,
  SignatureError,
  type SignatureFailure,
  signRequest,
  type VerifyOptions,
  verifySignature,
} from "./index.ts";
import { signingKeyCacheSize } from "./signing-key.ts";
import { wireRequest } from "./wire.fixture.ts";

const now = Date.UTC(2026, 5, 1, 12, 0, 0);
const credential = { accessKeyId: "AKIAEXAMPLEEXAMPLE00", secretAccessKey: "secret" };
const minute = 60_000;

function signed(options: {
  readonly method?: string;
  readonly path?: string;
  readonly query?: string;
  readonly headers?: readonly (readonly [string, string])[];
  readonly body?: Uint8Array | string;
  readonly service?: string;
  readonly region?: string;
  readonly at?: number;
}): SignableRequest {
  const { method = "GET", path = "/bucket/key", query = "", headers = [], body = "UNSIGNED-PAYLOAD" } = options;
  const unsigned = { method, path, query, headers: [["host", "localhost:4566"] as const, ...headers] };
  const { headers: sent } = signRequest(unsigned, body, {
    credential,
    region: options.region ?? "us-east-1",
    service: options.service ?? "s3",
    now: options.at ?? now,
  });
  return wireRequest(method, path, query, sent);
}

function presigned(
  extra: Partial<{ at: number; expiresSeconds: number; service: string; query: string }> = {},
): SignableRequest {
  const headers = [["host", "localhost:4566"] as const];
  const query = presign(
    { method: "GET", path: "/bucket/key", query: extra.query ?? "", headers },
    {
      credential,
      region: "us-east-1",
      service: extra.service ?? "s3",
      now: extra.at ?? now,
      expiresSeconds: extra.expiresSeconds ?? 600,
    },
  );
  return wireRequest("GET", "/bucket/key", query, headers);
}

function verify(request: SignableRequest, options: Partial<VerifyOptions> = {}) {
  return verifySignature(parseSignature(request), request, credential.secretAccessKey, {
    now,
    region: "us-east-1",
    service: "s3",
    ...options,
  });
}

function failureOf(attempt: () => unknown): SignatureFailure {
  try {
    attempt();
  } catch (error) {
    if (error instanceof SignatureError) return error.failure;
    throw error;
  }
  throw new Error("the signature was accepted");
}

function withHeader(request: SignableRequest, name: string, value: string | undefined): SignableRequest {
  const pairs: (readonly [string, string])[] = [];
  const { raw } = request.headers;
  for (let i = 0; i < raw.length; i += 2) {
    if (raw[i]?.toLowerCase() !== name) pairs.push([raw[i] ?? "", raw[i + 1] ?? ""]);
  }
  if (value !== undefined) pairs.push([name, value]);
  return wireRequest(request.method, request.path, request.query, pairs);
}

test("a request without credentials is anonymous", () => {
  const request = wireRequest("GET", "/", "prefix=X-Amz-Date", [["host", "h"]]);
  expect(parseSignature(request)).toEqual({ kind: "anonymous" });
  expect(verify(request)).toEqual({ kind: "anonymous" });
});

describe("time", () => {
  test("the clock may be off by fifteen minutes and no more", () => {
    for (const at of [now - 15 * minute, now + 15 * minute]) expect(verify(signed({ at })).kind).toBe("signed");
    for (const at of [now - 15 * minute - 1000, now + 15 * minute + 1000]) {
      expect(failureOf(() => verify(signed({ at })))).toMatchObject({ reason: "skewed", nowMs: now });
    }
  });

  test("the Date header serves where X-Amz-Date is missing", () => {
    const request = withHeader(signed({}), "x-amz-date", undefined);
    expect(failureOf(() => verify(request)).reason).toBe("missing-date");
    expect(failureOf(() => verify(withHeader(request, "date", "yesterday"))).reason).toBe("missing-date");
    const dated = withHeader(request, "date", new Date(now).toUTCString());
    // The date is understood; the signature covered x-amz-date and so does not match.
    expect(failureOf(() => verify(dated)).reason).toBe("mismatch");
  });

  test("a presigned URL lives from its date to its end", () => {
    expect(verify(presigned(), { now: now + 600_000 })).toMatchObject({
      presigned: { expiresAtMs: now + 600_000 },
      authType: "REST-QUERY-STRING",
    });
    expect(failureOf(() => verify(presigned(), { now: now + 600_001 }))).toEqual({
      reason: "expired",
      expiresAtMs: now + 600_000,
      nowMs: now + 600_001,
      expiresSeconds: 600,
    });
    expect(failureOf(() => verify(presigned(), { now: now - 16 * minute })).reason).toBe("not-yet-valid");
    expect(verify(presigned({ expiresSeconds: 604_800 }), { now: now + 604_800_000 }).kind).toBe("signed");
  });

  test("the length of that life is checked before anything else", () => {
    for (const [seconds, problem] of [
      ["0", "must be non-negative"],
      ["-1", "must be non-negative"],
      ["604801", "must be less than a week"],
      ["soon", "should be a number"],
      ["1e3", "should be a number"],
    ] as const) {
      const request = presigned();
      const changed = { ...request, query: request.query.replace("X-Amz-Expires=600", `X-Amz-Expires=${seconds}`) };
      expect(failureOf(() => verify(changed))).toMatchObject({
        reason: "malformed",
        problem: expect.stringContaining(problem),
      });
    }
  });
});

describe("scope", () => {
  test("the region must be served", () => {
    expect(failureOf(() => verify(signed({ region: "eu-west-1" })))).toEqual({
      reason: "region-mismatch",
      place: "header",
      region: "eu-west-1",
      expected: "us-east-1",
    });
    expect(verify(signed({ region: "eu-west-1" }), { region: ["us-east-1", "eu-west-1"] }).kind).toBe("signed");
  });

  test("the service must be the addressed one", () => {
    expect(failureOf(() => verify(signed({ service: "sqs" }))).reason).toBe("service-mismatch");
  });

  test("the date must be that of the request", () => {
    const request = signed({});
    const authorization = request.headers.get("authorization") ?? "";
    const changed = withHeader(request, "authorization", authorization.replace("/20260601/", "/20260602/"));
    expect(failureOf(() => verify(changed)).reason).toBe("scope-date-mismatch");
  });
});

describe("headers", () => {
  test("host must be signed", () => {
    const request = signed({});
    const authorization = request.headers.get("authorization") ?? "";
    const changed = withHeader(
      request,
      "authorization",
      authorization.replace("SignedHeaders=host;", "SignedHeaders="),
    );
    expect(failureOf(() => verify(changed))).toEqual({ reason: "unsigned-header", headers: ["host"] });
  });

  test("every x-amz header that is present must be signed", () => {
    const request = withHeader(withHeader(signed({}), "X-Amz-Acl", "public-read"), "x-amz-meta-a", "1");
    expect(failureOf(() => verify(request))).toEqual({
      reason: "unsigned-header",
      headers: ["x-amz-acl", "x-amz-meta-a"],
    });
    expect(failureOf(() => verify(withHeader(presigned(), "x-amz-acl", "public-read"))).reason).toBe("unsigned-header");
    expect(verify(withHeader(signed({}), "x-amzn-trace-id", "Root=1")).kind).toBe("signed");
  });

  test("repeated headers are joined, white space inside is collapsed", () => {
    const request = signed({
      headers: [
        ["x-amz-meta-list", "one"],
        ["x-amz-meta-list", "  two   three "],
      ],
    });
    const joined = wireRequest(
      "GET",
      "/bucket/key",
      "",
      [...pairsOf(request)]
        .filter(([name]) => name !== "x-amz-meta-list")
        .concat([["X-Amz-Meta-List", "one,two three"]]),
    );
    expect(verify(joined).kind).toBe("signed");
    expect(verify(request).kind).toBe("signed");
  });

  test("bytes beyond ASCII are signed as they came", () => {
    const value = Buffer.from("grün").toString("latin1");
    expect(verify(signed({ headers: [["x-amz-meta-colour", value]] })).kind).toBe("signed");
  });
});

function pairsOf(request: SignableRequest): readonly (readonly [string, string])[] {
  const { raw } = request.headers;
  return Array.from({ length: raw.length / 2 }, (_, i) => [raw[2 * i] ?? "", raw[2 * i + 1] ?? ""] as const);
}

describe("paths", () => {
  test("S3 signs dots and double slashes as they are, others normalise them", () => {
    expect(verify(signed({ path: "/bucket//a/../b/." })).kind).toBe("signed");
    const other = signed({ path: "/a/./b/../c//d/", service: "lambda" });
    const normalised = { ...other, path: "/a/c/d/" };
    expect(verify(normalised, { service: "lambda" }).kind).toBe("signed");
    expect(failureOf(() => verify({ ...signed({ path: "/b//k" }), path: "/b/k" })).reason).toBe("mismatch");
  });
});

describe("payload", () => {
  test("S3 requires its hash in the header form only", () => {
    const request = signed({ service: "s3" });
    const authorization = (request.headers.get("authorization") ?? "").replace(";x-amz-content-sha256", "");
    const without = withHeader(withHeader(request, "x-amz-content-sha256", undefined), "authorization", authorization);
    expect(failureOf(() => verify(without)).reason).toBe("missing-payload-hash");
    expect(verify(presigned())).toMatchObject({ payload: { kind: "unsigned" } });
  });

  test("all its forms are told apart", () => {
    const hex = "ab".repeat(32);
    for (const [value, payload] of [
      [hex, { kind: "sha256", hex }],
      ["UNSIGNED-PAYLOAD", { kind: "unsigned" }],
      ["STREAMING-AWS4-HMAC-SHA256-PAYLOAD", { kind: "streaming-signed", trailer: false }],
      ["STREAMING-AWS4-HMAC-SHA256-PAYLOAD-TRAILER", { kind: "streaming-signed", trailer: true }],
      ["STREAMING-UNSIGNED-PAYLOAD-TRAILER", { kind: "streaming-unsigned" }],
    ] as const) {
      expect(verify(signed({ body: value }))).toMatchObject({ payload });
    }
    expect(failureOf(() => verify(signed({ body: "streaming" }))).reason).toBe("invalid-payload-hash");
    expect(failureOf(() => verify(signed({ body: "STREAMING-AWS4-ECDSA-P256-SHA256-PAYLOAD" }))).reason).toBe(
      "unsupported-algorithm",
    );
  });

  test("a body at hand is compared", () => {
    const body = Buffer.from("{}");
    expect(verify(signed({ body, service: "sqs" }), { service: "sqs", body }).kind).toBe("signed");
    expect(
      failureOf(() => verify(signed({ body, service: "sqs" }), { service: "sqs", body: Buffer.from("{ }") })),
    ).toMatchObject({ reason: "payload-mismatch" });
  });

  test("the body must be at hand only where its hash was not sent, and never for S3", () => {
    const needs = (request: SignableRequest) => needsBodyToVerify(parseSignature(request), request);
    expect(needs(signed({}))).toBe(false);
    expect(needs(presigned())).toBe(false);
    expect(needs(signed({ service: "sqs" }))).toBe(false);
    expect(needs(withHeader(signed({ service: "sqs" }), "x-amz-content-sha256", undefined))).toBe(true);
    expect(needs(wireRequest("GET", "/", "", []))).toBe(false);
  });

  test("a signer that does not send the hash has still signed it", () => {
    const request = presigned({ service: "sts", query: "Action=GetCallerIdentity" });
    expect(verify(request, { service: "sts" })).toMatchObject({ payload: { kind: "sha256" } });
    expect(failureOf(() => verify(request, { service: "sts", body: Buffer.from("x") })).reason).toBe("mismatch");
  });
});

describe("what is refused while parsing", () => {
  const host = ["host", "h"] as const;
  const good = "Credential=AK/20260601/us-east-1/s3/aws4_request, SignedHeaders=host, Signature=00";
  const date = ["x-amz-date", "20260601T120000Z"] as const;
  const cases: readonly (readonly [string, SignatureFailure["reason"]])[] = [
    ["Bearer token", "unsupported-algorithm"],
    [
      "AWS4-ECDSA-P256-SHA256 Credential=AK/20260601/s3/aws4_request, SignedHeaders=host, Signature=00",
      "unsupported-algorithm",
    ],
    ["AWS4-HMAC-SHA256", "malformed"],
    ["AWS4-HMAC-SHA256-PLUS Credential=AK", "unsupported-algorithm"],
    ["AWS4-HMAC-SHA256 ", "malformed"],
    [`AWS4-HMAC-SHA256 ${good.replace("Signature=00", "")}`, "malformed"],
    [`AWS4-HMAC-SHA256 ${good}, Signature=11`, "malformed"],
    [`AWS4-HMAC-SHA256 ${good.replace("aws4_request", "aws4")}`, "malformed"],
    [`AWS4-HMAC-SHA256 ${good.replace("AK/", "/")}`, "malformed"],
    [`AWS4-HMAC-SHA256 ${good.replace("20260601", "2026-06-01")}`, "malformed"],
    [`AWS4-HMAC-SHA256 ${good.replace("=host", "=Host")}`, "malformed"],
    [`AWS4-HMAC-SHA256 ${good.replace("=host", "=host;host")}`, "malformed"],
    ["AWS nothing", "malformed"],
  ];
  for (const [authorization, reason] of cases) {
    test(`${authorization.slice(0, 60)} is ${reason}`, () => {
      const request = wireRequest("GET", "/", "", [host, date, ["authorization", authorization]]);
      expect(failureOf(() => parseSignature(request)).reason).toBe(reason);
    });
  }

  test("two mechanisms at once", () => {
    const request = { ...signed({}), query: presigned().query };
    expect(failureOf(() => parseSignature(request)).reason).toBe("ambiguous");
  });

  test("a query that lacks a part", () => {
    const request = presigned();
    const query = request.query.replace(/&X-Amz-Date=[^&]*/, "");
    expect(failureOf(() => parseSignature({ ...request, query })).reason).toBe("malformed");
    const asymmetric = request.query.replace("AWS4-HMAC-SHA256", "AWS4-ECDSA-P256-SHA256");
    expect(failureOf(() => parseSignature({ ...request, query: asymmetric })).reason).toBe("unsupported-algorithm");
    const endless = request.query.replace(/&X-Amz-Expires=\d+/, "");
    expect(failureOf(() => verify({ ...request, query: endless })).reason).toBe("malformed");
  });
});

describe("Signature Version 2", () => {
  const request = wireRequest("GET", "/bucket/a%20key", "response-content-type=text%2Fplain&versionId=7&unrelated=1", [
    ["Host", "localhost:4566"],
  ]);
  const expires = now / 1000 + 60;

  test("a presigned URL is accepted until it expires", () => {
    const token = { ...credential, sessionToken: "a/token+=" };
    for (const signer of [credential, token]) {
      const query = presignV2(request, signer, { expiresAtSeconds: expires });
      const sent = { ...request, query };
      expect(verify(sent)).toMatchObject({ signatureVersion: "AWS", presigned: { expiresAtMs: expires * 1000 } });
      expect(failureOf(() => verify(sent, { now: expires * 1000 + 1 })).reason).toBe("expired");
      expect(failureOf(() => verify({ ...sent, path: "/bucket/other" })).reason).toBe("mismatch");
      expect(failureOf(() => verify({ ...sent, query: query.replace("versionId=7", "versionId=8") })).reason).toBe(
        "mismatch",
      );
    }
  });

  test("the bucket of a virtual host is part of the resource", () => {
    const query = presignV2({ ...request, path: "/a%20key" }, credential, {
      expiresAtSeconds: expires,
      virtualHostBucket: "bucket",
    });
    expect(verify({ ...request, path: "/a%20key", query }, { virtualHostBucket: "bucket" }).kind).toBe("signed");
    expect(verify({ ...request, query }).kind).toBe("signed");
    expect(
      failureOf(() => verify({ ...request, path: "/a%20key", query }, { virtualHostBucket: "tekcub" })).reason,
    ).toBe("mismatch");
  });

  test("only S3 takes it", () => {
    const query = presignV2(request, credential, { expiresAtSeconds: expires });
    expect(failureOf(() => verify({ ...request, query }, { service: "sqs" })).reason).toBe("unsupported-algorithm");
  });
});

test("keys are kept only for those who know the secret", () => {
  const request = signed({ at: now + 1000 });
  const before = signingKeyCacheSize();
  const parsed = parseSignature({
    ...request,
    headers: withHeader(
      request,
      "authorization",
      (request.headers.get("authorization") ?? "").replace("AKIAEXAMPLEEXAMPLE00", "AKIASOMEBODYELSE0000"),
    ).headers,
  });
  expect(
    failureOf(() => verifySignature(parsed, request, "guess", { now, region: "us-east-1", service: "s3" })).reason,
  ).toBe("mismatch");
  expect(signingKeyCacheSize()).toBe(before);
});

test("the key of a signature that matched is kept", () => {
  const before = signingKeyCacheSize();
  const request = signed({ region: "ap-south-2" });
  expect(verify(request, { region: "ap-south-2" }).kind).toBe("signed");
  expect(signingKeyCacheSize()).toBe(before + 1);
  expect(verify(request, { region: "ap-south-2" }).kind).toBe("signed");
  expect(signingKeyCacheSize()).toBe(before + 1);
});

test("a rotated secret is not confused with the old one", () => {
  const request = signed({});
  expect(verify(request).kind).toBe("signed");
  const parsed = parseSignature(request);
  expect(
    failureOf(() => verifySignature(parsed, request, "new secret", { now, region: "us-east-1", service: "s3" })).reason,
  ).toBe("mismatch");
  expect(verify(request).kind).toBe("signed");
});
