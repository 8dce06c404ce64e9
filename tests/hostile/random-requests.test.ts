/**
 * Requests made at random from S3's own model, over the network: operations, parameters and headers that exist, with values that nobody would send.
 * Whatever they are, they are answered, and none is our fault.
 */
import { afterAll, beforeAll, expect, test } from "bun:test";
import fc from "fast-check";
import { loadServiceModel } from "#foundation/aws";
import { type ClientCloud, startClientCloud } from "../support/client-cloud.ts";
import { sendSigned } from "../support/raw-http.ts";

const RUNS = 1_000;

const model = await loadServiceModel("s3");
const operations = model.operationNames.map((name) => model.operation(name)!);
const members = operations.flatMap(({ input }) => input.members);
const unique = (names: readonly string[]): string[] => [...new Set(names)];
/** `acl`, `uploads`, `list-type=2` … */
const literals = unique(operations.map(({ uri }) => uri.split("?")[1] ?? ""));
const parameters = unique(members.flatMap(({ location }) => (location.in === "query" ? [location.name] : [])));
const headerNames = unique(
  members.flatMap(({ location }) => (location.in === "header" ? [location.lowerName] : [])),
).filter((name) => name !== "content-length");

const value = fc.oneof(
  fc.constantFrom(
    ...[
      "",
      "0",
      "1",
      "-1",
      "1e9",
      "99999999999999999999",
      "true",
      "null",
      "*",
      "/",
      "=",
      "%zz",
      "2030-01-01T00:00:00Z",
      "bytes=0-1",
    ],
    ...[
      '"etag"',
      'id="x"',
      'uri="http://acs.amazonaws.com/groups/global/AllUsers"',
      "private",
      "STANDARD",
      "AES256",
      "CRC32",
      "AAAAAA==",
    ],
    ...[
      "/random/cat",
      "random/cat?versionId=null",
      "url",
      "a=b&c=d",
      "Enabled",
      "COMPLIANCE",
      "text/plain",
      "multipart/form-data; boundary=x",
    ],
  ),
  fc.string({ maxLength: 20 }).map((text) => text.replace(/[^ -~]/g, "")),
);
const query = fc
  .tuple(
    fc.constantFrom(...literals),
    fc.array(
      fc.tuple(fc.constantFrom(...parameters), value).map(([name, text]) => `${name}=${encodeURIComponent(text)}`),
      { maxLength: 3 },
    ),
  )
  .map((parts) =>
    parts
      .flat()
      .filter((part) => part !== "")
      .join("&"),
  );
const body = fc.constantFrom(
  ...[
    "",
    "junk",
    "{}",
    "<Delete/>",
    "<Delete><Object><Key>cat</Key></Object></Delete>",
    "<Tagging/>",
    "<WebsiteConfiguration/>",
  ],
  ...[
    "<LifecycleConfiguration/>",
    "<CORSConfiguration/>",
    "<AccessControlPolicy/>",
    "<Retention/>",
    "<OwnershipControls/>",
  ],
  ...[
    "<VersioningConfiguration><Status>Enabled</Status></VersioningConfiguration>",
    "<CompleteMultipartUpload/>",
    "<ObjectLockConfiguration/>",
  ],
  ...['{"Version":"2012-10-17","Statement":[]}', "--x\r\n\r\n", "--x--"],
  '--x\r\nContent-Disposition: form-data; name="key"\r\n\r\nk\r\n--x\r\nContent-Disposition: form-data; name="file"\r\n\r\nhello\r\n--x--\r\n',
);
const request = fc.record({
  method: fc.constantFrom("GET", "PUT", "POST", "DELETE", "HEAD", "OPTIONS"),
  path: fc.constantFrom(
    "/",
    "/random",
    "/random/",
    "/random/cat",
    "/random/a//b",
    "/random/%zz",
    "/random/%00",
    "/%zz",
    "/absent",
    "/absent/x",
    "/-",
  ),
  query,
  headers: fc.array(
    fc.tuple(fc.constantFrom(...headerNames, "origin", "access-control-request-method", "x-amz-meta-a"), value),
    { maxLength: 4 },
  ),
  body,
  digest: fc.boolean(),
});

let here: ClientCloud;
beforeAll(async () => {
  here = await startClientCloud();
});
afterAll(async () => {
  await here.dispose();
});

test("none of them is our fault", async () => {
  const statuses = new Set<number>();
  const put = (path: string) =>
    sendSigned(here.environment, { method: "PUT", path, body: path.includes("cat") ? "meow" : "" });
  let sent = 0;
  await fc.assert(
    fc.asyncProperty(request, async ({ digest, ...plan }) => {
      // Some of them delete the bucket.
      if (sent++ % 10 === 0) for (const path of ["/random", "/random/cat"]) await put(path);
      const md5 = new Bun.CryptoHasher("md5").update(plan.body).digest("base64");
      const headers = plan.headers.map(([name, text]) => [name, text.trim()] as const);
      const answer = await sendSigned(here.environment, {
        ...plan,
        headers: digest ? [...headers, ["content-md5", md5]] : headers,
      });
      statuses.add(answer.status);
      expect(answer.status < 500 || answer.status === 501).toBe(true);
      expect(answer.status).toBeGreaterThanOrEqual(200);
    }),
    { numRuns: RUNS, seed: 1_090_019_050 },
  );
  // Some did something, others were refused for many reasons.
  expect([...statuses]).toEqual(expect.arrayContaining([200, 204, 400, 404, 405]));
}, 30_000);
