/**
 * What it costs to know who asks and whether he may: `npm run bench -- identity [--seconds 1] [--without-server]`.
 *
 * In process: a whole request through the front door with an operation that does nothing, minus the same request unsigned to an operation that asks nothing. What is
 * left is looking the key up, verifying the signature and deciding: microseconds a request, to stay below 60. Then a server as its users start it, and its CPU time for each
 * signed `GET` of a small object over HTTP, for the same kinds of callers. There is no peer that says the one without the other.
 */
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { parseArgs } from "node:util";
import { createFrontDoor, createOperationMetrics } from "#data-plane/front-door";
import { ACCOUNT, FakeCatalog, fakeRequest, HOST, NOW, type RequestPlan } from "#data-plane/front-door/testing";
import type { AccessRequest, Service } from "#data-plane/service";
import { createMemoryAudit } from "#foundation/audit/testing";
import { type Credential, presign, signRequest } from "#foundation/aws/sigv4";
import type { HttpHandler } from "#foundation/http";
import { createLogger, createMetrics } from "#foundation/telemetry";
import { median } from "../harness/statistics.ts";
import { type CALLERS, documentsOf, SESSION_POLICY } from "./callers.ts";
import { measureServer } from "./server.ts";

const { values } = parseArgs({
  options: { seconds: { type: "string", default: "1" }, "without-server": { type: "boolean", default: false } },
});
const SECONDS = Number(values.seconds);

const ROUNDS = 7;
/** Requests between two looks at the clock. */
const BATCH = 500;
/** Objects whose requests take turns; a power of two. */
const DIFFERENT = 64;
const REGION = "us-east-1";

/** A front door whose only operation does nothing. @param asks what the operation wants to know first */
function doorTo(catalog: FakeCatalog, asks: (key: string) => readonly AccessRequest[]): Promise<HttpHandler> {
  const service: Service = {
    name: "s3",
    operations: new Map([
      ["GetObject", { access: ({ Key }: { readonly Key: string }) => asks(Key), handle: () => ({}) }],
    ]),
    permissions: {
      GetObject: { actions: ["s3:GetObject"], level: "Read", resources: ["*"], conditionKeys: [], data: true },
    },
    close: async () => {},
  };
  return createFrontDoor({
    services: [service],
    catalog,
    defaultRegion: REGION as never,
    regions: new Set([REGION]),
    names: { baseDomains: ["localhost"] },
    hostId: "HOST",
    clock: { now: () => NOW },
    logger: createLogger({ level: "error", sink: { write: () => {}, flush: () => {} } }),
    metrics: createOperationMetrics(createMetrics()),
    audit: createMemoryAudit(),
  });
}

/** What a client of today sends besides. */
const HEADERS = [
  ["host", HOST],
  ["user-agent", "aws-sdk-js/3.1169.0 ua/2.1 os/linux#6.8 lang/js md/nodejs#22.14.0 api/s3#3.1169.0 m/E,e"],
  ["amz-sdk-invocation-id", "1f6b5a1e-7c2d-4e0f-9a3b-5d8c7e6f4a21"],
  ["amz-sdk-request", "attempt=1; max=3"],
  ["x-amz-checksum-mode", "ENABLED"],
] as const;

const pathOf = (index: number): string => `/photos/ana/2026/${index}.jpg`;
const plain: readonly RequestPlan[] = Array.from({ length: DIFFERENT }, (_, index) => ({
  path: pathOf(index),
  headers: HEADERS,
}));

function signedPlans(credential: Credential): readonly RequestPlan[] {
  return plain.map(({ path = "/", headers = [] }) => {
    const request = { method: "GET", path, query: "", headers };
    const options = { credential, region: REGION, service: "s3", now: NOW };
    return { path, headers: signRequest(request, new Uint8Array(0), options).headers };
  });
}

function presignedPlans(credential: Credential): readonly RequestPlan[] {
  return plain.map(({ path = "/", headers = [] }) => {
    const request = { method: "GET", path, query: "", headers: headers.slice(0, 1) };
    const options = { credential, region: REGION, service: "s3", now: NOW, expiresSeconds: 900 };
    // Whoever is given the URL sends nothing that was not signed.
    return { path, query: presign(request, options), headers: headers.filter(([name]) => !name.startsWith("x-amz-")) };
  });
}

/** Microseconds a request. */
async function round(handler: HttpHandler, plans: readonly RequestPlan[], ms: number): Promise<number> {
  let done = 0;
  const began = performance.now();
  for (;;) {
    for (let i = 0; i < BATCH; i++) await handler(fakeRequest(plans[i & (DIFFERENT - 1)]!));
    done += BATCH;
    const elapsed = performance.now() - began;
    if (elapsed >= ms) return (elapsed * 1000) / done;
  }
}

const catalog = new FakeCatalog();
catalog.addAccount(ACCOUNT);
catalog.putBucket("photos");
const documents = documentsOf("photos");
catalog.putUser("ana", { sections: { inlinePolicies: documents } });
catalog.putRole("worker", { inlinePolicies: documents });
const root = catalog.putKey("AKIAROOT");
const user = catalog.putKey("AKIAUSER", { owner: { type: "user", userName: "ana" } });
const role = { type: "role", accountId: ACCOUNT, roleId: "AROAWORKER", sessionName: "build-7" } as const;
const session = catalog.session(role, NOW, { policies: [SESSION_POLICY] });

const asking = await doorTo(catalog, (key) => [
  { action: "s3:GetObject", resource: `arn:aws:s3:::photos/${key}`, resourceAccount: ACCOUNT },
]);
const open = await doorTo(catalog, () => []);
const cases: Readonly<Record<(typeof CALLERS)[number], readonly RequestPlan[]>> = {
  "root key": signedPlans(root),
  "user with 3 policies": signedPlans(user),
  "role session with session policy": signedPlans(session),
  "presigned by the user": presignedPlans(user),
};

for (const [name, plans] of Object.entries(cases)) {
  const answer = await asking(fakeRequest(plans[0]!));
  if (answer.status !== 200) throw new Error(`${name}: ${answer.status} ${String(answer.body)}`);
}
const roundMs = (SECONDS * 1000) / ROUNDS;
/** The two take turns, so that what the machine does meanwhile meets both. */
for (const [name, plans] of Object.entries(cases)) {
  const withIt: number[] = [];
  const without: number[] = [];
  for (let i = 0; i <= ROUNDS; i++) {
    const costs = [await round(asking, plans, roundMs), await round(open, plain, roundMs)] as const;
    // The first round is for the compiler.
    if (i === 0) continue;
    withIt.push(costs[0]);
    without.push(costs[1]);
  }
  const [all, rest] = [median(withIt), median(without)];
  console.log(
    `${name.padEnd(34)} ${(all - rest).toFixed(1).padStart(6)} µs to authenticate and authorize (${all.toFixed(1)} with, ${rest.toFixed(1)} without)`,
  );
}

if (!values["without-server"]) {
  const directory = mkdtempSync(join(tmpdir(), "biplane-bench-identity-"));
  try {
    await measureServer(directory, SECONDS);
  } finally {
    rmSync(directory, { recursive: true, force: true });
  }
}
