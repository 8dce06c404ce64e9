/** The structured logger: one JSON object a line. */

import { descriptorSink, type LogSink } from "./log-sink.ts";
import { LOG_LEVELS, type LogFields, type Logger, type LogLevel } from "./log-types.ts";
import { presentable } from "./redaction.ts";

export interface LoggerOptions {
  /** Least level that is written; default `info`. */
  readonly level?: LogLevel;
  /** Default: standard error, in batches. */
  readonly sink?: LogSink;
  /** Fields of every line. */
  readonly fields?: LogFields;
  /** Wall clock, epoch milliseconds. */
  readonly now?: () => number;
}

const RANK: Readonly<Record<LogLevel, number>> = { trace: 0, debug: 1, info: 2, warn: 3, error: 4 };
const STANDARD_ERROR = 2;

/**
 * A logger. Each line starts with `time` (ISO 8601), `level` and `msg`; then the fields of its parents and its own. Fields with secret names are
 * redacted. Logging never throws.
 *
 * @example
 * const log = createLogger({ level: "debug" }).child({ room: "objects" });
 * log.info("bucket created", { requestId, bucket });
 */
export function createLogger(options: LoggerOptions = {}): Logger {
  const sink = options.sink ?? descriptorSink(STANDARD_ERROR);
  return new LineLogger(options.level ?? "info", sink, options.now ?? Date.now, fragment(options.fields ?? {}));
}

/** Whether `value` names a level. */
export function isLogLevel(value: string): value is LogLevel {
  return (LOG_LEVELS as readonly string[]).includes(value);
}

class LineLogger implements Logger {
  readonly level: LogLevel;
  readonly #rank: number;
  readonly #sink: LogSink;
  readonly #now: () => number;
  /** The parents' fields, already in JSON: `,"a":1,"b":2`. */
  readonly #bound: string;

  constructor(level: LogLevel, sink: LogSink, now: () => number, bound: string) {
    this.level = level;
    this.#rank = RANK[level];
    this.#sink = sink;
    this.#now = now;
    this.#bound = bound;
  }

  enabled(level: LogLevel): boolean {
    return RANK[level] >= this.#rank;
  }

  log(level: LogLevel, message: string, fields?: LogFields): void {
    if (RANK[level] < this.#rank) return;
    const time = new Date(this.#now()).toISOString();
    const own = fields === undefined ? "" : fragment(fields);
    this.#sink.write(`{"time":"${time}","level":"${level}","msg":${JSON.stringify(message)}${this.#bound}${own}}\n`);
  }

  trace(message: string, fields?: LogFields): void {
    this.log("trace", message, fields);
  }

  debug(message: string, fields?: LogFields): void {
    this.log("debug", message, fields);
  }

  info(message: string, fields?: LogFields): void {
    this.log("info", message, fields);
  }

  warn(message: string, fields?: LogFields): void {
    this.log("warn", message, fields);
  }

  error(message: string, fields?: LogFields): void {
    this.log("error", message, fields);
  }

  child(fields: LogFields): Logger {
    return new LineLogger(this.level, this.#sink, this.#now, this.#bound + fragment(fields));
  }
}

/** Fields as the inside of a JSON object, with a leading comma; what cannot be shown is named instead of thrown. */
function fragment(fields: LogFields): string {
  try {
    const json = JSON.stringify(presentable(fields));
    return json === "{}" ? "" : `,${json.slice(1, -1)}`;
  } catch {
    return ',"unpresentable":true';
  }
}

/** A logger that writes nothing. */
export const silentLogger: Logger = {
  level: "error",
  enabled: () => false,
  log: () => {},
  trace: () => {},
  debug: () => {},
  info: () => {},
  warn: () => {},
  error: () => {},
  child: () => silentLogger,
};
