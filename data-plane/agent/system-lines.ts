/** What the agent itself has to say of an instance, between the lines of its program. The latest lines only, and in memory: the events of the control plane tell the same. */
import type { LogLine } from "./runtimes/index.ts";

const LINES_KEPT = 200;

export class SystemLines {
  readonly #lines: LogLine[] = [];
  readonly #listeners = new Set<(line: LogLine) => void>();

  say(time: number, text: string): void {
    const line: LogLine = {
      time,
      stream: "system",
      bytes: new TextEncoder().encode(text),
      truncated: false,
      droppedBytes: 0,
    };
    this.#lines.push(line);
    if (this.#lines.length > LINES_KEPT) this.#lines.shift();
    for (const listener of this.#listeners) listener(line);
  }

  since(time = 0): readonly LogLine[] {
    return this.#lines.filter((line) => line.time >= time);
  }

  onLine(listener: (line: LogLine) => void): () => void {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  }
}
