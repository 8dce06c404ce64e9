/**
 * A program that writes to an engine in every way until it is killed. Run by the crash tests:
 *
 *     crash-writer.ts <directory> <seed>
 *
 * It says on its standard output what it is about to do and what was acknowledged, each line with one write(2), so that nothing that was said is lost.
 */

import { writeSync } from "node:fs";
import type { BucketId } from "#contracts";
import { systemClock, systemRandom, systemTimers } from "#foundation/runtime";
import { attributes, inPieces, OWNER } from "../conformance/fixture.ts";
import { openEmbeddedEngine } from "../open-embedded-engine.ts";
import type { EncryptionRequest, VersioningState } from "../port.ts";
import { bytesOfContents, type Change, type Line } from "./history.ts";

const [directory, seedText] = process.argv.slice(2);
if (directory === undefined) throw new Error("usage: crash-writer.ts <directory> <seed>");

const LOOPS = 12;
const KEYS_PER_LOOP = 6;
/** Nothing, small, the edges of the journal, large. */
const SIZES = [0, 100, 4_096, 131_072, 131_073, 600_000];

let state = Number(seedText ?? "1") | 1;
function below(bound: number): number {
  state = (Math.imul(state, 1_664_525) + 1_013_904_223) | 0;
  return (state >>> 8) % bound;
}

const say = (line: Line): void => void writeSync(1, `${JSON.stringify(line)}\n`);

const engine = await openEmbeddedEngine({
  directory,
  clock: systemClock,
  random: systemRandom,
  timers: systemTimers,
  hosting: "worker",
});

let operations = 0;
async function announced(key: string, versioned: boolean, change: Change, run: () => Promise<unknown>): Promise<void> {
  const id = ++operations;
  say({ begin: id, key, versioned, change });
  await run();
  say({ end: id });
}

async function putObject(
  bucketId: BucketId,
  key: string,
  versioning: VersioningState,
  contents: string,
): Promise<void> {
  const bytes = bytesOfContents(contents);
  const encryption: EncryptionRequest = below(3) === 0 ? { mode: "SSE-S3" } : { mode: "none" };
  const body =
    below(2) === 0
      ? await engine.stageBytes(bytes, encryption)
      : await engine.stage(inPieces(bytes, 50_000), { encryption });
  await engine.put({ bucketId, key, versioning, body, etag: contents, attributes: attributes() });
}

async function putMultipart(
  bucketId: BucketId,
  key: string,
  versioning: VersioningState,
  contents: string,
): Promise<void> {
  const [, seed, ...sizes] = contents.split(":").map(Number);
  const initiator = { id: "crash-writer", displayName: "crash-writer" };
  const upload = await engine.createUpload(bucketId, key, {
    ...attributes(),
    encryption: { mode: below(2) === 0 ? "none" : "SSE-S3" },
    initiator,
  });
  const { uploadId } = upload;
  // One part more than will be named: completing leaves it out.
  for (const [index, size] of [...sizes, 140_000].entries()) {
    const bytes = bytesOfContents(`p:${seed! + index}:${size}`);
    const body = await engine.stagePart(upload, inPieces(bytes, 50_000));
    await engine.putPart({ bucketId, key, uploadId, partNumber: index + 1, body, etag: String(index) });
  }
  const parts = sizes.map((_, index) => ({ partNumber: index + 1, etag: String(index) }));
  await engine.completeUpload({ bucketId, key, uploadId, versioning, parts, minPartSize: 0, etag: contents });
}

async function loop(number: number): Promise<never> {
  for (;;) {
    const versioned = number % 3 === 0;
    const bucketId = (versioned ? "versioned" : "plain") as BucketId;
    const versioning = versioned ? "Enabled" : "Off";
    const key = `loop ${number}/key ${below(KEYS_PER_LOOP)}`;
    const name = `${bucketId} ${key}`;
    const seed = below(1_000_000) + 1;
    switch (below(8)) {
      case 0:
        await announced(name, versioned, { kind: "delete" }, () =>
          engine.delete({ bucketId, key, versioning, owner: OWNER }),
        );
        break;
      case 1: {
        const contents = `m:${seed}:${SIZES[below(SIZES.length)]}:${SIZES[below(SIZES.length)]}`;
        await announced(name, versioned, { kind: "put", contents }, () =>
          putMultipart(bucketId, key, versioning, contents),
        );
        break;
      }
      case 2: {
        const upload = await engine.createUpload(bucketId, key, {
          ...attributes(),
          encryption: { mode: "none" },
          initiator: { id: "x", displayName: "x" },
        });
        const body = await engine.stagePart(upload, inPieces(new Uint8Array(140_000), 140_000));
        const { uploadId } = upload;
        await engine.putPart({ bucketId, key, uploadId, partNumber: 1, body, etag: "abandoned" });
        if (below(2) === 0) await engine.abortUpload(bucketId, key, uploadId);
        break;
      }
      case 3:
        await announced(name, versioned, { kind: "touch" }, () =>
          engine.update({ bucketId, key, set: { tags: [{ Key: "t", Value: String(seed) }] } }).catch(() => undefined),
        );
        break;
      default: {
        const contents = `p:${seed}:${SIZES[below(SIZES.length)]}`;
        await announced(name, versioned, { kind: "put", contents }, () =>
          putObject(bucketId, key, versioning, contents),
        );
      }
    }
  }
}

writeSync(1, "ready\n");
await Promise.all(Array.from({ length: LOOPS }, (_, number) => loop(number)));
