/** Queries as they come over HTTP, for both planes: from parameters to a query. Knows nothing of servers. */
import { assertNever } from "#foundation/errors";
import { AuditError } from "./audit-error.ts";
import type { AuditLog } from "./audit-log.ts";
import { type AuditPage, type AuditQuery, CURSOR, QUERY_LIMIT_DEFAULT, QUERY_LIMIT_MAX } from "./reading/query.ts";
import { AUDIT_CATEGORIES, AUDIT_DECISIONS } from "./record.ts";

/** One parameter, with what an API's description says about it. */
export type AuditParameter =
  | { readonly name: string; readonly description: string; readonly type: "string"; readonly pattern: string }
  | {
      readonly name: string;
      readonly description: string;
      readonly type: "integer";
      readonly minimum: number;
      readonly maximum: number;
      readonly default: number;
    };

/** Parsed parameters by name. */
export type AuditParameterValues = Readonly<Record<string, string | number | boolean | undefined>>;

/** Any text that could stand in a record. */
const TEXT = "^[^\\u0000-\\u001f\\u007f]{1,2048}$";
const TIME = "^(\\d{1,15}|\\d{4}-\\d\\d-\\d\\d(T\\d\\d:\\d\\d(:\\d\\d(\\.\\d{1,9})?)?(Z|[+-]\\d\\d:\\d\\d))?)$";

function text(name: string, description: string, pattern: string = TEXT): AuditParameter {
  return { name, description, type: "string", pattern };
}

/** The parameters of a query. */
export const AUDIT_QUERY_PARAMETERS: readonly AuditParameter[] = [
  text("from", "Not before: a date or time of ISO 8601 with its zone, or epoch milliseconds.", TIME),
  text("to", "Before: a date or time of ISO 8601 with its zone, or epoch milliseconds.", TIME),
  text("actor", "Who acted: the whole ARN or subject."),
  text("accountId", "The actor's account.", "^[A-Za-z0-9_-]{1,64}$"),
  text("accessKeyId", "The access key that was used.", "^[A-Za-z0-9_-]{1,128}$"),
  text("action", "The action, iam:CreateUser; with a star at the end all that begin so, iam:*."),
  text("decision", `One of ${AUDIT_DECISIONS.join(", ")}.`, `^(${AUDIT_DECISIONS.join("|")})$`),
  text("resource", "What the resource begins with."),
  text("category", `One of ${AUDIT_CATEGORIES.join(", ")}.`, `^(${AUDIT_CATEGORIES.join("|")})$`),
  text("requestId", "The request in which it happened."),
  text("after", "The next of the page before.", CURSOR.source),
  {
    name: "limit",
    description: "Most records of a page.",
    type: "integer",
    minimum: 1,
    maximum: QUERY_LIMIT_MAX,
    default: QUERY_LIMIT_DEFAULT,
  },
  text("order", "By time: newest (first, the default) or oldest.", "^(newest|oldest)$"),
];

/** The parameters of a tail: `-1` (the default) begins after the last record there is. */
export const AUDIT_TAIL_PARAMETERS: readonly AuditParameter[] = [
  {
    name: "after",
    description: "Records with greater sequences follow; -1: those that are yet to come.",
    type: "integer",
    minimum: -1,
    maximum: Number.MAX_SAFE_INTEGER,
    default: -1,
  },
];

/**
 * Reads a query string.
 * @param search without the question mark
 * @throws AuditError AuditQueryInvalid for a parameter that is unknown, repeated or has not its form; the message names it
 */
export function parseAuditQuery(search: string): AuditQuery {
  return auditQueryOf(readParameters(search, AUDIT_QUERY_PARAMETERS));
}

/** The cursor of a tail; undefined: after the last record there is. @throws AuditError as `parseAuditQuery` */
export function parseAuditTail(search: string): number | undefined {
  const after = readParameters(search, AUDIT_TAIL_PARAMETERS).after;
  return typeof after === "number" && after >= 0 ? after : undefined;
}

/** The query that parameters mean which have their forms already ({@link AUDIT_QUERY_PARAMETERS}). @throws AuditError AuditQueryInvalid */
export function auditQueryOf(values: AuditParameterValues): AuditQuery {
  const query: Record<string, string | number> = {};
  for (const [name, value] of Object.entries(values)) {
    if (value === undefined || typeof value === "boolean") continue;
    query[name] = name === "from" || name === "to" ? timeOf(name, String(value)) : value;
  }
  return query as AuditQuery;
}

/** Answers a query string. @throws AuditError AuditQueryInvalid, AuditUnavailable */
export function answerAuditQuery(log: AuditLog, search: string): Promise<AuditPage> {
  return log.query(parseAuditQuery(search));
}

function readParameters(search: string, known: readonly AuditParameter[]): AuditParameterValues {
  const values: Record<string, string | number> = {};
  for (const parameter of known) if (parameter.type === "integer") values[parameter.name] = parameter.default;
  const seen = new Set<string>();
  for (const [name, given] of new URLSearchParams(search)) {
    const parameter = known.find((one) => one.name === name);
    if (parameter === undefined) throw invalid(`The query parameter "${name}" is not known here.`);
    if (seen.has(name)) throw invalid(`The query parameter "${name}" is given twice.`);
    seen.add(name);
    values[name] = readValue(parameter, given);
  }
  return values;
}

function readValue(parameter: AuditParameter, given: string): string | number {
  switch (parameter.type) {
    case "string":
      if (new RegExp(parameter.pattern, "u").test(given)) return given;
      throw invalid(`"${parameter.name}" does not have its form: ${parameter.description}`);
    case "integer": {
      const { name, minimum, maximum } = parameter;
      const value = /^-?\d{1,16}$/.test(given) ? Number(given) : Number.NaN;
      if (value >= minimum && value <= maximum) return value;
      throw invalid(`"${name}" must be a whole number from ${minimum} to ${maximum}.`);
    }
    default:
      return assertNever(parameter);
  }
}

/** A day begins at midnight in UTC. */
function timeOf(name: string, given: string): number {
  const time = /^\d{1,15}$/.test(given) ? Number(given) : Date.parse(given);
  if (Number.isFinite(time)) return time;
  throw invalid(`"${name}" is no time: ${given}.`);
}

function invalid(message: string): AuditError {
  return new AuditError("AuditQueryInvalid", message);
}
