/** Routes over the event log: all of it for the operator, an org's own events for its members. */
import type { EventEnvelope, EventId } from "#contracts";
import { type HttpResponse, json, ProblemError } from "#foundation/http";
import { accessTo, isStanding, type OrgAccess } from "./authentication/caller.ts";
import type { ApiEnvironment } from "./environment.ts";
import {
  EVENTS_PAGE_DEFAULT,
  EVENTS_PAGE_MAX,
  EVENTS_SCANNED_MAX,
  FOLLOW_SILENCE_MS,
  FOLLOWERS_MAX,
} from "./limits.ts";
import { presentedEvent } from "./presented.ts";
import type { CallerCall, OrgCall, QueryParameter, Route, RouteCall } from "./route.ts";
import { object, schemaRef } from "./schemas.ts";

const NDJSON = "application/x-ndjson";

const QUERY: readonly QueryParameter[] = [
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
];

const DESCRIPTION = `Without \`follow\`: one page of JSON. With it: ${NDJSON}, one event a line, first those after the cursor, then new ones as they are committed, until the client hangs up. Empty lines are sent in silence and mean nothing.`;

export const EVENT_ROUTES: readonly Route[] = [
  {
    method: "GET",
    path: "/v1/events",
    operationId: "readEvents",
    summary: "Reads the event log, and follows it.",
    description: DESCRIPTION,
    scope: "cloud:admin",
    query: QUERY,
    answer: {
      status: 200,
      contentType: "application/json",
      schema: object({ items: { type: "array", items: schemaRef("Event") }, head: { type: "integer" } }),
      description: "Events in order, without gaps, and the last event there is.",
    },
    problems: ["TOO_MANY_FOLLOWERS"],
    handle: (call, environment) =>
      call.query.follow === true ? follow(call, environment) : pageOfCloud(call, environment),
  },
  {
    method: "GET",
    path: "/v1/orgs/{org}/events",
    operationId: "readOrgEvents",
    summary: "Reads the org's events, and follows them.",
    description: `${DESCRIPTION} A page may be empty although more follows: go on with its \`next\` until it is absent.`,
    scope: "events:read",
    org: "path",
    query: QUERY,
    answer: {
      status: 200,
      contentType: "application/json",
      schema: object({ items: { type: "array", items: schemaRef("Event") }, next: { type: "integer" } }, ["next"]),
      description: "Events in order, and the cursor of the next page; none when this was all there is.",
    },
    problems: ["TOO_MANY_FOLLOWERS"],
    handle: (call, environment) =>
      call.query.follow === true ? follow(call, environment) : pageOfOrg(call, environment),
  },
];

async function pageOfCloud({ query }: RouteCall, { core }: ApiEnvironment): Promise<HttpResponse> {
  const events = await core.events.read(Number(query.after) as EventId, Number(query.limit));
  return json({ items: events.map(presentedEvent), head: core.head });
}

/** Looks through so much of the log as one request may cost, and says where to go on. */
async function pageOfOrg({ query, org }: OrgCall, { core }: ApiEnvironment): Promise<HttpResponse> {
  const limit = Number(query.limit);
  const items: EventEnvelope[] = [];
  let cursor = Number(query.after) as EventId;
  for (let scanned = 0; scanned < EVENTS_SCANNED_MAX; ) {
    const events = await core.events.read(cursor, EVENTS_PAGE_MAX);
    if (events.length === 0) return json({ items: items.map(presentedEvent) });
    scanned += events.length;
    for (const event of events) {
      cursor = event.id;
      if (event.org === org.accountId) items.push(event);
      if (items.length === limit) return json({ items: items.map(presentedEvent), next: cursor });
    }
  }
  return json({ items: items.map(presentedEvent), next: cursor });
}

/** Of an org, only its events. */
type FollowCall = CallerCall & { readonly org?: OrgAccess };

function follow(call: FollowCall, environment: ApiEnvironment): HttpResponse {
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
    body: call.request.method === "HEAD" ? null : lines(call, environment),
  };
}

/**
 * Batches of events as lines; an empty line after a while of silence. Ends with the client, when the control plane closes, and when the client may not follow any more: that is
 * looked up anew before each batch.
 */
async function* lines(call: FollowCall, environment: ApiEnvironment): AsyncGenerator<Uint8Array, void, void> {
  const { request, query, org } = call;
  const encoder = new TextEncoder();
  const ended = new AbortController();
  const end = (): void => ended.abort();
  // Not `AbortSignal.any`: the signal of the whole control plane would remember every follower that ever was.
  const ends = [request.signal, environment.closing];
  for (const signal of ends) signal.addEventListener("abort", end, { once: true });
  if (ends.some((signal) => signal.aborted)) end();
  const batches = environment.core.events.tail(Number(query.after) as EventId, ended.signal);
  environment.followers++;
  try {
    let next = batches.next();
    for (;;) {
      const step = await orSilence(next, environment);
      if (!mayFollow(call, environment)) return;
      if (step === "silence") {
        if (ended.signal.aborted) return;
        yield encoder.encode("\n");
        continue;
      }
      if (step.done === true) return;
      const events = org === undefined ? step.value : step.value.filter((event) => event.org === org.accountId);
      if (events.length > 0) {
        yield encoder.encode(events.map((event) => `${JSON.stringify(presentedEvent(event))}\n`).join(""));
      }
      next = batches.next();
    }
  } finally {
    environment.followers--;
    for (const signal of ends) signal.removeEventListener("abort", end);
    end();
    await batches.return();
  }
}

/** A stream outlives the access token that it began with, but neither the session or API token behind it nor the membership. */
function mayFollow({ caller, org }: FollowCall, { core, clock }: ApiEnvironment): boolean {
  if (!isStanding(caller, core.views, clock.now())) return false;
  return org === undefined || accessTo(caller, core.views, org.accountId)?.scopes.has("events:read") === true;
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
