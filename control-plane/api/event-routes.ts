/** Routes over the event log. */
import type { EventId } from "#contracts";
import { type HttpResponse, json, ProblemError } from "#foundation/http";
import type { ApiEnvironment } from "./environment.ts";
import { EVENTS_PAGE_DEFAULT, EVENTS_PAGE_MAX, FOLLOW_SILENCE_MS, FOLLOWERS_MAX } from "./limits.ts";
import { presentedEvent } from "./presented.ts";
import type { Route, RouteCall } from "./route.ts";
import { schemaRef } from "./schemas.ts";

const NDJSON = "application/x-ndjson";

export const EVENT_ROUTES: readonly Route[] = [
  {
    method: "GET",
    path: "/v1/events",
    operationId: "readEvents",
    summary: "Reads the event log, and follows it.",
    description: `Without \`follow\`: one page of JSON. With it: ${NDJSON}, one event a line, first those after the cursor, then new ones as they are committed, until the client hangs up. Empty lines are sent in silence and mean nothing.`,
    scope: "read",
    query: [
      {
        name: "after",
        description: "Cursor: events with greater ids follow.",
        type: "integer",
        minimum: 0,
        maximum: Number.MAX_SAFE_INTEGER,
        default: 0,
      },
      {
        name: "limit",
        description: "Most events of a page; without meaning when following.",
        type: "integer",
        minimum: 1,
        maximum: EVENTS_PAGE_MAX,
        default: EVENTS_PAGE_DEFAULT,
      },
      { name: "follow", description: "Whether to go on with new events.", type: "boolean" },
    ],
    answer: {
      status: 200,
      contentType: "application/json",
      schema: {
        type: "object",
        required: ["items", "head"],
        properties: { items: { type: "array", items: schemaRef("Event") }, head: { type: "integer" } },
      },
      description: "Events in order, without gaps, and the last event there is.",
    },
    problems: ["TOO_MANY_FOLLOWERS"],
    handle: (call, environment) => (call.query.follow === true ? follow(call, environment) : page(call, environment)),
  },
];

async function page({ query }: RouteCall, { core }: ApiEnvironment): Promise<HttpResponse> {
  const events = await core.events.read(Number(query.after) as EventId, Number(query.limit));
  return json({ items: events.map(presentedEvent), head: core.head });
}

function follow({ request, query }: RouteCall, environment: ApiEnvironment): HttpResponse {
  if (environment.followers >= FOLLOWERS_MAX) {
    throw new ProblemError({
      status: 503,
      code: "TOO_MANY_FOLLOWERS",
      title: `${FOLLOWERS_MAX} clients follow the log already.`,
      detail: "Try again later, or read pages.",
    });
  }
  return {
    status: 200,
    headers: [
      ["content-type", NDJSON],
      ["cache-control", "no-store"],
      ["x-accel-buffering", "no"],
    ],
    body: request.method === "HEAD" ? null : lines(Number(query.after) as EventId, request.signal, environment),
  };
}

/** Batches of events as lines; an empty line after a while of silence. Ends with the client, and when the control plane closes. */
async function* lines(
  after: EventId,
  client: AbortSignal,
  environment: ApiEnvironment,
): AsyncGenerator<Uint8Array, void, void> {
  const encoder = new TextEncoder();
  const ended = new AbortController();
  const end = (): void => ended.abort();
  // Not `AbortSignal.any`: the signal of the whole control plane would remember every follower that ever was.
  const ends = [client, environment.closing];
  for (const signal of ends) signal.addEventListener("abort", end, { once: true });
  if (ends.some((signal) => signal.aborted)) end();
  const batches = environment.core.events.tail(after, ended.signal);
  environment.followers++;
  try {
    let next = batches.next();
    for (;;) {
      const step = await orSilence(next, environment);
      if (step === "silence") {
        if (ended.signal.aborted) return;
        yield encoder.encode("\n");
        continue;
      }
      if (step.done === true) return;
      yield encoder.encode(step.value.map((event) => `${JSON.stringify(presentedEvent(event))}\n`).join(""));
      next = batches.next();
    }
  } finally {
    environment.followers--;
    for (const signal of ends) signal.removeEventListener("abort", end);
    end();
    await batches.return();
  }
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
