/** Routes for operators whose cloud is not well, or who see to it that it stays so. */

import { RebuildUnderWay } from "#control-plane/core";
import type { AggregateReference } from "#control-plane/events";
import { CATALOG_VIEWS } from "#control-plane/events";
import { type Finding, findStuck, inspectAggregate, remediate } from "#control-plane/operations";
import { json, ProblemError } from "#foundation/http";
import * as present from "./applications/present.ts";
import { answerOf } from "./applications/shared.ts";
import { actorOf } from "./authentication/caller.ts";
import { readMembers } from "./body.ts";
import { execute, IDEMPOTENCY_HEADER } from "./execute.ts";
import { named } from "./named-schemas.ts";
import { presentedEvent, presentedRecord } from "./presented.ts";
import type { Route } from "./route.ts";
import { count, moment, object, schemaRef, text, time } from "./schemas.ts";

const flag = { type: "boolean" };
const list = (items: object) => ({ type: "array", items });
const FINDING = named(
  "Finding",
  object({ id: text, kind: text, object: text, since: moment, explanation: text, remedy: text, advice: text }, [
    "remedy",
    "advice",
  ]),
);
const VIEW_REPORT = named(
  "ViewReport",
  object({
    view: text,
    events: count,
    rows: count,
    equal: flag,
    differences: count,
    quarantined: count,
  }),
);
const INSPECTED = object(
  {
    event: schemaRef("Event"),
    state: { type: ["object", "null"], description: "The record after the event; `null`: there is none any more." },
    problem: { ...text, description: "Why the event cannot be folded; instead of `state`." },
  },
  ["state", "problem"],
);
const REWRAP = object({
  keyId: text,
  versions: count,
  snapshots: count,
  failed: list(object({ name: text, reason: text })),
});
const REBUILD = object({ running: flag, views: count, compared: count, folded: count, events: count }, [
  "views",
  "compared",
  "folded",
  "events",
]);
const VIEWS = object({ views: list(text) }, ["views"]);
const DRILL = named(
  "Drill",
  object({ id: text, backup: text, passed: flag, detail: text, events: count, created_at: moment }),
);
const NEW_DRILL = object({ backup: text, passed: flag, detail: text, events: count });
const KEY = named("SecretKey", object({ keyId: text, createdAt: time, active: flag, fingerprint: text }));
const KEYS = object({ keys: list(KEY) });

export const OPERATIONS_ROUTES: readonly Route[] = [
  {
    method: "GET",
    path: "/v1/aggregates/{type}/{aggregate}",
    operationId: "inspectAggregate",
    summary: "The events of one aggregate, each with the record that it left.",
    scope: "cloud:admin",
    answer: answerOf(object({ items: list(INSPECTED) }), "In order; the last 2,000 of a longer log."),
    problems: ["NoSuchResource"],
    async handle({ params }, { core }) {
      const aggregate = { aggregateType: params.type!, aggregateId: params.aggregate! } as AggregateReference;
      const inspected = await inspectAggregate(core.events, aggregate);
      if (inspected.length === 0)
        throw new ProblemError({
          status: 404,
          code: "NoSuchResource",
          title: "The log has no event of this aggregate.",
        });
      const items = inspected.map(({ event, state, problem }) => ({
        event: presentedEvent(event),
        ...(problem === undefined ? { state: state === null ? null : presentedRecord(state!) } : { problem }),
      }));
      return json({ items });
    },
  },
  {
    method: "GET",
    path: "/v1/views",
    operationId: "verifyViews",
    summary: "Checks the stored log, builds every view from it, and compares.",
    description: "Changes nothing. Takes time proportional to the log.",
    scope: "cloud:admin",
    answer: answerOf(object({ sound: flag, log_problems: list(text), views: list(VIEW_REPORT) }), "What was found."),
    async handle(_call, { core }) {
      const { sound, logProblems, views } = await core.verify();
      return json({ sound, log_problems: logProblems, views: views.map(reported) });
    },
  },
  {
    method: "POST",
    path: "/v1/views/rebuild",
    operationId: "rebuildViews",
    summary: "Builds views anew from the log, while everything goes on.",
    scope: "cloud:admin",
    requestBody: VIEWS,
    answer: answerOf(object({ views: list(VIEW_REPORT) }), "What the rebuilt views were compared with."),
    problems: ["ValidationFailed", "RebuildUnderWay"],
    async handle({ request }, { core }) {
      const { views } = (await readMembers(request, VIEWS)) as { readonly views?: readonly string[] };
      const known = CATALOG_VIEWS.map(({ name }) => name);
      const unknown = Array.isArray(views) ? views.find((name) => !known.includes(name)) : views;
      if (unknown !== undefined) {
        const detail = `views: must be a list of names. There are: ${known.join(", ")}.`;
        throw new ProblemError({ status: 400, code: "ValidationFailed", title: "There is no such view.", detail });
      }
      try {
        return json({ views: (await core.rebuild(views)).map(reported) });
      } catch (error) {
        if (!(error instanceof RebuildUnderWay)) throw error;
        const detail = "Look at how far it is, and try again when it is done.";
        throw new ProblemError({
          status: 409,
          code: "RebuildUnderWay",
          title: "Views are built anew already.",
          detail,
        });
      }
    },
  },
  {
    method: "GET",
    path: "/v1/views/rebuild",
    operationId: "getRebuildProgress",
    summary: "How far the rebuild of views is that runs now.",
    scope: "cloud:admin",
    answer: answerOf(REBUILD, "First the log is folded, then the views are compared one after the other."),
    handle: (_call, { core }) => json({ running: core.rebuildProgress() !== undefined, ...core.rebuildProgress() }),
  },
  {
    method: "GET",
    path: "/v1/findings",
    operationId: "listFindings",
    summary: "What is stuck, and what can be done about it.",
    scope: "cloud:admin",
    answer: answerOf(object({ items: list(FINDING) }), "By kind and object."),
    async handle(_call, { core, clock }) {
      return json({ items: findStuck(core.views, await core.quarantined(), clock.now()).map(shown) });
    },
  },
  {
    method: "POST",
    path: "/v1/findings/remedy",
    operationId: "remediate",
    summary: "Does what a finding names as its remedy.",
    description: "The events that it appends name the operator as their actor.",
    scope: "cloud:admin",
    requestBody: object({ id: text }),
    answer: answerOf(FINDING, "What was remedied."),
    problems: ["NoSuchResource", "NoRemedy"],
    async handle({ request, caller }, { core, clock }) {
      const { id } = await readMembers(request, object({ id: text }));
      const done = await remediate(core, String(id), actorOf(caller), clock.now());
      if (done.applied) return json(shown(done.finding));
      if (done.why === "gone") {
        throw new ProblemError({ status: 404, code: "NoSuchResource", title: "There is no such finding (any more)." });
      }
      const detail = done.finding?.advice ?? "";
      throw new ProblemError({ status: 409, code: "NoRemedy", title: "No event can remedy this.", detail });
    },
  },
  {
    method: "GET",
    path: "/v1/drills",
    operationId: "listDrills",
    summary: "Restores of backups that were tried, and how they went.",
    scope: "cloud:admin",
    answer: answerOf(object({ items: list(DRILL) }), "The newest first."),
    handle(_call, { core }) {
      const drills = [...core.views.records("drill")].sort((left, right) => right.createdAt - left.createdAt);
      return json({ items: drills.map(present.drill) });
    },
  },
  {
    method: "POST",
    path: "/v1/drills",
    operationId: "recordDrill",
    summary: "Puts a restore that was tried on record.",
    scope: "cloud:admin",
    headers: IDEMPOTENCY_HEADER,
    requestBody: NEW_DRILL,
    answer: answerOf(DRILL, "The record.", 201),
    problems: ["ValidationFailed"],
    async handle(call, environment) {
      const { backup, passed, detail, events } = (await readMembers(call.request, NEW_DRILL)) as {
        readonly backup: string;
        readonly passed: boolean;
        readonly detail: string;
        readonly events: number;
      };
      const command = { type: "drill.record", backup, passed, detail, events } as const;
      const { drillId } = await execute(call, environment, command);
      return json(present.drill(environment.core.views.record("drill", drillId)!), 201);
    },
  },
  {
    method: "GET",
    path: "/v1/secret-keys",
    operationId: "listSecretKeys",
    summary: "The keys that secrets are locked with: which is active, and their fingerprints.",
    scope: "cloud:admin",
    answer: answerOf(KEYS, "The oldest first."),
    handle: (_call, { core }) => json({ keys: core.secrets.keys() }),
  },
  {
    method: "POST",
    path: "/v1/secret-keys/rotate",
    operationId: "rotateSecretKey",
    summary: "Makes a new key; from now on secrets are locked with it.",
    description: "What was locked before stays readable with the older key, until it is rewrapped.",
    scope: "cloud:admin",
    answer: answerOf(KEYS, "All keys."),
    handle(_call, { core }) {
      core.secrets.rotate();
      return json({ keys: core.secrets.keys() });
    },
  },
  {
    method: "POST",
    path: "/v1/secret-keys/rewrap",
    operationId: "rewrapSecrets",
    summary: "Locks everything that an older key locks with the active one.",
    description: "The secrets themselves are not opened. Can be begun again at any time.",
    scope: "cloud:admin",
    answer: answerOf(REWRAP, "What was rewrapped, and what could not be."),
    handle: async (_call, { core }) => json(await core.secrets.rewrap()),
  },
];

const reported = ({
  view,
  events,
  rows,
  equal,
  differences,
  quarantined,
}: {
  readonly view: string;
  readonly events: number;
  readonly rows: number;
  readonly equal: boolean;
  readonly differences: readonly unknown[];
  readonly quarantined: readonly unknown[];
}) => ({ view, events, rows, equal, differences: differences.length, quarantined: quarantined.length });

const shown = ({ remedy, since, ...finding }: Finding) => ({
  ...finding,
  since: new Date(since).toISOString(),
  ...(remedy === undefined ? {} : { remedy: remedy.summary }),
});
