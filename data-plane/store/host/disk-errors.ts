/**
 * What a disk does to a call is no defect of the program: callers are told, as far as it concerns them.
 */
import { type Handlers, RpcError } from "#foundation/rpc";
import { DiskError } from "#foundation/runtime";
import { EngineClosedError, EngineCorruptionError, EngineFailedError } from "../engine/index.ts";
import { LogCorruptionError } from "../log/index.ts";

const OF_DISKS = [DiskError, EngineClosedError, EngineCorruptionError, EngineFailedError, LogCorruptionError];

/** The same handlers, with errors of the disk as `RpcError`: `incapable` where space is missing, otherwise `failed`. */
export function tellingDiskErrors<S extends Readonly<Record<string, unknown>>>(
  handlers: Handlers<S>,
  service: S,
): Handlers<S> {
  const methods = handlers as unknown as Readonly<Record<string, (request: unknown) => Promise<unknown>>>;
  const telling = Object.keys(service).map((name) => [
    name,
    async (request: unknown): Promise<unknown> => {
      try {
        return await methods[name]!(request);
      } catch (error) {
        throw told(error);
      }
    },
  ]);
  return Object.fromEntries(telling) as Handlers<S>;
}

function told(error: unknown): unknown {
  if (!OF_DISKS.some((kind) => error instanceof kind)) return error;
  const isFull = error instanceof DiskError && error.code === "ENOSPC";
  return new RpcError(isFull ? "incapable" : "failed", `The disk: ${(error as Error).message}`);
}
