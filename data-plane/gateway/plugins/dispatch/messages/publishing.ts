/** Messages on their way to a broker: bounded in number and size, counted, and answered when they are confirmed. */
import type { JsonObject } from "#foundation/gateway-artifact";
import type { Counter } from "#foundation/telemetry";
import type { Answer } from "../../../message/answer.ts";
import { type ProblemCode, problem } from "../../../problems.ts";
import { rareWarning } from "../../access/rare-warning.ts";
import type { PluginHost } from "../../plugin.ts";

/** Octets of all bodies together: a thousand of the largest would be a gigabyte. */
const BYTES_MAX = 64 * 1024 * 1024;

/**
 * What became of a message that was not confirmed. `unavailable`: it was not sent. `late`: it was, and was waited for in vain. `lost`: it was, and nobody can say more.
 * `refused`: the broker does not want it, which is not the client's fault; `unwanted`, `too-large`: it never takes such a one.
 */
export type Unconfirmed = "unavailable" | "late" | "lost" | "refused" | "unwanted" | "too-large";

export type Broker = "nats" | "kafka" | "sqs";

export class Publishing {
  readonly #broker: Broker;
  readonly #max: number;
  readonly #outcomes: Readonly<Record<Unconfirmed | "confirmed" | "overflow", Counter>>;
  readonly #warn: (error: unknown) => void;
  #inFlight = 0;
  #bytes = 0;

  constructor(broker: Broker, max: number, host: PluginHost) {
    this.#broker = broker;
    this.#max = max;
    this.#warn = rareWarning(host, `messages to ${broker} are not confirmed`);
    const messages = host.metrics.counter({
      name: "biplane_gateway_published_messages_total",
      help: "Messages by what became of them: confirmed; unavailable (not sent, as no broker was there); late and lost (sent, not confirmed); refused, unwanted and too-large (by the broker); overflow (not sent, as too many were on their way).",
      labels: ["dispatcher", "outcome"],
    });
    const of = (outcome: string): Counter => messages.labels(broker, outcome);
    this.#outcomes = {
      confirmed: of("confirmed"),
      unavailable: of("unavailable"),
      late: of("late"),
      lost: of("lost"),
      refused: of("refused"),
      unwanted: of("unwanted"),
      "too-large": of("too-large"),
      overflow: of("overflow"),
    };
  }

  /**
   * @param length of the body in octets
   * @param publish resolves with what is known of the message when it was confirmed
   * @param why tells what an error of `publish` means
   */
  async run(
    length: number,
    publish: () => Promise<JsonObject>,
    why: (error: unknown) => Unconfirmed,
    acknowledge: (metadata: JsonObject) => Answer,
  ): Promise<Answer> {
    // The largest one goes alone.
    if (this.#inFlight >= this.#max || (this.#bytes > 0 && this.#bytes + length > BYTES_MAX)) {
      this.#outcomes.overflow.inc();
      return this.#unavailable("Too many messages are on their way.");
    }
    this.#inFlight++;
    this.#bytes += length;
    try {
      const metadata = await publish();
      this.#outcomes.confirmed.inc();
      return acknowledge(metadata);
    } catch (error) {
      const reason = why(error);
      this.#outcomes[reason].inc();
      this.#warn(error);
      return this.#problemOf(reason);
    } finally {
      this.#inFlight--;
      this.#bytes -= length;
    }
  }

  /** Nothing of what the broker has said: it may be about others. */
  #problemOf(reason: Unconfirmed): Answer {
    const failed = `${this.#broker}-publish-failed` satisfies ProblemCode;
    switch (reason) {
      case "unavailable":
        return this.#unavailable("The message was not sent.");
      case "late":
        return problem("upstream-timeout", { detail: "The message was sent and not confirmed in time." });
      case "lost":
        return problem(failed, { detail: "The message was sent, and may have been taken or not." });
      case "refused":
        return problem(failed, { detail: "The message was refused." });
      case "unwanted":
        return problem("bad-request", { detail: "Such a message is not taken." });
      case "too-large":
        return problem("payload-too-large", { detail: "The message is larger than the broker takes." });
    }
  }

  #unavailable(detail: string): Answer {
    return problem(`${this.#broker}-unavailable`, { detail, headers: ["Retry-After", "1"] });
  }
}
