/** A short life of an engine that passes through every kind of step, told to a history as it goes. */

import type { BucketId } from "#contracts";
import { attributes, inPieces, OWNER } from "../conformance/fixture.ts";
import type { EmbeddedEngine } from "../embedded-engine.ts";
import type { VersioningState } from "../port.ts";
import { bytesOfContents, type Change, type History } from "./history.ts";

/** One operation on one key. */
export interface ScriptStep {
  readonly name: string;
  readonly bucketId: BucketId;
  readonly key: string;
  readonly versioned: boolean;
  readonly change: Change;
  run(engine: EmbeddedEngine): Promise<unknown>;
}

const LARGE = 140_000;

function putStep(bucket: string, key: string, contents: string, versioning: VersioningState): ScriptStep {
  const bucketId = bucket as BucketId;
  return {
    name: `put ${contents}`,
    bucketId,
    key,
    versioned: versioning === "Enabled",
    change: { kind: "put", contents },
    async run(engine) {
      const source = inPieces(bytesOfContents(contents), 80_000);
      const body = await engine.stage(source, { encryption: { mode: "none" } });
      await engine.put({ bucketId, key, versioning, body, etag: contents, attributes: attributes() });
    },
  };
}

function deleteStep(bucket: string, key: string, versioning: VersioningState): ScriptStep {
  const bucketId = bucket as BucketId;
  return {
    name: "delete",
    bucketId,
    key,
    versioned: versioning === "Enabled",
    change: { kind: "delete" },
    run: (engine) => engine.delete({ bucketId, key, versioning, owner: OWNER }),
  };
}

function multipartStep(bucket: string, key: string, sizes: readonly number[], end: "complete" | "abort"): ScriptStep {
  const bucketId = bucket as BucketId;
  const contents = `m:5:${sizes.join(":")}`;
  return {
    name: `multipart ${end}`,
    bucketId,
    key,
    versioned: false,
    change: end === "complete" ? { kind: "put", contents } : { kind: "touch" },
    async run(engine) {
      const upload = await engine.createUpload(bucketId, key, {
        ...attributes(),
        encryption: { mode: "none" },
        initiator: { id: "script", displayName: "script" },
      });
      const { uploadId } = upload;
      const part = async (partNumber: number, seed: number, size: number) => {
        const source = inPieces(bytesOfContents(`p:${seed}:${size}`), 80_000);
        const body = await engine.stagePart(upload, source);
        await engine.putPart({ bucketId, key, uploadId, partNumber, body, etag: String(partNumber) });
      };
      // The first is put twice, and one more than needed is put at the end.
      await part(1, 99, sizes[0]!);
      for (const [index, size] of [...sizes, 10].entries()) await part(index + 1, 5 + index, size);
      if (end === "abort") return engine.abortUpload(bucketId, key, uploadId);
      const parts = sizes.map((_, index) => ({ partNumber: index + 1, etag: String(index + 1) }));
      return engine.completeUpload({
        bucketId,
        key,
        uploadId,
        versioning: "Off",
        parts,
        minPartSize: 0,
        etag: contents,
      });
    },
  };
}

function settleStep(): ScriptStep {
  return {
    name: "settle",
    bucketId: "plain" as BucketId,
    key: "small",
    versioned: false,
    change: { kind: "touch" },
    run: (engine) => engine.settle(),
  };
}

/** The script: small and large, replaced before and after they became files, deleted, in parts. */
export const SCRIPT: readonly ScriptStep[] = [
  putStep("plain", "small", "p:1:100", "Off"),
  putStep("plain", "large", `p:2:${LARGE}`, "Off"),
  putStep("plain", "small", "p:3:200", "Off"),
  settleStep(),
  putStep("plain", "large", `p:4:${LARGE + 1}`, "Off"),
  putStep("plain", "small", "p:5:50", "Off"),
  multipartStep("plain", "parts", [LARGE, 100], "complete"),
  multipartStep("plain", "aborted", [LARGE, 10], "abort"),
  putStep("versioned", "v", "p:6:10", "Enabled"),
  putStep("versioned", "v", `p:7:${LARGE}`, "Enabled"),
  deleteStep("versioned", "v", "Enabled"),
  settleStep(),
  deleteStep("plain", "parts", "Off"),
  deleteStep("plain", "large", "Off"),
  settleStep(),
];

/** Plays the script; `onFailure` decides what a failed operation means. */
export async function play(
  engine: EmbeddedEngine,
  history: History,
  onFailure: (step: ScriptStep, error: unknown) => Promise<void>,
): Promise<void> {
  for (const [index, step] of SCRIPT.entries()) {
    const { bucketId, key, versioned, change } = step;
    history.record({ begin: index, key: `${bucketId} ${key}`, versioned, change });
    try {
      await step.run(engine);
      history.record({ end: index });
    } catch (error) {
      await onFailure(step, error);
    }
  }
}
