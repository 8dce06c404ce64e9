/** One call of the API: its URL, its retries, its answer. */
import { BiplaneError, errorOf, UnexpectedAnswer } from "./errors.ts";

export interface ClientOptions {
  /** The control API, for example `http://127.0.0.1:4580`; `biplane env` says it as `BIPLANE_API_URL`. A path in it is kept. */
  readonly url: string;
  /** An API token, an access token, or something that gives the one that is valid now. Without it only what is public can be called. */
  readonly token?: string | (() => string | Promise<string>);
  /** Milliseconds that one attempt may take until its answer begins (30,000). */
  readonly timeoutMs?: number;
  /** Attempts in all, the first included (5). */
  readonly attempts?: number;
  /** Default: the platform's. */
  readonly fetch?: (url: string, init: RequestInit) => Promise<Response>;
  readonly headers?: Readonly<Record<string, string>>;
}

export interface CallOptions {
  readonly signal?: AbortSignal;
  /** Default: one that is made for this call. The same key is the same command for 24 hours: whoever repeats it gets the first answer. */
  readonly idempotencyKey?: string;
  readonly timeoutMs?: number;
}

/** What the generated methods know of an operation. */
export interface Operation {
  readonly method: "GET" | "POST" | "PUT" | "PATCH" | "DELETE";
  /** With names in braces. */
  readonly path: string;
  readonly query?: readonly string[];
  /** It takes an idempotency key: to send it again is safe. */
  readonly keyed?: true;
}

/** Members by name: of the path, of the query, and `body`. */
export type Parameters = Readonly<Record<string, unknown>>;

const TIMEOUT_MS = 30_000;
const ATTEMPTS = 5;
const BACKOFF_MS = 100;
const BACKOFF_MS_MAX = 5_000;
/** Who is told to come back later than this is told so, and does not wait. */
const RETRY_AFTER_MS_MAX = 30_000;
const RETRIED: ReadonlySet<number> = new Set([429, 502, 503, 504]);

export class Transport {
  readonly #options: ClientOptions;
  readonly #base: string;

  /** @throws TypeError when the URL is none */
  constructor(options: ClientOptions) {
    const base = new URL(options.url);
    if (base.protocol !== "http:" && base.protocol !== "https:") {
      throw new TypeError(`The URL of a control plane begins with http: or https:, not ${base.protocol}`);
    }
    this.#options = options;
    this.#base = `${base.origin}${base.pathname.replace(/\/+$/, "")}`;
  }

  /** @throws BiplaneError, UnexpectedAnswer, what `fetch` throws, the signal's reason */
  async json(operation: Operation, parameters: Parameters, options: CallOptions): Promise<unknown> {
    const answer = await this.#send(operation, parameters, options);
    const text = await answer.text();
    try {
      return JSON.parse(text);
    } catch {
      throw new UnexpectedAnswer(
        answer.status,
        "The answer is no JSON: something else than a control plane has given it.",
      );
    }
  }

  async text(operation: Operation, parameters: Parameters, options: CallOptions): Promise<string> {
    return (await this.#send(operation, parameters, options)).text();
  }

  /** Each line's value, as it comes; empty lines are signs of life. Ends with the stream, with the signal, or when the loop is left. */
  async *lines(operation: Operation, parameters: Parameters, options: CallOptions): AsyncGenerator<unknown> {
    const answer = await this.#send(operation, parameters, options);
    if (answer.body === null) return;
    const reader = answer.body.getReader();
    const decoder = new TextDecoder();
    let rest = "";
    try {
      for (;;) {
        const { value, done } = await reader.read();
        if (done) break;
        const lines = (rest + decoder.decode(value, { stream: true })).split("\n");
        rest = lines.pop() ?? "";
        for (const line of lines) if (line !== "") yield JSON.parse(line);
      }
      if (rest !== "") yield JSON.parse(rest);
    } finally {
      await reader.cancel().catch(() => undefined);
    }
  }

  /** Items of all pages. @param next where a page names the next one @param as the parameter that takes it */
  async *items(
    operation: Operation,
    parameters: Parameters,
    options: CallOptions,
    next: string,
    as: string,
  ): AsyncGenerator<unknown> {
    let cursor: unknown;
    do {
      const page = (await this.json(
        operation,
        cursor === undefined ? parameters : { ...parameters, [as]: cursor },
        options,
      )) as {
        readonly items: readonly unknown[];
        readonly [next: string]: unknown;
      };
      yield* page.items;
      cursor = page[next] ?? undefined;
    } while (cursor !== undefined);
  }

  async #send(operation: Operation, parameters: Parameters, options: CallOptions): Promise<Response> {
    const { attempts = ATTEMPTS } = this.#options;
    const url = this.#base + pathOf(operation, parameters) + queryOf(operation, parameters);
    // One key for all attempts: however often it is sent, it is done once.
    const key = operation.keyed === true ? (options.idempotencyKey ?? crypto.randomUUID()) : undefined;
    const isSafe = operation.method === "GET" || key !== undefined;
    for (let attempt = 1; ; attempt++) {
      options.signal?.throwIfAborted();
      let failure: unknown;
      let waitMs: number | undefined;
      try {
        const answer = await this.#attempt(url, operation, parameters, options, key);
        if (answer.ok) return answer;
        waitMs = retryAfterMs(answer.headers.get("retry-after"));
        failure = await errorOf(answer);
      } catch (error) {
        options.signal?.throwIfAborted();
        failure = error;
      }
      if (attempt >= attempts || !isSafe || !mayPass(failure) || (waitMs ?? 0) > RETRY_AFTER_MS_MAX) throw failure;
      await pause(waitMs ?? backoffMs(attempt), options.signal);
    }
  }

  async #attempt(
    url: string,
    { method }: Operation,
    { body }: Parameters,
    options: CallOptions,
    key: string | undefined,
  ): Promise<Response> {
    const { token, headers, timeoutMs = TIMEOUT_MS, fetch: send = fetch } = this.#options;
    const bearer = typeof token === "function" ? await token() : token;
    const ended = new AbortController();
    const timer = setTimeout(
      () => ended.abort(new DOMException("The control plane has not answered in time.", "TimeoutError")),
      options.timeoutMs ?? timeoutMs,
    );
    try {
      return await send(url, {
        method,
        signal: options.signal === undefined ? ended.signal : AbortSignal.any([options.signal, ended.signal]),
        redirect: "error",
        headers: {
          accept: "application/json",
          ...headers,
          ...(bearer === undefined ? {} : { authorization: `Bearer ${bearer}` }),
          ...(body === undefined ? {} : { "content-type": "application/json" }),
          ...(key === undefined ? {} : { "idempotency-key": key }),
        },
        ...(body === undefined ? {} : { body: JSON.stringify(body) }),
      });
    } finally {
      // The answer has begun: how long it goes on is the reader's affair, who can still abort it.
      clearTimeout(timer);
    }
  }
}

function pathOf({ path }: Operation, parameters: Parameters): string {
  return path.replace(/\{(\w+)\}/g, (_, name: string) => {
    const value = parameters[name];
    if (value === undefined || value === "") throw new TypeError(`"${name}" is missing: it is part of ${path}.`);
    return encodeURIComponent(String(value));
  });
}

function queryOf({ query = [] }: Operation, parameters: Parameters): string {
  const given = new URLSearchParams();
  for (const name of query) if (parameters[name] !== undefined) given.set(name, String(parameters[name]));
  const text = given.toString();
  return text === "" ? "" : `?${text}`;
}

/** Whether another attempt may succeed: nothing was answered, or what was says so. */
function mayPass(failure: unknown): boolean {
  if (failure instanceof BiplaneError) return failure.problem.retryable ?? RETRIED.has(failure.status);
  if (failure instanceof UnexpectedAnswer) return RETRIED.has(failure.status);
  return true;
}

/** Seconds or a date (RFC 9110 §10.2.3). */
function retryAfterMs(value: string | null): number | undefined {
  if (value === null) return undefined;
  const ms = /^\d+$/.test(value) ? Number(value) * 1_000 : Date.parse(value) - Date.now();
  return Number.isNaN(ms) ? undefined : Math.max(0, ms);
}

const backoffMs = (attempt: number): number => Math.random() * Math.min(BACKOFF_MS_MAX, BACKOFF_MS * 2 ** attempt);

function pause(ms: number, signal: AbortSignal | undefined): Promise<void> {
  return new Promise((resolve, reject) => {
    const stop = (): void => {
      clearTimeout(timer);
      reject(signal?.reason);
    };
    const timer = setTimeout(() => {
      signal?.removeEventListener("abort", stop);
      resolve();
    }, ms);
    signal?.addEventListener("abort", stop, { once: true });
  });
}
