/** A tail as it is sent: lines of JSON, and an empty one now and then in silence, so that both ends notice when the other is gone. */
import type { Timers } from "#foundation/runtime";
import type { AuditEntry } from "../record.ts";

/** After so much silence comes an empty line. Clients give up after 30 s without any. */
export const SILENCE_MS = 15_000;

/** What a tail is sent as: one record a line; empty lines mean nothing. */
export const AUDIT_LINES_TYPE = "application/x-ndjson";

/** Records as lines of JSON. */
export function auditLines(entries: readonly AuditEntry[]): string {
  return entries.map((entry) => `${JSON.stringify(entry)}\n`).join("");
}

/** @param batches ends by itself, also while its next batch is awaited */
export async function* tailLines(
  batches: AsyncGenerator<readonly AuditEntry[], void, void>,
  timers: Timers,
): AsyncGenerator<Uint8Array, void, void> {
  const encoder = new TextEncoder();
  // The client learns at once that it was let in.
  yield encoder.encode("\n");
  for (let next = batches.next(); ; ) {
    const step = await orSilence(next, timers);
    if (step === "silence") {
      yield encoder.encode("\n");
      continue;
    }
    if (step.done === true) return;
    yield encoder.encode(auditLines(step.value));
    next = batches.next();
  }
}

/** The promise's value, or "silence" when it takes long. The promise goes on. */
function orSilence<Value>(promise: Promise<Value>, timers: Timers): Promise<Value | "silence"> {
  return new Promise((resolve, reject) => {
    const timer = timers.after(SILENCE_MS, () => resolve("silence"));
    promise.then(resolve, reject).finally(() => timer.cancel());
  });
}
