/** Tries, in a process that may be spoilt by it, what an instance would need, and prints what came of it as JSON. */
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import type { Measured } from "../runtime.ts";
import { loadNative, MOUNT, type Native } from "./native.ts";

export interface InsideProbe {
  readonly runs: Measured;
  readonly mountNamespace: Measured;
  readonly userSwitch: Measured;
}

/** nobody, on every distribution; any number would do. */
const SOMEBODY_ELSE = 65_534;

/** @param folder empty, to be mounted over */
export function probeInside(folder: string): void {
  let native: Native;
  try {
    native = loadNative();
    native.becomeSubreaper();
  } catch (error) {
    const reason = (error as Error).message;
    const not: Measured = { usable: false, reason };
    process.stdout.write(JSON.stringify({ runs: not, mountNamespace: not, userSwitch: not } satisfies InsideProbe));
    return;
  }
  const mountNamespace = measure(() => {
    native.newMountNamespace();
    native.mount("none", folder, "tmpfs", MOUNT.noSuid, "size=64k");
    native.mount("none", folder, undefined, MOUNT.bind | MOUNT.remount | MOUNT.readOnly);
    try {
      writeFileSync(join(folder, "x"), "");
    } catch {
      return;
    }
    throw new Error("a read-only mount could be written to");
  });
  const userSwitch = measure(() => native.setUser(SOMEBODY_ELSE, SOMEBODY_ELSE));
  process.stdout.write(JSON.stringify({ runs: { usable: true }, mountNamespace, userSwitch } satisfies InsideProbe));
}

function measure(attempt: () => void): Measured {
  try {
    attempt();
    return { usable: true };
  } catch (error) {
    return { usable: false, reason: (error as Error).message };
  }
}
