/**
 * Counts the faults that a run really injected, so that a test can tell a fault survived from a fault that never came.
 */

/** Faults by name, for example `disk.write.EIO` or `network.drop`. */
export class FaultCounts {
  readonly counts = new Map<string, number>();

  add(name: string): void {
    this.counts.set(name, (this.counts.get(name) ?? 0) + 1);
  }
}
