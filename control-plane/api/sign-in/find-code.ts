/** Looking up user codes, for those who do not guess. */
import { tooManyRequests } from "../admission.ts";
import type { ApiEnvironment } from "../environment.ts";
import type { DeviceRequest } from "./device-grants.ts";

/** Wrong codes of one person: ten at once, then one a minute. A right one is free, but makes up for no wrong one: whoever guesses has a device of their own at hand. */
export const WRONG_CODES = { capacity: 10, refillPerSecond: 1 / 60 } as const;

/**
 * The request that waits with a code; undefined when none does.
 *
 * @param actor who looks it up
 * @throws ProblemError 429 after too many wrong ones
 */
export function findCode(
  userCode: string,
  actor: string,
  { wrongCodes, deviceGrants }: Pick<ApiEnvironment, "wrongCodes" | "deviceGrants">,
): DeviceRequest | undefined {
  const { allowed, retryAfterMs } = wrongCodes.take(actor);
  if (!allowed) throw tooManyRequests(retryAfterMs, "Those were too many wrong codes.");
  const found = deviceGrants.find(userCode);
  if (found !== undefined) wrongCodes.giveBack(actor);
  return found;
}
