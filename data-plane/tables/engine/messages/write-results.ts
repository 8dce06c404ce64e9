/** What became of writes, on the way back. */
import type { IndexChange, WriteDone, WriteRefused } from "../port.ts";
import { packText, TextReader } from "./packed-text.ts";

/** The table takes no writes, or is unknown to the thread that keeps it. */
export interface WriteFailed {
  readonly failed: "NoSuchTable" | "TableClosed";
}

export type CommandResult =
  | { readonly outcome: "written"; readonly result: WriteDone | WriteRefused }
  | { readonly outcome: "done"; readonly results: readonly WriteDone[]; readonly repeated: boolean }
  | { readonly outcome: "cancelled"; readonly reasons: readonly (WriteRefused | undefined)[] }
  | { readonly outcome: "tokenMismatch" }
  | ({ readonly outcome: "failed" } & WriteFailed);

export interface BatchResult {
  /** Numbers of the streams that have new records. */
  readonly streams: readonly number[];
  readonly results: readonly CommandResult[];
}

/** Lengths are −1 for texts that are not there. */
type PackedDone =
  | readonly [oldSize: number, newSize: number]
  | readonly [oldSize: number, newSize: number, oldLength: number, newLength: number, more?: DoneExtras];
interface DoneExtras {
  readonly indexes?: readonly IndexChange[];
  readonly collectionSize?: number;
}
interface PackedRefused {
  readonly refusal: WriteRefused;
  readonly oldLength: number;
}
type PackedWritten = PackedDone | PackedRefused;
type PackedResult =
  | PackedWritten
  | { readonly done: readonly PackedDone[]; readonly repeated: boolean }
  | { readonly cancelled: readonly (PackedRefused | null)[] }
  | { readonly mismatch: true }
  | WriteFailed;

export function packResults({ streams, results }: BatchResult): string {
  const texts: string[] = [];
  return packText([streams, results.map((result) => packResult(result, texts))], texts.join(""));
}

export function readResults(packed: string): BatchResult {
  const reader = new TextReader(packed);
  const [streams, results] = reader.header as [readonly number[], readonly PackedResult[]];
  return { streams, results: results.map((result) => readResult(result, reader)) };
}

function packResult(result: CommandResult, texts: string[]): PackedResult {
  switch (result.outcome) {
    case "written":
      return result.result.refused === undefined ? packDone(result.result, texts) : packRefused(result.result, texts);
    case "done":
      return { done: result.results.map((one) => packDone(one, texts)), repeated: result.repeated };
    case "cancelled":
      return { cancelled: result.reasons.map((one) => (one === undefined ? null : packRefused(one, texts))) };
    case "tokenMismatch":
      return { mismatch: true };
    case "failed":
      return { failed: result.failed };
  }
}

function packDone(done: WriteDone, texts: string[]): PackedDone {
  const { oldSize, newSize, old, new: now, indexes, collectionSize } = done;
  const extras = indexes !== undefined || collectionSize !== undefined ? { indexes, collectionSize } : undefined;
  if (old === undefined && now === undefined && extras === undefined) return [oldSize, newSize];
  if (old !== undefined) texts.push(old);
  if (now !== undefined) texts.push(now);
  return [oldSize, newSize, old?.length ?? -1, now?.length ?? -1, extras];
}

function packRefused(refusal: WriteRefused, texts: string[]): PackedRefused {
  if (refusal.refused !== "ConditionFailed" || refusal.old === undefined) return { refusal, oldLength: -1 };
  const { old, ...rest } = refusal;
  texts.push(old);
  return { refusal: rest, oldLength: old.length };
}

function readResult(packed: PackedResult, reader: TextReader): CommandResult {
  if (isDone(packed)) return { outcome: "written", result: readDone(packed, reader) };
  if ("refusal" in packed) return { outcome: "written", result: readRefused(packed, reader) };
  if ("done" in packed) {
    return { outcome: "done", results: packed.done.map((one) => readDone(one, reader)), repeated: packed.repeated };
  }
  if ("cancelled" in packed) {
    const reasons = packed.cancelled.map((one) => (one === null ? undefined : readRefused(one, reader)));
    return { outcome: "cancelled", reasons };
  }
  if ("mismatch" in packed) return { outcome: "tokenMismatch" };
  return { outcome: "failed", failed: packed.failed };
}

function isDone(packed: PackedResult): packed is PackedDone {
  return Array.isArray(packed);
}

function readDone(packed: PackedDone, reader: TextReader): WriteDone {
  const [oldSize, newSize, oldLength = -1, newLength = -1, extras] = packed;
  if (oldLength < 0 && newLength < 0 && !extras) return { oldSize, newSize };
  return {
    oldSize,
    newSize,
    ...(oldLength < 0 ? {} : { old: reader.take(oldLength) }),
    ...(newLength < 0 ? {} : { new: reader.take(newLength) }),
    ...extras,
  };
}

function readRefused({ refusal, oldLength }: PackedRefused, reader: TextReader): WriteRefused {
  return oldLength < 0 || refusal.refused !== "ConditionFailed" ? refusal : { ...refusal, old: reader.take(oldLength) };
}
