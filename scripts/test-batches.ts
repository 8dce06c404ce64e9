/** Which test files share a process, for starting one costs more than most files take; and which processes begin first. Pure. */
import { TEST_SECONDS } from "./test-seconds.ts";

/** More of them in one process would make it last, and leave the other lane with nothing to do at the end. */
const FILES_MAX = 12;

/** Tests of these parts are beside the code that they test, and mostly pure; what they start they end. Others start whole programs. */
const SHARED = /^(?:bench|clients|contracts|control-plane|data-plane|foundation|scripts)\//;

/** What a file takes that the table does not know. */
const SECONDS_DEFAULT = 0.3;

/** These start processes, fill disks or measure memory, although they are beside their code. */
const OF_ITS_OWN = /(?:crash|kill|process|container|postgres|memory|host|engine)[^/]*\.test\.ts$/;

/**
 * @param files in order of their names
 * @returns each file in one batch, with others of its room
 */
export function batchesOf(files: readonly string[]): readonly (readonly string[])[] {
  const batches: string[][] = [];
  /** The batch of a room that has space left. */
  const open = new Map<string, string[]>();
  for (const file of files) {
    if (!SHARED.test(file) || OF_ITS_OWN.test(file)) {
      batches.push([file]);
      continue;
    }
    const room = file.split("/", 2).join("/");
    let batch = open.get(room);
    if (batch === undefined || batch.length >= FILES_MAX) {
      batch = [];
      open.set(room, batch);
      batches.push(batch);
    }
    batch.push(file);
  }
  return batches;
}

/** Longest first, so that no lane has a long one left when the others have nothing to do. A batch takes what its files take. */
export function longestFirst(
  batches: readonly (readonly string[])[],
  secondsOf: Readonly<Record<string, number>> = TEST_SECONDS,
): readonly (readonly string[])[] {
  const seconds = (batch: readonly string[]) =>
    batch.reduce((sum, file) => sum + (secondsOf[file] ?? SECONDS_DEFAULT), 0);
  return [...batches].sort((a, b) => seconds(b) - seconds(a));
}
