/** What a crash writer said it did, and what must therefore be so. */

/** One line of the writer's output. */
export type Line =
  /** About to be sent. */
  | { readonly send: string; readonly fifo: boolean }
  /** The send was acknowledged under this id. */
  | { readonly sent: string; readonly messageId: string }
  /** About to be received from. */
  | { readonly receiving: "standard" | "fifo" }
  /** What that gave has been said. */
  | { readonly answered: "standard" | "fifo" }
  /** A receive was acknowledged. */
  | { readonly received: string; readonly count: number; readonly until: number }
  /** About to be deleted. */
  | { readonly delete: string }
  | { readonly deleted: string };

export interface Fate {
  readonly fifo: boolean;
  sent: boolean;
  messageId: string | undefined;
  deleting: boolean;
  deleted: boolean;
  receives: number;
  /** End of the latest acknowledged visibility timeout, epoch milliseconds. */
  invisibleUntil: number;
}

export class History {
  readonly #fates = new Map<string, Fate>();
  #acknowledged = 0;
  #unanswered = 0;

  /** Receives of the standard queue in this life that were never answered, each of which may have received anything. */
  get unanswered(): number {
    return this.#unanswered;
  }

  /** A writer starts, and what the last one asked is known by what it left. */
  beginLife(): void {
    this.#unanswered = 0;
  }

  get acknowledged(): number {
    return this.#acknowledged;
  }

  get fates(): Iterable<[body: string, fate: Fate]> {
    return this.#fates;
  }

  record(line: Line): void {
    if ("send" in line) {
      this.#fates.set(line.send, {
        fifo: line.fifo,
        sent: false,
        messageId: undefined,
        deleting: false,
        deleted: false,
        receives: 0,
        invisibleUntil: 0,
      });
      return;
    }
    if ("receiving" in line || "answered" in line) {
      if ("receiving" in line && line.receiving === "standard") this.#unanswered++;
      if ("answered" in line && line.answered === "standard") this.#unanswered--;
      return;
    }
    if ("delete" in line) {
      this.#of(line.delete).deleting = true;
      return;
    }
    this.#acknowledged++;
    if ("sent" in line) Object.assign(this.#of(line.sent), { sent: true, messageId: line.messageId });
    else if ("deleted" in line) this.#of(line.deleted).deleted = true;
    else {
      const fate = this.#of(line.received);
      fate.receives = Math.max(fate.receives, line.count);
      fate.invisibleUntil = line.until;
    }
  }

  #of(body: string): Fate {
    const fate = this.#fates.get(body);
    if (fate === undefined) throw new Error(`the writer speaks of ${body}, which it never sent`);
    return fate;
  }
}
