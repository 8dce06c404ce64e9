import type { Version } from "#foundation/store-protocol";

/** What the storage servers have on their own disks. Not kept over a restart: they say it again. */
export class Poppers {
  private durable: Map<string, Version>;

  constructor(storages: readonly string[]) {
    this.durable = new Map(storages.map((storage) => [storage, 0n]));
  }

  /** These pop from now on. Those that did already keep what they said. */
  replace(storages: readonly string[]): void {
    this.durable = new Map(storages.map((storage) => [storage, this.durable.get(storage) ?? 0n]));
  }

  /** A server has everything up to a version. What others say, or it had said before, counts for nothing. */
  pop(storage: string, durable: Version): void {
    const before = this.durable.get(storage);
    if (before !== undefined && durable > before) this.durable.set(storage, durable);
  }

  /** What all of them have. 0 when there is none. */
  get common(): Version {
    let common: Version | undefined;
    for (const durable of this.durable.values()) if (common === undefined || durable < common) common = durable;
    return common ?? 0n;
  }
}
