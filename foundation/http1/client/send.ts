/** The client with promises. */

import type { MessageBody } from "../message-body.ts";
import type { ClientExchange } from "./client-exchange.ts";
import type { ClientPool } from "./client-pool.ts";
import { ClientFailed, type Origin, type OutgoingRequest } from "./client-types.ts";

export interface ClientResponse {
  readonly status: number;
  /** Name, value, name, value … exactly as received. */
  readonly fields: readonly string[];
  readonly body: MessageBody;
}

export interface SendOptions {
  /** Body of a request with `stream`. */
  readonly source?: AsyncIterable<Uint8Array>;
  /** Fields behind it. */
  readonly trailers?: () => readonly string[];
  readonly signal?: AbortSignal;
}

/**
 * Sends a request and resolves with the head of its response; the body follows.
 * Rejects with `ClientFailed`, with the signal's reason, or with what `source` throws.
 */
export function send(
  pool: ClientPool,
  origin: Origin,
  request: OutgoingRequest,
  options: SendOptions = {},
): Promise<ClientResponse> {
  const { source, trailers, signal } = options;
  const { promise, resolve, reject } = Promise.withResolvers<ClientResponse>();
  let wake: (() => void) | undefined;
  const pump = async (exchange: ClientExchange): Promise<void> => {
    for await (const chunk of source!) {
      if (exchange.phase === "over") return;
      if (!exchange.write(chunk)) {
        await new Promise<void>((go) => {
          wake = go;
        });
      }
    }
    exchange.end(trailers?.());
  };
  let isPumping = false;
  const onAbort = (): void => {
    exchange.abort();
    wake?.();
    reject(signal!.reason);
  };
  const forget = (): void => signal?.removeEventListener("abort", onAbort);
  const exchange: ClientExchange = pool.request(origin, request, {
    onResponse(answered) {
      const { head, body } = answered;
      resolve({ status: head.status, fields: head.fields.toRaw(), body });
      // Its body is for the caller: the signal still cuts it.
      if (body.isComplete) forget();
    },
    onFailure(failure, sent) {
      forget();
      wake?.();
      reject(new ClientFailed(failure, sent));
    },
    onWritable(exchange) {
      const go = wake;
      wake = undefined;
      go?.();
      if (source === undefined || isPumping) return;
      isPumping = true;
      pump(exchange).catch((error: unknown) => {
        exchange.abort();
        reject(error);
      });
    },
  });
  if (signal?.aborted) onAbort();
  else signal?.addEventListener("abort", onAbort, { once: true });
  return promise;
}
