/** A catalog in memory, by the very maps of the real one; nothing is sealed. */
import type { CatalogChange, CatalogKey, CatalogKind, CatalogRecord, EventId, SessionClaims } from "#contracts";
import type { Catalog } from "../catalog.ts";
import { keyOfRecord } from "../catalog-key.ts";
import { CatalogMaps } from "../catalog-maps.ts";
import { CatalogReads } from "../catalog-reads.ts";

export class MemoryCatalog extends CatalogReads implements Catalog {
  protected readonly maps = new CatalogMaps();
  readonly #listeners = new Set<(changes: readonly CatalogChange[]) => void>();
  appliedThrough = 1 as EventId;

  /** Adds or replaces a record and tells the listeners. */
  put(record: CatalogRecord): void {
    this.#apply({ change: "upsert", key: keyOfRecord(record), record });
  }

  /** Takes a record away and tells the listeners. */
  remove(kind: CatalogKind, key: CatalogKey): void {
    this.#apply({ change: "delete", kind, key });
  }

  #apply(change: CatalogChange): void {
    this.maps.apply(change);
    for (const listener of this.#listeners) listener([change]);
  }

  secretOf(accessKeyId: string) {
    return this.maps.accessKey(accessKeyId)?.sealedSecret;
  }

  sealSession(claims: SessionClaims): string {
    return `session ${JSON.stringify(claims)}`;
  }

  openSession(token: string, accessKeyId: string): SessionClaims | undefined {
    if (!token.startsWith("session ")) return undefined;
    const claims = JSON.parse(token.slice("session ".length)) as SessionClaims;
    return claims.accessKeyId === accessKeyId ? claims : undefined;
  }

  onChange(listener: (changes: readonly CatalogChange[]) => void): () => void {
    this.#listeners.add(listener);
    return () => void this.#listeners.delete(listener);
  }
  async whenApplied(): Promise<void> {}
}
