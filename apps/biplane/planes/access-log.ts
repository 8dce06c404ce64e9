/** The access log, where somebody wants one. */
import { openSync } from "node:fs";
import { accessLogger, descriptorSink } from "#foundation/telemetry";

/** Appends to the file, mode 0600: targets and addresses are nobody else's business. */
export function openAccessLog(path: string | undefined): ReturnType<typeof accessLogger> | undefined {
  return path === undefined ? undefined : accessLogger(descriptorSink(openSync(path, "a", 0o600)), "aws");
}
