/** Requests to one registry: proves who we are, follows redirects, waits when told to, gives up in time. */

import { HttpCallError, type HttpReply, httpRequest } from "#foundation/http";
import { type Clock, sleep, systemClock, systemTimers, type Timers } from "#foundation/runtime";
import { pullFailed } from "../errors.ts";
import { type Challenge, parseChallenge } from "./challenge.ts";
import { endpointOf, type RegistryCredentials, type RegistryOptions } from "./registry-options.ts";

const REDIRECTS_MAX = 5;
const ATTEMPTS_MAX = 5;
const FIRST_DELAY_MS = 200;
/** A registry that wants us to wait longer is asked again by whoever asked us. */
const RETRY_AFTER_MAX_MS = 30_000;
const TOKEN_BYTES_MAX = 256 * 1024;
/** What a token is good for when its service does not say (token specification: 60 s), less the way to the registry. */
const TOKEN_DEFAULT_S = 60;
const TOKEN_MARGIN_S = 5;

interface Token {
  readonly text: string;
  readonly untilMs: number;
}

/** One registry, or one mirror. */
export class RegistryHttp {
  readonly #endpoint: string;
  readonly #host: string;
  readonly #options: RegistryOptions;
  readonly #credentials: RegistryCredentials | undefined;
  readonly #clock: Clock;
  readonly #timers: Timers;
  /** By scope. */
  readonly #tokens = new Map<string, Token>();
  #basic = false;

  constructor(host: string, options: RegistryOptions) {
    this.#host = host;
    this.#options = options;
    this.#endpoint = endpointOf(host, options.plainHttp);
    this.#credentials = options.credentials?.(host);
    this.#clock = options.clock ?? systemClock;
    this.#timers = options.timers ?? systemTimers;
  }

  /**
   * GET of a path below `/v2/`, answered with 200 or 206.
   *
   * @param repository what is read: the scope of the token
   * @throws image_pull_failed with the reason; what the signal was aborted with
   */
  async get(
    repository: string,
    path: string,
    headers: readonly (readonly [string, string])[],
    signal?: AbortSignal,
  ): Promise<HttpReply> {
    let delayMs = FIRST_DELAY_MS;
    for (let attempt = 1; ; attempt++) {
      try {
        return await this.#authorised(repository, `${this.#endpoint}/v2/${repository}/${path}`, headers, signal);
      } catch (error) {
        signal?.throwIfAborted();
        const wait = Math.max(delayMs, retryAfterOf(error) ?? 0);
        const worth = (error as { retryable?: boolean }).retryable === true;
        if (!worth || attempt >= ATTEMPTS_MAX || wait > RETRY_AFTER_MAX_MS) throw error;
        await sleep(this.#timers, wait, signal);
        delayMs *= 2;
      }
    }
  }

  async #authorised(
    repository: string,
    url: string,
    headers: readonly (readonly [string, string])[],
    signal: AbortSignal | undefined,
  ): Promise<HttpReply> {
    const scope = `repository:${repository}:pull`;
    const first = await this.#follow(url, headers, this.#authorization(scope), signal);
    if (first.status !== 401) return await this.#judge(first, repository);
    const challenge = parseChallenge(first.headers.get("www-authenticate"));
    await first.discard();
    this.#tokens.delete(scope);
    await this.#prove(challenge, scope, signal);
    return await this.#judge(await this.#follow(url, headers, this.#authorization(scope), signal), repository);
  }

  #authorization(scope: string): string | undefined {
    const token = this.#tokens.get(scope);
    if (token !== undefined && token.untilMs > this.#clock.now()) return `Bearer ${token.text}`;
    return this.#basic ? basic(this.#credentials!) : undefined;
  }

  async #prove(challenge: Challenge | undefined, scope: string, signal: AbortSignal | undefined): Promise<void> {
    if (challenge === undefined)
      throw pullFailed("unauthorised", `${this.#host} refuses us, and asks for nothing that we could show.`);
    if (challenge.scheme === "basic") {
      if (this.#credentials === undefined)
        throw pullFailed("unauthorised", `${this.#host} wants credentials; there are none for it.`);
      this.#basic = true;
      return;
    }
    const realm = URL.parse(challenge.realm);
    if (realm === null || !this.#mayVisit(realm))
      throw pullFailed("insecure", `${this.#host} names a token service without TLS.`);
    if (challenge.service !== undefined) realm.searchParams.set("service", challenge.service);
    realm.searchParams.set("scope", scope);
    const reply = await this.#send(realm.href, [], this.#credentials && basic(this.#credentials), signal);
    if (reply.status !== 200) {
      await reply.discard();
      if (reply.status === 429 || reply.status >= 500) throw busy(this.#host, reply, this.#clock.now());
      throw pullFailed("unauthorised", `The token service of ${this.#host} refuses us (status ${reply.status}).`);
    }
    const answer = (await reply.json(TOKEN_BYTES_MAX)) as {
      token?: unknown;
      access_token?: unknown;
      expires_in?: unknown;
    } | null;
    const text = answer?.token ?? answer?.access_token;
    if (typeof text !== "string" || !/^[\x21-\x7e]+$/.test(text)) {
      throw pullFailed("unauthorised", `The token service of ${this.#host} answers without a token.`);
    }
    const seconds = typeof answer?.expires_in === "number" ? answer.expires_in : TOKEN_DEFAULT_S;
    this.#tokens.set(scope, { text, untilMs: this.#clock.now() + Math.max(seconds - TOKEN_MARGIN_S, 1) * 1000 });
  }

  /** Follows redirects. What proves who we are stays with the host that asked for it. */
  async #follow(
    url: string,
    headers: readonly (readonly [string, string])[],
    authorization: string | undefined,
    signal: AbortSignal | undefined,
  ): Promise<HttpReply> {
    let place = new URL(url);
    const { origin } = place;
    for (let redirects = 0; ; redirects++) {
      const reply = await this.#send(place.href, headers, place.origin === origin ? authorization : undefined, signal);
      if (![301, 302, 303, 307, 308].includes(reply.status)) return reply;
      await reply.discard();
      const next = URL.parse(reply.headers.get("location") ?? "", place.href);
      if (next === null || redirects >= REDIRECTS_MAX)
        throw pullFailed("unsupported", `${this.#host} redirects in vain.`);
      if (!this.#mayVisit(next)) throw pullFailed("insecure", `${this.#host} redirects to a place without TLS.`);
      place = next;
    }
  }

  /** A registry with TLS cannot send us anywhere without. */
  #mayVisit(url: URL): boolean {
    return url.protocol === "https:" || (url.protocol === "http:" && this.#endpoint.startsWith("http:"));
  }

  async #send(
    url: string,
    headers: readonly (readonly [string, string])[],
    authorization: string | undefined,
    signal: AbortSignal | undefined,
  ): Promise<HttpReply> {
    const { pool, ca, idleTimeoutMs: timeoutMs } = this.#options;
    try {
      return await httpRequest({
        url,
        headers: authorization === undefined ? headers : [...headers, ["Authorization", authorization]],
        timeoutMs,
        signal,
        pool,
        ca,
      });
    } catch (error) {
      signal?.throwIfAborted();
      if (!(error instanceof HttpCallError)) throw error;
      throw pullFailed("unreachable", `${new URL(url).host} cannot be reached.`, error);
    }
  }

  async #judge(reply: HttpReply, repository: string): Promise<HttpReply> {
    if (reply.status === 200 || reply.status === 206) return reply;
    await reply.discard();
    if (reply.status === 404) throw pullFailed("not_found", `${this.#host} has no such image in ${repository}.`);
    if (reply.status === 401 || reply.status === 403) {
      throw pullFailed("unauthorised", `${this.#host} does not let us read ${repository}.`);
    }
    if (reply.status === 429 || reply.status >= 500) throw busy(this.#host, reply, this.#clock.now());
    throw pullFailed("unsupported", `${this.#host} answers with the status ${reply.status}.`);
  }
}

function basic({ username, password }: RegistryCredentials): string {
  return `Basic ${Buffer.from(`${username}:${password}`).toString("base64")}`;
}

/** When to come again, kept beside the error: it is for us, not for the user. */
const retryAfter = new WeakMap<object, number>();

function busy(host: string, reply: HttpReply, nowMs: number): Error {
  const error =
    reply.status === 429
      ? pullFailed("rate_limited", `${host} lets nobody ask as often as that. Sign in, or try later.`)
      : pullFailed("registry_error", `${host} is in trouble (status ${reply.status}).`);
  const waitMs = parseRetryAfter(reply.headers.get("retry-after"), nowMs);
  if (waitMs !== undefined) retryAfter.set(error, waitMs);
  return error;
}

function retryAfterOf(error: unknown): number | undefined {
  return typeof error === "object" && error !== null ? retryAfter.get(error) : undefined;
}

/** Milliseconds from now (RFC 9110 §10.2.3: seconds or a date). */
export function parseRetryAfter(header: string | undefined, nowMs: number): number | undefined {
  if (header === undefined) return undefined;
  if (/^\d{1,9}$/.test(header)) return Number(header) * 1000;
  const date = Date.parse(header);
  return Number.isNaN(date) ? undefined : Math.max(date - nowMs, 0);
}
