/** Text of a model on its way to the client: what matches is replaced, or ends it. Pure. */
import { type ScanPattern, scanPattern, type TextScan } from "#foundation/regex";
import { guardPattern } from "./guard-pattern.ts";

export interface ResponseProfile {
  readonly redact: readonly { readonly pattern: string; readonly replacement: string }[];
  readonly blocked_patterns: readonly string[];
}

/** Characters of a text that are held back at most while they may become a match. */
const HELD_MAX = 1024;

/** The rules of a profile, made ready once. */
export class TextRules {
  readonly #blocked: readonly ScanPattern[];
  readonly #redacted: readonly { readonly pattern: ScanPattern; readonly replacement: string }[];

  constructor({ redact, blocked_patterns: blocked }: ResponseProfile) {
    this.#blocked = blocked.map((written) => scanPattern(guardPattern(written)));
    this.#redacted = redact.map(({ pattern, replacement }) => ({
      pattern: scanPattern(guardPattern(pattern)),
      replacement,
    }));
  }

  /** @param redacts whether matches may be replaced: not in what must stay JSON */
  begin(redacts: boolean): GuardedText {
    const stages: Stage[] = this.#blocked.map((pattern) => ({ scan: pattern.open(HELD_MAX), replacement: undefined }));
    if (redacts) {
      for (const { pattern, replacement } of this.#redacted) stages.push({ scan: pattern.open(HELD_MAX), replacement });
    }
    return new GuardedText(stages);
  }
}

interface Stage {
  readonly scan: TextScan;
  /** Undefined: what matches ends the text. */
  readonly replacement: string | undefined;
}

export class GuardedText {
  readonly #stages: readonly Stage[];
  isBlocked = false;
  /** Matches that were replaced. */
  redactions = 0;

  constructor(stages: readonly Stage[]) {
    this.#stages = stages;
  }

  /** @returns what may pass now */
  push(text: string): string {
    return this.#pass(text, false);
  }

  end(): string {
    return this.#pass("", true);
  }

  #pass(text: string, isEnd: boolean): string {
    let passing = text;
    for (const { scan, replacement } of this.#stages) {
      if (this.isBlocked && replacement === undefined) continue;
      const pieces = isEnd ? [...scan.push(passing), ...scan.end()] : scan.push(passing);
      passing = "";
      for (const piece of pieces) {
        if (piece.kind === "text") passing += piece.text;
        else if (replacement === undefined) {
          this.isBlocked = true;
          break;
        } else {
          this.redactions++;
          passing += replacement;
        }
      }
    }
    return passing;
  }
}
