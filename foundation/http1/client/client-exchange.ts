/** One request and its response, as whoever asks sees it. */

import type { ReceivedResponse } from "../codec/received-response.ts";
import type { RawDuplex } from "../io/duplex.ts";
import type { MessageBody } from "../message-body.ts";
import type { ClientFailure, OutgoingRequest } from "./client-types.ts";

/** Told what becomes of a request: `onResponse`, `onUpgraded` or `onFailure`, once. */
export interface ExchangeListener {
  /** The head of the response has come, with what came of its body at the same time. The head is valid until the body is complete and this has returned. */
  onResponse(exchange: ClientExchange): void;
  /**
   * There is no response.
   * @param sent whether the server may have seen the request
   */
  onFailure(failure: ClientFailure, sent: boolean): void;
  /** The server leaves HTTP. Without this, such a response is a failure. */
  onUpgraded?(exchange: ClientExchange, duplex: RawDuplex): void;
  /** A 1xx response before the final one. */
  onInformational?(head: ReceivedResponse): void;
  /**
   * Once after `onResponse`: the response is over.
   * @param complete false when it broke off, or nobody wanted it any more
   */
  onOver?(exchange: ClientExchange, complete: boolean): void;
  /** The body of a streamed request may be written: at first, and again after `write` said that it must wait. */
  onWritable?(exchange: ClientExchange): void;
}

/** What an exchange needs of its pool. */
export interface ExchangeHome {
  /** The exchange waits for a connection no longer. */
  forget(exchange: ClientExchange): void;
}

/** What an exchange is on: a connection, or its stream of one that it shares. */
export interface ExchangeConnection {
  readonly head: ReceivedResponse;
  /** A piece of the request's body. @returns whether nothing waits */
  writeBody(bytes: Uint8Array, isChunked: boolean): boolean;
  /** The request's body is complete. @throws UnsafeMessage */
  endBody(isChunked: boolean, trailers: readonly string[]): void;
  /** Nobody wants what is left of the exchange. */
  abandon(): void;
}

/** Where it is: before its connection, sent (and waiting for the head of the response), in the response, over. */
export type ExchangePhase = "waiting" | "sent" | "response" | "over";

export class ClientExchange {
  readonly request: OutgoingRequest;
  readonly listener: ExchangeListener;
  phase: ExchangePhase = "waiting";
  /** For the connection and the pool. */
  connection: ExchangeConnection | undefined;
  /** On the clock of the pool's deadlines. */
  totalDeadline = Number.POSITIVE_INFINITY;
  response: MessageBody | undefined;
  /** Whether all of the request was given to the connection. */
  isSent = false;
  /** Whether the body may not be written yet: the server is to say that it wants it. */
  awaitsContinue: boolean;
  /** Whether something of its body was taken from whoever sends it, so that it cannot be sent a second time. */
  isBegun = false;
  /** How often it came back from a server that had not looked at it. */
  returned = 0;
  readonly #home: ExchangeHome;
  #left: number | undefined;

  constructor(request: OutgoingRequest, listener: ExchangeListener, home: ExchangeHome) {
    this.request = request;
    this.listener = listener;
    this.#home = home;
    this.awaitsContinue = request.expectContinue === true && request.stream !== undefined;
    this.#left = request.stream?.length;
  }

  /** The head of the response. */
  get head(): ReceivedResponse {
    const { connection } = this;
    if (this.phase !== "response" || connection === undefined)
      throw new Error("the head of a response is asked for when there is none");
    return connection.head;
  }

  /** The body of the response. */
  get body(): MessageBody {
    if (this.response === undefined) throw new Error("the body of a response is asked for before its head");
    return this.response;
  }

  /**
   * Sends a piece of the body, from the first `onWritable` on. What nobody wants any more is dropped.
   * @returns whether more may follow at once; if not, `onWritable` is called, and the bytes must not change until then
   */
  write(bytes: Uint8Array): boolean {
    if (this.phase === "over" || this.isSent || bytes.length === 0) return true;
    const { connection } = this;
    this.isBegun = true;
    if (connection === undefined) throw new Error("the body of a request is written before it may be");
    if (this.#left !== undefined) {
      this.#left -= bytes.length;
      if (this.#left < 0) {
        this.abort();
        throw new Error("a request is longer than was said");
      }
    }
    return connection.writeBody(bytes, this.request.stream!.length === undefined);
  }

  /** The body is complete. One that is shorter than was said cuts the connection. */
  end(trailers: readonly string[] = []): void {
    if (this.phase === "over" || this.isSent) return;
    if (this.#left !== undefined && this.#left > 0) {
      this.abort();
      throw new Error("a request is shorter than was said");
    }
    this.isBegun = true;
    this.connection?.endBody(this.request.stream!.length === undefined, trailers);
  }

  /** Nobody wants the response any more. The listener is told nothing more but `onOver`; a body that somebody reads fails. */
  abort(): void {
    if (this.phase === "over") return;
    const { connection } = this;
    const wasTold = this.phase === "response";
    this.phase = "over";
    if (connection === undefined) this.#home.forget(this);
    else connection.abandon();
    this.response?.fail({ kind: "gone" });
    if (wasTold) this.listener.onOver?.(this, false);
  }

  /** For the pool: it begins anew. */
  again(): void {
    this.returned++;
    this.connection = undefined;
    this.phase = "waiting";
    this.isSent = false;
    this.awaitsContinue = this.request.expectContinue === true && this.request.stream !== undefined;
  }

  /** For the connection and the pool: there is no response. */
  fail(failure: ClientFailure, sent: boolean): void {
    if (this.phase === "over") return;
    this.phase = "over";
    this.listener.onFailure(failure, sent);
  }
}
