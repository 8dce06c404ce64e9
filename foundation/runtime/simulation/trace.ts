/**
 * The proof of determinism: everything a run does, folded into a hash chain, and on demand recorded and compared.
 *
 * An entry is (label, value, virtual time): an event that ran, a number that was drawn, or a note of the program. Two runs of one seed must
 * produce the same entries. The second run is compared while it goes on, so that it stops inside the very code that diverges.
 */

import { hashText, mix32 } from "./hashing.ts";

/** What is kept for comparison: the first two million entries, about 40 MB; a divergence comes early or not at all. */
const RECORDED_ENTRIES_MAX = 2_000_000;
/** How many entries before a divergence are shown. */
const CONTEXT_ENTRIES = 12;

/** An interned label; get it from `Trace.label` once, use it many times. */
export type LabelId = number;

/** The entries of one run, to compare another one with. */
export interface TraceRecording {
  readonly labels: readonly string[];
  readonly labelIds: readonly LabelId[];
  readonly values: readonly number[];
  readonly timesUs: readonly number[];
}

/** Two runs of the same seed differed. */
export class DivergenceError extends Error {
  override readonly name = "DivergenceError";
}

/** What a trace does beyond hashing. */
export interface TraceOptions {
  /** Keep the entries, for `recording`. */
  readonly record?: boolean;
  /** Compare every entry with those of an earlier run. */
  readonly expected?: TraceRecording;
}

/** The trace of one run. */
export class Trace {
  /** Set at the first difference from the expected recording. */
  divergence: DivergenceError | undefined;
  /** How many entries there were. */
  count = 0;
  /** Virtual time, set by the scheduler before each event. */
  nowUs = 0;
  private low = 0x12345678;
  private high = 0x9abcdef0 | 0;
  private readonly labels: string[] = [];
  private readonly labelHashes: number[] = [];
  private readonly labelIds = new Map<string, LabelId>();
  private readonly entryLabels: LabelId[] = [];
  private readonly entryValues: number[] = [];
  private readonly entryTimesUs: number[] = [];
  private readonly record: boolean;
  private readonly expected: TraceRecording | undefined;

  constructor(options: TraceOptions = {}) {
    this.record = options.record === true;
    this.expected = options.expected;
  }

  /** Interns a label. */
  label(text: string): LabelId {
    const known = this.labelIds.get(text);
    if (known !== undefined) return known;
    const id = this.labels.length;
    this.labels.push(text);
    this.labelHashes.push(hashText(text, 0));
    this.labelIds.set(text, id);
    return id;
  }

  textOf(label: LabelId): string {
    return this.labels[label]!;
  }

  /** Adds an entry. `value` is any number that belongs to it. */
  fold(label: LabelId, value: number): void {
    this.count++;
    const time = this.nowUs;
    this.low = mixIn(this.low, this.labelHashes[label]! ^ (value | 0));
    this.high = mixIn(this.high ^ this.low, (time | 0) ^ Math.imul(time / 0x1_0000_0000, 0x9e3779b1));
    if (this.expected !== undefined) this.compare(label, value);
    if (this.record && this.count <= RECORDED_ENTRIES_MAX) this.keep(label, value);
  }

  /** The hash of everything so far, 16 hexadecimal digits. */
  get hash(): string {
    const text = (word: number): string => mix32(word).toString(16).padStart(8, "0");
    return text(this.low) + text(this.high ^ this.count);
  }

  recording(): TraceRecording {
    return { labels: this.labels, labelIds: this.entryLabels, values: this.entryValues, timesUs: this.entryTimesUs };
  }

  /** To be called when the run is over: an earlier run that went further is a divergence too. */
  finish(): void {
    const expected = this.expected;
    if (expected === undefined || this.divergence !== undefined) return;
    if (this.count < expected.labelIds.length) {
      this.divergence = new DivergenceError(
        `the second run ended after ${this.count} entries where the first went on with ${describeEntry(expected, this.count)}`,
      );
    }
  }

  private keep(label: LabelId, value: number): void {
    this.entryLabels.push(label);
    this.entryValues.push(value);
    this.entryTimesUs.push(this.nowUs);
  }

  private compare(label: LabelId, value: number): void {
    const expected = this.expected!;
    const index = this.count - 1;
    if (this.divergence !== undefined) throw this.divergence;
    if (index >= expected.labelIds.length) {
      // Beyond what was kept of the first run only the final hash can tell.
      if (expected.labelIds.length < RECORDED_ENTRIES_MAX) this.diverge(index, label, value);
      return;
    }
    const same =
      expected.values[index] === value &&
      expected.timesUs[index] === this.nowUs &&
      expected.labels[expected.labelIds[index]!] === this.labels[label];
    if (!same) this.diverge(index, label, value);
  }

  private diverge(index: number, label: LabelId, value: number): never {
    const expected = this.expected!;
    const context: string[] = [];
    const end = Math.min(index, expected.labelIds.length);
    for (let entry = Math.max(0, end - CONTEXT_ENTRIES); entry < end; entry++)
      context.push(describeEntry(expected, entry));
    this.divergence = new DivergenceError(
      [
        `the second run of the seed differs from the first at entry ${index}.`,
        `  first:  ${index < expected.labelIds.length ? describeEntry(expected, index) : "(had ended)"}`,
        `  second: ${describe(this.labels[label]!, value, this.nowUs)}`,
        "Before it, both:",
        ...context.map((line) => `  ${line}`),
        "Something outside the runtime decided: real time, real randomness, iteration over something unordered, or state kept between runs.",
      ].join("\n"),
    );
    throw this.divergence;
  }
}

function mixIn(state: number, value: number): number {
  let hash = Math.imul(state ^ value, 0xcc9e2d51);
  hash = (hash << 15) | (hash >>> 17);
  return (Math.imul(hash, 5) + 0xe6546b64) | 0;
}

function describe(label: string, value: number, timeUs: number): string {
  return `${(timeUs / 1000).toFixed(3)} ms  ${label}  ${value}`;
}

function describeEntry(recording: TraceRecording, index: number): string {
  return describe(recording.labels[recording.labelIds[index]!]!, recording.values[index]!, recording.timesUs[index]!);
}
