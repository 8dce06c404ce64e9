/** Streams that were, as far back as is worth remembering. Pure. */
export class EndedStreams {
  readonly #max: number;
  /** Oldest first; whether the client may not have known. */
  readonly #streams = new Map<number, boolean>();

  constructor(max: number) {
    this.#max = max;
  }

  /** @param isUnawares whether the client may not know yet that it has ended: what it has sent meanwhile is no fault */
  add(id: number, isUnawares: boolean): void {
    this.#streams.set(id, isUnawares);
    if (this.#streams.size <= this.#max) return;
    for (const oldest of this.#streams.keys()) {
      this.#streams.delete(oldest);
      break;
    }
  }

  howEnded(id: number): "known" | "unawares" | undefined {
    const isUnawares = this.#streams.get(id);
    if (isUnawares === undefined) return undefined;
    return isUnawares ? "unawares" : "known";
  }
}
