/** Routes over the control plane's audit log. Data planes keep logs of their own, which their operators read there. */
import {
  AUDIT_LINES_TYPE,
  AUDIT_QUERY_PARAMETERS,
  AUDIT_TAIL_PARAMETERS,
  AuditError,
  auditLines,
  auditQueryOf,
  formatCheckpoint,
  parseCheckpoint,
} from "#foundation/audit";
import { type HttpResponse, json, ProblemError } from "#foundation/http";
import { follow } from "./follow.ts";
import { named } from "./named-schemas.ts";
import type { QueryParameter, Route } from "./route.ts";
import { count, object, schemaRef, text } from "./schemas.ts";

const PAGE = {
  status: 200,
  contentType: "application/json",
  schema: {
    type: "object",
    required: ["items"],
    properties: { items: { type: "array", items: schemaRef("AuditEntry") }, next: { type: "string" } },
  },
  description: "A page of records, by time.",
} as const;

/** An org sees what was done by those who act in it: the account is that of the path. */
const WITHIN_ORG: readonly QueryParameter[] = AUDIT_QUERY_PARAMETERS.filter(({ name }) => name !== "accountId");

const CHECKPOINT: QueryParameter = {
  name: "checkpoint",
  description: "Sequence and hash that /v1/audit/head gave earlier, 12:0a1b…: the history must pass through it.",
  type: "string",
  pattern: "^\\d{1,15}:[0-9a-fA-F]{64}$",
};

const VERDICT = named("AuditVerdict", {
  anyOf: [
    object(
      {
        sound: { const: true },
        log: text,
        firstSequence: { ...count, description: "1 until retention has removed some." },
        head: object({ sequence: count, hash: text }),
        checked: count,
        checkpoint: { enum: ["met", "beforeStart"] },
      },
      ["checkpoint"],
    ),
    object({ sound: { const: false }, problem: text, sequence: count, message: text, checked: count }),
  ],
});

export const AUDIT_ROUTES: readonly Route[] = [
  {
    method: "GET",
    path: "/v1/audit",
    operationId: "queryAudit",
    summary: "Who did what at the control plane, what was decided, and why.",
    scope: "cloud:admin",
    query: AUDIT_QUERY_PARAMETERS,
    answer: PAGE,
    problems: ["INVALID_QUERY", "AUDIT_UNAVAILABLE"],
    handle: ({ query }, { audit }) => asked(async () => json(await audit.query(auditQueryOf(query)))),
  },
  {
    method: "GET",
    path: "/v1/audit/tail",
    operationId: "tailAudit",
    summary: "Follows the audit log: one record a line, until the client hangs up.",
    scope: "cloud:admin",
    query: AUDIT_TAIL_PARAMETERS,
    answer: { status: 200, contentType: AUDIT_LINES_TYPE, schema: schemaRef("AuditEntry"), description: "Lines." },
    problems: ["TOO_MANY_FOLLOWERS"],
    handle(call, environment) {
      const after = Number(call.query.after);
      return follow(call, environment, {
        tail: (signal) => environment.audit.tail(after < 0 ? undefined : after, signal),
        linesOf: auditLines,
        scope: "audit:read",
      });
    },
  },
  {
    method: "GET",
    path: "/v1/audit/head",
    operationId: "auditHead",
    summary: "The last record's place and hash, to be put away elsewhere.",
    scope: "cloud:admin",
    answer: {
      status: 200,
      contentType: "application/json",
      schema: object({ sequence: count, hash: text, checkpoint: text }),
      description: "sequence, hash and both as one checkpoint.",
    },
    handle: (_call, { audit }) =>
      asked(async () => {
        const head = await audit.head();
        return json({ ...head, checkpoint: formatCheckpoint(head) });
      }),
  },
  {
    method: "GET",
    path: "/v1/audit/verify",
    operationId: "verifyAudit",
    summary: "Walks the whole chain and says whether it is what was written. Takes time proportional to the log.",
    scope: "cloud:admin",
    query: [CHECKPOINT],
    answer: {
      status: 200,
      contentType: "application/json",
      schema: VERDICT,
      description: "sound, or the first place where history is broken.",
    },
    handle: ({ query, request }, { audit }) =>
      asked(async () => {
        const checkpoint = query.checkpoint === undefined ? undefined : parseCheckpoint(String(query.checkpoint));
        return json(await audit.verify({ ...(checkpoint && { checkpoint }), signal: request.signal }));
      }),
  },
  {
    method: "GET",
    path: "/v1/orgs/{org}/audit",
    operationId: "queryOrgAudit",
    summary: "Who did what in the org at the control plane, what was decided, and why.",
    scope: "audit:read",
    org: "path",
    query: WITHIN_ORG,
    answer: PAGE,
    problems: ["INVALID_QUERY", "AUDIT_UNAVAILABLE"],
    handle: ({ query, org }, { audit }) =>
      asked(async () => json(await audit.query({ ...auditQueryOf(query), accountId: org.accountId }))),
  },
];

async function asked(answer: () => Promise<HttpResponse>): Promise<HttpResponse> {
  try {
    return await answer();
  } catch (error) {
    throw error instanceof AuditError ? auditProblem(error) : error;
  }
}

/** As the API tells it. */
export function auditProblem({ code, message }: AuditError): ProblemError {
  return code === "AuditQueryInvalid"
    ? new ProblemError({ status: 400, code: "INVALID_QUERY", title: "The query is not valid.", detail: message })
    : new ProblemError(
        {
          status: 503,
          code: "AUDIT_UNAVAILABLE",
          title: "The audit log cannot be used now.",
          detail: "What must be in it is not done without. Please retry.",
        },
        { headers: [["retry-after", "1"]] },
      );
}
