/** What is done with secrets beside commands: changing single ones, opening them for nodes, rotating keys, throwing old versions away. */
import type { NodeAnswer } from "#contracts";
import {
  type CatalogReader,
  type CommandOf,
  type Decision,
  type EventStore,
  type OwnedEvent,
  refuse,
} from "#control-plane/events";
import { hasEnded } from "#control-plane/nodes";
import type { Clock } from "#foundation/runtime";
import { type Keyring, KeyUnavailable } from "./keyring.ts";
import { DOCUMENT_PREFIX, documentName, openVersion, rewrapVersion, sealedAt } from "./sealed-version.ts";
import { bundleOf, type SecretDependencies, setValues } from "./secret-handlers.ts";
import { encodeValue, parseSecretsFile, type SecretValues } from "./secrets-file.ts";

/** A version that nothing uses is thrown away after this long. */
const UNUSED_KEPT_MS = 24 * 3_600_000;
const PAGE = 500;

export interface SecretServiceOptions {
  readonly store: Pick<EventStore, "document" | "documentNames" | "putDocument">;
  readonly views: CatalogReader;
  readonly keyring: Keyring;
  readonly dependencies: SecretDependencies;
  readonly clock: Clock;
  decideAlone(actor: string, decide: (views: CatalogReader, now: number) => readonly OwnedEvent[]): Promise<unknown>;
}

export interface RewrapReport {
  readonly keyId: string;
  readonly versions: number;
  readonly snapshots: number;
  /** Names of what could not be unlocked, and why. */
  readonly failed: readonly { readonly name: string; readonly reason: string }[];
}

export class SecretService {
  readonly #options: SecretServiceOptions;

  constructor(options: SecretServiceOptions) {
    this.#options = options;
  }

  /** Never the keys themselves. */
  keys(): ReturnType<Keyring["status"]> {
    return this.#options.keyring.status();
  }

  /** A new master key for everything from now on. */
  rotate(): string {
    return this.#options.keyring.rotate(this.#options.clock.now());
  }

  /**
   * A change of single secrets, as a decision on the whole: what is there now is read first, and the decision holds only if it is still that.
   *
   * @returns what decides; it refuses with `Internal` when the secrets were changed meanwhile: then prepare anew
   * @throws KeyUnavailable
   */
  async preparePatch(
    command: CommandOf<"secrets.patch">,
  ): Promise<(views: CatalogReader) => Decision<"secrets.patch">> {
    const { views, dependencies } = this.#options;
    const { envId, values: changes } = command;
    const before = bundleOf(views, envId)?.versionId;
    const values = new Map(before === undefined ? [] : await this.#valuesOf(before));
    for (const [name, value] of Object.entries(changes)) {
      if (value === null) values.delete(name);
      else values.set(name, encodeValue(value));
    }
    return (now) => {
      if (bundleOf(now, envId)?.versionId !== before) return refuse("Internal", CHANGED_MEANWHILE);
      return setValues(dependencies, command, values, now);
    };
  }

  async #valuesOf(versionId: string): Promise<SecretValues> {
    const document = await this.#options.store.document(documentName(versionId));
    if (document === undefined) throw new KeyUnavailable("decrypt_failed", "the version is gone");
    const parsed = parseSecretsFile(openVersion(this.#options.keyring, document).canonical);
    if (!parsed.ok) throw new KeyUnavailable("decrypt_failed", "the version is not readable");
    return parsed.values;
  }

  /** The secrets file of an instance, for the node that it is on, as long as it has not ended. */
  async openFor(instanceId: string, nodeId: string): Promise<NodeAnswer> {
    const { views, store, keyring } = this.#options;
    const instance = views.record("instance", instanceId);
    if (instance === undefined || instance.nodeId !== nodeId || hasEnded(instance)) {
      return { ok: false, code: "not_yours", message: "this node has no such instance" };
    }
    const versionId = instance.secretsVersionId;
    const document = versionId === undefined ? undefined : await store.document(documentName(versionId));
    if (versionId === undefined || document === undefined) {
      return { ok: false, code: "no_secrets", message: "there are no secrets for this instance" };
    }
    try {
      const { context, canonical } = openVersion(keyring, document);
      if (context.envId !== instance.envId || context.versionId !== versionId) {
        return { ok: false, code: "integrity_failed", message: "the version is another environment's" };
      }
      return { ok: true, ask: "secrets", versionId, data: canonical };
    } catch (error) {
      if (!(error instanceof KeyUnavailable)) throw error;
      return { ok: false, code: error.code, message: error.message };
    }
  }

  /** Locks everything with the active master key. Can be broken off and begun again. */
  async rewrap(): Promise<RewrapReport> {
    const { store, keyring } = this.#options;
    const failed: { name: string; reason: string }[] = [];
    let versions = 0;
    for await (const name of this.#names()) {
      const document = await store.document(name);
      if (document === undefined) continue;
      try {
        const text = rewrapVersion(keyring, document);
        if (text === undefined) continue;
        await store.putDocument({ name, text });
        versions++;
      } catch (error) {
        if (!(error instanceof KeyUnavailable)) throw error;
        failed.push({ name, reason: error.message });
      }
    }
    const snapshots = await this.#rewrapSnapshots(failed);
    return { keyId: keyring.activeKeyId, versions, snapshots, failed };
  }

  /** @throws KeyUnavailable */
  openSnapshotKey(wrapped: string, context: string): Uint8Array {
    return this.#options.keyring.unwrap(JSON.parse(wrapped) as { keyId: string; wrapped: string }, context);
  }

  async #rewrapSnapshots(failed: { name: string; reason: string }[]): Promise<number> {
    const { keyring } = this.#options;
    let count = 0;
    await this.#options.decideAlone("system:secret-keys", (views) =>
      Array.from(views.records("snapshot")).flatMap((snapshot): OwnedEvent[] => {
        const { snapshotId, accountId, wrappedKey } = snapshot;
        if (wrappedKey === undefined) return [];
        const locked = JSON.parse(wrappedKey) as { keyId: string; wrapped: string };
        if (locked.keyId === keyring.activeKeyId) return [];
        try {
          const context = snapshotContext(snapshot);
          const anew = JSON.stringify(keyring.wrap(keyring.unwrap(locked, context), context));
          count++;
          const payload = { snapshotId, wrappedKey: anew };
          return [{ type: "snapshot.rewrapped", aggregateId: snapshotId, org: accountId, payload }];
        } catch (error) {
          if (!(error instanceof KeyUnavailable)) throw error;
          failed.push({ name: snapshotId, reason: error.message });
          return [];
        }
      }),
    );
    return count;
  }

  /** Throws versions away that no bundle and no living instance refers to. @returns how many */
  async sweep(): Promise<number> {
    const { store, views, clock } = this.#options;
    const used = new Set<string>();
    for (const { versionId } of views.records("secretBundle")) if (versionId !== undefined) used.add(versionId);
    for (const instance of views.records("instance")) {
      if (!hasEnded(instance) && instance.secretsVersionId !== undefined) used.add(instance.secretsVersionId);
    }
    let dropped = 0;
    for await (const name of this.#names()) {
      if (used.has(name.slice(DOCUMENT_PREFIX.length))) continue;
      const document = await store.document(name);
      if (document === undefined || sealedAt(document) > clock.now() - UNUSED_KEPT_MS) continue;
      await store.putDocument({ name, text: null });
      dropped++;
    }
    return dropped;
  }

  async *#names(): AsyncGenerator<string, void, void> {
    let after = "";
    for (;;) {
      const names = await this.#options.store.documentNames(DOCUMENT_PREFIX, after, PAGE);
      yield* names;
      if (names.length < PAGE) return;
      after = names.at(-1)!;
    }
  }
}

export const CHANGED_MEANWHILE = "The secrets were changed meanwhile";

/** What the key of a backup is for. */
export const snapshotContext = ({
  accountId,
  volumeId,
  snapshotId,
}: {
  readonly accountId: string;
  readonly volumeId: string;
  readonly snapshotId: string;
}): string => `biplane-backup-v1|org:${accountId}|volume:${volumeId}|snapshot:${snapshotId}`;

/** A data key for a backup, locked; what it is of is part of the lock. */
export function newSnapshotKey(
  { keyring, random }: Pick<SecretDependencies, "keyring" | "random">,
  snapshot: Parameters<typeof snapshotContext>[0],
): string {
  return JSON.stringify(keyring.wrap(random.bytes(SNAPSHOT_KEY_BYTES), snapshotContext(snapshot)));
}

const SNAPSHOT_KEY_BYTES = 32;
