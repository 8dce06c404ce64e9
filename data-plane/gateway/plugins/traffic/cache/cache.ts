/**
 * A shared cache (RFC 9111): whole responses in bounded memory, kept over reloads, fresh by what their origin says or else by `ttl`, asked about again by their validators
 * when they are not fresh any more. With a `store`, several gateways keep them together in it.
 *
 * Kept are responses to GET only, and HEAD is answered from them. Whom the gateway knows (`identity`) counts as somebody with `Authorization`: what is answered to him is kept only when the
 * origin says that it is for everybody; what is answered to a request with a cookie, when the origin says anything about it. Responses with `Set-Cookie` are never kept. `X-Cache` says what happened: `HIT`, `MISS`, `REVALIDATED`, `BYPASS`.
 */
import { MessageBody } from "#foundation/http1";
import type { Answer } from "../../../message/answer.ts";
import { ExchangeNote } from "../../../message/exchange-note.ts";
import type { GatewayExchange } from "../../../message/gateway-exchange.ts";
import { HeaderFields } from "../../../message/header-fields.ts";
import { problem } from "../../../problems.ts";
import type { MaybeAsync, Middleware, MiddlewarePlugin, PluginHost } from "../../plugin.ts";
import { digestOf, type StoreConfig, sharedStore } from "../shared-store.ts";
import { varyNames } from "../vary.ts";
import { type CacheControl, NOTHING_SAID, parseCacheControl } from "./cache-control.ts";
import { isAboutBody, isConditional, isNotModified } from "./conditions.ts";
import { recorded } from "./recording.ts";
import { type Pending, ResponseStore, variantKey } from "./response-store.ts";
import { SHARED_ENTRY_MAX_BYTES, SharedResponses } from "./shared-responses.ts";
import { ageOf, type Claim, isFresh, isShared, type StoredResponse, storedResponse } from "./stored-response.ts";

interface CacheConfig {
  readonly ttl: number;
  readonly vary: readonly string[];
  readonly methods: readonly string[];
  readonly cacheable_status: readonly number[];
  readonly max_bytes: number;
  readonly max_entry_bytes: number;
  readonly store?: StoreConfig;
}

export const CACHE: MiddlewarePlugin = {
  name: "cache",
  setup: (config, host) => new Cache(config as unknown as CacheConfig, host),
};

const NO_BYTES = new Uint8Array();

const SAFE_METHODS = new Set(["GET", "HEAD", "OPTIONS", "TRACE"]);
/** Conditions that only the origin can judge, and parts of responses. */
const FOR_ORIGIN = ["range", "if-range", "if-match", "if-unmodified-since"] as const;

/** What becomes of an exchange that is not answered from here, from its request to its response. */
type Way = { readonly kind: "bypass" } | { readonly kind: "unsafe"; readonly key: string } | AskedWay;

interface AskedWay {
  readonly kind: "asked";
  readonly key: string;
  readonly askedAtMs: number;
  /** The request's fields by which responses are told apart, as they were: they may be changed on the way. */
  readonly fields: HeaderFields;
  readonly claim: Claim;
  /** What the origin is asked about. */
  readonly stale: StoredResponse | undefined;
  /** Others wait for it. */
  readonly done: (() => void) | undefined;
}

class Cache implements Middleware {
  readonly #config: CacheConfig;
  readonly #host: PluginHost;
  /** Of this process: responses, when they are not in `#shared`, and who waits for whom. */
  readonly #store: ResponseStore;
  readonly #shared: SharedResponses | undefined;
  readonly #vary: readonly string[];
  readonly #ways = new ExchangeNote<Way>();

  constructor(config: CacheConfig, host: PluginHost) {
    this.#config = config;
    this.#host = host;
    this.#vary = config.vary.map((name) => name.toLowerCase());
    const { max_bytes: bytesMax, store } = config;
    const kept = store === undefined ? String(bytesMax) : digestOf([bytesMax, store]);
    this.#store = host.keep("cache", kept, () => new ResponseStore(bytesMax));
    this.#shared = store && sharedResponses(store, bytesMax, kept, this.#store, host);
  }

  onRequest(exchange: GatewayExchange): Answer | undefined | Promise<Answer | undefined> {
    const { request } = exchange;
    const asked = parseCacheControl(request.headers.get("cache-control"));
    if (!this.#config.methods.includes(request.method) || asked.noStore || isForOrigin(exchange)) {
      const isSafe = SAFE_METHODS.has(request.method);
      this.#ways.set(exchange, isSafe ? { kind: "bypass" } : { kind: "unsafe", key: keyOf(exchange) });
      return undefined;
    }
    const key = keyOf(exchange);
    const stored = this.#find(exchange, key);
    if (!(stored instanceof Promise)) return this.#answerOrAsk(exchange, key, asked, stored);
    return stored.then((one) => this.#answerOrAsk(exchange, key, asked, one));
  }

  #answerOrAsk(
    exchange: GatewayExchange,
    key: string,
    asked: CacheControl,
    stored: StoredResponse | undefined,
  ): Answer | undefined | Promise<Answer | undefined> {
    const answer = this.#answerFresh(exchange, stored, asked);
    if (answer !== undefined) return answer;
    if (asked.onlyIfCached) return problem("upstream-timeout", { detail: "There is no such response in the cache." });
    const now = this.#host.clock.monotonicMs();
    const pending = claimOf(exchange) === "somebody" ? undefined : this.#store.pendingOf(key, now);
    return pending === undefined ? this.#ask(exchange, key, stored) : this.#wait(pending, exchange, key, asked);
  }

  onResponse(exchange: GatewayExchange, answer: Answer): MaybeAsync<void> {
    const way = this.#ways.get(exchange);
    // It was answered from here.
    if (way === undefined) return undefined;
    answer.headers.delete("x-cache");
    if (way.kind === "unsafe") {
      // RFC 9111 §4.4: what it was about may be another thing now.
      if (answer.status >= 200 && answer.status < 400) return this.#delete(way.key);
      return undefined;
    }
    if (way.kind === "bypass") {
      answer.headers.set("X-Cache", "BYPASS");
      return undefined;
    }
    if (way.stale !== undefined && answer.status === 304) this.#renew(way, way.stale, answer);
    else this.#keep(exchange, way, answer);
    return undefined;
  }

  onEnd(exchange: GatewayExchange): void {
    const way = this.#ways.get(exchange);
    if (way?.kind === "asked") way.done?.();
  }

  #find({ request: { headers } }: GatewayExchange, key: string): MaybeAsync<StoredResponse | undefined> {
    return (this.#shared ?? this.#store).get(key, headers, this.#vary);
  }

  #delete(key: string): MaybeAsync<void> {
    return (this.#shared ?? this.#store).delete(key);
  }

  #answerFresh(exchange: GatewayExchange, stored: StoredResponse | undefined, asked: CacheControl): Answer | undefined {
    const { headers, method } = exchange.request;
    if (stored === undefined || !this.#isShared(claimOf(exchange), stored)) return undefined;
    const now = this.#host.clock.monotonicMs();
    if (!isFresh(stored, withPragma(asked, headers), this.#config.ttl, now)) return undefined;
    const fields = [...stored.fields, "Age", String(Math.floor(ageOf(stored, now))), "X-Cache", "HIT"];
    if (isConditional(headers) && isNotModified(stored, headers, this.#host.clock.now())) {
      const kept = HeaderFields.of(fields);
      kept.deleteWhere(isAboutBody);
      return { status: 304, headers: kept, body: null };
    }
    if (method === "HEAD") {
      return { status: stored.status, headers: HeaderFields.of(fields), body: null, length: stored.body.length };
    }
    return { status: stored.status, headers: HeaderFields.of(fields), body: stored.body };
  }

  /** Lets the request go on, as a question about what is kept when that can be asked about. */
  #ask(exchange: GatewayExchange, key: string, stored: StoredResponse | undefined): undefined {
    const { request } = exchange;
    const claim = claimOf(exchange);
    const fields = HeaderFields.of(request.headers.toRaw());
    let stale: StoredResponse | undefined;
    if (request.method === "GET" && !isConditional(request.headers)) {
      if (stored !== undefined && this.#isShared(claim, stored)) stale = stored;
    }
    if (stale?.etag !== undefined) request.headers.set("If-None-Match", stale.etag);
    else if (stale?.lastModified !== undefined) request.headers.set("If-Modified-Since", stale.lastModified);
    else stale = undefined;
    const now = this.#host.clock.monotonicMs();
    this.#ways.set(exchange, {
      kind: "asked",
      key,
      askedAtMs: now,
      fields,
      claim,
      stale,
      done: claim === "somebody" || request.method !== "GET" ? undefined : this.#store.begin(key, now),
    });
    return undefined;
  }

  /** For the answer to somebody who asked for the same before; when it cannot be used, the request goes on by itself. */
  async #wait(
    pending: Pending,
    exchange: GatewayExchange,
    key: string,
    asked: CacheControl,
  ): Promise<Answer | undefined> {
    const { promise: late, resolve } = Promise.withResolvers<void>();
    const leftMs = pending.untilMs - this.#host.clock.monotonicMs();
    const timer = this.#host.timers.after(Math.max(0, leftMs), resolve);
    await Promise.race([pending.promise, late]);
    timer.cancel();
    const stored = await this.#find(exchange, key);
    return this.#answerFresh(exchange, stored, asked) ?? this.#ask(exchange, key, stored);
  }

  /** The origin says that what is kept is still what it has (RFC 9111 §4.3.4). */
  #renew(way: AskedWay, stale: StoredResponse, answer: Answer): void {
    if (answer.body instanceof MessageBody) answer.body.drop();
    const fields = HeaderFields.of([...stale.fields]);
    const told = [...answer.headers].filter(([name]) => !isAboutBody(name.toLowerCase()));
    const names = new Set(told.map(([name]) => name.toLowerCase()));
    // It is as it was at the date of this answer, also when that does not say it.
    fields.deleteWhere((name) => name === "date" || names.has(name));
    for (const [name, value] of told) fields.append(name, value);
    const renewed = this.#stored(way, stale.status, fields, stale.body);
    const kept = this.#isStorable(way, renewed, fields) ? this.#put(way, fields, renewed) : this.#delete(way.key);
    answer.status = renewed.status;
    answer.headers = HeaderFields.of([...renewed.fields, "X-Cache", "REVALIDATED"]);
    answer.body = renewed.body;
    answer.length = undefined;
    finish(way, kept);
  }

  #keep(exchange: GatewayExchange, way: AskedWay, answer: Answer): void {
    const { headers, body, status, length } = answer;
    const received = HeaderFields.of(headers.toRaw());
    headers.set("X-Cache", "MISS");
    const { max_entry_bytes: bytesMax } = this.#config;
    const end = (whole: Uint8Array | undefined): void => {
      const isWhole =
        whole !== undefined && whole.length <= bytesMax && (length === undefined || length === whole.length);
      if (isWhole) {
        finish(way, this.#put(way, received, this.#stored(way, status, received, whole)));
        return;
      }
      if (way.done !== undefined) this.#store.markUnkept(way.key);
      way.done?.();
    };
    const isKept =
      exchange.request.method === "GET" &&
      answer.upgraded === undefined &&
      (length ?? 0) <= bytesMax &&
      this.#isStorable(way, this.#stored(way, status, received, NO_BYTES), received);
    if (!isKept) end(undefined);
    else if (body === null) end(NO_BYTES);
    // Nobody changes what is kept: not the one who made it either.
    else if (body instanceof Uint8Array) end(new Uint8Array(body));
    else {
      const whole = body instanceof MessageBody ? body.whole : undefined;
      if (whole !== undefined) {
        end(new Uint8Array(whole));
        return;
      }
      answer.body = recorded(body, bytesMax, end);
      // It may go on for ever.
      if (length === undefined) way.done?.();
    }
  }

  /** RFC 9111 §3. */
  #isStorable(way: AskedWay, stored: StoredResponse, headers: HeaderFields): boolean {
    if (!this.#config.cacheable_status.includes(stored.status)) return false;
    if (stored.said.noStore || stored.said.isPrivate || !this.#isShared(way.claim, stored)) return false;
    // Trailers would be lost.
    if (headers.has("set-cookie") || headers.has("content-range") || headers.has("trailer")) return false;
    return !varyNames(headers).includes("*");
  }

  #isShared(claim: Claim, { said, lifetimeS, variesByCookie }: StoredResponse): boolean {
    return isShared(claim, said, lifetimeS, variesByCookie || this.#vary.includes("cookie"));
  }

  #stored(way: AskedWay, status: number, headers: HeaderFields, body: Uint8Array): StoredResponse {
    const { clock } = this.#host;
    const moments = { askedAtMs: way.askedAtMs, cameAtMs: clock.monotonicMs(), wallMs: clock.now() };
    return storedResponse(status, headers.toRaw(), body, moments);
  }

  #put(way: AskedWay, headers: HeaderFields, stored: StoredResponse): MaybeAsync<void> {
    const isUsable = isFresh(stored, NOTHING_SAID, this.#config.ttl, this.#host.clock.monotonicMs());
    // What is never fresh and cannot be asked about only takes room.
    if (!isUsable && stored.etag === undefined && stored.lastModified === undefined) {
      if (way.done !== undefined) this.#store.markUnkept(way.key);
      return this.#delete(way.key);
    }
    const names = [...new Set([...this.#vary, ...varyNames(headers)])].sort();
    if (this.#shared !== undefined) return this.#shared.put(way.key, names, way.fields, stored, this.#config.ttl);
    return this.#store.put(way.key, names, variantKey(names, way.fields), stored);
  }
}

/** Others wait until what they are to find is there. */
function finish(way: AskedWay, kept: MaybeAsync<void>): void {
  if (kept instanceof Promise) void kept.then(() => way.done?.());
  else way.done?.();
}

function sharedResponses(
  store: StoreConfig,
  bytesMax: number,
  kept: string,
  local: ResponseStore,
  host: PluginHost,
): SharedResponses {
  const shared = sharedStore(store, host, {
    of: "a cache",
    metric: "biplane_gateway_cache_store_failures_total",
    help: "What the store of a cache did not find, keep or forget because it was away.",
    reading: { bulkText: "latin1", bulkMax: SHARED_ENTRY_MAX_BYTES },
  });
  // The names of everything in it are in one slot of a cluster.
  const place = `${shared.prefix}:cache:{${digestOf([bytesMax]).slice(0, 16)}}`;
  return host.keep("shared cache", kept, () => new SharedResponses(shared, place, local, bytesMax, host.clock));
}

/** The address of what is asked for; GET and HEAD are about the same. */
function keyOf({ request: { secure, host, path, query } }: GatewayExchange): string {
  return `${secure ? "https" : "http"}://${host}${path}?${query}`;
}

function isForOrigin({ request: { headers, body } }: GatewayExchange): boolean {
  if (FOR_ORIGIN.some((name) => headers.has(name)) || headers.has("upgrade")) return true;
  return body.bytes === undefined ? body.length !== 0 : body.bytes.length > 0;
}

function claimOf({ identity, request }: GatewayExchange): Claim {
  if (identity !== undefined || request.headers.has("authorization")) return "somebody";
  return request.headers.has("cookie") ? "cookie" : "nobody";
}

/** `Pragma: no-cache` of old clients counts where there is no `Cache-Control` (RFC 9111 §5.4). */
function withPragma(asked: CacheControl, headers: HeaderFields): CacheControl {
  if (asked !== NOTHING_SAID || headers.get("pragma")?.toLowerCase().includes("no-cache") !== true) return asked;
  return { ...asked, noCache: true };
}
