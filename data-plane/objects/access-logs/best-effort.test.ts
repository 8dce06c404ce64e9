/** What happens to a log when its delivery fails, and when too much waits. */
import { afterAll, beforeAll, beforeEach, expect, test } from "bun:test";
import type { AnsweredRequest } from "#data-plane/service";
import { createMetrics, silentLogger } from "#foundation/telemetry";
import { EngineError } from "../engine/index.ts";
import type { ObjectEngine } from "../engine/port.ts";
import type { ObjectsEnvironment } from "../service/environment.ts";
import { fakeRequest } from "../testing/fake-request.ts";
import { bytesOf, openWorld, type World } from "../testing/world.ts";
import { type AccessLogs, createAccessLogs, LOG_PACE, type LogPace } from "./access-logs.ts";

let world: World;
let Bucket: string;
let target: string;
let full: boolean;
let metrics: ReturnType<typeof createMetrics>;
beforeAll(async () => {
  world = await openWorld();
});
afterAll(() => world.close());
beforeEach(async () => {
  full = false;
  metrics = createMetrics();
  Bucket = await world.bucket();
  target = await world.bucket();
  const Principal = { Service: "logging.s3.amazonaws.com" };
  const statement = { Effect: "Allow", Principal, Action: "s3:PutObject", Resource: `arn:aws:s3:::${target}/*` };
  world.planes.configure(target, { policy: JSON.stringify({ Version: "2012-10-17", Statement: [statement] }) });
  await world.call("PutBucketLogging", {
    Bucket,
    BucketLoggingStatus: { LoggingEnabled: { TargetBucket: target, TargetPrefix: "" } },
  });
});

function openLogs(pace: Partial<LogPace> = {}): AccessLogs {
  const stageBytes: ObjectEngine["stageBytes"] = (bytes, encryption) =>
    full ? Promise.reject(new EngineError("InsufficientStorage")) : world.engine.stageBytes(bytes, encryption);
  const engine = new Proxy(world.engine, {
    get: (engine, name) => {
      if (name === "stageBytes") return stageBytes;
      const value: unknown = Reflect.get(engine, name, engine);
      return typeof value === "function" ? value.bind(engine) : value;
    },
  });
  const environment: ObjectsEnvironment = { ...world.environment, engine, metrics, logger: silentLogger };
  return createAccessLogs(environment, { ...LOG_PACE, ...pace });
}

const answered = (path: string): AnsweredRequest => ({
  request: fakeRequest({ path: `/${Bucket}/${path}` }),
  hostId: "HOST",
  hostBucket: undefined,
  website: false,
  operation: "GetObject",
  labels: { Bucket, Key: path },
  caller: undefined,
  errorCode: undefined,
  response: { status: 200 },
  elapsedMs: 1,
});
const request = (logs: AccessLogs, path: string) => logs.requestAnswered(answered(path))?.(1, true);

async function delivered(): Promise<string[]> {
  const { Contents = [] } = await world.call("ListObjectsV2", { Bucket: target });
  const texts = await Promise.all(
    Contents.map(async ({ Key = "" }) =>
      (await bytesOf((await world.call("GetObject", { Bucket: target, Key })).Body)).toString(),
    ),
  );
  return texts.map((text) => [...text.matchAll(/REST\.GET\.OBJECT (\S+)/g)].map(([, key]) => key).join(" "));
}
const counted = (outcome: string): number =>
  Number(new RegExp(`records_total\\{outcome="${outcome}"\\} (\\d+)`).exec(metrics.expose())?.[1] ?? 0);

test("a failed delivery is tried again with what came meanwhile, in order", async () => {
  const logs = openLogs();
  request(logs, "1");
  full = true;
  await logs.flush();
  request(logs, "2");
  expect(await delivered()).toEqual([]);
  full = false;
  await logs.flush();
  expect(await delivered()).toEqual(["1 2"]);
  expect(counted("delivered")).toBe(2);
  await logs.close();
});

test("what waits has bounds; what passes them is dropped and counted, and requests do not notice", async () => {
  const logs = openLogs({ totalRecords: 3 });
  full = true;
  for (const path of ["1", "2", "3", "4", "5"]) request(logs, path);
  await logs.flush();
  request(logs, "6");
  expect(counted("dropped")).toBe(3);
  full = false;
  await logs.flush();
  request(logs, "7");
  await logs.close();
  expect((await delivered()).sort()).toEqual(["1 2 3", "7"]);
});

test("much is delivered before its time", async () => {
  const logs = openLogs({ slotBytes: 500 });
  for (let i = 0; i < 20; i++) request(logs, `key-${i}`);
  // Nothing was flushed: deliveries are under way, and the next flush only waits for them.
  await logs.flush();
  expect((await delivered()).length).toBeGreaterThan(1);
  expect(counted("delivered")).toBe(20);
  await logs.close();
});

test("closing delivers what waits, and what a target that is gone would have got is dropped", async () => {
  const logs = openLogs();
  request(logs, "last");
  await logs.close();
  expect(await delivered()).toEqual(["last"]);
  const others = openLogs();
  request(others, "too late");
  for (const { Key = "" } of (await world.call("ListObjectsV2", { Bucket: target })).Contents ?? []) {
    await world.call("DeleteObject", { Bucket: target, Key });
  }
  await world.call("DeleteBucket", { Bucket: target });
  await others.close();
  expect(counted("refused")).toBe(1);
});

test("requests on other buckets, and on none, leave no record", () => {
  const logs = openLogs();
  expect(logs.requestAnswered({ ...answered("k"), labels: { Bucket: target, Key: "k" } })).toBeUndefined();
  expect(logs.requestAnswered({ ...answered("k"), labels: undefined, request: fakeRequest({}) })).toBeUndefined();
  expect(
    logs.requestAnswered({ ...answered("k"), labels: undefined, request: fakeRequest({ path: "/__proto__" }) }),
  ).toBeUndefined();
});
