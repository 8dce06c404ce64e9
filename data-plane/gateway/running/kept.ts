/** What outlives the artifact that it was made for: quotas, caches, the health of upstreams. */

/** Things by kind and key, each for as long as somebody holds it. */
export class KeptThings {
  readonly #things = new Map<string, { readonly thing: unknown; holders: number }>();

  /** For one holder: it lets go of everything at once. */
  holder(): KeptHolder {
    return new KeptHolder(this.#things);
  }

  get size(): number {
    return this.#things.size;
  }
}

export class KeptHolder {
  readonly #held = new Set<string>();

  constructor(private readonly things: Map<string, { readonly thing: unknown; holders: number }>) {}

  keep<Kept>(kind: string, key: string, create: () => Kept): Kept {
    const id = JSON.stringify([kind, key]);
    let entry = this.things.get(id);
    if (entry === undefined) {
      entry = { thing: create(), holders: 0 };
      this.things.set(id, entry);
    }
    if (!this.#held.has(id)) {
      this.#held.add(id);
      entry.holders++;
    }
    return entry.thing as Kept;
  }

  /** What nobody holds any more is closed, if it can be. */
  release(): void {
    for (const id of this.#held) {
      const entry = this.things.get(id);
      if (entry === undefined || --entry.holders > 0) continue;
      this.things.delete(id);
      (entry.thing as { close?: () => void } | undefined)?.close?.();
    }
    this.#held.clear();
  }
}
