/** What keeps the data of a data plane: one engine a service, and the audit log, each with files and threads of its own, so that none waits for another. */
import { join } from "node:path";
import type { BucketId } from "#contracts";
import { type EmbeddedEngine, openEmbeddedEngine } from "#data-plane/objects/engine";
import { openEmbeddedQueues, type QueueEngine } from "#data-plane/queues/engine";
import { openTableEngine, type TableEngine } from "#data-plane/tables/engine";
import { type AuditLog, type AuditLogOptions, openAuditLog } from "#foundation/audit";
import { systemClock, systemRandom, systemTimers } from "#foundation/runtime";
import type { Logger } from "#foundation/telemetry";

export interface Engines {
  readonly objects: EmbeddedEngine;
  readonly queues: QueueEngine;
  readonly tables: TableEngine;
  readonly audit: AuditLog;
  /** Why one of them takes no writes any more. */
  readonly failure: Error | undefined;
  close(): Promise<void>;
}

/** Folders of the engines below the data plane's directory. */
export const ENGINE_DIRECTORIES = { objects: "objects", queues: "queues", tables: "tables", audit: "audit" } as const;

/**
 * Opens all engines side by side.
 * @throws the first engine's error that cannot be opened; the others are closed again
 */
export async function openEngines(options: {
  readonly directory: string;
  readonly logger: Logger;
  readonly bucketNameOf: (bucketId: BucketId) => string | undefined;
}): Promise<Engines> {
  const { directory, logger, bucketNameOf } = options;
  const base = (name: keyof typeof ENGINE_DIRECTORIES) => ({
    directory: join(directory, ENGINE_DIRECTORIES[name]),
    clock: systemClock,
    timers: systemTimers,
    random: systemRandom,
    logger: logger.child({ room: `${name}/engine` }),
    hosting: "worker" as const,
  });
  const opening = [
    openEmbeddedEngine({ ...base("objects"), bucketNameOf }),
    openEmbeddedQueues(base("queues")),
    openTableEngine(base("tables")),
    openDataAudit(base("audit")),
  ] as const;
  const settled = await Promise.allSettled(opening);
  const failed = settled.find((outcome) => outcome.status === "rejected");
  if (failed !== undefined) {
    await Promise.all(settled.map((outcome) => (outcome.status === "fulfilled" ? outcome.value.close() : undefined)));
    throw failed.reason;
  }
  const [objects, queues, tables, audit] = await Promise.all(opening);
  return {
    objects,
    queues,
    tables,
    audit,
    get failure() {
      return objects.failure ?? queues.failure ?? tables.failure;
    },
    async close() {
      await Promise.all([objects.close(), queues.close(), tables.close(), audit.close()]);
    },
  };
}

function openDataAudit(base: Omit<AuditLogOptions, "path" | "plane"> & { readonly directory: string }) {
  return openAuditLog({ ...base, path: join(base.directory, "audit.sqlite"), plane: "data" });
}
