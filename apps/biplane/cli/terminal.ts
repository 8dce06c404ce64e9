/** Where a command prints. Writing waits until the other side has taken the text, and ends the program quietly when nobody reads any more. */
import { writeSync } from "node:fs";

const STDOUT = 1;
const STDERR = 2;

/** Colours by what they mean. */
export type Tone = "good" | "warn" | "bad" | "dim" | "bold";

const CODES: Readonly<Record<Tone, string>> = { good: "32", warn: "33", bad: "31", dim: "2", bold: "1" };

export interface Terminal {
  /** Whether people look at standard output. */
  readonly interactive: boolean;
  /** Whether people look at standard error: progress goes there. */
  readonly progress: boolean;
  /** Characters in a line. */
  readonly columns: number;
  /** A line on standard output. */
  line(text?: string): void;
  /** Bytes or text on standard output, as they are. */
  write(data: string | Uint8Array): void;
  /** JSON on standard output, one value a line. */
  json(value: unknown): void;
  /** A line on standard error. */
  note(text: string): void;
  /** Text on standard error, as it is. */
  writeNote(text: string): void;
  /** Coloured for standard output, where colours are wanted. */
  tone(tone: Tone, text: string): string;
}

/** Nobody reads standard output any more (`biplane … | head`): no reason to complain. */
export class NobodyReads extends Error {
  override readonly name = "NobodyReads";
}

/**
 * The terminal of this process. Colours only where people look, never with `NO_COLOR` (no-color.org) or `TERM=dumb`.
 *
 * @param options.color false turns colours off
 */
export function processTerminal(options: {
  readonly color: boolean;
  readonly environment: Readonly<Record<string, string | undefined>>;
}): Terminal {
  const { environment } = options;
  const interactive = isTerminal(STDOUT);
  const unwanted = (environment.NO_COLOR ?? "") !== "" || environment.TERM === "dumb";
  const colored = options.color && interactive && !unwanted;
  return {
    interactive,
    progress: isTerminal(STDERR),
    columns: Number(environment.COLUMNS) || (interactive ? (process.stdout.columns ?? 80) : 120),
    line: (text = "") => writeAll(STDOUT, `${text}\n`),
    write: (data) => writeAll(STDOUT, data),
    json: (value) => writeAll(STDOUT, `${JSON.stringify(value)}\n`),
    note: (text) => writeAll(STDERR, `${text}\n`),
    writeNote: (text) => writeAll(STDERR, text),
    tone: (tone, text) => (colored ? `\u001b[${CODES[tone]}m${text}\u001b[0m` : text),
  };
}

function isTerminal(descriptor: 1 | 2): boolean {
  return (descriptor === STDOUT ? process.stdout : process.stderr).isTTY === true;
}

/** A pipe that another program has made non-blocking may be full for a moment. */
const FULL_PIPE_PAUSE_MS = 1;

function writeAll(descriptor: number, data: string | Uint8Array): void {
  let rest: Uint8Array = typeof data === "string" ? Buffer.from(data, "utf8") : data;
  while (rest.length > 0) {
    try {
      rest = rest.subarray(writeSync(descriptor, rest));
    } catch (error) {
      const code = error instanceof Error && "code" in error ? error.code : undefined;
      if (code === "EAGAIN") Bun.sleepSync(FULL_PIPE_PAUSE_MS);
      else if (code === "EPIPE") throw new NobodyReads("nobody reads what is printed");
      else throw error;
    }
  }
}

/** Characters that would move the cursor or change colours, shown instead of obeyed: names in a cloud may be anyone's. */
export function printable(text: string): string {
  return text.replace(/[\u0000-\u001f\u007f-\u009f\u2028\u2029\u202a-\u202e\u2066-\u2069]/g, (character) => {
    const code = character.charCodeAt(0);
    return code < 0x100 ? `\\x${code.toString(16).padStart(2, "0")}` : `\\u${code.toString(16)}`;
  });
}
