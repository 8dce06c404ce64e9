/** Conformance: listings of objects, versions and uploads, and how they continue. */

import { expect, test } from "bun:test";
import type { BucketId } from "#contracts";
import type { ListQuery, ObjectEngine, ObjectVersion, Upload } from "../port.ts";
import {
  complete,
  type EngineFixture,
  freshBucket,
  put,
  putPart,
  query,
  remove,
  startUpload,
  text,
} from "./fixture.ts";

async function fill(engine: ObjectEngine, bucketId: BucketId, keys: readonly string[]): Promise<void> {
  await Promise.all(keys.map((key) => put(engine, bucketId, key, text(key))));
}

/** All pages of a listing of objects: keys, and common prefixes in brackets, `|` between pages. */
async function pagesOf(engine: ObjectEngine, bucketId: BucketId, changes: Partial<ListQuery>): Promise<string> {
  const pages: string[] = [];
  let { after } = changes;
  for (;;) {
    const page = await engine.list(query(bucketId, { ...changes, after }));
    const entries = [...page.entries.map(({ key }) => key), ...page.commonPrefixes.map((prefix) => `[${prefix}]`)];
    pages.push(entries.join(" "));
    if (!page.truncated) return pages.join(" | ");
    after = page.next;
  }
}

export function listingCases(fixture: () => EngineFixture): void {
  test("prefix, delimiter and pages", async () => {
    const { engine } = fixture();
    const bucketId = freshBucket();
    await fill(engine, bucketId, ["a", "a/1", "a/2", "a/b/3", "b", "c/1", "c/2", "d//x", "d/y"]);
    const list = (changes: Partial<ListQuery>) => pagesOf(engine, bucketId, changes);
    expect(await list({})).toBe("a a/1 a/2 a/b/3 b c/1 c/2 d//x d/y");
    expect(await list({ prefix: "a" })).toBe("a a/1 a/2 a/b/3");
    expect(await list({ prefix: "a/" })).toBe("a/1 a/2 a/b/3");
    expect(await list({ prefix: "zz" })).toBe("");
    expect(await list({ delimiter: "/" })).toBe("a b [a/] [c/] [d/]");
    expect(await list({ delimiter: "/", prefix: "a/" })).toBe("a/1 a/2 [a/b/]");
    expect(await list({ delimiter: "/", prefix: "d/" })).toBe("d/y [d//]");
    expect(await list({ delimiter: "//" })).toBe("a a/1 a/2 a/b/3 b c/1 c/2 d/y [d//]");
    expect(await list({ limit: 4 })).toBe("a a/1 a/2 a/b/3 | b c/1 c/2 d//x | d/y");
    expect(await list({ limit: 3 })).toBe("a a/1 a/2 | a/b/3 b c/1 | c/2 d//x d/y");
    expect(await list({ limit: 2, delimiter: "/" })).toBe("a [a/] | b [c/] | [d/]");
    expect(await list({ limit: 1, delimiter: "/" })).toBe("a | [a/] | b | [c/] | [d/]");
    expect(await list({ limit: 0 })).toBe("");
  });

  test("continuing after a key, a common prefix, or a key inside a common prefix", async () => {
    const { engine } = fixture();
    const bucketId = freshBucket();
    await fill(engine, bucketId, ["a/1", "a/2", "b", "c"]);
    const list = (changes: Partial<ListQuery>) => pagesOf(engine, bucketId, changes);
    expect(await list({ after: "a/1" })).toBe("a/2 b c");
    expect(await list({ after: "a/1", inclusive: true })).toBe("a/1 a/2 b c");
    expect(await list({ after: "a/15" })).toBe("a/2 b c");
    expect(await list({ after: "a/", delimiter: "/" })).toBe("b c");
    expect(await list({ after: "a/", delimiter: "/", inclusive: true })).toBe("b c [a/]");
    expect(await list({ after: "a/1", delimiter: "/" })).toBe("b c");
    expect(await list({ after: "a", delimiter: "/" })).toBe("b c [a/]");
    expect(await list({ after: "b", prefix: "a/" })).toBe("");
    expect(await list({ after: "A", prefix: "a/" })).toBe("a/1 a/2");
    expect(await list({ after: "c" })).toBe("");
  });

  test("order is that of UTF-8 bytes, beyond U+FFFF too", async () => {
    const { engine } = fixture();
    const bucketId = freshBucket();
    const keys = ["\uFFFD", "😀", "\uE000", "z", "é", "\u{10000}", "\uD7FF"];
    await fill(engine, bucketId, keys);
    expect((await engine.list(query(bucketId))).entries.map(({ key }) => key)).toEqual([
      "z",
      "é",
      "\uD7FF",
      "\uE000",
      "\uFFFD",
      "\u{10000}",
      "😀",
    ]);
    expect(await pagesOf(engine, bucketId, { limit: 1, after: "\uFFFD" })).toBe("\u{10000} | 😀");
    expect(await pagesOf(engine, bucketId, { prefix: "\uD7FF" })).toBe("\uD7FF");
  });

  test("a page of a listing sees only the bucket it is of", async () => {
    const { engine } = fixture();
    const [one, two] = [freshBucket(), freshBucket()];
    await fill(engine, one, ["a", "b"]);
    await fill(engine, two, ["c"]);
    expect(await pagesOf(engine, one, {})).toBe("a b");
    expect(await pagesOf(engine, two, {})).toBe("c");
    expect(await pagesOf(engine, freshBucket(), {})).toBe("");
  });

  test("versions: newest first, continued within a key and after it", async () => {
    const { engine } = fixture();
    const bucketId = freshBucket();
    const versioning = "Enabled";
    for (const key of ["a", "b/1", "b/2", "c"]) {
      for (const value of ["1", "2", "3"]) await put(engine, bucketId, key, text(`${key} ${value}`), { versioning });
    }
    await remove(engine, bucketId, "c", { versioning });
    const whole = (await engine.listVersions(query(bucketId))).entries;
    expect(whole.map((version) => `${version.key} ${version.isLatest} ${version.deleteMarker}`)).toEqual([
      "a true false",
      "a false false",
      "a false false",
      "b/1 true false",
      "b/1 false false",
      "b/1 false false",
      "b/2 true false",
      "b/2 false false",
      "b/2 false false",
      "c true true",
      "c false false",
      "c false false",
      "c false false",
    ]);
    for (let limit = 1; limit <= whole.length; limit++) {
      const seen: ObjectVersion[] = [];
      let after: string | undefined;
      let afterVersionId: string | undefined;
      for (;;) {
        const page = await engine.listVersions({ ...query(bucketId, { limit, after }), afterVersionId });
        seen.push(...page.entries);
        if (!page.truncated) break;
        after = page.next;
        afterVersionId = page.nextVersionId;
      }
      expect(seen).toEqual([...whole]);
    }
    const grouped = await engine.listVersions(query(bucketId, { delimiter: "/", limit: 4 }));
    expect([grouped.entries.length, grouped.commonPrefixes, grouped.truncated]).toEqual([3, ["b/"], true]);
    expect([grouped.next, grouped.nextVersionId]).toEqual(["b/", undefined]);
    const rest = await engine.listVersions(query(bucketId, { delimiter: "/", after: grouped.next }));
    expect(rest.entries.map(({ key }) => key)).toEqual(["c", "c", "c", "c"]);
  });

  test("versions: a listing goes on although the version it stood at was removed", async () => {
    const { engine } = fixture();
    const bucketId = freshBucket();
    const versioning = "Enabled";
    for (const value of ["1", "2", "3"]) await put(engine, bucketId, "k", text(value), { versioning });
    const first = await engine.listVersions(query(bucketId, { limit: 1 }));
    await remove(engine, bucketId, "k", { versioning, versionId: first.nextVersionId });
    const rest = await engine.listVersions({
      ...query(bucketId, { after: first.next }),
      afterVersionId: first.nextVersionId,
    });
    expect(rest.entries.map(({ isLatest }) => isLatest)).toEqual([true, false]);
  });

  test("uploads in progress: by key, then by time; completed and aborted ones are gone", async () => {
    const { engine, advance } = fixture();
    const bucketId = freshBucket();
    const started: Upload[] = [];
    for (const key of ["b", "a", "b", "dir/x", "dir/y"]) {
      started.push(await startUpload(engine, bucketId, key));
      advance(1000);
    }
    const ids = (indexes: readonly number[]) => indexes.map((index) => started[index]!.uploadId);
    const whole = await engine.listUploads(query(bucketId));
    expect(whole.entries.map(({ uploadId }) => uploadId)).toEqual(ids([1, 0, 2, 3, 4]));
    expect(whole.entries[0]?.attributes.initiator.displayName).toBe("ada");
    const page = await engine.listUploads(query(bucketId, { limit: 2 }));
    expect([page.next, page.nextUploadId, page.truncated]).toEqual(["b", started[0]!.uploadId, true]);
    const rest = await engine.listUploads({
      ...query(bucketId, { after: page.next }),
      afterUploadId: page.nextUploadId,
    });
    expect(rest.entries.map(({ uploadId }) => uploadId)).toEqual(ids([2, 3, 4]));
    const grouped = await engine.listUploads(query(bucketId, { delimiter: "/" }));
    expect(grouped.commonPrefixes).toEqual(["dir/"]);

    await engine.abortUpload(bucketId, "b", started[0]!.uploadId);
    const bytes = text("x");
    await putPart(engine, started[1]!, 1, bytes);
    await complete(engine, started[1]!, [[1, bytes]]);
    const left = await engine.listUploads(query(bucketId));
    expect(left.entries.map(({ uploadId }) => uploadId)).toEqual(ids([2, 3, 4]));
    expect((await engine.usage(bucketId)).uploads).toBe(3);
  });
}
