/**
 * Responses that gateways share, kept in a store that all of them ask (Redis, Valkey). While it is away each gateway keeps what comes for itself, and forgets that when it is back: what others have
 * made invalid meanwhile is not known here.
 *
 * An address is a hash there: the names of the fields by which its responses are told apart (`vary`), and each response by the digest of these names and their values. An index of what was used when and the
 * size of each make room when there is too much. Ages go by the store's clock.
 */
import { createHash } from "node:crypto";
import type { RespReply } from "#foundation/resp";
import type { Clock } from "#foundation/runtime";
import type { HeaderFields } from "../../../message/header-fields.ts";
import { type SharedStore, storeScript } from "../shared-store.ts";
import { octetsOf, responseOf } from "./response-octets.ts";
import { OVERHEAD_BYTES, type ResponseStore, VARIANTS_MAX, variantKey } from "./response-store.ts";
import type { StoredResponse } from "./stored-response.ts";

/** Octets of one response with its fields, in the store. What a client of it reads at most. */
export const SHARED_ENTRY_MAX_BYTES = 17 * 1024 * 1024;
/** Octets that are on their way to the store; what comes then is not kept. */
const WRITING_MAX_BYTES = 64 * 1024 * 1024;
/** For how long something that is not fresh any more may still be asked about by its validators. */
const STALE_MS = 24 * 60 * 60 * 1000;
const KEPT_MAX_MS = 7 * STALE_MS;
/** What is known of addresses for nothing but to ask once in place of twice. */
const HINTS_MAX = 4_096;
/** Addresses that became invalid while the store was away. */
const OWED_MAX = 10_000;

/** `KEYS`: address, index. `ARGV[1]`: a response. Returns: the store's time in milliseconds, the names of fields, the response. */
const look = storeScript(`
local time = redis.call('TIME')
local now = time[1] * 1000 + math.floor(time[2] / 1000)
local found = redis.call('HMGET', KEYS[1], 'vary', ARGV[1])
if found[1] then redis.call('ZADD', KEYS[2], 'XX', now, KEYS[1]) end
return { now, found[1], found[2] }
`);

/** `KEYS`: address, index, sizes; the last holds the sum as \`total\`. */
const FORGET = `
local function forget(name)
  local size = tonumber(redis.call('HGET', KEYS[3], name) or '0')
  redis.call('DEL', name)
  redis.call('ZREM', KEYS[2], name)
  redis.call('HDEL', KEYS[3], name)
  if size ~= 0 then redis.call('HINCRBY', KEYS[3], 'total', -size) end
end
`;

/**
 * `ARGV`: names of fields, response, its octets, when nobody needs it any more, octets for all, responses for an address, what one costs besides its octets, and for how long anything is kept. What was told apart by
 * other fields cannot be found any more; of an address with too many responses all are dropped.
 */
const keep = storeScript(`${FORGET}
local time = redis.call('TIME')
local now = time[1] * 1000 + math.floor(time[2] / 1000)
local wanted = tonumber(ARGV[4]) - now
if wanted <= 0 then return 0 end
local isNew = redis.call('HEXISTS', KEYS[1], ARGV[2]) == 0
local isFull = isNew and redis.call('HLEN', KEYS[1]) > tonumber(ARGV[6])
if isFull or redis.call('HGET', KEYS[1], 'vary') ~= ARGV[1] then
  forget(KEYS[1])
  isNew = true
end
local grown = #ARGV[3] - redis.call('HSTRLEN', KEYS[1], ARGV[2])
if isNew then grown = grown + tonumber(ARGV[7]) end
local left = redis.call('PTTL', KEYS[1])
redis.call('HSET', KEYS[1], 'vary', ARGV[1], ARGV[2], ARGV[3])
redis.call('PEXPIRE', KEYS[1], math.min(math.max(wanted, left), tonumber(ARGV[8])))
redis.call('ZADD', KEYS[2], now, KEYS[1])
redis.call('HINCRBY', KEYS[3], KEYS[1], grown)
local total = redis.call('HINCRBY', KEYS[3], 'total', grown)
while total > tonumber(ARGV[5]) do
  local oldest = redis.call('ZRANGE', KEYS[2], 0, 0)[1]
  if not oldest then
    redis.call('DEL', KEYS[3])
    break
  end
  forget(oldest)
  total = tonumber(redis.call('HGET', KEYS[3], 'total'))
end
redis.call('PEXPIRE', KEYS[2], ARGV[8])
redis.call('PEXPIRE', KEYS[3], ARGV[8])
return 1
`);

const drop = storeScript(`${FORGET}
forget(KEYS[1])
return 1
`);

export class SharedResponses {
  readonly #index: string;
  readonly #sizes: string;
  /** By address there: names of fields, as they are written there. */
  readonly #hints = new Map<string, string>();
  /** Addresses there that must not be used any more. */
  readonly #owed = new Set<string>();
  #paying: Promise<void> | undefined;
  /** The store's time less the monotonic clock's, or a little less than that. */
  #offsetMs: number | undefined;
  #writingBytes = 0;
  #isAway = false;

  /**
   * @param place what all names there begin with: the same for all that share
   * @param local for the time without the store
   * @param bytesMax of all responses in the store
   */
  constructor(
    private readonly store: SharedStore,
    private readonly place: string,
    private readonly local: ResponseStore,
    private readonly bytesMax: number,
    private readonly clock: Clock,
  ) {
    this.#index = `${place}:index`;
    this.#sizes = `${place}:sizes`;
  }

  /** As {@link ResponseStore.get}; of this gateway alone while the store is away. */
  async get(key: string, headers: HeaderFields, apart: readonly string[]): Promise<StoredResponse | undefined> {
    const name = this.#nameOf(key);
    try {
      if (this.#owed.size > 0) await this.#payOwed();
      let names = this.#hints.get(name) ?? [...apart].sort().join();
      for (let isKnown = false; ; isKnown = true) {
        const found = await this.#look(name, names, headers);
        if (found.names === undefined) return undefined;
        if (found.names === names) {
          const told = listOf(names);
          return apart.every((one) => told.includes(one)) ? found.response : undefined;
        }
        this.#remember(name, found.names);
        // It is another thing each time: nobody waits for that to end.
        if (isKnown) return undefined;
        names = found.names;
      }
    } catch (error) {
      this.#away(error);
      return this.local.get(key, headers, apart);
    }
  }

  /** As {@link ResponseStore.put}. @param ttlS seconds, when its origin says nothing @returns settled once others find it; never rejected */
  async put(
    key: string,
    varyNames: readonly string[],
    headers: HeaderFields,
    stored: StoredResponse,
    ttlS: number,
  ): Promise<void> {
    this.local.markKept(key);
    const offsetMs = this.#offsetMs;
    if (this.#isAway || offsetMs === undefined) {
      this.local.put(key, varyNames, variantKey(varyNames, headers), stored);
      return;
    }
    const bornAtMs = offsetMs + stored.cameAtMs - stored.initialAgeMs;
    const octets = octetsOf(stored, bornAtMs);
    const bytes = octets.length;
    if (bytes + OVERHEAD_BYTES > this.bytesMax || bytes > SHARED_ENTRY_MAX_BYTES) return this.delete(key);
    if (this.#writingBytes + bytes > WRITING_MAX_BYTES) return;
    const isAskable = stored.etag !== undefined || stored.lastModified !== undefined;
    const endsAtMs = bornAtMs + (stored.lifetimeS ?? ttlS) * 1000 + (isAskable ? STALE_MS : 0);
    const name = this.#nameOf(key);
    const names = varyNames.join();
    this.#remember(name, names);
    const limits = [endsAtMs, this.bytesMax, VARIANTS_MAX, OVERHEAD_BYTES, KEPT_MAX_MS].map((one) =>
      String(Math.floor(one)),
    );
    this.#writingBytes += bytes;
    try {
      await keep(
        this.store.client,
        [name, this.#index, this.#sizes],
        [names, variantOf(varyNames, headers), octets, ...limits],
      );
    } catch (error) {
      this.#away(error);
      this.local.put(key, varyNames, variantKey(varyNames, headers), stored);
    } finally {
      this.#writingBytes -= bytes;
    }
  }

  /** All responses of an address, also when the store hears of it later. @returns settled when nobody finds them any more; never rejected */
  async delete(key: string): Promise<void> {
    this.local.delete(key);
    const name = this.#nameOf(key);
    // Until it is done: nothing of it is used here meanwhile.
    this.#owed.add(name);
    if (this.#owed.size > OWED_MAX) this.#owed.delete(this.#owed.values().next().value!);
    try {
      await this.#drop(name);
    } catch (error) {
      this.#away(error);
    }
  }

  async #look(
    name: string,
    names: string,
    headers: HeaderFields,
  ): Promise<{ readonly names: string | undefined; readonly response: StoredResponse | undefined }> {
    const askedAtMs = this.clock.monotonicMs();
    const reply = await look(this.store.client, [name, this.#index], [variantOf(listOf(names), headers)]);
    const [storeMs, found, text] = Array.isArray(reply) ? (reply as readonly RespReply[]) : [];
    const isAnswer = typeof storeMs === "number" && isTextOrNone(found) && isTextOrNone(text);
    if (!isAnswer) throw new Error("the store does not answer what the script says");
    this.#offsetMs = storeMs - this.clock.monotonicMs();
    if (this.#isAway) {
      this.#isAway = false;
      this.local.clear();
    }
    const response =
      text === null
        ? undefined
        : responseOf(Buffer.from(text, "latin1"), { storeMs, askedAtMs, wallMs: this.clock.now() });
    return { names: found ?? undefined, response };
  }

  /** One after the other, once for all who ask meanwhile. @throws as whatever is asked of the store */
  #payOwed(): Promise<void> {
    this.#paying ??= (async () => {
      try {
        for (const name of [...this.#owed]) await this.#drop(name);
      } finally {
        this.#paying = undefined;
      }
    })();
    return this.#paying;
  }

  async #drop(name: string): Promise<void> {
    await drop(this.store.client, [name, this.#index, this.#sizes], []);
    this.#owed.delete(name);
  }

  #away(error: unknown): void {
    this.#isAway = true;
    this.store.onAway(error);
  }

  #remember(name: string, names: string): void {
    if (this.#hints.size >= HINTS_MAX && !this.#hints.has(name)) this.#hints.clear();
    this.#hints.set(name, names);
  }

  #nameOf(key: string): string {
    return `${this.place}:${createHash("sha256").update(key).digest("base64url")}`;
  }
}

const isTextOrNone = (reply: RespReply | undefined): reply is string | null =>
  typeof reply === "string" || reply === null;

const listOf = (names: string): readonly string[] => (names === "" ? [] : names.split(","));

/** The name of a response there, which says nothing of the values: credentials may be among them. */
function variantOf(varyNames: readonly string[], headers: HeaderFields): string {
  return createHash("sha256")
    .update(JSON.stringify([varyNames, variantKey(varyNames, headers)]))
    .digest("base64url");
}
