/** Requests without a network that remember how much of their body was read. */
import { type Credential, type SignOptions, signRequest } from "#foundation/aws/sigv4";
import { type HeaderList, type HttpRequest, PayloadTooLarge, RawHeaderView, type RequestBody } from "#foundation/http";

export interface RequestPlan {
  readonly method?: string;
  /** Raw, percent-encoded. Default `/`. */
  readonly path?: string;
  readonly query?: string;
  /** Default: `host`. */
  readonly headers?: HeaderList;
  readonly host?: string;
  /** One chunk, or the chunks as the network delivers them. */
  readonly body?: Uint8Array | string | readonly Uint8Array[];
  readonly secure?: boolean;
  readonly remoteAddress?: string;
  /** Without `Content-Length`, as with `Transfer-Encoding: chunked`. */
  readonly withoutLength?: boolean;
}

export const HOST = "127.0.0.1:4566";

class FakeBody implements RequestBody {
  readonly empty: boolean;
  readonly rawTrailers: readonly string[] = [];
  used = false;
  received = 0;
  readonly #chunks: readonly Uint8Array[];

  constructor(chunks: readonly Uint8Array[], empty: boolean) {
    this.#chunks = chunks;
    this.empty = empty;
  }

  async *[Symbol.asyncIterator](): AsyncGenerator<Uint8Array, void, void> {
    this.used = true;
    for (const chunk of this.#chunks) {
      this.received += chunk.length;
      yield chunk;
    }
  }

  async bytes(limit: number): Promise<Uint8Array> {
    this.used = true;
    const [only] = this.#chunks;
    const whole = only !== undefined && this.#chunks.length === 1 ? only : new Uint8Array(Buffer.concat(this.#chunks));
    if (whole.length > limit) throw new PayloadTooLarge(limit);
    this.received = whole.length;
    return whole;
  }

  async text(limit: number): Promise<string> {
    return new TextDecoder().decode(await this.bytes(limit));
  }

  async discard(): Promise<void> {}
}

export function fakeRequest(plan: RequestPlan): HttpRequest {
  const { path = "/", query = "", host = HOST } = plan;
  const chunks = chunksOf(plan.body);
  const length = chunks.reduce((sum, chunk) => sum + chunk.length, 0);
  const headers: HeaderList = plan.headers ?? [["host", host]];
  return {
    id: "0123456789ABCDEF",
    method: plan.method ?? "GET",
    target: query === "" ? path : `${path}?${query}`,
    path,
    query,
    headers: new RawHeaderView(headers.flat()),
    host,
    remoteAddress: plan.remoteAddress ?? "192.0.2.7",
    secure: plan.secure ?? false,
    contentLength: length === 0 || plan.withoutLength === true ? undefined : length,
    body: new FakeBody(chunks, length === 0),
    signal: new AbortController().signal,
    receivedAt: 0,
  };
}

function chunksOf(body: RequestPlan["body"]): readonly Uint8Array[] {
  if (body === undefined || body.length === 0) return [];
  if (typeof body === "string") return [new TextEncoder().encode(body)];
  return body instanceof Uint8Array ? [body] : body;
}

export interface SigningPlan extends Partial<Omit<SignOptions, "credential">> {
  readonly credential: Credential;
  /** Value of `x-amz-content-sha256`; default: the hash of the body. */
  readonly payloadHash?: string;
  /** Takes headers away or changes them after signing. */
  readonly spoil?: (headers: HeaderList) => HeaderList;
}

/** Noon of the tests' only day. */
export const NOW = Date.UTC(2026, 5, 1, 12, 0, 0);

/** The plan with the headers of a signature added. */
export function signed(plan: RequestPlan, signing: SigningPlan): RequestPlan {
  const { method = "GET", path = "/", query = "", headers = [["host", plan.host ?? HOST]] } = plan;
  const hash = signing.payloadHash ?? Buffer.concat(chunksOf(plan.body));
  const made = signRequest({ method, path, query, headers }, hash, {
    credential: signing.credential,
    region: signing.region ?? "us-east-1",
    service: signing.service ?? "s3",
    now: signing.now ?? NOW,
  });
  return { ...plan, headers: signing.spoil?.(made.headers) ?? made.headers };
}
