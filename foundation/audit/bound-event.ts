/** Keeps records small and harmless to look at: long texts are cut, control characters are written out, values with secret names are left out. Pure. */
import { isSecretName, REDACTED } from "#foundation/telemetry";
import type { AuditActor, AuditEvent } from "./record.ts";

/**
 * Longest texts, in UTF-16 code units. The largest record, all at their limits: 2,048 × 2 (ids and resources, the longest ARN), 1,024 (reason), 16 × (64 + 512)
 * (details) and about 1,200 of short ones come to 15.5 thousand characters; a usual one has 500.
 */
export const TEXT_LIMITS = {
  actorType: 32,
  actorId: 2048,
  accountId: 64,
  accessKeyId: 128,
  tokenId: 128,
  sessionName: 128,
  action: 128,
  resource: 2048,
  reason: 1024,
  requestId: 128,
  sourceIp: 64,
  userAgent: 256,
  errorCode: 128,
  detailName: 64,
  detailValue: 512,
} as const;

/** Most details of one record; the rest is left out. */
export const DETAILS_MAX = 16;

/**
 * What must not reach a terminal or a log reader as it is: C0 and C1 controls, line and paragraph separators, marks that turn the direction of writing (Unicode
 * TR #36), halves of surrogate pairs.
 */
const UNSAFE = /[\u0000-\u001f\u007f-\u009f\u200e\u200f\u2028\u2029\u202a-\u202e\u2066-\u2069]|\p{Surrogate}/gu;
/** Without `u`, and halves of pairs asked for otherwise: three times as fast, and nearly every text stops here. */
const HAS_UNSAFE = new RegExp(UNSAFE.source.slice(0, UNSAFE.source.indexOf("|")));

/** The text with unsafe characters written as `\u001b`, cut at `max` with an ellipsis for the rest. */
export function boundText(text: string, max: number): string {
  // Cutting first keeps the work small, whatever was given.
  const short = text.length > max ? cut(text, max) : text;
  if (!HAS_UNSAFE.test(short) && short.isWellFormed()) return short;
  const escaped = short.replace(UNSAFE, (character) => `\\u${character.charCodeAt(0).toString(16).padStart(4, "0")}`);
  return escaped.length > max ? cut(escaped, max) : escaped;
}

function cut(text: string, max: number): string {
  return `${text.slice(0, max - 1).replace(/[\ud800-\udbff]$/, "")}…`;
}

function bounded<Name extends string>(name: Name, text: string | undefined, max: number): { [Key in Name]?: string } {
  return (text === undefined ? {} : { [name]: boundText(text, max) }) as { [Key in Name]?: string };
}

/** The event with every text within its limit, and nothing that the type does not know. */
export function boundEvent(event: AuditEvent): AuditEvent {
  return {
    category: event.category,
    actor: boundActor(event.actor),
    action: boundText(event.action, TEXT_LIMITS.action),
    ...bounded("resource", event.resource, TEXT_LIMITS.resource),
    ...bounded("resourceAccount", event.resourceAccount, TEXT_LIMITS.accountId),
    decision: event.decision,
    reason: boundText(event.reason, TEXT_LIMITS.reason),
    requestId: boundText(event.requestId, TEXT_LIMITS.requestId),
    ...bounded("sourceIp", event.sourceIp, TEXT_LIMITS.sourceIp),
    ...bounded("userAgent", event.userAgent, TEXT_LIMITS.userAgent),
    ...bounded("errorCode", event.errorCode, TEXT_LIMITS.errorCode),
    ...(event.details === undefined ? {} : { details: boundDetails(event.details) }),
  };
}

function boundActor(actor: AuditActor): AuditActor {
  return {
    type: boundText(actor.type, TEXT_LIMITS.actorType),
    id: boundText(actor.id, TEXT_LIMITS.actorId),
    ...bounded("accountId", actor.accountId, TEXT_LIMITS.accountId),
    ...bounded("accessKeyId", actor.accessKeyId, TEXT_LIMITS.accessKeyId),
    ...bounded("tokenId", actor.tokenId, TEXT_LIMITS.tokenId),
    ...bounded("sessionName", actor.sessionName, TEXT_LIMITS.sessionName),
  };
}

function boundDetails(details: Readonly<Record<string, string>>): Readonly<Record<string, string>> {
  const kept: [string, string][] = [];
  for (const [name, value] of Object.entries(details)) {
    if (kept.length === DETAILS_MAX) break;
    const shown = isSecretName(name) ? REDACTED : boundText(value, TEXT_LIMITS.detailValue);
    kept.push([boundText(name, TEXT_LIMITS.detailName), shown]);
  }
  // Not by assignment: a detail called `__proto__` is a detail.
  return Object.fromEntries(kept);
}
