/** Requests that get in each other's way: buckets that go while they are written to, versions and markers, completions of one upload. */
import { afterAll, beforeAll, describe, expect, test } from "bun:test";
import { createHash } from "node:crypto";
import { type Cloud, type CloudProcess, createCloud } from "../support/cloud.ts";
import { randomFrom } from "../support/random.ts";
import { type PlainAnswer, type SignedClient, signedClientFor } from "../support/signed-client.ts";

const ROUND_MS = Number(process.env.BIPLANE_SECONDS ?? 4) * 1000;
const TIMEOUT_MS = 60_000 + 2 * ROUND_MS;
const VERSIONING_ON = "<VersioningConfiguration><Status>Enabled</Status></VersioningConfiguration>";

const md5 = (text: string) => createHash("md5").update(text).digest("base64");
const all = (text: string, tag: string): string[] =>
  [...text.matchAll(new RegExp(`<${tag}>([^<]*)</${tag}>`, "g"))].map(([, value]) => value!);

describe("races", () => {
  let cloud: Cloud;
  let running: CloudProcess;
  let s3: SignedClient;
  const random = randomFrom(Number(process.env.BIPLANE_SEED ?? Date.now() % 1_000_000));
  /** Up to so many milliseconds: which request comes first is to be left to chance. */
  const pause = (ms: number) => Bun.sleep(random() * ms);
  const must = (answer: PlainAnswer, status = 200): PlainAnswer => {
    if (answer.status !== status) throw new Error(`${answer.status} instead of ${status}: ${answer.text()}`);
    return answer;
  };
  const versionedBucket = async (name: string) => {
    must(await s3.send("PUT", name));
    const headers = { "content-md5": md5(VERSIONING_ON) };
    must(await s3.send("PUT", name, { query: "versioning=", body: VERSIONING_ON, headers }));
  };

  beforeAll(async () => {
    cloud = createCloud();
    running = await cloud.start("up", "--port", "0", "--api-port", "0");
    s3 = signedClientFor(await cloud.environment());
  }, 60_000);
  afterAll(async () => {
    expect([await running.stop(), running.output()]).toEqual([0, expect.any(String)]);
    await cloud.dispose();
  });

  test(
    "a write that was acknowledged keeps its bucket, whoever deletes and creates it meanwhile",
    async () => {
      const deadline = Date.now() + ROUND_MS;
      let kept = 0;
      let deleted = 0;
      // On a busy machine the time may be over before each side has won once.
      const undecided = () => (kept === 0 || deleted === 0) && Date.now() < deadline + 30_000;
      for (let round = 0; Date.now() < deadline || undecided(); round++) {
        const bucket = `/contended-${round % 3}`;
        must(await s3.send("PUT", bucket));
        const puts = Array.from({ length: 3 }, async (_, index) => {
          await pause(8);
          const { status, code } = await s3.send("PUT", `${bucket}/k${index}`, { body: "v" });
          if (status !== 200) expect([status, code]).toEqual([404, "NoSuchBucket"]);
          return status === 200 ? [`${bucket}/k${index}`] : [];
        });
        const deletions = Array.from({ length: 2 }, async () => {
          await pause(4);
          const { status, code } = await s3.send("DELETE", bucket);
          expect([undefined, "BucketNotEmpty", "NoSuchBucket", "OperationAborted"]).toContain(code);
          if (status === 204) deleted++;
        });
        const creations = Array.from({ length: 2 }, async () => {
          await pause(6);
          const { status, code } = await s3.send("PUT", bucket);
          if (status !== 200) expect([status, code]).toEqual([409, "OperationAborted"]);
        });
        const written = (await Promise.all(puts)).flat();
        await Promise.all([...deletions, ...creations]);
        for (const path of written) {
          expect([path, (await s3.send("GET", path)).status]).toEqual([path, 200]);
          kept++;
          must(await s3.send("DELETE", path), 204);
        }
        const left = await s3.send("DELETE", bucket);
        if (left.status !== 204) expect(left.code).toBe("NoSuchBucket");
      }
      expect(kept).toBeGreaterThan(0);
      expect(deleted).toBeGreaterThan(0);
    },
    TIMEOUT_MS,
  );

  test(
    "while a delete marker comes and goes nobody sees a superseded version as the latest, or misses one by its id",
    async () => {
      await versionedBucket("/markers");
      must(await s3.send("PUT", "/markers/k", { body: "old" }));
      const newer = must(await s3.send("PUT", "/markers/k", { body: "new" })).headers.get("x-amz-version-id")!;
      const deadline = Date.now() + ROUND_MS;
      const looks = [
        async () => {
          const got = await s3.send("GET", "/markers/k");
          expect(got.status === 200 ? got.text() : got.code).toBeOneOf(["new", "NoSuchKey"]);
        },
        async () => {
          const got = await s3.send("GET", "/markers/k", { query: `versionId=${newer}` });
          expect([got.status, got.text()]).toEqual([200, "new"]);
        },
        async () => {
          const text = must(await s3.send("GET", "/markers", { query: "versions=" })).text();
          expect(text.match(/<Version>/g)).toHaveLength(2);
          expect(all(text, "IsLatest").filter((latest) => latest === "true")).toHaveLength(1);
        },
      ];
      const readers = looks.flatMap((look) =>
        Array.from({ length: 3 }, async () => {
          while (Date.now() < deadline) await look();
        }),
      );
      while (Date.now() < deadline) {
        const marker = must(await s3.send("DELETE", "/markers/k"), 204).headers.get("x-amz-version-id");
        must(await s3.send("DELETE", "/markers/k", { query: `versionId=${marker}` }), 204);
      }
      await Promise.all(readers);
    },
    TIMEOUT_MS,
  );

  test(
    "every version that was acknowledged is listed once and has its own bytes",
    async () => {
      await versionedBucket("/versions");
      const deadline = Date.now() + ROUND_MS / 2;
      const versions = new Map<string, string>();
      const markers = new Set<string>();
      const client = async (id: number) => {
        for (let turn = 0; Date.now() < deadline; turn++) {
          const body = `${id}.${turn}`;
          const kind = random();
          if (kind < 0.6) {
            const put = must(await s3.send("PUT", "/versions/k", { body }));
            versions.set(put.headers.get("x-amz-version-id")!, body);
          } else if (kind < 0.8) {
            markers.add(must(await s3.send("DELETE", "/versions/k"), 204).headers.get("x-amz-version-id")!);
          } else {
            const [version] = versions.keys();
            if (version === undefined) continue;
            versions.delete(version);
            must(await s3.send("DELETE", "/versions/k", { query: `versionId=${version}` }), 204);
          }
        }
      };
      await Promise.all(Array.from({ length: 12 }, (_, id) => client(id)));
      const listed: string[] = [];
      for (let marker = ""; ; ) {
        const text = must(await s3.send("GET", "/versions", { query: `versions=${marker}` })).text();
        listed.push(...all(text, "VersionId"));
        if (all(text, "IsTruncated")[0] !== "true") break;
        const [key, version] = [all(text, "NextKeyMarker")[0]!, all(text, "NextVersionIdMarker")[0]!];
        marker = `&key-marker=${key}&version-id-marker=${version}`;
      }
      expect(listed.toSorted()).toEqual([...versions.keys(), ...markers].toSorted());
      for (const [version, body] of versions) {
        const got = await s3.send("GET", "/versions/k", { query: `versionId=${version}` });
        expect([got.status, got.text()]).toEqual([200, body]);
      }
    },
    TIMEOUT_MS,
  );

  test(
    "of completing, aborting and uploading the same part, each answer holds",
    async () => {
      must(await s3.send("PUT", "/uploads"));
      const begin = async (key: string) => {
        const id = all(must(await s3.send("POST", `/uploads/${key}`, { query: "uploads=" })).text(), "UploadId")[0]!;
        const part = (body: string) =>
          s3.send("PUT", `/uploads/${key}`, { query: `partNumber=1&uploadId=${id}`, body });
        const complete = (etag: string) => {
          const xml = `<Part><PartNumber>1</PartNumber><ETag>${etag}</ETag></Part>`;
          const body = `<CompleteMultipartUpload>${xml}</CompleteMultipartUpload>`;
          return s3.send("POST", `/uploads/${key}`, { query: `uploadId=${id}`, body });
        };
        const abort = () => s3.send("DELETE", `/uploads/${key}`, { query: `uploadId=${id}` });
        return { part, complete, abort, text: async () => (await s3.send("GET", `/uploads/${key}`)).text() };
      };
      for (let round = 0; round < 25; round++) {
        const again = await begin(`again-${round}`);
        const first = must(await again.part("one")).headers.get("etag")!;
        const answers = await Promise.all(Array.from({ length: 6 }, () => again.complete(first)));
        expect(answers.map(({ status }) => status)).toEqual([200, 200, 200, 200, 200, 200]);
        expect(new Set(answers.map((answer) => all(answer.text(), "ETag")[0])).size).toBe(1);
        expect(await again.text()).toBe("one");

        const other = await begin(`abort-${round}`);
        const etag = must(await other.part("two")).headers.get("etag")!;
        const race = [() => other.complete(etag), () => other.abort()];
        if (round % 2 === 1) race.reverse();
        const outcome = await Promise.all(race.map((run) => run()));
        if (round % 2 === 1) outcome.reverse();
        expect([
          [200, 404],
          [404, 204],
        ]).toContainEqual(outcome.map(({ status }) => status));
        expect((await s3.send("GET", `/uploads/abort-${round}`)).status).toBe(outcome[0]!.status);

        const parts = await begin(`part-${round}`);
        const old = must(await parts.part("three")).headers.get("etag")!;
        const [completed, uploaded] = await Promise.all([parts.complete(old), parts.part("four")]);
        if (completed.status === 200) expect(await parts.text()).toBe("three");
        else {
          expect(completed.code).toBe("InvalidPart");
          must(await parts.complete(must(uploaded).headers.get("etag")!));
          expect(await parts.text()).toBe("four");
        }
      }
    },
    TIMEOUT_MS,
  );
});
