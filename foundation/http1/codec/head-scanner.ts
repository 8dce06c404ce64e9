/**
 * Reads a start line and field lines octet by octet (RFC 9112 §3 to §5). Pure.
 *
 * What it finds, and what it refuses, depends on the octets alone: it can be stopped behind each of them and goes on where it was. Usually all of a head comes
 * at once; then nothing is copied.
 */

import type { FaultCode } from "./faults.ts";
import { Fields, fieldId } from "./fields.ts";
import { EMPTY_LINES_MAX, METHOD_BYTES_MAX } from "./limits.ts";
import { CLASSES, COLON, CR, DIGIT, LF, SPACE, TAB, TARGET, TEXT, TOKEN } from "./octets.ts";

export interface ScanLimits {
  readonly maxBytes: number;
  readonly maxFields: number;
  readonly maxTargetBytes: number;
}

/** What stands before the fields. */
export type StartLine = "request" | "response" | "none";

const PHASE = {
  EMPTY_LINE: 0,
  EMPTY_LINE_LF: 1,
  METHOD: 2,
  TARGET: 3,
  VERSION: 4,
  VERSION_END: 5,
  STATUS: 6,
  STATUS_END: 7,
  REASON: 8,
  LINE_LF: 9,
  FIELD_START: 10,
  NAME: 11,
  BLANKS: 12,
  VALUE: 13,
  END_LF: 14,
  COMPLETE: 15,
} as const;

type Phase = (typeof PHASE)[keyof typeof PHASE];

const FIRST_PHASE: Readonly<Record<StartLine, Phase>> = {
  request: PHASE.EMPTY_LINE,
  response: PHASE.VERSION,
  none: PHASE.FIELD_START,
};

/** `HTTP/`, a digit, a dot, a digit. */
const VERSION_BYTES = 8;
const VERSION_SHAPE = [0x48, 0x54, 0x54, 0x50, 0x2f, -1, 0x2e, -1] as const;
/** Least room for a head that comes in pieces; it doubles as it fills. */
const KEPT_BYTES_MIN = 1024;

/** A target of any octets but controls and blanks, for servers whose clients send them so. */
const ANY_TARGET = 64;
for (let octet = SPACE + 1; octet < 256; octet++) if (octet !== 0x7f) CLASSES[octet]! |= ANY_TARGET;

export class HeadScanner {
  readonly fields = new Fields();
  fault: FaultCode | undefined;
  /** Places in `fields.bytes`. */
  methodStart = 0;
  methodEnd = 0;
  targetStart = 0;
  targetEnd = 0;
  reasonStart = 0;
  reasonEnd = 0;
  /** The number behind `HTTP/1.`. */
  minor: 0 | 1 = 1;
  status = 0;
  readonly #startLine: StartLine;
  readonly #limits: ScanLimits;
  readonly #targetClass: number;
  #phase: Phase;
  /** Where the head begins. */
  #base = 0;
  /** The octet that is looked at next. */
  #at = 0;
  /** Octets of the version, digits of the status, or empty lines so far. */
  #seen = 0;
  #major = 0;
  /** Where the name or the value that is being read begins. */
  #partStart = 0;
  /** What came of a head whose end is to come. */
  #kept: Buffer | undefined;
  #keptBytes = 0;

  /** @param anyTarget lets targets hold `#` and octets beyond ASCII */
  constructor(startLine: StartLine, limits: ScanLimits, anyTarget = false) {
    this.#startLine = startLine;
    this.#limits = limits;
    this.#targetClass = anyTarget ? ANY_TARGET : TARGET;
    this.#phase = FIRST_PHASE[startLine];
  }

  get isComplete(): boolean {
    return this.#phase === PHASE.COMPLETE;
  }

  /** Whether nothing of a head has come. */
  get isUntouched(): boolean {
    return this.#kept === undefined && this.#phase === FIRST_PHASE[this.#startLine];
  }

  /** Another head is to come. What was read of the last one is forgotten. */
  reset(): void {
    this.#phase = FIRST_PHASE[this.#startLine];
    this.#seen = 0;
    this.#kept = undefined;
    this.#keptBytes = 0;
    this.status = 0;
    this.fields.clear();
  }

  /**
   * Takes octets until the head is complete or refused.
   * @returns the place behind what was taken. The octets must not change as long as the head is used
   */
  push(chunk: Buffer, from: number): number {
    if (this.#kept !== undefined) return this.#pushBehindKept(chunk, from);
    this.#base = from;
    this.#at = from;
    this.fields.bytes = chunk;
    this.#scan(chunk, chunk.length);
    if (this.#phase === PHASE.COMPLETE) return this.#at;
    if (this.fault === undefined && this.#phase > PHASE.EMPTY_LINE_LF) this.#keep(chunk);
    return chunk.length;
  }

  #pushBehindKept(chunk: Buffer, from: number): number {
    const before = this.#keptBytes;
    // One octet beyond the limit is enough to see that it is passed.
    const taken = Math.min(chunk.length - from, this.#limits.maxBytes + 1 - before);
    const kept = this.#room(before + taken);
    chunk.copy(kept, before, from, from + taken);
    this.#keptBytes = before + taken;
    this.#scan(kept, before + taken);
    return this.#phase === PHASE.COMPLETE ? from + this.#at - before : chunk.length;
  }

  #keep(chunk: Buffer): void {
    const base = this.#base;
    const length = chunk.length - base;
    const kept = Buffer.allocUnsafeSlow(Math.max(KEPT_BYTES_MIN, 2 * length));
    chunk.copy(kept, 0, base);
    this.#kept = kept;
    this.#keptBytes = length;
    this.#base = 0;
    this.#at -= base;
    this.#partStart -= base;
    this.methodStart -= base;
    this.methodEnd -= base;
    this.targetStart -= base;
    this.targetEnd -= base;
    this.reasonStart -= base;
    this.reasonEnd -= base;
    this.fields.bytes = kept;
    this.fields.shift(base);
  }

  #room(length: number): Buffer {
    const kept = this.#kept!;
    if (kept.length >= length) return kept;
    const larger = Buffer.allocUnsafeSlow(2 * length);
    kept.copy(larger, 0, 0, this.#keptBytes);
    this.#kept = larger;
    this.fields.bytes = larger;
    return larger;
  }

  #scan(bytes: Buffer, end: number): void {
    let at = this.#at;
    let stop = Math.min(end, this.#base + this.#limits.maxBytes);
    while (at < stop && this.fault === undefined) {
      switch (this.#phase) {
        case PHASE.EMPTY_LINE:
          if (bytes[at] === CR) {
            at++;
            this.#phase = PHASE.EMPTY_LINE_LF;
          } else {
            this.#base = at;
            this.methodStart = at;
            stop = Math.min(end, at + this.#limits.maxBytes);
            this.#phase = PHASE.METHOD;
          }
          break;
        case PHASE.EMPTY_LINE_LF:
          if (bytes[at++] !== LF) this.fault = "bad-line-end";
          else if (++this.#seen > EMPTY_LINES_MAX) this.fault = "too-many-empty-lines";
          else this.#phase = PHASE.EMPTY_LINE;
          break;
        case PHASE.METHOD:
          while (at < stop && (CLASSES[bytes[at]!]! & TOKEN) !== 0) at++;
          if (at - this.methodStart > METHOD_BYTES_MAX) this.fault = "method-too-long";
          else if (at < stop) {
            if (bytes[at] !== SPACE || at === this.methodStart) this.fault = lineFault(bytes[at]!, "bad-method");
            this.methodEnd = at++;
            this.targetStart = at;
            this.#phase = PHASE.TARGET;
          }
          break;
        case PHASE.TARGET: {
          const allowed = this.#targetClass;
          while (at < stop && (CLASSES[bytes[at]!]! & allowed) !== 0) at++;
          if (at - this.targetStart > this.#limits.maxTargetBytes) this.fault = "target-too-long";
          else if (at < stop) {
            if (bytes[at] === CR) this.fault = "bad-version";
            else if (bytes[at] !== SPACE || at === this.targetStart) this.fault = lineFault(bytes[at]!, "bad-target");
            this.targetEnd = at++;
            this.#seen = 0;
            this.#phase = PHASE.VERSION;
          }
          break;
        }
        case PHASE.VERSION:
          this.#versionOctet(bytes[at++]!);
          break;
        case PHASE.VERSION_END:
          if (this.#startLine === "request") {
            if (bytes[at] !== CR) this.fault = lineFault(bytes[at]!, "bad-version");
            this.#phase = PHASE.LINE_LF;
          } else {
            if (bytes[at] !== SPACE) this.fault = lineFault(bytes[at]!, "bad-version");
            this.#phase = PHASE.STATUS;
          }
          at++;
          break;
        case PHASE.STATUS:
          this.#statusOctet(bytes[at++]!);
          break;
        case PHASE.STATUS_END:
          // A status line that ends here lacks a space that RFC 9112 §4 asks for and many do not send.
          if (bytes[at] === CR) this.#phase = PHASE.LINE_LF;
          else if (bytes[at] === SPACE) this.#phase = PHASE.REASON;
          else this.fault = lineFault(bytes[at]!, "bad-status");
          at++;
          this.reasonStart = at;
          this.reasonEnd = at;
          break;
        case PHASE.REASON:
          while (at < stop && (CLASSES[bytes[at]!]! & TEXT) !== 0) at++;
          if (at < stop) {
            if (bytes[at] !== CR) this.fault = lineFault(bytes[at]!, "bad-status");
            this.reasonEnd = at++;
            this.#phase = PHASE.LINE_LF;
          }
          break;
        case PHASE.LINE_LF:
          if (bytes[at++] !== LF) this.fault = "bad-line-end";
          this.#phase = PHASE.FIELD_START;
          break;
        case PHASE.FIELD_START: {
          const octet = bytes[at]!;
          if ((CLASSES[octet]! & TOKEN) !== 0) {
            if (this.fields.count === this.#limits.maxFields) this.fault = "too-many-fields";
            this.#partStart = at;
            this.#phase = PHASE.NAME;
          } else if (octet === CR) {
            at++;
            this.#phase = PHASE.END_LF;
          } else if (octet === SPACE || octet === TAB) this.fault = "folded-line";
          else this.fault = lineFault(octet, "bad-field-name");
          break;
        }
        case PHASE.NAME:
          while (at < stop && (CLASSES[bytes[at]!]! & TOKEN) !== 0) at++;
          if (at < stop) {
            const octet = bytes[at]!;
            if (octet === SPACE || octet === TAB) this.fault = "space-before-colon";
            else if (octet !== COLON) this.fault = lineFault(octet, "bad-field-name");
            this.fields.begin(this.#partStart, at, fieldId(bytes, this.#partStart, at));
            at++;
            this.#phase = PHASE.BLANKS;
          }
          break;
        case PHASE.BLANKS:
          while (at < stop && (bytes[at] === SPACE || bytes[at] === TAB)) at++;
          if (at < stop) {
            this.#partStart = at;
            this.#phase = PHASE.VALUE;
          }
          break;
        case PHASE.VALUE:
          while (at < stop && (CLASSES[bytes[at]!]! & TEXT) !== 0) at++;
          if (at < stop) {
            if (bytes[at] !== CR) this.fault = lineFault(bytes[at]!, "bad-field-value");
            let last = at;
            while (last > this.#partStart && (bytes[last - 1] === SPACE || bytes[last - 1] === TAB)) last--;
            this.fields.finish(this.#partStart, last);
            at++;
            this.#phase = PHASE.LINE_LF;
          }
          break;
        case PHASE.END_LF:
          if (bytes[at++] !== LF) this.fault = "bad-line-end";
          else {
            this.#at = at;
            this.#phase = PHASE.COMPLETE;
            return;
          }
          break;
        case PHASE.COMPLETE:
          throw new Error("a head was complete and is read on");
      }
    }
    this.#at = at;
    if (at < end && this.fault === undefined) this.fault = "head-too-large";
  }

  #versionOctet(octet: number): void {
    const expected = VERSION_SHAPE[this.#seen]!;
    if (expected === -1 ? (CLASSES[octet]! & DIGIT) === 0 : octet !== expected) {
      this.fault = lineFault(octet, "bad-version");
      return;
    }
    if (this.#seen === 5) this.#major = octet - 0x30;
    if (++this.#seen < VERSION_BYTES) return;
    const minor = octet - 0x30;
    if (this.#major !== 1 || minor > 1) this.fault = "unsupported-version";
    this.minor = minor === 0 ? 0 : 1;
    this.#seen = 0;
    this.#phase = PHASE.VERSION_END;
  }

  /** Three digits from 100 to 599 (RFC 9110 §15). */
  #statusOctet(octet: number): void {
    if ((CLASSES[octet]! & DIGIT) === 0 || (this.#seen === 0 && (octet < 0x31 || octet > 0x35))) {
      this.fault = lineFault(octet, "bad-status");
      return;
    }
    this.status = this.status * 10 + octet - 0x30;
    if (++this.#seen === 3) this.#phase = PHASE.STATUS_END;
  }
}

/** An LF that no CR precedes is told as such wherever it stands: it is the usual mistake. */
function lineFault(octet: number, otherwise: FaultCode): FaultCode {
  return octet === LF ? "bad-line-end" : otherwise;
}
