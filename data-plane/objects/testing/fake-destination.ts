/** A queue that tests look into and make fail. */
import type { EventDelivery, EventDestination, EventSource } from "#data-plane/service";

export interface FakeDelivery {
  readonly arn: string;
  readonly body: string;
  readonly source: EventSource;
}

/** One element of `Records`, as far as tests read it. */
export interface FakeRecord {
  readonly eventName: string;
  readonly eventVersion: string;
  readonly userIdentity: { readonly principalId: string };
  readonly requestParameters: { readonly sourceIPAddress: string };
  readonly s3: {
    readonly configurationId: string;
    readonly object: {
      readonly key: string;
      readonly size?: number;
      readonly eTag?: string;
      readonly versionId?: string;
      readonly sequencer?: string;
    };
  };
}

/** The records of a message; a test event has none. */
export const recordsOf = (body: string): readonly FakeRecord[] =>
  (JSON.parse(body) as { readonly Records?: readonly FakeRecord[] }).Records ?? [];

/** The keys that a message is about, as they are in it. */
export const keysOf = (body: string): readonly string[] => recordsOf(body).map(({ s3 }) => s3.object.key);

export class FakeDestination implements EventDestination {
  readonly arnService = "sqs";
  /** Everything that was accepted, in order. */
  readonly delivered: FakeDelivery[] = [];
  attempts = 0;
  /** Decides about each delivery. */
  answer: (delivery: FakeDelivery) => EventDelivery | Promise<EventDelivery> = () => "delivered";
  /** Decides about each validation. */
  problem: (arn: string, source: EventSource) => string | undefined = () => undefined;

  validate(arn: string, source: EventSource): string | undefined {
    return this.problem(arn, source);
  }

  async deliver(arn: string, body: string, source: EventSource): Promise<EventDelivery> {
    this.attempts++;
    const delivery = { arn, body, source };
    const outcome = await this.answer(delivery);
    if (outcome === "delivered") this.delivered.push(delivery);
    return outcome;
  }

  /** The records that were delivered; test events are not among them. */
  get records(): readonly FakeRecord[] {
    return this.delivered.flatMap(({ body }) => recordsOf(body));
  }
}
