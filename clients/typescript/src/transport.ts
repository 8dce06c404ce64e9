/** One call of the API: its URL, its retries, its answer. */
import { BiplaneError, errorOf, UnexpectedAnswer } from "./errors.ts";
import { linesOf } from "./lines.ts";
import { pathOf, queryOf } from "./target.ts";
import { backoffMs, pause, retryAfterMs } from "./waiting.ts";

export interface ClientOptions {
  /** The control API, for example `http://127.0.0.1:4580`; `biplane env` says it as `BIPLANE_API_URL`. A path in it is kept. */
  readonly url: string;
  /** An API token, an access token, or something that gives the one that is valid now. Without it only what is public can be called. */
  readonly token?: string | (() => string | Promise<string>);
  /** Milliseconds that one attempt may take, its answer included; of a stream, until it begins (30,000). */
  readonly timeoutMs?: number;
  /** Milliseconds after which a stream that says nothing is given up (60,000). The control plane gives a sign of life every 15 seconds. */
  readonly silenceMs?: number;
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
  /** Its body is octets, and not JSON. */
  readonly octets?: true;
  /** It takes no token: what is sent proves itself, or nothing is to be proved. */
  readonly public?: true;
}

/** Members by name: of the path, of the query, and `body`. */
export type Parameters = Readonly<Record<string, unknown>>;

const OCTETS = "application/octet-stream";
const TIMEOUT_MS = 30_000;
/** Four signs of life that did not come. */
const SILENCE_MS = 60_000;
const ATTEMPTS = 5;
/** Who is told to come back later than this is told so, and does not wait. */
const RETRY_AFTER_MS_MAX = 30_000;
const RETRIED: ReadonlySet<number> = new Set([429, 502, 503, 504]);

/** Everything about a call that is the same for each of its attempts. */
interface Call<Result> {
  readonly operation: Operation;
  readonly url: string;
  readonly body: string | Uint8Array<ArrayBuffer> | undefined;
  /** One for all attempts: however often it is sent, it is done once. */
  readonly key: string | undefined;
  readonly options: CallOptions;
  /** Takes what has been answered; its failure is the attempt's. */
  readonly take: (answer: Response) => Promise<Result>;
}

type Attempt<Result> =
  | { readonly ok: true; readonly result: Result }
  | { readonly ok: false; readonly failure: unknown; readonly waitMs?: number | undefined };

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
  json(operation: Operation, parameters: Parameters, options: CallOptions): Promise<unknown> {
    return this.#send(operation, parameters, options, async (answer) => {
      const text = await answer.text();
      try {
        return JSON.parse(text) as unknown;
      } catch {
        throw new UnexpectedAnswer(
          answer.status,
          "The answer is no JSON: something else than a control plane has given it.",
        );
      }
    });
  }

  text(operation: Operation, parameters: Parameters, options: CallOptions): Promise<string> {
    return this.#send(operation, parameters, options, (answer) => answer.text());
  }

  octets(operation: Operation, parameters: Parameters, options: CallOptions): Promise<Uint8Array<ArrayBuffer>> {
    return this.#send(operation, parameters, options, async (answer) => new Uint8Array(await answer.arrayBuffer()));
  }

  /** Each line's value, as it comes. Ends with the stream, with the signal, or when the loop is left. */
  async *lines(operation: Operation, parameters: Parameters, options: CallOptions): AsyncGenerator<unknown> {
    const answer = await this.#send(operation, parameters, options, async (answer) => answer);
    if (answer.body !== null) yield* linesOf(answer.body, this.#options.silenceMs ?? SILENCE_MS);
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
      const asked = cursor === undefined ? parameters : { ...parameters, [as]: cursor };
      const page = (await this.json(operation, asked, options)) as {
        readonly items: readonly unknown[];
        readonly [next: string]: unknown;
      };
      yield* page.items;
      cursor = page[next] ?? undefined;
    } while (cursor !== undefined);
  }

  async #send<Result>(
    operation: Operation,
    parameters: Parameters,
    options: CallOptions,
    take: Call<Result>["take"],
  ): Promise<Result> {
    const { attempts = ATTEMPTS } = this.#options;
    const call: Call<Result> = {
      operation,
      url: this.#base + pathOf(operation, parameters) + queryOf(operation, parameters),
      body: bodyOf(operation, parameters),
      key: operation.keyed === true ? (options.idempotencyKey ?? crypto.randomUUID()) : undefined,
      options,
      take,
    };
    for (let attempt = 1; ; attempt++) {
      const made = await this.#attempt(call, operation.public === true ? undefined : await this.#bearer());
      if (made.ok) return made.result;
      options.signal?.throwIfAborted();
      const { failure, waitMs = backoffMs(attempt) } = made;
      if (attempt >= attempts || !mayRepeat(call, failure) || waitMs > RETRY_AFTER_MS_MAX) throw failure;
      await pause(waitMs, options.signal);
    }
  }

  async #bearer(): Promise<string | undefined> {
    const { token } = this.#options;
    return typeof token === "function" ? await token() : token;
  }

  async #attempt<Result>(call: Call<Result>, bearer: string | undefined): Promise<Attempt<Result>> {
    const { operation, url, body, key, options, take } = call;
    const { headers, timeoutMs = TIMEOUT_MS, fetch: send = fetch } = this.#options;
    options.signal?.throwIfAborted();
    const ended = new AbortController();
    const timer = setTimeout(
      () => ended.abort(new DOMException("The control plane has not answered in time.", "TimeoutError")),
      options.timeoutMs ?? timeoutMs,
    );
    try {
      const answer = await send(url, {
        method: operation.method,
        signal: options.signal === undefined ? ended.signal : AbortSignal.any([options.signal, ended.signal]),
        // A control plane sends nobody elsewhere, and the token is for nobody else.
        redirect: "error",
        headers: {
          accept: "application/json",
          ...headers,
          ...(bearer === undefined ? {} : { authorization: `Bearer ${bearer}` }),
          ...(body === undefined ? {} : { "content-type": typeof body === "string" ? "application/json" : OCTETS }),
          ...(key === undefined ? {} : { "idempotency-key": key }),
        },
        ...(body === undefined ? {} : { body }),
      });
      if (answer.ok) return { ok: true, result: await take(answer) };
      return {
        ok: false,
        failure: await errorOf(answer),
        waitMs: retryAfterMs(answer.headers.get("retry-after"), Date.now()),
      };
    } catch (failure) {
      return { ok: false, failure };
    } finally {
      // How long a stream goes on is the reader's affair, who can still abort it.
      clearTimeout(timer);
    }
  }
}

function bodyOf({ octets }: Operation, { body }: Parameters): string | Uint8Array<ArrayBuffer> | undefined {
  if (octets !== true) return body === undefined ? undefined : JSON.stringify(body);
  if (body instanceof Uint8Array) return body as Uint8Array<ArrayBuffer>;
  throw new TypeError("The body must be octets: a Uint8Array.");
}

/** Whether another attempt may succeed, and would not do a second time what has been done already. */
function mayRepeat({ operation, key }: Call<unknown>, failure: unknown): boolean {
  if (failure instanceof BiplaneError || failure instanceof UnexpectedAnswer) {
    // Refused before anything was done.
    if (failure.status === 429) return true;
    const retryable = failure instanceof BiplaneError ? failure.problem.retryable : undefined;
    if (!(retryable ?? RETRIED.has(failure.status))) return false;
  }
  return operation.method === "GET" || key !== undefined;
}
