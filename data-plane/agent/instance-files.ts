/** What the agent keeps of each instance, so that it goes on where it was after its own restart. */
import { mkdirSync, readdirSync, rmSync } from "node:fs";
import { join } from "node:path";
import type { InstanceReason, WorkloadSpec } from "#contracts";
import { readFileIfThere, writePrivateFile } from "#foundation/files";

export interface KeptInstance {
  readonly workload: WorkloadSpec;
  /** Declared port to the local one. */
  readonly ports: Readonly<Record<string, number>>;
  readonly runtime: string;
  readonly restarts: number;
  readonly restartedAt: readonly number[];
  readonly everReady: boolean;
  /** Only once it has ended. */
  readonly final?: "stopped" | "failed";
  readonly reason?: InstanceReason;
  readonly detail?: string;
  readonly exitCode?: number;
}

const ID = /^ins_[0-9a-f]{24}$/;

/** Ids come from a plan, and become names of folders. */
export const isInstanceId = (id: string): boolean => ID.test(id);

export class InstanceFiles {
  readonly #root: string;

  constructor(root: string) {
    this.#root = root;
    mkdirSync(root, { recursive: true, mode: 0o700 });
  }

  /** What belongs to the instance: its home, for temporary files. */
  scratch(instanceId: string): string {
    return join(this.#root, instanceId, "scratch");
  }

  keep(instanceId: string, kept: KeptInstance): void {
    mkdirSync(join(this.#root, instanceId), { recursive: true, mode: 0o700 });
    writePrivateFile(join(this.#root, instanceId, "instance.json"), `${JSON.stringify(kept)}\n`);
  }

  /** Those that were kept whole; what a crash has left of others is removed. */
  all(): ReadonlyMap<string, KeptInstance> {
    const found = new Map<string, KeptInstance>();
    for (const name of readdirSync(this.#root)) {
      const text = isInstanceId(name) ? readFileIfThere(join(this.#root, name, "instance.json")) : undefined;
      if (text !== undefined) found.set(name, JSON.parse(text) as KeptInstance);
      else if (isInstanceId(name)) rmSync(join(this.#root, name), { recursive: true, force: true });
    }
    return found;
  }

  remove(instanceId: string): void {
    rmSync(join(this.#root, instanceId), { recursive: true, force: true });
  }
}
