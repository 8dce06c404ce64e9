/** Random histories, run on the engine and on a naive model side by side; after every step what can be seen of both must agree. */

import { afterAll, beforeAll, expect, test } from "bun:test";
import fc from "fast-check";
import type { BucketId } from "#contracts";
import { type EmbeddedFixture, openEmbeddedFixture } from "./conformance/embedded-fixture.ts";
import { bytesOf, complete, freshBucket, pattern, put, putPart, remove, startUpload } from "./conformance/fixture.ts";
import { NaiveBucket, type NaiveEntry } from "./conformance/naive-model.ts";
import type { ListPage, ListQuery, ObjectVersion } from "./port.ts";

/** Pieces of keys: separators, dots, control characters, and both sides of the gap where UTF-16 and UTF-8 order differ. */
const rarePiece = fc.constantFrom(
  ...["//", "..", ".", "\u0000", "\u007F", "%2F", "é", "\uD7FF", "\uE000", "\uFFFF", "😀", "\u{10FFFF}", "~"],
);
const piece = fc.oneof(
  { weight: 2, arbitrary: fc.constantFrom("a", "b", "/", "0") },
  { weight: 1, arbitrary: rarePiece },
);
const key = fc.oneof(
  { weight: 12, arbitrary: fc.array(piece, { minLength: 1, maxLength: 4 }).map((pieces) => pieces.join("")) },
  { weight: 1, arbitrary: fc.constantFrom("k".repeat(1024), "/".repeat(1024), "😀".repeat(256)) },
);
const size = fc.oneof(
  { weight: 8, arbitrary: fc.nat(40) },
  { weight: 1, arbitrary: fc.constantFrom(65_537, 131_072, 131_073) },
);
const some = fc.nat(1000);

const step = fc.oneof(
  {
    weight: 6,
    arbitrary: fc.record({ do: fc.constant("put" as const), key, again: fc.boolean(), pick: some, size, seed: some }),
  },
  { weight: 3, arbitrary: fc.record({ do: fc.constant("delete" as const), key, again: fc.boolean(), pick: some }) },
  { weight: 3, arbitrary: fc.record({ do: fc.constant("deleteVersion" as const), pick: some }) },
  { weight: 1, arbitrary: fc.record({ do: fc.constant("tag" as const), pick: some }) },
  {
    weight: 2,
    arbitrary: fc.record({
      do: fc.constant("multipart" as const),
      key,
      sizes: fc.array(size, { minLength: 1, maxLength: 3 }),
    }),
  },
  { weight: 1, arbitrary: fc.record({ do: fc.constant("versioning" as const), enabled: fc.boolean() }) },
  { weight: 1, arbitrary: fc.record({ do: fc.constant("settle" as const) }) },
  {
    weight: 6,
    arbitrary: fc.record({
      do: fc.constant("list" as const),
      kind: fc.constantFrom("objects" as const, "versions" as const),
      prefix: fc.oneof(fc.constant(""), piece, piece, key),
      delimiter: fc.constantFrom("", "/", "..", "😀", "a"),
      after: fc.option(key, { nil: undefined }),
      inclusive: fc.boolean(),
      limit: fc.nat(7),
    }),
  },
);
type Step = typeof step extends fc.Arbitrary<infer Value> ? Value : never;

let fixture: EmbeddedFixture;
beforeAll(async () => {
  fixture = await openEmbeddedFixture("inline");
});
afterAll(() => fixture.close());

test("the engine does what the naive model does", async () => {
  await fc.assert(
    fc.asyncProperty(fc.array(step, { minLength: 5, maxLength: 60, size: "max" }), async (steps) => {
      const bucketId = freshBucket();
      const model = new NaiveBucket();
      for (const one of steps) await apply(bucketId, model, one);
      await compareAll(bucketId, model);
      await fixture.engine.settle();
      await compareAll(bucketId, model);
    }),
    { numRuns: 60 },
  );
}, 60_000);

/** Half of the time a key that is in use, so that versions pile up. */
function keyFor(
  model: NaiveBucket,
  { key, again, pick }: { readonly key: string; readonly again: boolean; readonly pick: number },
): string {
  const known = model.all();
  return again && known.length > 0 ? known[pick % known.length]!.key : key;
}

async function apply(bucketId: BucketId, model: NaiveBucket, one: Step): Promise<void> {
  const { engine } = fixture;
  const { versioning } = model;
  switch (one.do) {
    case "put": {
      const target = keyFor(model, one);
      const bytes = pattern(one.size, one.seed);
      const { version } = await put(engine, bucketId, target, bytes, { versioning });
      expect(version.isLatest).toBe(true);
      model.put(target, version.versionId, bytes);
      return;
    }
    case "delete": {
      const target = keyFor(model, one);
      const { versionId } = await remove(engine, bucketId, target, { versioning });
      model.delete(target, versionId);
      return;
    }
    case "deleteVersion": {
      const known = model.all();
      const target = known[one.pick % Math.max(1, known.length)];
      if (target === undefined) return;
      const outcome = await remove(engine, bucketId, target.key, { versioning, versionId: target.versionId });
      expect(outcome.deleteMarker).toBe(target.marker);
      model.remove(target.key, target.versionId);
      return;
    }
    case "tag": {
      const known = model.all().filter((version) => !version.marker);
      const target = known[one.pick % Math.max(1, known.length)];
      if (target === undefined) return;
      target.tag = String(one.pick);
      const set = { tags: [{ Key: "tag", Value: target.tag }] };
      await engine.update({ bucketId, key: target.key, versionId: target.versionId, set });
      return;
    }
    case "multipart": {
      const upload = await startUpload(engine, bucketId, one.key);
      const parts = one.sizes.map((length, index) => [index * 3 + 1, pattern(length, index)] as const);
      for (const [number, bytes] of parts) await putPart(engine, upload, number, bytes);
      const { version } = await complete(engine, upload, parts, { versioning, minPartSize: 0 });
      model.put(one.key, version.versionId, new Uint8Array(Buffer.concat(parts.map(([, bytes]) => bytes))));
      return;
    }
    case "versioning":
      model.versioning = one.enabled ? "Enabled" : versioning === "Off" ? "Off" : "Suspended";
      return;
    case "settle":
      return engine.settle();
    case "list":
      return compareListing(model, one.kind, { ...one, bucketId });
  }
}

function describeEntry(model: NaiveBucket, entry: NaiveEntry): string {
  if (typeof entry === "string") return `prefix ${entry}`;
  const latest = model.latest(entry.key) === entry;
  return `${entry.key} ${entry.versionId} ${entry.marker} ${latest} ${entry.bytes.length} ${entry.tag}`;
}

function describeVersion(version: ObjectVersion): string {
  const tag = version.tags[0]?.Value ?? "";
  return `${version.key} ${version.versionId} ${version.deleteMarker} ${version.isLatest} ${version.size} ${tag}`;
}

/** One page in the order of its names, as the model gives it. */
function describePage(page: ListPage<ObjectVersion>): string[] {
  const lines = [
    ...page.entries.map((version) => ({ name: version.key, line: describeVersion(version) })),
    ...page.commonPrefixes.map((prefix) => ({ name: prefix, line: `prefix ${prefix}` })),
  ];
  return lines.sort((a, b) => Buffer.compare(Buffer.from(a.name), Buffer.from(b.name))).map(({ line }) => line);
}

/** The page as asked for, then all that follow it, cut wherever the limit cuts. */
async function compareListing(model: NaiveBucket, kind: "objects" | "versions", query: ListQuery): Promise<void> {
  const { engine } = fixture;
  const get = (one: ListQuery, afterVersionId?: string): Promise<ListPage<ObjectVersion>> =>
    kind === "objects" ? engine.list(one) : engine.listVersions({ ...one, afterVersionId });
  const first = await get(query);
  const expected = model.page(kind, query);
  expect(describePage(first)).toEqual(expected.entries.map((entry) => describeEntry(model, entry)));
  expect(first.truncated).toBe(expected.truncated);

  const seen = describePage(first);
  for (let page = first; page.truncated; ) {
    page = await get({ ...query, after: page.next, inclusive: false }, page.nextVersionId);
    seen.push(...describePage(page));
  }
  const whole = query.limit === 0 ? [] : model.page(kind, { ...query, limit: 100_000 }).entries;
  expect(seen).toEqual(whole.map((entry) => describeEntry(model, entry)));
}

async function compareAll(bucketId: BucketId, model: NaiveBucket): Promise<void> {
  const { engine } = fixture;
  expect(await engine.usage(bucketId)).toMatchObject(model.usage());
  for (const kind of ["objects", "versions"] as const) {
    await compareListing(model, kind, { bucketId, prefix: "", delimiter: "", limit: 3 });
  }
  for (const expected of model.all()) {
    const version = (await engine.head(bucketId, expected.key, expected.versionId))!;
    expect(describeVersion(version)).toBe(describeEntry(model, expected));
    if (model.latest(expected.key) === expected) {
      expect(describeVersion((await engine.head(bucketId, expected.key))!)).toBe(describeVersion(version));
    }
    if (expected.marker) continue;
    expect(Buffer.compare(await bytesOf(engine, version), expected.bytes)).toBe(0);
  }
}
