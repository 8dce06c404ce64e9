/** Requests that nobody waits for: sent once, bounded in number and size, counted. */
import type { ClientExchange, ClientFailure, Origin, OutgoingRequest } from "#foundation/http1";
import type { Counter } from "#foundation/telemetry";
import type { PluginHost } from "../plugin.ts";

/** Octets of all bodies together: a thousand of the largest would be a gigabyte. */
const BYTES_MAX = 64 * 1024 * 1024;
const WARN_EVERY_MS = 60_000;

export class BackgroundRequests {
  readonly #max: number;
  readonly #server: string;
  readonly #host: PluginHost;
  readonly #answered: Counter;
  readonly #lost: Counter;
  readonly #refused: Counter;
  #inFlight = 0;
  #bytes = 0;
  #warnedAtMs = Number.NEGATIVE_INFINITY;

  /** @param server for the log */
  constructor(max: number, server: string, host: PluginHost) {
    this.#max = max;
    this.#server = server;
    this.#host = host;
    const requests = host.metrics.counter({
      name: "biplane_gateway_background_requests_total",
      help: "Requests of fire-and-forget: answered by their server with less than 500, lost, or refused because too many were on their way.",
      labels: ["outcome"],
    });
    this.#answered = requests.labels("answered");
    this.#lost = requests.labels("lost");
    this.#refused = requests.labels("refused");
  }

  /**
   * @param request whose fields and body nobody changes any more
   * @returns false when too much is on its way: it is not sent
   */
  send(origin: Origin, request: OutgoingRequest): boolean {
    const length = request.body?.length ?? 0;
    // The largest one goes alone.
    if (this.#inFlight >= this.#max || (this.#bytes > 0 && this.#bytes + length > BYTES_MAX)) {
      this.#refused.inc();
      return false;
    }
    this.#inFlight++;
    this.#bytes += length;
    const end = (reason: string | undefined): void => {
      this.#inFlight--;
      this.#bytes -= length;
      if (reason === undefined) this.#answered.inc();
      else this.#lose(reason);
    };
    this.#host.pool.request(origin, request, {
      onResponse({ head, body }: ClientExchange) {
        end(head.status < 500 ? undefined : `the server answers ${head.status}`);
        body.drop();
      },
      onFailure: ({ kind }: ClientFailure) => end(kind),
    });
    return true;
  }

  #lose(reason: string): void {
    this.#lost.inc();
    const nowMs = this.#host.clock.monotonicMs();
    if (nowMs - this.#warnedAtMs < WARN_EVERY_MS) return;
    this.#warnedAtMs = nowMs;
    this.#host.log.warn("a request that nobody waits for is lost", { reason, server: this.#server });
  }
}
