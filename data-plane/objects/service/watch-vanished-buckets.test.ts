import { afterAll, beforeAll, expect, test } from "bun:test";
import type { CatalogChange } from "#contracts";
import { createLogger } from "#foundation/telemetry";
import { openWorld, type World } from "../testing/world.ts";
import { watchVanishedBuckets } from "./watch-vanished-buckets.ts";

let world: World;
beforeAll(async () => {
  world = await openWorld();
});
afterAll(() => world.close());

test("a bucket that goes with objects in it is reported; one that is deleted empty is not", async () => {
  const lines: string[] = [];
  const logger = createLogger({ sink: { write: (line) => void lines.push(line), flush: () => undefined } });
  const [full, empty, renewed, earlier] = [
    await world.bucket(),
    await world.bucket(),
    await world.bucket(),
    await world.bucket(),
  ];
  for (const bucket of [full, renewed, earlier]) await world.put(bucket, "k", "12345");
  let tell: (changes: readonly CatalogChange[]) => void = () => undefined;
  const end = watchVanishedBuckets({
    engine: world.engine,
    logger,
    catalog: {
      // One went before the watch began.
      buckets: () => [...world.planes.buckets()].filter(({ name }) => name !== earlier),
      onChange: (listener: typeof tell) => {
        tell = listener;
        return () => undefined;
      },
    },
  });
  const record = world.planes.bucket(renewed)!;
  const other = { ...record, bucketId: "another" as typeof record.bucketId };
  tell([
    { change: "delete", kind: "bucket", key: empty },
    { change: "delete", kind: "bucket", key: full },
    { change: "upsert", key: renewed, record },
    { change: "upsert", key: renewed, record: other },
    { change: "delete", kind: "bucket", key: "unknown" },
  ]);
  while (lines.length < 3) await Bun.sleep(1);
  end();
  const orderOf = ({ bucketId }: Record<string, unknown>) =>
    [full, renewed, earlier].findIndex((name) => world.planes.bucket(name)!.bucketId === bucketId);
  const told = lines.map((line) => JSON.parse(line) as Record<string, unknown>);
  expect(told.toSorted((left, right) => orderOf(left) - orderOf(right))).toEqual([
    expect.objectContaining({ level: "error", bucket: full, versions: 1, bytes: 5 }),
    expect.objectContaining({ level: "error", bucket: renewed, versions: 1, bytes: 5 }),
    expect.objectContaining({ level: "error", bucketId: world.planes.bucket(earlier)!.bucketId, versions: 1 }),
  ]);
});
