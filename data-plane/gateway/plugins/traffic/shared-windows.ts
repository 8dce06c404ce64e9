/** Quotas that gateways share: the windows of `createSlidingWindows`, kept in a store that all of them ask (Redis, Valkey). */
import { RUNS_PER_WINDOW, type WindowDecision } from "#foundation/rate-limit";
import type { RespClient, RespReply } from "#foundation/resp";
import { storeScript } from "./shared-store.ts";

/**
 * The same as in one process: runs of requests, each leaves the window as a whole when its last request does, so that no window has more than the quota. Decided in the store, one request after the
 * other, and by the store's clock. A run in the future (the clock was set back) is moved to now. What was not added to for a window is forgotten.
 *
 * `KEYS[1]`: who. `ARGV`: quota, window and length of a run, in milliseconds. Returns: whether it is allowed, what is left, and milliseconds until there is more.
 */
const take = storeScript(`
local time = redis.call('TIME')
local now = time[1] * 1000 + math.floor(time[2] / 1000)
local quota, window, length = tonumber(ARGV[1]), tonumber(ARGV[2]), tonumber(ARGV[3])
local runs, taken = {}, 0
for first, last, count in string.gmatch(redis.call('GET', KEYS[1]) or '', '(%d+) (%d+) (%d+);') do
  last = math.min(tonumber(last), now)
  if last + window > now then
    runs[#runs + 1] = { math.min(tonumber(first), now), last, tonumber(count) }
    taken = taken + tonumber(count)
  end
end
local allowed = taken < quota
if allowed then
  local latest = runs[#runs]
  if latest and now - latest[1] < length then
    latest[2], latest[3] = now, latest[3] + 1
  else
    runs[#runs + 1] = { now, now, 1 }
  end
  taken = taken + 1
  local text = {}
  for index, run in ipairs(runs) do text[index] = string.format('%.0f %.0f %.0f;', run[1], run[2], run[3]) end
  redis.call('SET', KEYS[1], table.concat(text), 'PX', window)
end
return { allowed and 1 or 0, math.max(0, quota - taken), runs[1][2] + window - now }
`);

export interface SharedWindows {
  /** Takes one of the key's quota, or nothing when none is left. @throws RespUnavailable, RespRefused, Error when it cannot be decided */
  take(key: string): Promise<WindowDecision>;
}

/** @param prefix what is before the key in the store: the same for all that count together */
export function sharedWindows(client: RespClient, prefix: string, quota: number, windowMs: number): SharedWindows {
  const rest = [String(quota), String(windowMs), String(windowMs / RUNS_PER_WINDOW)];
  return {
    async take(key) {
      return decisionOf(await take(client, [`${prefix}:${key}`], rest), quota, windowMs);
    },
  };
}

function decisionOf(reply: RespReply, quota: number, windowMs: number): WindowDecision {
  const [allowed, remaining, moreAfterMs] = Array.isArray(reply) ? (reply as readonly RespReply[]) : [];
  const isIn = (value: RespReply | undefined, most: number): value is number =>
    typeof value === "number" && value >= 0 && value <= most;
  if (!isIn(allowed, 1) || !isIn(remaining, quota) || !isIn(moreAfterMs, windowMs)) {
    throw new Error("the store does not answer what the script says");
  }
  return { allowed: allowed === 1, remaining, moreAfterMs };
}
