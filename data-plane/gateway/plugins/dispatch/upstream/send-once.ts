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

/**
 * @param request with `stream` when the body of the exchange is one. With `upgrade`: a response that leaves HTTP leads to an answer that is `upgraded`
 * @param instead where a request with `upgrade` goes when the server speaks HTTP/2 and lets no stream leave HTTP
 */
export function sendOnce(
  exchange: GatewayExchange,
  pool: PluginHost["pool"],
  { origin }: Upstream,
  request: OutgoingRequest,
  instead?: Upstream,
): Promise<Answer> {
  return new Promise((resolve) => {
    let upstream: ClientExchange | undefined;
    const again =
      instead &&
      ((): void => {
        upstream = pool.request(instead.origin, request, new Once(exchange, request.upgrade, resolve, undefined));
      });
    const first = pool.request(origin, request, new Once(exchange, request.upgrade, resolve, again));
    // It may have failed already, and another one have taken its place.
    upstream ??= first;
    // The request ends all the same: it is counted, logged, and keeps its epoch until then.
    exchange.whenGone(() => {
      upstream?.abort();
      resolve(clientGone());
    });
  });
}

class Once implements ExchangeListener {
  readonly #exchange: GatewayExchange;
  readonly #protocol: string | undefined;
  readonly #resolve: (answer: Answer) => void;
  readonly #again: (() => void) | undefined;

  constructor(
    exchange: GatewayExchange,
    protocol: string | undefined,
    resolve: (answer: Answer) => void,
    again: (() => void) | undefined,
  ) {
    this.#exchange = exchange;
    this.#protocol = protocol;
    this.#resolve = resolve;
    this.#again = again;
  }

  onResponse(upstream: ClientExchange): void {
    this.#resolve(answerOf(upstream));
  }

  onUpgraded({ head }: ClientExchange, duplex: RawDuplex): void {
    const protocol = this.#protocol;
    const version = head.version === "2" ? "2" : "1.1";
    // Over HTTP/2 success means what was asked for (RFC 8441 §5).
    const isAsked = version === "2" || head.fields.get("upgrade")?.toLowerCase() === protocol;
    if (protocol !== "websocket" || !isAsked) {
      duplex.destroy();
      this.#resolve(problem("upstream-invalid"));
      return;
    }
    const headers = HeaderFields.received(head.fields.copy());
    this.#resolve({ status: 101, headers, body: null, upgraded: { protocol, duplex, version } });
  }

  onFailure(failure: ClientFailure): void {
    if (failure.kind === "no-connect" && this.#again !== undefined) this.#again();
    else this.#resolve(failureAnswer(failure));
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
