/** The SDK's own signer signs random requests, and our verifier accepts them; the smallest change, and it does not. */

import { describe, expect, test } from "bun:test";
import { LambdaClient } from "@aws-sdk/client-lambda";
import { S3Client } from "@aws-sdk/client-s3";
import { S3RequestPresigner } from "@aws-sdk/s3-request-presigner";
import fc from "fast-check";
import { parseSignature, type SignableRequest, SignatureError, verifySignature } from "./index.ts";
import { PeerSha256, strictEncode, wireRequest } from "./wire.fixture.ts";

const now = Date.UTC(2026, 5, 1, 12, 30, 15);
const credentials = { accessKeyId: "AKIAEXAMPLEEXAMPLE00", secretAccessKey: "s3cr3t/With+Signs==" };

/** The signer that the SDK's clients sign with: S3's leaves the path as it is, Lambda's encodes it, as for every other service. */
const peer = memoise((service: string, sessionToken?: string) => {
  const signs = sessionToken === undefined ? credentials : { ...credentials, sessionToken };
  const config = { region: "eu-west-1", credentials: signs };
  const client = service === "s3" ? new S3Client(config) : new LambdaClient(config);
  return client.config.signer({
    name: "sigv4",
    signingName: service,
    signingRegion: "eu-west-1",
    properties: {},
  });
});

const presigner = new S3RequestPresigner({ region: "eu-west-1", credentials, sha256: PeerSha256 });

/** Making a client takes a millisecond: one per combination. */
function memoise<T>(
  make: (service: string, sessionToken?: string) => T,
): (service: string, sessionToken?: string) => T {
  const made = new Map<string, T>();
  return (service, sessionToken) => {
    const name = `${service} ${sessionToken ?? ""}`;
    const value = made.get(name) ?? make(service, sessionToken);
    made.set(name, value);
    return value;
  };
}

/** Text with everything that must be encoded, and some that need not. */
const text = fc.string({
  unit: fc.constantFrom(...("abcXYZ019-._~ !'()*+,;=&?#%/:@[]\"<>\\^`{|}é漢😀".match(/./gu) ?? [])),
  maxLength: 12,
});
const name = text.filter((value) => value !== "" && !/^x-amz-/i.test(value));

interface Sample {
  readonly method: string;
  readonly segments: readonly string[];
  readonly query: Readonly<Record<string, string | readonly string[]>>;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: Uint8Array;
  readonly sloppy: boolean;
}

const sample: fc.Arbitrary<Sample> = fc.record({
  method: fc.constantFrom("GET", "PUT", "POST", "DELETE", "HEAD"),
  segments: fc.array(
    text.filter((segment) => segment !== "." && segment !== ".."),
    { maxLength: 4 },
  ),
  query: fc.dictionary(name, fc.oneof(text, fc.array(text, { minLength: 1, maxLength: 3 })), {
    maxKeys: 5,
    noNullPrototype: true,
  }),
  headers: fc.dictionary(fc.stringMatching(/^x-(?:amz-meta-)?[a-z]{1,8}$/), fc.stringMatching(/^[ -~]{0,20}$/), {
    maxKeys: 4,
    noNullPrototype: true,
  }),
  body: fc.uint8Array({ maxLength: 40 }),
  sloppy: fc.boolean(),
});

/** What goes over the wire: clients differ in how much they encode in a query. */
function rawQuery(query: Sample["query"], sloppy: boolean): string {
  const encode = (value: string) => (sloppy ? encodeURIComponent(value) : strictEncode(value));
  return Object.entries(query)
    .flatMap(([key, value]) =>
      (typeof value === "string" ? [value] : value).map((item) => `${encode(key)}=${encode(item)}`),
    )
    .join("&");
}

function toPeerQuery(query: Sample["query"]): Record<string, string | string[]> {
  return Object.fromEntries(
    Object.entries(query).map(([key, value]) => [key, typeof value === "string" ? value : [...value]]),
  );
}

async function signedByPeer(input: Sample, service: string, sessionToken?: string): Promise<SignableRequest> {
  const path = `/${input.segments.map(strictEncode).join("/")}`;
  const signer = await peer(service, sessionToken);
  const signed = await signer.sign(
    {
      method: input.method,
      protocol: "https:",
      hostname: "localhost:4566",
      path,
      query: toPeerQuery(input.query),
      headers: { host: "localhost:4566", ...input.headers },
      body: input.body,
    },
    { signingDate: new Date(now) },
  );
  return wireRequest(input.method, path, rawQuery(input.query, input.sloppy), Object.entries(signed.headers));
}

function verify(request: SignableRequest, service: string, body?: Uint8Array, secret = credentials.secretAccessKey) {
  return verifySignature(parseSignature(request), request, secret, { now, region: "eu-west-1", service, body });
}

function reasonOf(attempt: () => unknown): string {
  try {
    attempt();
    return "accepted";
  } catch (error) {
    if (error instanceof SignatureError) return error.reason;
    throw error;
  }
}

describe("requests signed by the SDK's signer", () => {
  for (const service of ["s3", "dynamodb", "lambda"]) {
    test(`${service}: header`, async () => {
      await fc.assert(
        fc.asyncProperty(
          sample,
          fc.option(fc.constant("token/with+signs=="), { nil: undefined }),
          async (input, token) => {
            const request = await signedByPeer(input, service, token);
            expect(verify(request, service, input.body)).toMatchObject({
              kind: "signed",
              accessKeyId: credentials.accessKeyId,
              sessionToken: token,
              scope: { date: "20260601", region: "eu-west-1", service },
              presigned: undefined,
            });
          },
        ),
        { numRuns: 150 },
      );
    });
  }

  test("s3: presigned", async () => {
    await fc.assert(
      fc.asyncProperty(sample, async (input) => {
        const path = `/${input.segments.map(strictEncode).join("/")}`;
        const presigned = await presigner.presign(
          {
            method: input.method,
            protocol: "https:",
            hostname: "localhost:4566",
            path,
            query: toPeerQuery(input.query),
            headers: { host: "localhost:4566" },
          },
          { signingDate: new Date(now), expiresIn: 900 },
        );
        const query = Object.fromEntries(
          Object.entries(presigned.query ?? {}).flatMap(([key, value]) => (value === null ? [] : [[key, value]])),
        );
        const request = wireRequest(input.method, path, rawQuery(query, input.sloppy), [["Host", "localhost:4566"]]);
        expect(verify(request, "s3")).toMatchObject({
          kind: "signed",
          payload: { kind: "unsigned" },
          presigned: { expiresAtMs: now + 900_000 },
        });
      }),
      { numRuns: 100 },
    );
  });

  test("a path that is signed as it is sent, though not canonically", async () => {
    for (const path of ["/bucket/a%2ab", "/bucket/(c)", "/bucket/%7Ehome", "/bucket/a+b"]) {
      const signer = await peer("s3");
      const signed = await signer.sign(
        { method: "GET", protocol: "https:", hostname: "h", path, headers: { host: "h" } },
        { signingDate: new Date(now) },
      );
      const request = wireRequest("GET", path, "", Object.entries(signed.headers));
      expect(verify(request, "s3").kind).toBe("signed");
      expect(reasonOf(() => verify({ ...request, path: `${path}!` }, "s3"))).toBe("mismatch");
    }
  });

  test("nothing signed can be changed", async () => {
    await fc.assert(
      fc.asyncProperty(sample, fc.nat(), async (input, choice) => {
        const request = await signedByPeer(input, "s3");
        const raw = [...request.headers.raw];
        const changes: readonly (() => SignableRequest)[] = [
          () => ({ ...request, method: request.method === "GET" ? "HEAD" : "GET" }),
          () => ({ ...request, path: `${request.path}x` }),
          () => ({ ...request, query: request.query === "" ? "acl=" : `${request.query}&acl=` }),
          () => rewritten(request, raw, "host", (value) => `${value}1`),
          () => rewritten(request, raw, "x-amz-date", () => "20260601T123016Z"),
          () => rewritten(request, raw, "x-amz-content-sha256", () => "0".repeat(64)),
          () =>
            rewritten(request, raw, "authorization", (value) =>
              value.replace(/.$/, (last) => (last === "0" ? "1" : "0")),
            ),
        ];
        const changed = changes[choice % changes.length]?.() ?? request;
        expect(reasonOf(() => verify(changed, "s3"))).toBe("mismatch");
        expect(reasonOf(() => verify(request, "s3", undefined, "another secret"))).toBe("mismatch");
        expect(reasonOf(() => verify(request, "s3"))).toBe("accepted");
      }),
      { numRuns: 100 },
    );
  });
});

function rewritten(
  request: SignableRequest,
  raw: readonly string[],
  header: string,
  change: (value: string) => string,
): SignableRequest {
  const pairs: (readonly [string, string])[] = [];
  for (let i = 0; i < raw.length; i += 2) {
    const [key = "", value = ""] = [raw[i], raw[i + 1]];
    pairs.push([key, key.toLowerCase() === header ? change(value) : value]);
  }
  return wireRequest(request.method, request.path, request.query, pairs);
}
