/** Who asked: checked like everything that comes from outside. */
import type { CommandOrigin } from "#contracts";

/** The longest ARN that IAM produces has 2,048 characters; more is not an actor. */
const ACTOR_MAX = 2_048;
const REQUEST_ID_MAX = 256;
const IDEMPOTENCY_KEY_MAX = 256;

/** What is wrong with an origin, as a sentence; undefined when nothing is. */
export function originProblem(origin: CommandOrigin): string | undefined {
  return (
    textProblem("actor", origin.actor, ACTOR_MAX) ??
    textProblem("requestId", origin.requestId, REQUEST_ID_MAX) ??
    (origin.idempotencyKey === undefined
      ? undefined
      : textProblem("idempotencyKey", origin.idempotencyKey, IDEMPOTENCY_KEY_MAX))
  );
}

function textProblem(name: string, value: unknown, max: number): string | undefined {
  const sound = typeof value === "string" && value !== "" && value.length <= max && value.isWellFormed();
  // PostgreSQL's texts hold any character but NUL, and the whole batch would fail with this one.
  return sound && !value.includes("\0")
    ? undefined
    : `${name} must be text of 1 to ${max} characters, none of them NUL`;
}
