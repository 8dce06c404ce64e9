/** What modules share with others, know of the world, and keep. */
import type { Identity } from "../../../message/gateway-exchange.ts";
import { CODE } from "../guest-fault.ts";
import type { Caller, HostFunctions, ModuleServices } from "../module-services.ts";
import { VALUE_LIMITS } from "../value-store.ts";

const TEXT_BYTES_MAX = 64 * 1024;
const CONTEXT_ENTRIES_MAX = 256;
const KEY_BYTES_MAX = 256;
const LOG_LINES_MAX = 32;
const LOG_BYTES_MAX = 4096;
const LEVELS = ["debug", "info", "warn", "error"] as const;
const QUOTA_MAX = 1_000_000_000;
const WINDOW_MAX_S = 864_000;

export function sharedFunctions(caller: Caller, services: ModuleServices): HostFunctions {
  const { host, notes, name } = services;
  return {
    config: (pointer: number, capacity: number) => caller.memory.putOctets(services.config, pointer, capacity),
    note_get(pointer: number, capacity: number) {
      const { exchange } = caller.call;
      if (exchange === undefined) return CODE.notNow;
      const note = notes.get(exchange);
      return note === undefined ? CODE.notThere : caller.memory.putOctets(note, pointer, capacity);
    },
    note_set(pointer: number, length: number) {
      const { exchange } = caller.call;
      if (exchange === undefined) return CODE.notNow;
      if (length >>> 0 > TEXT_BYTES_MAX) return CODE.noRoom;
      notes.set(exchange, Buffer.from(caller.memory.octets(pointer, length)));
      return CODE.ok;
    },
    log(level: number, pointer: number, length: number) {
      const text = caller.memory.utf8(pointer, Math.min(length >>> 0, LOG_BYTES_MAX));
      if (++caller.call.linesLogged > LOG_LINES_MAX) return undefined;
      const requestId = caller.call.exchange?.requestId;
      host.log[LEVELS[level >>> 0] ?? "info"](text, requestId === undefined ? {} : { requestId });
      return undefined;
    },
    context_get(key: number, keyLength: number, pointer: number, capacity: number) {
      const { exchange } = caller.call;
      if (exchange === undefined) return CODE.notNow;
      const value = exchange.context.get(caller.memory.utf8(key, keyLength));
      return value === undefined ? CODE.notThere : caller.memory.putOctets(Buffer.from(value), pointer, capacity);
    },
    context_set(key: number, keyLength: number, value: number, valueLength: number) {
      const { exchange } = caller.call;
      if (exchange === undefined) return CODE.notNow;
      if (keyLength >>> 0 > KEY_BYTES_MAX || valueLength >>> 0 > TEXT_BYTES_MAX) return CODE.noRoom;
      const { context } = exchange;
      const named = caller.memory.utf8(key, keyLength);
      if (!context.has(named) && context.size >= CONTEXT_ENTRIES_MAX) return CODE.noRoom;
      context.set(named, caller.memory.utf8(value, valueLength));
      return CODE.ok;
    },
    identity_get(pointer: number, capacity: number) {
      const identity = caller.call.exchange?.identity;
      if (identity === undefined) return CODE.notThere;
      return caller.memory.putOctets(Buffer.from(JSON.stringify(identity)), pointer, capacity);
    },
    identity_set(pointer: number, length: number) {
      const { exchange, response } = caller.call;
      if (exchange === undefined || response !== undefined) return CODE.notNow;
      if (length >>> 0 > TEXT_BYTES_MAX) return CODE.noRoom;
      const identity = identityOf(caller.memory.utf8(pointer, length), name);
      if (identity === undefined) return CODE.invalid;
      exchange.identity = identity;
      return CODE.ok;
    },
    clock_ms: () => {
      caller.memory.charge();
      return host.clock.now();
    },
    monotonic_ms: () => {
      caller.memory.charge();
      return host.clock.monotonicMs();
    },
    random(pointer: number, length: number) {
      if (length >>> 0 > TEXT_BYTES_MAX) return CODE.noRoom;
      caller.memory.octets(pointer, length).set(host.random.bytes(length >>> 0));
      return CODE.ok;
    },
    rate_limit(key: number, keyLength: number, quota: number, windowS: number) {
      if (keyLength >>> 0 > KEY_BYTES_MAX) return CODE.noRoom;
      if (!(quota >= 1 && quota <= QUOTA_MAX && windowS >= 1 && windowS <= WINDOW_MAX_S)) return CODE.invalid;
      const windows = services.windows(quota, windowS);
      if (windows === undefined) return CODE.noRoom;
      const { allowed, moreAfterMs } = windows.take(caller.memory.utf8(key, keyLength));
      return allowed ? CODE.ok : Math.max(1, Math.ceil(moreAfterMs / 1000));
    },
    kv_get(key: number, keyLength: number, pointer: number, capacity: number) {
      const value = services.values().get(caller.memory.latin1(key, keyLength));
      return value === undefined ? CODE.notThere : caller.memory.putOctets(value, pointer, capacity);
    },
    kv_set(key: number, keyLength: number, value: number, valueLength: number, lifeS: number) {
      if (keyLength >>> 0 > VALUE_LIMITS.keyBytes || valueLength >>> 0 > VALUE_LIMITS.valueBytes) return CODE.noRoom;
      if (lifeS < 1) return CODE.invalid;
      const lifeMs = Math.min(lifeS, VALUE_LIMITS.lifeS) * 1000;
      services
        .values()
        .set(caller.memory.latin1(key, keyLength), Buffer.from(caller.memory.octets(value, valueLength)), lifeMs);
      return CODE.ok;
    },
    kv_delete(key: number, keyLength: number) {
      services.values().delete(caller.memory.latin1(key, keyLength));
      return CODE.ok;
    },
  };
}

const isTexts = (value: unknown): value is readonly string[] =>
  Array.isArray(value) && value.every((one) => typeof one === "string");

/** `{"consumer", "groups"?, "scopes"?, "claims"?}`; undefined for anything else. */
function identityOf(text: string, by: string): Identity | undefined {
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch {
    return undefined;
  }
  if (typeof value !== "object" || value === null || Array.isArray(value)) return undefined;
  const { consumer, groups = [], scopes = [], claims = {} } = value as Readonly<Record<string, unknown>>;
  if (typeof consumer !== "string" || consumer === "" || !isTexts(groups) || !isTexts(scopes)) return undefined;
  if (typeof claims !== "object" || claims === null || Array.isArray(claims)) return undefined;
  return { consumer, by, groups, scopes, claims: claims as Readonly<Record<string, unknown>> };
}
