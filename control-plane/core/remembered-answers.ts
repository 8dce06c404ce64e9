/** Idempotency: the first answer to a command, kept for its repetitions. */
import { createHash } from "node:crypto";
import type { Command, CommandOrigin, CommandOutcome } from "#contracts";
import { type IdempotencyRecord, stableJson } from "#control-plane/events";
import { open, type SealingKey, seal } from "#foundation/crypto";
import type { Random } from "#foundation/runtime";

/** How long a key is remembered (`CommandOrigin.idempotencyKey`). */
export const IDEMPOTENCY_MS = 24 * 60 * 60 * 1000;

/** Seals answers, because they may hold a secret that is shown only once, and opens them again. */
export interface AnswerKeeper {
  record(scope: string, fingerprint: string, outcome: CommandOutcome, now: number): IdempotencyRecord;
  answerOf(record: IdempotencyRecord): CommandOutcome;
}

export function createAnswerKeeper(key: SealingKey, random: Random): AnswerKeeper {
  return {
    record: (scope, fingerprint, outcome, now) => ({
      scope,
      fingerprint,
      answer: seal(key, JSON.stringify(outcome), scope, random),
      expiresAt: now + IDEMPOTENCY_MS,
    }),
    answerOf: (record) => JSON.parse(open(key, record.answer, record.scope)) as CommandOutcome,
  };
}

/** A key belongs to the one who sent it: nobody can collect another's answer. Undefined without a key. */
export function scopeOf(origin: CommandOrigin): string | undefined {
  return origin.idempotencyKey === undefined ? undefined : JSON.stringify([origin.actor, origin.idempotencyKey]);
}

/** Digest by which "the same command" is recognised; the order of members does not count. */
export function fingerprintOf(command: Command): string {
  return createHash("sha256").update(stableJson(command)).digest("base64url");
}
