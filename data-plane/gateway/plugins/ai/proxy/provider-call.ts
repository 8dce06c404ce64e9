/** One request to a provider: until the head of its response, and given up at any time. */
import type {
  ClientExchange,
  ClientFailure,
  ClientPool,
  MessageBody,
  Origin,
  OutgoingRequest,
} from "#foundation/http1";

export type CallResult =
  | {
      readonly kind: "response";
      readonly status: number;
      readonly retryAfter: string | undefined;
      readonly mediaType: string;
      readonly body: MessageBody;
    }
  | { readonly kind: "failure"; readonly failure: ClientFailure }
  | { readonly kind: "given-up" };

export class ProviderCall {
  readonly result: Promise<CallResult>;
  readonly #resolve: (result: CallResult) => void;
  readonly #exchange: ClientExchange;

  constructor(pool: ClientPool, origin: Origin, request: OutgoingRequest) {
    const { promise, resolve } = Promise.withResolvers<CallResult>();
    this.result = promise;
    this.#resolve = resolve;
    this.#exchange = pool.request(origin, request, {
      onResponse({ head, body }) {
        const { status, fields } = head;
        const mediaType = (fields.get("content-type") ?? "").split(";", 1)[0]!.trim().toLowerCase();
        resolve({ kind: "response", status, retryAfter: fields.get("retry-after"), mediaType, body });
      },
      onFailure: (failure) => resolve({ kind: "failure", failure }),
    });
  }

  /** The provider is told by its connection being closed. */
  giveUp(): void {
    this.#exchange.abort();
    this.#resolve({ kind: "given-up" });
  }
}
