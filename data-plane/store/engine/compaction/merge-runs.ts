/**
 * Carries out one compaction: reads its inputs as one, writes what is left of them. In slices, so that nobody waits for it for long.
 */
import type { KeyRange } from "../../keys/index.ts";
import { type Tombstones, union } from "../format/tombstones.ts";
import type { GroupWriter } from "../runs/group-writer.ts";
import { MergeCursor } from "../runs/merge-cursor.ts";
import { RunsCursor } from "../runs/runs-cursor.ts";
import { type CompactionPlan, hullOf } from "./plan.ts";

/** What is merged between two pauses: about a millisecond of work. */
export const SLICE_BYTES = 128 * 1024;
/** An entry takes its time however small it is. */
const ENTRY_BYTES = 64;
/** Blocks read at once from each input: 256 KiB of the usual size. */
const READ_AHEAD = 16;

/** @param pause waits a little between two slices; what it throws ends the merge */
export async function mergeRuns(plan: CompactionPlan, writer: GroupWriter, pause: () => Promise<void>): Promise<void> {
  const cleared = plan.inputs.map((runs) => union(runs.map((run) => run.tombstones)));
  const options = { bounds: hullOf(plan.inputs.flat()), reverse: false, keep: false, readAheadMax: READ_AHEAD };
  const sources = plan.inputs.map((runs, i) => ({ cursor: new RunsCursor(runs, options), tombstones: cleared[i]! }));
  const merge = new MergeCursor(sources, false);
  const ranges = plan.isBottom ? [] : rangesOf(cleared);
  let nextRange = 0;
  let slice = 0;
  for (;;) {
    const moved = merge.advance();
    if (!(typeof moved === "boolean" ? moved : await moved)) break;
    const { key } = merge;
    for (let range = ranges[nextRange]; range !== undefined && before(range, key); range = ranges[++nextRange]) {
      writer.addRange(range);
    }
    const value = merge.value();
    if (value !== undefined || !plan.isBottom) writer.add(key, value);
    slice += ENTRY_BYTES + key.length + (value?.length ?? 0);
    if (slice < SLICE_BYTES) continue;
    slice = 0;
    if (writer.isFull) await writer.drain();
    await pause();
  }
  for (; nextRange < ranges.length; nextRange++) writer.addRange(ranges[nextRange]!);
}

function rangesOf(cleared: readonly Tombstones[]): readonly KeyRange[] {
  return union(cleared).ranges;
}

/** Whether a range has to be written before an entry. */
function before(range: KeyRange, key: Uint8Array): boolean {
  return Buffer.compare(range.begin, key) <= 0;
}
