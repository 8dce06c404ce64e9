/** The catalog as the data plane sees it: memory over disk, with listeners and waiters. */
import {
  type CatalogChange,
  type ControlPlaneId,
  type EventId,
  SESSION_KEY_PURPOSE,
  type SessionClaims,
} from "#contracts";
import { CryptoError, deriveSealingKey, open, type SealingKey, seal } from "#foundation/crypto";
import type { Random, Timers } from "#foundation/runtime";
import { type Catalog, ControlPlaneUnavailable } from "./catalog.ts";
import { catalogDifference } from "./catalog-difference.ts";
import type { CatalogDisk } from "./catalog-disk.ts";
import { CatalogMaps } from "./catalog-maps.ts";
import { CatalogReads } from "./catalog-reads.ts";
import type { CatalogPosition, LinkEffect } from "./machine-types.ts";
import type { SealingKeys } from "./sealing-keys.ts";

interface Waiter {
  readonly eventId: EventId;
  readonly resolve: () => void;
  readonly reject: (error: ControlPlaneUnavailable) => void;
}

/** What the control plane said happened, and where the catalog stands after it. */
export type CatalogStep = Omit<Extract<LinkEffect, { readonly type: "apply" }>, "type">;
/** What the control plane said there is, and where the catalog stands with it. */
export type CatalogSnapshot = Omit<Extract<LinkEffect, { readonly type: "replace" }>, "type">;

/** Parts that a {@link LocalCatalog} is made of. */
export interface LocalCatalogParts {
  readonly disk: CatalogDisk;
  readonly keys: SealingKeys;
  readonly timers: Timers;
  /** For the nonces of session tokens. */
  readonly random: Random;
  /** A listener threw, or a secret could not be opened. */
  readonly onProblem: (message: string, fields: Readonly<Record<string, unknown>>) => void;
}

/** Fed by the link, read by everyone else through {@link Catalog}. */
export class LocalCatalog extends CatalogReads implements Catalog {
  readonly #parts: LocalCatalogParts;
  readonly #listeners = new Set<(changes: readonly CatalogChange[]) => void>();
  readonly #waiters = new Set<Waiter>();
  /** Access key id → the sealed text that was opened, and what was in it. */
  readonly #secrets = new Map<string, { readonly sealed: string; readonly secret: string }>();
  #maps = new CatalogMaps();
  #sessions: { readonly sealing: SealingKey; readonly derived: SealingKey } | undefined;
  #position: CatalogPosition | undefined;

  /** Loads what the disk has. */
  constructor(parts: LocalCatalogParts) {
    super();
    this.#parts = parts;
    for (const record of parts.disk.records()) this.#maps.put(record);
    this.#position = parts.disk.position;
  }

  protected override get maps(): CatalogMaps {
    return this.#maps;
  }

  get position(): CatalogPosition | undefined {
    return this.#position;
  }

  get appliedThrough(): EventId {
    return this.#position?.cursor ?? (0 as EventId);
  }

  get size(): number {
    return this.#maps.size;
  }

  secretOf(accessKeyId: string): string | undefined {
    const record = this.#maps.accessKey(accessKeyId);
    if (record === undefined || this.#position === undefined) return undefined;
    const known = this.#secrets.get(accessKeyId);
    if (known?.sealed === record.sealedSecret) return known.secret;
    const key = this.#parts.keys.of(this.#position.controlPlaneId);
    try {
      if (key === undefined) throw new Error("the sealing key of this control plane is not here");
      const secret = open(key, record.sealedSecret, accessKeyId);
      this.#secrets.set(accessKeyId, { sealed: record.sealedSecret, secret });
      return secret;
    } catch (error) {
      this.#parts.onProblem("the secret of an access key could not be opened", { accessKeyId, error });
      return undefined;
    }
  }

  sealSession(claims: SessionClaims): string {
    const key = this.#sessionKey();
    return seal(key, JSON.stringify(claims), claims.accessKeyId, this.#parts.random);
  }

  openSession(token: string, accessKeyId: string): SessionClaims | undefined {
    const key = this.#sessionKey();
    try {
      return JSON.parse(open(key, token, accessKeyId)) as SessionClaims;
    } catch (error) {
      if (error instanceof CryptoError) return undefined;
      throw error;
    }
  }

  /** Derived once for each sealing key. */
  #sessionKey(): SealingKey {
    const sealing = this.#position === undefined ? undefined : this.#parts.keys.of(this.#position.controlPlaneId);
    if (sealing === undefined) throw new ControlPlaneUnavailable("The sealing key of this control plane is not here.");
    if (this.#sessions?.sealing !== sealing) {
      this.#sessions = { sealing, derived: deriveSealingKey(sealing, SESSION_KEY_PURPOSE) };
    }
    return this.#sessions.derived;
  }

  onChange(listener: (changes: readonly CatalogChange[]) => void): () => void {
    this.#listeners.add(listener);
    return () => void this.#listeners.delete(listener);
  }

  whenApplied(eventId: EventId, timeoutMs: number): Promise<void> {
    if (this.appliedThrough >= eventId) return Promise.resolve();
    return new Promise((resolve, reject) => {
      const timeout = this.#parts.timers.after(timeoutMs, () => {
        this.#waiters.delete(waiter);
        reject(new ControlPlaneUnavailable(`Event ${eventId} did not reach this data plane within ${timeoutMs} ms.`));
      });
      const waiter: Waiter = {
        eventId,
        resolve: () => {
          timeout.cancel();
          resolve();
        },
        reject: (error) => {
          timeout.cancel();
          reject(error);
        },
      };
      this.#waiters.add(waiter);
    });
  }

  /** On disk, then in memory, then listeners and waiters. @throws what the disk throws; nothing has changed then */
  apply({ controlPlaneId, through, run, changes }: CatalogStep): void {
    this.#parts.disk.apply({ controlPlaneId, cursor: through, run }, changes);
    for (const change of changes) {
      this.#maps.apply(change);
      if (change.change === "delete" && change.kind === "accessKey") this.#secrets.delete(change.key);
    }
    this.#moveTo({ controlPlaneId, cursor: through, run, resumable: true }, changes);
  }

  /** Replaces everything at once. @throws as {@link apply} */
  replace({ controlPlaneId, cursor, run, records }: CatalogSnapshot): void {
    const next = new CatalogMaps();
    for (const record of records) next.put(record);
    // Parts of a snapshot may repeat a record; the maps hold each once, in its last form.
    this.#parts.disk.replace({ controlPlaneId, cursor, run }, next.records());
    const changes = this.#listeners.size === 0 ? [] : catalogDifference(this.#maps, next);
    this.#maps = next;
    this.#secrets.clear();
    this.#moveTo({ controlPlaneId, cursor, run, resumable: true }, changes);
    this.#forgetOtherKeys(controlPlaneId);
  }

  /** The catalog stands whether or not this succeeds; it is tried again with the next snapshot. */
  #forgetOtherKeys(controlPlaneId: ControlPlaneId): void {
    try {
      this.#parts.keys.keepOnly(controlPlaneId);
    } catch (error) {
      this.#parts.onProblem("old sealing keys could not be removed", { error });
    }
  }

  /** Waiters are told that nothing more will come. */
  close(): void {
    for (const waiter of this.#waiters) waiter.reject(new ControlPlaneUnavailable("The data plane is stopping."));
    this.#waiters.clear();
  }

  #moveTo(position: CatalogPosition, changes: readonly CatalogChange[]): void {
    this.#position = position;
    if (changes.length > 0) {
      for (const listener of this.#listeners) {
        try {
          listener(changes);
        } catch (error) {
          this.#parts.onProblem("a listener of the catalog failed", { error });
        }
      }
    }
    for (const waiter of this.#waiters) {
      if (waiter.eventId > position.cursor) continue;
      this.#waiters.delete(waiter);
      waiter.resolve();
    }
  }
}
