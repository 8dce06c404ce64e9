/**
 * What a service is: its methods, and how their requests and replies are written.
 */
import type { Codec } from "#foundation/binary";

/** A method of a service. */
export interface Method<Request, Reply> {
  readonly request: Codec<Request>;
  readonly reply: Codec<Reply>;
}

/** The methods of a service by name. On the wire a method is its place in the table: new ones go to the end. */
export type Service = Readonly<Record<string, Method<never, unknown>>>;

/** One instance of a service: which machine it is on, and which of the services there. */
export interface Ref {
  /** `host:port` of the node. */
  readonly address: string;
  /** Never used again for another instance that does not have the same state. */
  readonly id: string;
}

export interface CallOptions {
  /** After this many milliseconds the call fails with `timed_out`; what became of it is unknown. Default 5,000. */
  readonly timeoutMs?: number;
  /** Aborting fails the call with `cancelled`; what becomes of it is unknown. */
  readonly signal?: AbortSignal;
}

/** What answers a service: each method takes the request and returns the reply, or throws `RpcError`. */
export type Handlers<S> = {
  readonly [M in keyof S]: S[M] extends Method<infer Request, infer Reply>
    ? (request: Request) => Promise<Reply>
    : never;
};

/** What calls a service. An object that handles the service can stand for it: whoever is in the same process needs no network. */
export type Client<S> = {
  readonly [M in keyof S]: S[M] extends Method<infer Request, infer Reply>
    ? (request: Request, options?: CallOptions) => Promise<Reply>
    : never;
};

/** Declares a method. */
export function method<Request, Reply>(request: Codec<Request>, reply: Codec<Reply>): Method<Request, Reply> {
  return { request, reply };
}
