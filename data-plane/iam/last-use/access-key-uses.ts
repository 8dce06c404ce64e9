/**
 * When access keys and roles were used last.
 *
 * A use is a data operation and no event: it is kept in memory and written to disk in the background, at most once a minute and at the end. A crash forgets up to a
 * minute; IAM itself is hours behind (IAM API Reference, GetAccessKeyLastUsed).
 */
import { mkdirSync } from "node:fs";
import { join } from "node:path";
import type { AccountId } from "#contracts";
import type { Catalog } from "#data-plane/link";
import type { Caller } from "#data-plane/service";
import { accountOfKey } from "#foundation/ids";
import type { TimerHandle, Timers } from "#foundation/runtime";
import type { Logger } from "#foundation/telemetry";
import { type LastUse, readUses, writeUses } from "./use-file.ts";

export type { LastUse } from "./use-file.ts";

const FILE_NAME = "key-uses.json";
const WRITE_AFTER_MS = 60_000;

export interface AccessKeyUsesOptions {
  /** The room's own, made when it is not there. */
  readonly directory: string;
  /** What is gone is forgotten at the next writing. */
  readonly catalog: Pick<Catalog, "accessKey" | "entity">;
  readonly timers: Timers;
  readonly logger: Logger;
}

export interface AccessKeyUses {
  /**
   * Told of every request whose signature was proven. Must cost nothing: it changes a number in memory.
   * @param service as it is signed for: `s3`
   * @param at epoch milliseconds
   */
  record(caller: Caller, service: string, region: string, at: number): void;
  /** @param id of an access key, or of a role */
  lastUseOf(id: string): LastUse | undefined;
  /** Writes what was not written yet. */
  close(): Promise<void>;
}

/**
 * Reads what is known from earlier.
 *
 * @example
 * const uses = createAccessKeyUses({ directory, catalog, timers, logger });
 * const door = await createFrontDoor({ …, onKeyUse: uses.record });
 */
export function createAccessKeyUses({ directory, catalog, timers, logger }: AccessKeyUsesOptions): AccessKeyUses {
  mkdirSync(directory, { recursive: true, mode: 0o700 });
  const path = join(directory, FILE_NAME);
  const uses = new Map<string, { -readonly [Member in keyof LastUse]: LastUse[Member] }>();
  try {
    for (const [id, use] of readUses(path)) uses.set(id, { ...use });
  } catch (error) {
    logger.warn("the record of last uses cannot be read and begins anew", { path, error });
  }
  let timer: TimerHandle | undefined;
  let changed = false;
  let writing: Promise<void> = Promise.resolve();

  const write = (): Promise<void> => {
    timer = undefined;
    changed = false;
    for (const id of uses.keys()) if (!exists(catalog, id)) uses.delete(id);
    writing = writing
      .then(() => writeUses(path, uses))
      .catch((error: unknown) => logger.warn("the record of last uses cannot be written", { path, error }));
    return writing;
  };

  return {
    record(caller, service, region, at) {
      const id = usedId(caller);
      if (id === undefined) return;
      const use = uses.get(id);
      if (use === undefined) uses.set(id, { service, region, at });
      else {
        use.service = service;
        use.region = region;
        use.at = at;
      }
      changed = true;
      timer ??= timers.after(WRITE_AFTER_MS, () => void write());
    },
    lastUseOf: (id) => uses.get(id),
    async close() {
      timer?.cancel();
      await (changed ? write() : writing);
    },
  };
}

function exists(catalog: AccessKeyUsesOptions["catalog"], id: string): boolean {
  if (catalog.accessKey(id) !== undefined) return true;
  // The id of a role says whose it is.
  const accountId = accountOfKey(id);
  return accountId !== undefined && catalog.entity("role", accountId as string as AccountId, id) !== undefined;
}

/** Whose use it is: that of the role for its sessions, that of the key for keys. Keys of other sessions are nobody's to ask about. */
function usedId(caller: Caller): string | undefined {
  switch (caller.type) {
    case "role":
      return caller.roleId;
    case "root":
    case "user":
      return caller.session === undefined ? caller.accessKeyId : undefined;
    default:
      return undefined;
  }
}
