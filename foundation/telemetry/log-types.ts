/** The shape of the structured log. */

export const LOG_LEVELS = ["trace", "debug", "info", "warn", "error"] as const;

/** Severity, least first. */
export type LogLevel = (typeof LOG_LEVELS)[number];

/** Fields of one line. Values must be representable in JSON; errors are expanded to name, message, code and stack. */
export type LogFields = Readonly<Record<string, unknown>>;

/** A structured log. Writing never throws and never blocks on the reader of the log. */
export interface Logger {
  readonly level: LogLevel;
  /** Whether a line of this level would be written: ask before computing costly fields. */
  enabled(level: LogLevel): boolean;
  log(level: LogLevel, message: string, fields?: LogFields): void;
  trace(message: string, fields?: LogFields): void;
  debug(message: string, fields?: LogFields): void;
  info(message: string, fields?: LogFields): void;
  warn(message: string, fields?: LogFields): void;
  error(message: string, fields?: LogFields): void;
  /** A log whose lines all carry `fields` (for example `requestId`, `traceId`, `room`). */
  child(fields: LogFields): Logger;
}
