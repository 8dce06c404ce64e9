/** The body of a request that arrives. */
import type { MessageBody } from "#foundation/http1";
import type { RequestBody } from "../message/gateway-exchange.ts";

/** Where a request comes from: a connection, or the gateway itself. */
export interface RequestSource {
  readonly head: {
    readonly method: string;
    readonly hasBody: boolean;
    readonly contentLength: number | undefined;
    readonly isChunked: boolean;
  };
  readonly body: MessageBody;
  readonly signal: AbortSignal;
  readonly isOver: boolean;
  onGone: (() => void) | undefined;
}

const NO_BYTES = Buffer.alloc(0);

export class IncomingBody implements RequestBody {
  readonly #exchange: RequestSource;
  readonly length: number | undefined;
  readonly #hasBody: boolean;
  bytes: Uint8Array | undefined;

  constructor(exchange: RequestSource, limit: number) {
    const { head } = exchange;
    this.#exchange = exchange;
    this.#hasBody = head.hasBody;
    this.length = head.isChunked ? undefined : (head.contentLength ?? 0);
    if (!head.hasBody) this.bytes = NO_BYTES;
    else exchange.body.limit = limit;
  }

  get hasBody(): boolean {
    return this.#hasBody;
  }

  get stream(): MessageBody | undefined {
    return this.bytes === undefined ? this.#exchange.body : undefined;
  }

  replace(bytes: Uint8Array): void {
    if (this.bytes === undefined) throw new Error("a body that is a stream is not replaced");
    this.bytes = bytes;
  }

  /** Reads all of it. @returns undefined when it is there already. Rejects with BodyTooLarge and BodyBroken */
  whole(limit: number): Promise<void> | undefined {
    if (this.bytes !== undefined) return undefined;
    const { body } = this.#exchange;
    const { whole } = body;
    if (whole !== undefined && whole.length <= limit) {
      this.bytes = whole;
      return undefined;
    }
    return body.bytes(limit).then((bytes) => {
      this.bytes = bytes;
    });
  }
}
