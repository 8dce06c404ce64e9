/** Answers that go on: a log's records, one a line, until the client hangs up. */
import type { HttpResponse } from "#foundation/http";
import { accessTo, isStanding, type OrgAccess } from "./authentication/caller.ts";
import type { ApiEnvironment } from "./environment.ts";
import { FOLLOW_SILENCE_MS } from "./limits.ts";
import type { CallerCall } from "./route.ts";

export const LINES_TYPE = "application/x-ndjson";

/** Of an org, where there is one: its access is looked up anew before each batch. */
export type FollowCall = CallerCall & { readonly org?: OrgAccess };

/** A log to be followed. */
export interface Followed<Batch> {
  tail(signal: AbortSignal): AsyncGenerator<Batch, void, void>;
  /** The batch as lines; "" when nothing of it is for this client. */
  linesOf(batch: Batch): string;
  /** The scope without which an org's member follows no longer. */
  readonly scope: "events:read" | "audit:read" | "logs:read";
}

/** @throws ProblemError 503 TOO_MANY_FOLLOWERS */
export function follow<Batch>(call: FollowCall, environment: ApiEnvironment, followed: Followed<Batch>): HttpResponse {
  environment.followers.expectPlace(call.caller);
  return {
    status: 200,
    headers: [
      ["content-type", LINES_TYPE],
      ["cache-control", "no-store"],
      ["x-accel-buffering", "no"],
    ],
    body: call.request.method === "HEAD" ? null : lines(call, environment, followed),
  };
}

/**
 * Batches as lines; an empty line at the beginning and after each while of silence. Ends with the client, when the control plane closes, and when the client may not follow any
 * more.
 */
async function* lines<Batch>(
  call: FollowCall,
  environment: ApiEnvironment,
  { tail, linesOf, scope }: Followed<Batch>,
): AsyncGenerator<Uint8Array, void, void> {
  const encoder = new TextEncoder();
  const ended = new AbortController();
  const end = (): void => ended.abort();
  // Not `AbortSignal.any`: the signal of the whole control plane would remember every follower that ever was.
  const ends = [call.request.signal, environment.closing];
  for (const signal of ends) signal.addEventListener("abort", end, { once: true });
  if (ends.some((signal) => signal.aborted)) end();
  const batches = tail(ended.signal);
  const leave = environment.followers.enter(call.caller);
  try {
    let next = batches.next();
    // The client learns at once that it was let in.
    yield encoder.encode("\n");
    for (;;) {
      const step = await orSilence(next, environment);
      if (!mayFollow(call, scope, environment)) return;
      if (step === "silence") {
        if (ended.signal.aborted) return;
        yield encoder.encode("\n");
        continue;
      }
      if (step.done === true) return;
      const text = linesOf(step.value);
      if (text !== "") yield encoder.encode(text);
      next = batches.next();
    }
  } finally {
    leave();
    for (const signal of ends) signal.removeEventListener("abort", end);
    end();
    await batches.return();
  }
}

/** A stream outlives the access token that it began with, but neither the session or API token behind it nor the membership. */
function mayFollow(
  { caller, org }: FollowCall,
  scope: Followed<unknown>["scope"],
  environment: ApiEnvironment,
): boolean {
  const { core, clock } = environment;
  if (!isStanding(caller, core.views, clock.now())) return false;
  return org === undefined || accessTo(caller, core.views, org.accountId)?.scopes.has(scope) === true;
}

/** The promise's value, or "silence" when it takes long. The promise goes on. */
function orSilence<Value>(promise: Promise<Value>, { timers }: ApiEnvironment): Promise<Value | "silence"> {
  return new Promise((resolve, reject) => {
    const timer = timers.after(FOLLOW_SILENCE_MS, () => resolve("silence"));
    promise.then(
      (value) => {
        timer.cancel();
        resolve(value);
      },
      (error: unknown) => {
        timer.cancel();
        reject(error);
      },
    );
  });
}
