/** A request of a client that goes to one server, once. */
import type { ClientExchange, ClientFailure, ExchangeListener, OutgoingRequest, RawDuplex } from "#foundation/http1";
import type { Answer } from "../../../message/answer.ts";
import type { GatewayExchange } from "../../../message/gateway-exchange.ts";
import { HeaderFields } from "../../../message/header-fields.ts";
import { problem } from "../../../problems.ts";
import type { PluginHost } from "../../plugin.ts";
import type { Upstream } from "../../upstream-address.ts";
import { answerOf, clientGone, failureAnswer } from "./answers.ts";
import { brokenBodyAnswer, writeBody } from "./request-body.ts";

/** @param request with `stream` when the body of the exchange is one. With `upgrade`: a response of 101 leads to an answer that is `upgraded` */
export function sendOnce(
  exchange: GatewayExchange,
  pool: PluginHost["pool"],
  { origin }: Upstream,
  request: OutgoingRequest,
): Promise<Answer> {
  return new Promise((resolve) => {
    const upstream = pool.request(origin, request, new Once(exchange, request.upgrade, resolve));
    // The request ends all the same: it is counted, logged, and keeps its epoch until then.
    exchange.whenGone(() => {
      upstream.abort();
      resolve(clientGone());
    });
  });
}

class Once implements ExchangeListener {
  readonly #exchange: GatewayExchange;
  readonly #protocol: string | undefined;
  readonly #resolve: (answer: Answer) => void;

  constructor(exchange: GatewayExchange, protocol: string | undefined, resolve: (answer: Answer) => void) {
    this.#exchange = exchange;
    this.#protocol = protocol;
    this.#resolve = resolve;
  }

  onResponse(upstream: ClientExchange): void {
    this.#resolve(answerOf(upstream));
  }

  onUpgraded({ head }: ClientExchange, duplex: RawDuplex): void {
    const protocol = this.#protocol;
    if (protocol !== "websocket" || head.fields.get("upgrade")?.toLowerCase() !== protocol) {
      duplex.destroy();
      this.#resolve(problem("upstream-invalid"));
      return;
    }
    const headers = HeaderFields.received(head.fields.copy());
    this.#resolve({ status: head.status, headers, body: null, upgraded: { protocol, duplex } });
  }

  onFailure(failure: ClientFailure): void {
    this.#resolve(failureAnswer(failure));
  }

  onWritable(upstream: ClientExchange): void {
    const { stream } = this.#exchange.request.body;
    if (stream === undefined) return;
    writeBody(stream, upstream, (failure) => {
      upstream.abort();
      this.#resolve(brokenBodyAnswer(failure));
    });
  }
}
