/** Budgets of tokens that gateways share: those of `createTokenBudgets`, kept in a store that all of them ask (Redis, Valkey). */
import type { RespClient, RespReply } from "#foundation/resp";
import { storeScript } from "../../traffic/shared-store.ts";
import { SLOTS_PER_WINDOW } from "./token-budgets.ts";

/**
 * What both scripts begin with: the slots of a budget that are still in the window, the tokens in them, and where now is, by the store's clock. A slot in the future (the clock was set back) is
 * moved to now. What was not touched until its last slot has left is forgotten.
 *
 * `KEYS[1]`: whose budget. `ARGV`: quota, window in milliseconds, slots in a window, and then the script's own.
 */
const READ = `
local time = redis.call('TIME')
local now = time[1] * 1000 + math.floor(time[2] / 1000)
local quota, window = tonumber(ARGV[1]), tonumber(ARGV[2])
local length = window / tonumber(ARGV[3])
local current = math.floor(now / length)
local slots, used = {}, 0
for number, tokens in string.gmatch(redis.call('GET', KEYS[1]) or '', '(%d+) (%d+);') do
  number, tokens = math.min(tonumber(number), current), tonumber(tokens)
  if (number + 1) * length + window > now then
    local latest = slots[#slots]
    if latest and latest[1] == number then latest[2] = latest[2] + tokens else slots[#slots + 1] = { number, tokens } end
    used = used + tokens
  end
end
local function add(tokens)
  local latest = slots[#slots]
  if latest and latest[1] == current then latest[2] = latest[2] + tokens else slots[#slots + 1] = { current, tokens } end
  used = used + tokens
end
local function write()
  local text = {}
  for index, slot in ipairs(slots) do text[index] = string.format('%.0f %.0f;', slot[1], slot[2]) end
  redis.call('SET', KEYS[1], table.concat(text), 'PX', math.ceil(window + 2 * length))
end
`;

/** `ARGV[4]`: tokens. Returns: whether they are taken, what is left, milliseconds until there are so many (-1: never), and the slot that they are in. */
const reserve = storeScript(`${READ}
local tokens = tonumber(ARGV[4])
if used + tokens > quota then
  local missing = used + tokens - quota
  for _, slot in ipairs(slots) do
    missing = missing - slot[2]
    if missing <= 0 then
      return { 0, math.max(0, quota - used), math.max(1, math.ceil((slot[1] + 1) * length + window - now)), current }
    end
  end
  return { 0, math.max(0, quota - used), -1, current }
end
add(tokens)
write()
return { 1, math.max(0, quota - used), 0, current }
`);

/**
 * `ARGV[4]`: the slot, `ARGV[5]`: how many tokens more they were, or fewer. When what was taken has left the window already, what comes on top of it is taken now; and so it is when the clock was set back.
 * Returns what is left.
 */
const settle = storeScript(`${READ}
local number, more = tonumber(ARGV[4]), tonumber(ARGV[5])
local found = false
for _, slot in ipairs(slots) do
  if slot[1] == number then
    local before = slot[2]
    slot[2] = math.max(0, before + more)
    used = used + slot[2] - before
    found = true
  end
end
if not found and more > 0 then add(more) end
write()
return math.max(0, quota - used)
`);

export interface SharedReservation {
  readonly allowed: boolean;
  /** What is left now. */
  readonly remaining: number;
  /** As `Reservation.moreAfterMs`. */
  readonly moreAfterMs: number;
  /** How many tokens it really were. Once. @returns what is left @throws as {@link SharedTokenBudgets.reserve}: then what was taken stands */
  settle(tokens: number): Promise<number>;
}

export interface SharedTokenBudgets {
  /** @throws RespUnavailable, RespRefused, Error when it cannot be decided */
  reserve(key: string, tokens: number): Promise<SharedReservation>;
}

/** @param prefix what is before the key in the store: the same for all that count together */
export function sharedTokenBudgets(
  client: RespClient,
  prefix: string,
  quota: number,
  windowMs: number,
): SharedTokenBudgets {
  const rest = [quota, windowMs, SLOTS_PER_WINDOW].map(String);
  return {
    async reserve(key, tokens) {
      const name = `${prefix}:${key}`;
      const asked = counted(tokens);
      const reply = await reserve(client, [name], [...rest, String(asked)]);
      const [allowed, remaining, moreAfterMs, slot] = Array.isArray(reply) ? (reply as readonly RespReply[]) : [];
      if (
        !isIn(allowed, 0, 1) ||
        !isIn(remaining, 0, quota) ||
        !isIn(moreAfterMs, -1, 2 * windowMs) ||
        !isIn(slot, 0, Number.MAX_SAFE_INTEGER)
      ) {
        throw noAnswer();
      }
      return {
        allowed: allowed === 1,
        remaining,
        moreAfterMs: moreAfterMs === -1 ? Number.POSITIVE_INFINITY : moreAfterMs,
        async settle(actual) {
          const left = await settle(client, [name], [...rest, String(slot), String(counted(actual) - asked)]);
          if (!isIn(left, 0, quota)) throw noAnswer();
          return left;
        },
      };
    },
  };
}

/** A million times the largest quota is as much as any other number that is too large; sums of such are exact in the store, whose numbers are doubles. */
const TOKENS_MAX = 1e15;
const counted = (tokens: number): number => Math.min(TOKENS_MAX, Math.max(0, Math.ceil(tokens)));

const isIn = (value: RespReply | undefined, least: number, most: number): value is number =>
  typeof value === "number" && value >= least && value <= most;

const noAnswer = (): Error => new Error("the store does not answer what the script says");
