/** What a node still has to say: the latest report of each thing, until the control plane has taken it. Pure. */
import { type NodeReport, REPORTS_MAX } from "#contracts";

interface Sent {
  readonly keys: readonly string[];
  readonly reports: readonly NodeReport[];
}

export class Outbox {
  /** In the order in which they were last said. */
  readonly #waiting = new Map<string, NodeReport>();
  readonly #sent = new Map<number, Sent>();
  #correlation = 0;

  get size(): number {
    return this.#waiting.size;
  }

  put(report: NodeReport): void {
    const key = keyOf(report);
    this.#waiting.delete(key);
    this.#waiting.set(key, report);
  }

  /** The next batch; undefined when one is under way or nothing waits. One at a time keeps the order. */
  take(): { readonly correlation: number; readonly reports: readonly NodeReport[] } | undefined {
    if (this.#sent.size > 0 || this.#waiting.size === 0) return undefined;
    const entries = [...this.#waiting].slice(0, REPORTS_MAX);
    const correlation = ++this.#correlation;
    const reports = entries.map(([, report]) => report);
    this.#sent.set(correlation, { keys: entries.map(([key]) => key), reports });
    return { correlation, reports };
  }

  /** The control plane has taken (or refused) a batch. What was said anew meanwhile waits on. */
  settled(correlation: number): void {
    const sent = this.#sent.get(correlation);
    if (sent === undefined) return;
    this.#sent.delete(correlation);
    sent.keys.forEach((key, index) => {
      if (this.#waiting.get(key) === sent.reports[index]) this.#waiting.delete(key);
    });
  }

  /** The stream has ended: whatever was under way may or may not have arrived, and is said again. */
  interrupted(): void {
    this.#sent.clear();
  }
}

function keyOf(report: NodeReport): string {
  switch (report.about) {
    case "instance":
      return `instance ${report.instanceId}`;
    case "volume":
      return `volume ${report.volumeId}`;
    case "snapshot":
      return `snapshot ${report.snapshotId}`;
    case "restore":
      return `restore ${report.restoreId}`;
  }
}
