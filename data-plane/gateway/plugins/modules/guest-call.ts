/** One call into a module: what it is about, and what it has said so far. */
import type { Answer } from "../../message/answer.ts";
import type { GatewayExchange } from "../../message/gateway-exchange.ts";

export interface GuestCall {
  /** Undefined while it is configured. */
  readonly exchange: GatewayExchange | undefined;
  /** On the way back. */
  readonly response: Answer | undefined;
  /** Time by the monotonic clock up to which it may wait. Undefined until it waits for the first time. */
  waitsUntilMs: number | undefined;
  /** Of its own answer. */
  answerStatus: number;
  /** Name, value, name, value … */
  readonly answerFields: string[];
  answerBody: Uint8Array | undefined;
  /** What another server has answered last. */
  received: ReceivedAnswer | undefined;
  /** How often it has done what is bounded by number. */
  fieldsChanged: number;
  linesLogged: number;
  requestsSent: number;
}

export interface ReceivedAnswer {
  /** Name, value, name, value … */
  readonly fields: readonly string[];
  readonly body: Uint8Array;
}

export function guestCall(exchange?: GatewayExchange, response?: Answer): GuestCall {
  return {
    exchange,
    response,
    waitsUntilMs: undefined,
    answerStatus: 200,
    answerFields: [],
    answerBody: undefined,
    received: undefined,
    fieldsChanged: 0,
    linesLogged: 0,
    requestsSent: 0,
  };
}
