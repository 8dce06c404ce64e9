/** A small HTTP client: pooled connections, raw targets, bodies that stream both ways, timeouts. It follows no redirects. */

import { Agent, type ClientRequest, type IncomingMessage, request as plainRequest } from "node:http";
import { Agent as TlsAgent, request as tlsRequest } from "node:https";
import { assertSafeHeader, RawHeaderView } from "./headers.ts";
import type { HeaderList, HeaderView } from "./message.ts";

/** Connections kept for reuse. Close it when done. */
export interface HttpPool {
  readonly plain: Agent;
  readonly tls: TlsAgent;
  close(): void;
}

const SECOND = 1000;
const DEFAULT_TIMEOUT_MS = 30 * SECOND;
/** Idle connections are dropped before servers drop them (often after 60 s, ours after 65 s). */
const POOL_IDLE_MS = 30 * SECOND;
const POOL_CONNECTIONS = 64;

/** A pool of connections. @param connections most open connections to one host */
export function createHttpPool(connections: number = POOL_CONNECTIONS): HttpPool {
  const settings = { keepAlive: true, maxSockets: connections, timeout: POOL_IDLE_MS };
  const plain = new Agent(settings);
  const tls = new TlsAgent(settings);
  return {
    plain,
    tls,
    close() {
      plain.destroy();
      tls.destroy();
    },
  };
}

export interface HttpCall {
  /** Default GET. */
  readonly method?: string;
  /** Absolute `http:` or `https:` URL. */
  readonly url: string;
  /** Sent as request-target instead of the URL's path and query, untouched: for keys such as `a/../b`. */
  readonly target?: string;
  readonly headers?: HeaderList;
  readonly body?: string | Uint8Array | AsyncIterable<Uint8Array>;
  /** Length of a streamed body; chunked without it. */
  readonly contentLength?: number;
  /** Milliseconds until the answer's headers, and between two pieces of its body. Default 30 s. */
  readonly timeoutMs?: number;
  readonly signal?: AbortSignal;
  /** Default: a pool shared by the process. */
  readonly pool?: HttpPool;
  /** Certificate authorities in PEM, for `https:`. */
  readonly ca?: string;
}

/** An answer. Its body must be read or discarded, otherwise the connection is not reused. */
export interface HttpReply {
  readonly status: number;
  readonly headers: HeaderView;
  readonly body: AsyncIterable<Uint8Array>;
  /** @throws HttpCallError when the body is longer than `limit` or breaks off */
  bytes(limit?: number): Promise<Uint8Array>;
  text(limit?: number): Promise<string>;
  json(limit?: number): Promise<unknown>;
  discard(): Promise<void>;
}

export type HttpCallFailure = "unreachable" | "timeout" | "aborted" | "broken" | "tooLarge";

/** Why there is no (whole) answer. */
export class HttpCallError extends Error {
  override readonly name = "HttpCallError";
  readonly failure: HttpCallFailure;

  constructor(failure: HttpCallFailure, message: string, cause?: unknown) {
    super(message, { cause });
    this.failure = failure;
  }
}

/** 64 MiB: answers that are read whole are documents, not objects. */
const BODY_LIMIT_BYTES = 64 * 1024 * 1024;

let shared: HttpPool | undefined;

function sharedPool(): HttpPool {
  shared ??= createHttpPool();
  return shared;
}

/** Methods that change nothing: asking twice is as good as asking once (RFC 9110 §9.2.1). */
const SAFE_METHODS: ReadonlySet<string> = new Set(["GET", "HEAD", "OPTIONS"]);

/** How a connection ends that the server has closed while the request was on its way. */
const CUT: ReadonlySet<unknown> = new Set(["ECONNRESET", "EPIPE", "ECONNABORTED"]);

/**
 * Sends one request and resolves when the answer's headers are there, whatever the status.
 *
 * A kept connection may be closed by its server at the very moment at which it is used again. What is safe is then sent once more (RFC 9110 §9.2.2).
 *
 * @throws HttpCallError unreachable, timeout or aborted; TypeError for a URL that is not http(s)
 */
export async function httpRequest(call: HttpCall): Promise<HttpReply> {
  try {
    return await sendOnce(call);
  } catch (error) {
    const isSafe = SAFE_METHODS.has(call.method ?? "GET") && call.body === undefined;
    if (!isSafe || call.signal?.aborted === true || !(error instanceof KeptConnectionCut)) throw error;
    return sendOnce(call);
  }
}

/** The server has closed a kept connection, perhaps before it saw the request. */
class KeptConnectionCut extends HttpCallError {}

async function sendOnce(call: HttpCall): Promise<HttpReply> {
  const url = new URL(call.url);
  const tls = url.protocol === "https:";
  if (!tls && url.protocol !== "http:") throw new TypeError(`The URL ${call.url} is neither http: nor https:.`);
  const pool = call.pool ?? sharedPool();
  const timeoutMs = call.timeoutMs ?? DEFAULT_TIMEOUT_MS;
  if (call.signal?.aborted) throw new HttpCallError("aborted", "The request was cancelled.", call.signal.reason);

  const options = {
    host: url.hostname.replace(/^\[|\]$/g, ""),
    port: url.port === "" ? (tls ? 443 : 80) : Number(url.port),
    path: call.target ?? url.pathname + url.search,
    method: call.method ?? "GET",
    headers: wireHeaders(call, url),
  };
  const request = tls
    ? tlsRequest({ ...options, agent: pool.tls, ...(call.ca === undefined ? {} : { ca: call.ca }) })
    : plainRequest({ ...options, agent: pool.plain });
  const reply = awaitReply(request, call, timeoutMs);
  sendBody(request, call.body).catch((error) => request.destroy(error instanceof Error ? error : undefined));
  return reply;
}

function wireHeaders(call: HttpCall, url: URL): string[] {
  const fields: string[] = [];
  let hasHost = false;
  for (const [name, value] of call.headers ?? []) {
    assertSafeHeader(name, value);
    if (name.toLowerCase() === "host") hasHost = true;
    fields.push(name, value);
  }
  if (!hasHost) fields.unshift("Host", url.host);
  const { body, method = "GET" } = call;
  const length =
    body === undefined
      ? method === "GET" || method === "HEAD"
        ? undefined
        : 0
      : typeof body === "string"
        ? Buffer.byteLength(body)
        : body instanceof Uint8Array
          ? body.length
          : call.contentLength;
  if (length !== undefined) fields.push("Content-Length", String(length));
  else if (body !== undefined) fields.push("Transfer-Encoding", "chunked");
  return fields;
}

async function sendBody(request: ClientRequest, body: HttpCall["body"]): Promise<void> {
  if (body === undefined || typeof body === "string" || body instanceof Uint8Array) {
    request.end(body);
    return;
  }
  for await (const chunk of body) {
    if (request.destroyed) return;
    if (chunk.length > 0 && !request.write(chunk)) await drained(request);
  }
  request.end();
}

function drained(request: ClientRequest): Promise<void> {
  return new Promise((resolve) => {
    const done = (): void => {
      request.off("drain", done);
      request.off("close", done);
      resolve();
    };
    request.on("drain", done);
    request.on("close", done);
  });
}

function awaitReply(request: ClientRequest, call: HttpCall, timeoutMs: number): Promise<HttpReply> {
  const { promise, resolve, reject } = Promise.withResolvers<HttpReply>();
  let failure: HttpCallError | undefined;
  const give = (error: HttpCallError): void => {
    failure ??= error;
    request.destroy(error);
    reject(failure);
  };
  const timer = setTimeout(
    () => give(new HttpCallError("timeout", `${call.url} gave no answer within ${timeoutMs} ms.`)),
    timeoutMs,
  );
  const abort = (): void => give(new HttpCallError("aborted", "The request was cancelled.", call.signal?.reason));
  call.signal?.addEventListener("abort", abort, { once: true });
  request.on("error", (error) => {
    clearTimeout(timer);
    call.signal?.removeEventListener("abort", abort);
    const Kind =
      request.reusedSocket && CUT.has("code" in error ? error.code : undefined) ? KeptConnectionCut : HttpCallError;
    reject(failure ?? new Kind("unreachable", `${call.url} cannot be reached: ${error.message}`, error));
  });
  request.on("response", (message) => {
    clearTimeout(timer);
    message.on("close", () => call.signal?.removeEventListener("abort", abort));
    resolve(new Reply(message, timeoutMs, () => failure));
  });
  return promise;
}

class Reply implements HttpReply {
  readonly status: number;
  readonly headers: HeaderView;
  readonly body: AsyncIterable<Uint8Array>;
  readonly #message: IncomingMessage;

  constructor(message: IncomingMessage, idleMs: number, failure: () => HttpCallError | undefined) {
    this.#message = message;
    this.status = message.statusCode ?? 0;
    this.headers = new RawHeaderView(message.rawHeaders);
    this.body = pieces(message, idleMs, failure);
    // A break between the headers and the first read must not count as unhandled; the reader sees it.
    message.on("error", () => {});
  }

  async bytes(limit: number = BODY_LIMIT_BYTES): Promise<Uint8Array> {
    const chunks: Uint8Array[] = [];
    let length = 0;
    for await (const chunk of this.body) {
      length += chunk.length;
      if (length > limit) throw new HttpCallError("tooLarge", `The answer is larger than ${limit} bytes.`);
      chunks.push(chunk);
    }
    return chunks.length === 1 ? chunks[0]! : Buffer.concat(chunks, length);
  }

  async text(limit?: number): Promise<string> {
    return new TextDecoder().decode(await this.bytes(limit));
  }

  async json(limit?: number): Promise<unknown> {
    const text = await this.text(limit);
    try {
      return JSON.parse(text);
    } catch (error) {
      throw new HttpCallError("broken", `The answer (status ${this.status}) is not JSON.`, error);
    }
  }

  async discard(): Promise<void> {
    this.#message.resume();
    if (this.#message.complete) return;
    await new Promise<void>((resolve) => {
      this.#message.on("end", resolve);
      this.#message.on("close", resolve);
    });
  }
}

/** The pieces of an answer; the idle limit counts only while the reader waits. */
async function* pieces(
  message: IncomingMessage,
  idleMs: number,
  failure: () => HttpCallError | undefined,
): AsyncGenerator<Uint8Array, void, void> {
  const iterator: AsyncIterator<Uint8Array> = message[Symbol.asyncIterator]();
  const expire = (): void => {
    message.destroy(new HttpCallError("timeout", `No byte of the answer arrived for ${idleMs} ms.`));
  };
  try {
    for (;;) {
      const timer = setTimeout(expire, idleMs);
      const step = await iterator.next().finally(() => clearTimeout(timer));
      if (step.done) break;
      yield step.value;
    }
  } catch (error) {
    if (error instanceof HttpCallError) throw error;
    throw failure() ?? new HttpCallError("broken", "The connection broke before the answer was complete.", error);
  } finally {
    await iterator.return?.();
  }
  if (!message.complete) {
    throw failure() ?? new HttpCallError("broken", "The connection closed before the answer was complete.");
  }
}
