/** Which queues name which as their dead-letter queue. A source names an ARN, whether or not such a queue exists now. */
import type { QueueRecord } from "#contracts";
import { viewOf } from "./queue-view.ts";

export class DeadLetterIndex {
  /** By the target's ARN: the sources by their own ARN. */
  readonly #sources = new Map<string, Map<string, QueueRecord>>();
  /** By the source's ARN: the target's ARN. */
  readonly #targets = new Map<string, string>();

  put(record: QueueRecord): void {
    const { arn, redrive } = viewOf(record);
    this.#forget(arn);
    if (redrive === undefined) return;
    const target = redrive.deadLetterTargetArn;
    let sources = this.#sources.get(target);
    if (sources === undefined) {
      sources = new Map();
      this.#sources.set(target, sources);
    }
    sources.set(arn, record);
    this.#targets.set(arn, target);
  }

  remove(arn: string): void {
    this.#forget(arn);
  }

  /** Sorted by name; they all live in one region of one account. */
  sourcesOf(targetArn: string): readonly QueueRecord[] {
    const sources = this.#sources.get(targetArn);
    if (sources === undefined) return [];
    return [...sources.values()].sort((left, right) => (left.name < right.name ? -1 : 1));
  }

  isTarget(arn: string): boolean {
    return this.#sources.has(arn);
  }

  #forget(arn: string): void {
    const target = this.#targets.get(arn);
    if (target === undefined) return;
    this.#targets.delete(arn);
    const sources = this.#sources.get(target);
    sources?.delete(arn);
    if (sources?.size === 0) this.#sources.delete(target);
  }
}
