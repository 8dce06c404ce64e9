/** Routes over the event log: all of it for the operator, an org's own events for its members. */
import type { EventEnvelope, EventId } from "#contracts";
import { type HttpResponse, json } from "#foundation/http";
import type { ApiEnvironment } from "./environment.ts";
import { type FollowCall, follow, LINES_TYPE } from "./follow.ts";
import { EVENTS_PAGE_DEFAULT, EVENTS_PAGE_MAX, EVENTS_SCANNED_MAX } from "./limits.ts";
import { presentedEvent } from "./presented.ts";
import type { OrgCall, QueryParameter, Route, RouteCall } from "./route.ts";
import { object, schemaRef } from "./schemas.ts";

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

const DESCRIPTION = `Without \`follow\`: one page of JSON. With it: ${LINES_TYPE}, one event a line, first those after the cursor, then new ones as they are committed, until the client hangs up. Empty lines are sent in silence and mean nothing.`;

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
      call.query.follow === true ? followEvents(call, environment) : pageOfCloud(call, environment),
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
      call.query.follow === true ? followEvents(call, environment) : pageOfOrg(call, environment),
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
function followEvents(call: FollowCall, environment: ApiEnvironment): HttpResponse {
  const { query, org } = call;
  return follow(call, environment, {
    tail: (signal) => environment.core.events.tail(Number(query.after) as EventId, signal),
    linesOf: (batch) => {
      const events = org === undefined ? batch : batch.filter((event) => event.org === org.accountId);
      return events.map((event) => `${JSON.stringify(presentedEvent(event))}\n`).join("");
    },
    scope: "events:read",
  });
}
