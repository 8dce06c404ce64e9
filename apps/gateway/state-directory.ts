/** Where a gateway of a fleet keeps who it is and what it served last. */
import { createHash, randomBytes } from "node:crypto";
import { mkdirSync } from "node:fs";
import { join } from "node:path";
import { ProcessLocked, readFileIfThere, takeProcessLock, writePrivateFile } from "#foundation/files";
import { GatewayUsage } from "./gateway-usage.ts";

export interface GatewayState {
  /** The same at every start from this directory. */
  readonly instanceId: string;
  /** Where the last good artifact is kept. */
  readonly keptPath: string;
  /** Lets another process have the directory. */
  release(): void;
}

const INSTANCE_ID = /^gwi_[0-9a-f]{32}$/;

/**
 * Takes the directory (made with mode 0700 where it is missing) until released or until the process ends, however it ends: two gateways with one identity would
 * push each other off the control plane.
 *
 * @throws GatewayUsage for a directory that another gateway has, or that cannot be used
 */
export function openStateDirectory(path: string): GatewayState {
  const usable = <Result>(step: () => Result): Result => {
    try {
      return step();
    } catch (error) {
      if (error instanceof ProcessLocked) {
        throw new GatewayUsage(`--state-dir: another gateway runs from ${path}; each needs a directory of its own.`);
      }
      if (error instanceof GatewayUsage) throw error;
      throw new GatewayUsage(
        `--state-dir: ${path} cannot be used (${(error as { code?: string }).code ?? "unknown"}).`,
      );
    }
  };
  usable(() => mkdirSync(path, { recursive: true, mode: 0o700 }));
  const lock = usable(() => takeProcessLock(join(path, "lock")));
  try {
    const instanceId = usable(() => instanceIdIn(join(path, "instance-id")));
    return { instanceId, keptPath: join(path, "artifact.kept"), release: () => lock.release() };
  } catch (error) {
    lock.release();
    throw error;
  }
}

function instanceIdIn(path: string): string {
  const known = readFileIfThere(path)?.trim();
  if (known !== undefined) {
    if (INSTANCE_ID.test(known)) return known;
    throw new GatewayUsage(`--state-dir: ${path} is damaged; remove it to make this a new gateway.`);
  }
  const made = `gwi_${randomBytes(16).toString("hex")}`;
  writePrivateFile(path, `${made}\n`);
  return made;
}

/**
 * The identity of a gateway that keeps nothing: the same for the same place, or a new one where the place is not known before (port 0).
 *
 * @param place what tells gateways of one project apart: machine, name and address
 */
export function instanceIdOfPlace(place: readonly string[], port: number): string {
  const seed =
    port === 0
      ? randomBytes(16)
      : createHash("sha256")
          .update(JSON.stringify([...place, port]))
          .digest();
  return `gwi_${seed.toString("hex").slice(0, 32)}`;
}
