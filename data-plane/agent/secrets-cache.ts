/**
 * The secrets of this node's instances, sealed under a key of its own: after a reboot instances start again also while the control plane is away.
 *
 * What an instance gets is always what its version's digest says; an older or damaged file is not used.
 */
import { createHash } from "node:crypto";
import { mkdirSync, readdirSync, rmSync } from "node:fs";
import { join } from "node:path";
import { createKeyFile, open, type SealingKey, seal } from "#foundation/crypto";
import { readFileIfThere, writePrivateFile } from "#foundation/files";
import type { Random } from "#foundation/runtime";

const ID = /^scv_[0-9a-f]{24}$/;

export class SecretsCache {
  readonly #directory: string;
  readonly #key: SealingKey;
  readonly #random: Random;

  constructor(directory: string, random: Random) {
    mkdirSync(directory, { recursive: true, mode: 0o700 });
    this.#directory = directory;
    this.#random = random;
    this.#key = createKeyFile(join(directory, "node.key"), random);
  }

  /** @param dataHash SHA-256 in hex that it must have; undefined: the seal alone proves it */
  get(versionId: string, dataHash: string | undefined): string | undefined {
    const sealed = ID.test(versionId) ? readFileIfThere(this.#path(versionId)) : undefined;
    if (sealed === undefined) return undefined;
    try {
      const data = open(this.#key, sealed.trim(), versionId);
      return dataHash === undefined || digest(data) === dataHash ? data : undefined;
    } catch {
      // Damaged, or of another key: the control plane has it.
      return undefined;
    }
  }

  put(versionId: string, data: string): void {
    if (ID.test(versionId)) writePrivateFile(this.#path(versionId), seal(this.#key, data, versionId, this.#random));
  }

  /** Removes versions that no instance of this node uses. */
  keepOnly(used: ReadonlySet<string>): void {
    for (const name of readdirSync(this.#directory)) {
      if (ID.test(name) && !used.has(name)) rmSync(join(this.#directory, name), { force: true });
    }
  }

  #path(versionId: string): string {
    return join(this.#directory, versionId);
  }
}

export const digest = (data: string): string => createHash("sha256").update(data, "utf8").digest("hex");
