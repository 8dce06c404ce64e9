/** Conformance: objects without versions. */

import { expect, test } from "bun:test";
import type { EngineFixture } from "./fixture.ts";
import {
  bytesOf,
  collect,
  etagOf,
  freshBucket,
  NONE,
  OWNER,
  pattern,
  put,
  query,
  refusal,
  remove,
  text,
  textAt,
} from "./fixture.ts";

/** Sizes at which something changes: nothing, inline limit, encryption frames, write buffers. */
const SIZES = [0, 1, 65_535, 65_536, 65_537, 131_072, 131_073, 524_288, 1_000_003];

export function objectCases(fixture: () => EngineFixture): void {
  test("put then head and read give back everything that was stored", async () => {
    const { engine, now } = fixture();
    const bucketId = freshBucket();
    const checksum = { algorithm: "CRC32", type: "FULL_OBJECT", value: "AAAAAA==" } as const;
    const stored = {
      headers: { contentType: "text/plain; charset=utf-8", cacheControl: "no-store", storageClass: "STANDARD_IA" },
      metadata: { colour: "grün", empty: "" },
      tags: [{ Key: "a", Value: "1" }],
      acl: { Grants: [{ Permission: "READ" }] },
    };
    const { version } = await put(engine, bucketId, "a/key", text("hello"), { attributes: stored, checksum });
    const expected = {
      bucketId,
      key: "a/key",
      versionId: "null",
      isLatest: true,
      deleteMarker: false,
      owner: OWNER,
      size: 5,
      etag: etagOf(text("hello")),
      checksum,
      ...stored,
      lock: {},
      encryption: { mode: "none" },
    } as const;
    expect(version).toMatchObject(expected);
    expect(version.lastModified).toBe(now());
    const found = await engine.head(bucketId, "a/key");
    expect(found).toMatchObject(expected);
    expect(await engine.head(bucketId, "a/key", "null")).toMatchObject(expected);
    expect(await textAt(engine, bucketId, "a/key")).toBe("hello");
    expect(await engine.parts(found!)).toEqual([]);
  });

  test("head of what is not there is undefined", async () => {
    const { engine } = fixture();
    const bucketId = freshBucket();
    expect(await engine.head(bucketId, "x")).toBeUndefined();
    await put(engine, bucketId, "y", text("1"));
    expect(await engine.head(bucketId, "x")).toBeUndefined();
    expect(await engine.head(bucketId, "y", "VP6xLWmp--------3yQg_XXeQ1Z8Vp89")).toBeUndefined();
    expect(await engine.head(bucketId, "y", "not a version id")).toBeUndefined();
  });

  test("bodies of every size come back, streamed in and whole, before and after a restart", async () => {
    const bucketId = freshBucket();
    for (const size of SIZES) {
      await put(fixture().engine, bucketId, `whole/${size}`, pattern(size, size));
      await put(fixture().engine, bucketId, `streamed/${size}`, pattern(size, size), { pieces: 7_001 });
    }
    for (const round of ["before", "after"]) {
      for (const size of SIZES) {
        for (const way of ["whole", "streamed"]) {
          const version = await fixture().engine.head(bucketId, `${way}/${size}`);
          const bytes = await bytesOf(fixture().engine, version!);
          expect(Buffer.compare(bytes, pattern(size, size)), `${way} ${size} ${round}`).toBe(0);
        }
      }
      if (round === "before") await fixture().reopen();
    }
  });

  test("ranges are half-open and exact", async () => {
    const { engine } = fixture();
    const bucketId = freshBucket();
    for (const size of [10, 200_000]) {
      const bytes = pattern(size);
      const { version } = await put(engine, bucketId, `r${size}`, bytes);
      for (const [start, end] of [
        [0, 1],
        [3, 7],
        [size - 1, size],
        [0, size],
        [5, 5],
      ] as const) {
        const expected = bytes.subarray(start, end);
        expect(await collect(await engine.read(version, { start, end }))).toEqual(Uint8Array.from(expected));
        const small = await engine.readSmall(version, { start, end });
        if (small !== undefined) expect(Uint8Array.from(small)).toEqual(Uint8Array.from(expected));
      }
    }
  });

  test("the producer may reuse its buffer for every piece", async () => {
    const { engine } = fixture();
    const buffer = new Uint8Array(1000);
    async function* reusing() {
      for (let value = 0; value < 300; value++) yield buffer.fill(value % 256);
    }
    const body = await engine.stage(reusing(), { encryption: NONE });
    const bucketId = freshBucket();
    const attributes = { owner: OWNER, headers: {}, metadata: {}, tags: [], lock: {} };
    const { version } = await engine.put({ bucketId, key: "k", versioning: "Off", body, etag: "e", attributes });
    const bytes = await bytesOf(engine, version);
    expect(Array.from({ length: 300 }, (_, index) => bytes[index * 1000])).toEqual(
      Array.from({ length: 300 }, (_, index) => index % 256),
    );
  });

  test("a source that fails leaves nothing and fails the staging", async () => {
    const { engine } = fixture();
    async function* broken() {
      yield pattern(300_000);
      throw new Error("the client went away");
    }
    await expect(engine.stage(broken(), { encryption: NONE })).rejects.toThrow("the client went away");
  });

  test("overwriting replaces; times never run backwards", async () => {
    const { engine, advance } = fixture();
    const bucketId = freshBucket();
    const first = await put(engine, bucketId, "k", text("one"));
    advance(-5000);
    const second = await put(engine, bucketId, "k", text("three"));
    expect(second.version.lastModified).toBeGreaterThanOrEqual(first.version.lastModified);
    expect(await textAt(engine, bucketId, "k")).toBe("three");
    expect(await engine.usage(bucketId)).toEqual({ objects: 1, versions: 1, bytes: 5, uploads: 0 });
  });

  test("delete removes; deleting nothing is no error", async () => {
    const { engine } = fixture();
    const bucketId = freshBucket();
    await put(engine, bucketId, "k", text("one"));
    expect(await remove(engine, bucketId, "k")).toMatchObject({ deleteMarker: false, removed: { size: 3 } });
    const nothing = await remove(engine, bucketId, "k");
    expect([nothing.removed, nothing.deleteMarker, nothing.versionId]).toEqual([undefined, false, undefined]);
    expect(await textAt(engine, bucketId, "k")).toBe("(nothing)");
    expect((await engine.list(query(bucketId))).entries).toEqual([]);
    expect(await engine.usage(bucketId)).toEqual({ objects: 0, versions: 0, bytes: 0, uploads: 0 });
  });

  test("a version that was looked up can be read after it was overwritten or deleted", async () => {
    const { engine } = fixture();
    const bucketId = freshBucket();
    const small = await put(engine, bucketId, "small", text("old"));
    const large = await put(engine, bucketId, "large", pattern(400_000, 3));
    await put(engine, bucketId, "small", text("new"));
    await remove(engine, bucketId, "large");
    expect(new TextDecoder().decode(await bytesOf(engine, small.version))).toBe("old");
    const reading = (await engine.read(large.version, undefined))[Symbol.asyncIterator]();
    const pieces = [(await reading.next()).value as Uint8Array];
    for (let piece = await reading.next(); piece.done !== true; piece = await reading.next()) pieces.push(piece.value);
    expect(Buffer.compare(Buffer.concat(pieces), pattern(400_000, 3))).toBe(0);
  });

  test("conditions are decided in the order of the writes", async () => {
    const { engine } = fixture();
    const bucketId = freshBucket();
    const conditional = (key: string, value: string, precondition: { ifAbsent?: boolean; ifMatch?: string }) =>
      refusal(put(engine, bucketId, key, text(value), { precondition }));
    expect(await conditional("k", "a", { ifMatch: "*" })).toBe("NoSuchKey");
    expect(await conditional("k", "a", { ifAbsent: true })).toBe("(fulfilled)");
    expect(await conditional("k", "b", { ifAbsent: true })).toBe("PreconditionFailed");
    expect(await conditional("k", "b", { ifMatch: "other" })).toBe("PreconditionFailed");
    expect(await conditional("k", "b", { ifMatch: etagOf(text("a")) })).toBe("(fulfilled)");
    expect(await conditional("k", "c", { ifMatch: "*" })).toBe("(fulfilled)");
    expect(await refusal(remove(engine, bucketId, "k", { ifMatch: "other" }))).toBe("PreconditionFailed");
    expect(await refusal(remove(engine, bucketId, "absent", { ifMatch: "other" }))).toBe("NoSuchKey");
    expect(await refusal(remove(engine, bucketId, "k", { ifMatch: etagOf(text("c")) }))).toBe("(fulfilled)");
  });

  test("of many writers who demand absence exactly one wins", async () => {
    const { engine } = fixture();
    const bucketId = freshBucket();
    const outcomes = await Promise.all(
      Array.from({ length: 40 }, (_, index) =>
        refusal(put(engine, bucketId, "k", text(`writer ${index}`), { precondition: { ifAbsent: true } })),
      ),
    );
    expect(outcomes.filter((outcome) => outcome === "(fulfilled)")).toHaveLength(1);
    expect(outcomes.filter((outcome) => outcome === "PreconditionFailed")).toHaveLength(39);
    expect(await textAt(engine, bucketId, "k")).toBe(`writer ${outcomes.indexOf("(fulfilled)")}`);
  });

  test("compare-and-swap on the etag loses no increment", async () => {
    const { engine } = fixture();
    const bucketId = freshBucket();
    await put(engine, bucketId, "counter", text("0"));
    const increment = async (): Promise<void> => {
      for (;;) {
        const version = (await engine.head(bucketId, "counter"))!;
        const value = Number(new TextDecoder().decode(await bytesOf(engine, version)));
        const outcome = await refusal(
          put(engine, bucketId, "counter", text(String(value + 1)), { precondition: { ifMatch: version.etag } }),
        );
        if (outcome === "(fulfilled)") return;
        if (outcome !== "PreconditionFailed") throw new Error(outcome);
      }
    };
    await Promise.all(Array.from({ length: 12 }, increment));
    expect(await textAt(engine, bucketId, "counter")).toBe("12");
  });

  test("update changes tags and ACL in place", async () => {
    const { engine } = fixture();
    const bucketId = freshBucket();
    const { version } = await put(engine, bucketId, "k", text("x"), { attributes: { metadata: { a: "b" } } });
    const tagged = await engine.update({ bucketId, key: "k", set: { tags: [{ Key: "t", Value: "v" }] } });
    expect(tagged).toMatchObject({ tags: [{ Key: "t", Value: "v" }], metadata: { a: "b" }, etag: version.etag });
    await engine.update({ bucketId, key: "k", set: { acl: { Grants: [] } } });
    expect(await engine.head(bucketId, "k")).toMatchObject({ acl: { Grants: [] }, tags: [{ Key: "t", Value: "v" }] });
    await engine.update({ bucketId, key: "k", set: { acl: undefined, tags: [] } });
    const cleared = await engine.head(bucketId, "k");
    expect([cleared?.acl, cleared?.tags]).toEqual([undefined, []]);
    expect(cleared?.lastModified).toBe(version.lastModified);
    expect(await textAt(engine, bucketId, "k")).toBe("x");
    expect(await refusal(engine.update({ bucketId, key: "absent", set: { tags: [] } }))).toBe("NoSuchKey");
  });

  test("a staged body is used once; discarding it is harmless at any time", async () => {
    const { engine } = fixture();
    const body = await engine.stageBytes(pattern(100_000), NONE);
    await engine.discard(body);
    await engine.discard(body);
    const attributes = { owner: OWNER, headers: {}, metadata: {}, tags: [], lock: {} };
    const bucketId = freshBucket();
    await expect(engine.put({ bucketId, key: "k", versioning: "Off", body, etag: "e", attributes })).rejects.toThrow(
      "used before",
    );
    expect(await engine.head(bucketId, "k")).toBeUndefined();
  });

  test("keys that mean something to file systems are keys like others", async () => {
    const { engine } = fixture();
    const bucketId = freshBucket();
    const keys = [
      "..",
      ".",
      "../../../etc/passwd",
      "/",
      "//",
      "/abs",
      "a//b",
      "a/",
      "a",
      "a/../b",
      "con:",
      "nul\u0000byte",
      "line\nbreak",
      "\u0001\u001f\u007f",
      "ünï/cödé",
      "\uFEFFbom",
      "bom",
      "~1",
      "%2F",
      "😀",
      "\uFFFF",
      "\u{10FFFF}",
      "x".repeat(1024),
      "é".repeat(512),
      "😀".repeat(256),
      " ",
      "a ",
      "-rf",
      "*?[]",
      "'\"`$(id)",
    ];
    for (const key of keys) await put(engine, bucketId, key, text(`<${key}>`));
    for (const key of keys) expect(await textAt(engine, bucketId, key)).toBe(`<${key}>`);
    const listed = (await engine.list(query(bucketId))).entries.map((entry) => entry.key);
    expect(listed).toEqual([...keys].sort((a, b) => Buffer.compare(Buffer.from(a), Buffer.from(b))));
  });
}
