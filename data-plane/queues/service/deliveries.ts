/**
 * Messages that are on their way to a receiver.
 *
 * When the connection breaks before the answer is out, nobody has the messages: they are given back at once instead of after their visibility timeout.
 */
import type { ResourceId } from "#contracts";
import type { OnSent } from "#data-plane/service";
import type { HttpRequest } from "#foundation/http";
import type { Logger } from "#foundation/telemetry";
import type { QueueEngine, ReceivedMessage } from "../engine/port.ts";

interface Delivery {
  readonly queueId: ResourceId;
  readonly messages: readonly Pick<ReceivedMessage, "receiptHandle">[];
}

export class Deliveries {
  readonly #engine: Pick<QueueEngine, "release">;
  readonly #logger: Logger;
  readonly #underWay = new WeakMap<HttpRequest, Delivery>();

  constructor(engine: Pick<QueueEngine, "release">, logger: Logger) {
    this.#engine = engine;
    this.#logger = logger;
  }

  begin(request: HttpRequest, queueId: ResourceId, messages: Delivery["messages"]): void {
    this.#underWay.set(request, { queueId, messages });
  }

  /** Who is told how the sending of an answer ended; undefined for answers without messages. */
  watch(request: HttpRequest): OnSent | undefined {
    const delivery = this.#underWay.get(request);
    if (delivery === undefined) return undefined;
    return (_bytes, complete) => {
      if (complete) return;
      const { queueId, messages } = delivery;
      const handles = messages.map(({ receiptHandle }) => receiptHandle);
      this.#engine.release(queueId, handles).catch((error: unknown) => {
        // They come back by themselves when their visibility timeout ends.
        this.#logger.warn("messages that reached nobody cannot be given back", { queueId, error });
      });
    };
  }
}
