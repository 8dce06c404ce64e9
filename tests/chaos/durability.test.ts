/**
 * `kill -9` at random moments under concurrent writes of all kinds. After each restart: every acknowledged write is there with the right bytes, nothing half-written
 * is visible. At the end: no stray files.
 */
import { afterAll, beforeAll, describe, expect, test } from "bun:test";
import { readdirSync } from "node:fs";
import { join } from "node:path";
import {
  AbortMultipartUploadCommand,
  CompleteMultipartUploadCommand,
  CopyObjectCommand,
  CreateBucketCommand,
  CreateMultipartUploadCommand,
  DeleteObjectCommand,
  GetObjectCommand,
  GetObjectTaggingCommand,
  ListMultipartUploadsCommand,
  ListObjectsV2Command,
  PutObjectCommand,
  PutObjectTaggingCommand,
  type S3Client,
  UploadPartCommand,
} from "@aws-sdk/client-s3";
import { type Cloud, type CloudEnvironment, type CloudProcess, createCloud } from "../support/cloud.ts";
import { s3ClientFor } from "../support/s3.ts";
import { until } from "../support/until.ts";

/** `npm test` kills this often; the soak (`BIPLANE_KILLS=200`) more. */
const KILLS = Number(process.env.BIPLANE_KILLS ?? 20);
const WORKERS = 6;
const KEYS_PER_WORKER = 5;
const BUCKET = "durable";

/** Bodies on both sides of every threshold: empty, inline, file, several chunks. */
const SIZES = [0, 1, 4_096, 70_000, 300_000];
const PART_BYTES = 5 * 1024 * 1024;

/** What a key holds, or may hold: the body is determined by its label and size. */
interface Content {
  readonly label: string;
  readonly size: number;
  readonly tag: string | undefined;
}
type State = Content | "absent";

/** Deterministic bytes: a label repeated, so that a torn or mixed body shows. */
function bytesOf(label: string, size: number): Uint8Array {
  return Buffer.alloc(size, `${label}|`);
}

/** One key's truth: the last acknowledged state, and states that unacknowledged requests may have led to. */
interface Truth {
  acknowledged: State;
  possible: State[];
}

const describeState = (state: State) =>
  state === "absent" ? "absent" : `${state.label}/${state.size}/${state.tag ?? "-"}`;

/** A seeded generator: a failing run can be repeated. */
function randomFrom(seed: number): () => number {
  let state = seed >>> 0;
  return () => {
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0;
    return state / 2 ** 32;
  };
}

describe("durability", () => {
  let cloud: Cloud;
  let running: CloudProcess;
  let environment: CloudEnvironment;
  const seed = Number(process.env.BIPLANE_SEED ?? Date.now() % 1_000_000);
  const random = randomFrom(seed);
  const truths = new Map<string, Truth>();
  let acknowledged = 0;

  const start = async (port: string) => {
    running = await cloud.start("up", "--port", port, "--api-port", "0");
  };

  beforeAll(async () => {
    cloud = createCloud();
    await start("0");
    environment = await cloud.environment();
    await s3ClientFor(environment).send(new CreateBucketCommand({ Bucket: BUCKET }));
  }, 60_000);
  afterAll(async () => {
    await cloud.dispose();
  });

  /** One write of some kind; the truth is widened before it and narrowed when it is acknowledged. */
  async function write(s3: S3Client, key: string, turn: string): Promise<void> {
    const truth = truths.get(key) ?? { acknowledged: "absent", possible: [] };
    truths.set(key, truth);
    const attempt = async (next: State, send: () => Promise<unknown>) => {
      truth.possible.push(next);
      await send();
      truth.acknowledged = next;
      truth.possible = [];
      acknowledged += 1;
    };
    const kind = random();
    const size = SIZES[Math.floor(random() * SIZES.length)]!;
    const target = { Bucket: BUCKET, Key: key };
    if (kind < 0.5) {
      await attempt({ label: turn, size, tag: undefined }, () =>
        s3.send(new PutObjectCommand({ ...target, Body: bytesOf(turn, size) })),
      );
    } else if (kind < 0.62) {
      await attempt("absent", () => s3.send(new DeleteObjectCommand(target)));
    } else if (kind < 0.75 && truth.acknowledged !== "absent" && truth.possible.length === 0) {
      const next = { ...truth.acknowledged, tag: turn };
      await attempt(next, () =>
        s3.send(new PutObjectTaggingCommand({ ...target, Tagging: { TagSet: [{ Key: "turn", Value: turn }] } })),
      );
    } else if (kind < 0.9 && truth.acknowledged !== "absent" && truth.possible.length === 0) {
      const copy = `${key}-copy`;
      const copyTruth = truths.get(copy) ?? { acknowledged: "absent" as State, possible: [] };
      truths.set(copy, copyTruth);
      const next = truth.acknowledged;
      copyTruth.possible.push(next);
      await s3.send(new CopyObjectCommand({ Bucket: BUCKET, Key: copy, CopySource: `/${BUCKET}/${key}` }));
      copyTruth.acknowledged = next;
      copyTruth.possible = [];
      acknowledged += 1;
    } else if (kind > 0.95) {
      const whole = PART_BYTES + 1_000;
      const body = bytesOf(turn, whole);
      const { UploadId } = await s3.send(new CreateMultipartUploadCommand(target));
      const Parts: { ETag: string | undefined; PartNumber: number }[] = [];
      for (const [index, Body] of [body.subarray(0, PART_BYTES), body.subarray(PART_BYTES)].entries()) {
        const { ETag } = await s3.send(new UploadPartCommand({ ...target, UploadId, PartNumber: index + 1, Body }));
        Parts.push({ ETag, PartNumber: index + 1 });
      }
      await attempt({ label: turn, size: whole, tag: undefined }, () =>
        s3.send(new CompleteMultipartUploadCommand({ ...target, UploadId, MultipartUpload: { Parts } })),
      );
    }
  }

  /** Reads every key and compares; afterwards each truth is what was found. */
  async function verify(s3: S3Client): Promise<void> {
    const listed = new Set<string>();
    for (let token: string | undefined; ; ) {
      const page = await s3.send(new ListObjectsV2Command({ Bucket: BUCKET, ContinuationToken: token }));
      for (const { Key } of page.Contents ?? []) listed.add(Key!);
      token = page.NextContinuationToken;
      if (token === undefined) break;
    }
    const reads = [...truths].map(async ([key, truth]) => {
      const found = await read(s3, key);
      const allowed = [truth.acknowledged, ...truth.possible];
      if (!allowed.some((state) => describeState(state) === describeState(found))) {
        throw new Error(
          `seed ${seed}: ${key} is ${describeState(found)}, allowed: ${allowed.map(describeState).join(" or ")}`,
        );
      }
      expect([key, listed.has(key)]).toEqual([key, found !== "absent"]);
      listed.delete(key);
      truth.acknowledged = found;
      truth.possible = [];
    });
    await Promise.all(reads);
    expect([...listed]).toEqual([]);
  }

  async function read(s3: S3Client, key: string): Promise<State> {
    try {
      const got = await s3.send(new GetObjectCommand({ Bucket: BUCKET, Key: key }));
      const body = await got.Body!.transformToByteArray();
      // The answer says how many there are.
      const tags =
        got.TagCount === undefined
          ? undefined
          : (await s3.send(new GetObjectTaggingCommand({ Bucket: BUCKET, Key: key }))).TagSet;
      const tag = tags?.find(({ Key }) => Key === "turn")?.Value;
      const truth = truths.get(key)!;
      for (const state of [truth.acknowledged, ...truth.possible]) {
        if (
          state !== "absent" &&
          state.size === body.length &&
          state.tag === tag &&
          Buffer.compare(bytesOf(state.label, state.size), body) === 0
        ) {
          return state;
        }
      }
      return { label: `unknown bytes ${Buffer.from(body.subarray(0, 20)).toString()}`, size: body.length, tag };
    } catch (error) {
      if (error instanceof Error && error.name === "NoSuchKey") return "absent";
      throw error;
    }
  }

  test(`${KILLS} kills lose nothing that was acknowledged`, async () => {
    const port = new URL(environment.AWS_ENDPOINT_URL!).port;
    for (let kill = 0; kill < KILLS; kill += 1) {
      const s3 = s3ClientFor(environment);
      let stopped = false;
      const before = acknowledged;
      const workers = Array.from({ length: WORKERS }, async (_, worker) => {
        for (let turn = 0; !stopped; turn += 1) {
          // A key belongs to one worker: what is acknowledged last is what must be found.
          const key = `w${worker}/k${Math.floor(random() * KEYS_PER_WORKER)}`;
          try {
            await write(s3, key, `${kill}.${worker}.${turn}`);
          } catch (error) {
            if (stopped) return;
            // The connection breaks some microseconds before the kill is seen here.
            await until("the kill is noticed", () => stopped, 5_000).catch(() => {
              throw error;
            });
          }
        }
      });
      const enough = before + 5 + Math.floor(random() * 60);
      await until("some writes are acknowledged", () => acknowledged >= enough, 30_000);
      await Bun.sleep(Math.floor(random() * 20));
      stopped = true;
      await running.kill();
      await Promise.all(workers);
      s3.destroy();
      await start(port);
      const reader = s3ClientFor(environment);
      await verify(reader);
      reader.destroy();
    }
    console.log(`seed ${seed}: ${acknowledged} acknowledged writes, ${KILLS} kills`);

    // What unfinished uploads left is the client's to abort; then only objects remain.
    const s3 = s3ClientFor(environment);
    const uploads = await s3.send(new ListMultipartUploadsCommand({ Bucket: BUCKET }));
    for (const { Key, UploadId } of uploads.Uploads ?? [])
      await s3.send(new AbortMultipartUploadCommand({ Bucket: BUCKET, Key, UploadId }));
    const deletions = [...truths]
      .filter(([, truth]) => truth.acknowledged !== "absent")
      .map(([key]) => s3.send(new DeleteObjectCommand({ Bucket: BUCKET, Key: key })));
    await Promise.all(deletions);
    const objects = join(cloud.dataDirectory, "node", "objects");
    await until(
      "no body is left on disk",
      () => filesUnder(join(objects, "buckets")).length === 0 && filesUnder(join(objects, "staging")).length === 0,
      30_000,
    );
    await running.stop();
  }, 280_000);
});

function filesUnder(directory: string): readonly string[] {
  return readdirSync(directory, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile())
    .map((entry) => join(entry.parentPath, entry.name));
}
