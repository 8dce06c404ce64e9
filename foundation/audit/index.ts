/**
 * The audit log of a process: who wanted to do what, what was decided, and why; append-only, each record chained to the one before by its hash.
 *
 * | need | take |
 * |---|---|
 * | a log | `openAuditLog` |
 * | what must not happen without a record | `append`, and refuse when it rejects |
 * | refusals and failures | `note` |
 * | to answer over HTTP | `AUDIT_QUERY_PARAMETERS`, `parseAuditQuery` or `auditQueryOf`, `log.lines` |
 * | proof that nothing was changed | `head`, put away elsewhere, and later `verify` with it |
 */
export {
  AUDIT_QUERY_PARAMETERS,
  AUDIT_TAIL_PARAMETERS,
  type AuditParameter,
  type AuditParameterValues,
  answerAuditQuery,
  auditQueryOf,
  parseAuditQuery,
  parseAuditTail,
} from "./answer-query.ts";
export { AuditError, type AuditErrorCode } from "./audit-error.ts";
export type { AuditLog } from "./audit-log.ts";
export { type AuditCheckpoint, formatCheckpoint, parseCheckpoint } from "./chain.ts";
export { type AuditLogOptions, openAuditLog } from "./open-audit-log.ts";
export { type AuditPage, type AuditQuery, QUERY_LIMIT_DEFAULT, QUERY_LIMIT_MAX } from "./reading/query.ts";
export { AUDIT_LINES_TYPE, auditLines } from "./reading/tail-lines.ts";
export type { AuditProblem, AuditVerdict, VerifyOptions } from "./reading/verify.ts";
export {
  AUDIT_CATEGORIES,
  AUDIT_DECISIONS,
  type AuditActor,
  type AuditCategory,
  type AuditDecision,
  type AuditEntry,
  type AuditEvent,
  type AuditPlane,
  type AuditRecord,
} from "./record.ts";
export { RETENTION_DEFAULT_MS } from "./retention.ts";
