/**
 * File operations that forget what was not synced when the power fails: contents of files, and names in directories. This is all that POSIX promises, and
 * what the order of the engine's fsyncs has to cope with.
 */

import { existsSync, linkSync, mkdirSync, renameSync, rmSync, truncateSync } from "node:fs";
import { dirname, join } from "node:path";
import type { HousekeepingFiles, StagingFiles } from "../bodies/file-operations.ts";
import type { FaultPlan } from "./fault-plan.ts";

/** A change of names that is not durable yet. */
interface PendingName {
  /** Becomes durable when this directory is synced. */
  readonly directory: string;
  undo(): void;
}

export class LosingFiles {
  private readonly root: string;
  private readonly plan: FaultPlan;
  private readonly unsynced = new Set<string>();
  private names: PendingName[] = [];
  private graves = 0;
  private readonly forgets: string | undefined;

  /** @param forgets a kind of sync that does nothing, to prove that its absence is noticed */
  constructor(root: string, plan: FaultPlan, forgets?: "sync contents" | "sync names" | "make durable") {
    this.root = root;
    this.plan = plan;
    this.forgets = forgets;
  }

  /** Undoes everything that was not synced. */
  loseUnsynced(): void {
    for (const path of this.unsynced) if (existsSync(join(this.root, path))) truncateSync(join(this.root, path), 0);
    for (const name of this.names.reverse()) name.undo();
    rmSync(join(this.root, "graves"), { recursive: true, force: true });
  }

  private created(path: string): void {
    this.unsynced.add(path);
    this.names.push({
      directory: dirname(path),
      undo: () => rmSync(join(this.root, path), { force: true }),
    });
  }

  private removing(path: string): void {
    const grave = join(this.root, "graves", String(++this.graves));
    if (!existsSync(join(this.root, path))) return;
    mkdirSync(dirname(grave), { recursive: true });
    linkSync(join(this.root, path), grave);
    const wasUnsynced = this.unsynced.delete(path);
    this.names.push({
      directory: dirname(path),
      undo: () => {
        rmSync(join(this.root, path), { force: true });
        renameSync(grave, join(this.root, path));
        if (wasUnsynced) truncateSync(join(this.root, path), 0);
      },
    });
  }

  private renaming(from: string, to: string): void {
    this.names.push({
      directory: dirname(to),
      undo: () => renameSync(join(this.root, to), join(this.root, from)),
    });
  }

  private directorySynced(path: string): void {
    this.names = this.names.filter(({ directory }) => directory !== path);
  }

  staging(files: StagingFiles): StagingFiles {
    const { plan } = this;
    return {
      createNew: async (path) => {
        const step = plan.before("create");
        const file = await files.createNew(path);
        this.created(path);
        try {
          plan.after(step);
        } catch (crashed) {
          await file.close();
          throw crashed;
        }
        return {
          write: (bytes) => plan.async("write", () => file.write(bytes)),
          sync: () =>
            plan.async("sync contents", async () => {
              await file.sync();
              if (this.forgets !== "sync contents") this.unsynced.delete(path);
            }),
          close: () => file.close(),
        };
      },
      syncDirectory: (path) =>
        plan.async("sync names", async () => {
          await files.syncDirectory(path);
          if (this.forgets !== "sync names") this.directorySynced(path);
        }),
      remove: (path) =>
        plan.async("remove staged", async () => {
          this.removing(path);
          await files.remove(path);
        }),
    };
  }

  housekeeping(files: HousekeepingFiles): HousekeepingFiles {
    const { plan } = this;
    return {
      writeWhole: (path, bytes) =>
        plan.sync("write file", () => {
          const isNew = !existsSync(join(this.root, path));
          files.writeWhole(path, bytes);
          if (isNew) this.created(path);
          this.unsynced.add(path);
        }),
      rename: (from, to) =>
        plan.sync("rename", () => {
          files.rename(from, to);
          this.renaming(from, to);
        }),
      remove: (path) =>
        plan.sync("remove", () => {
          this.removing(path);
          return files.remove(path);
        }),
      removeEmptyDirectory: (path) => plan.sync("remove directory", () => files.removeEmptyDirectory(path)),
      makeDirectory: (path) => plan.sync("make directory", () => files.makeDirectory(path)),
      list: (path) => files.list(path),
      exists: (path) => files.exists(path),
      makeDurable: (paths, directories) =>
        plan.sync("make durable", () => {
          files.makeDurable(paths, directories);
          if (this.forgets === "make durable") return;
          for (const path of paths) this.unsynced.delete(path);
          for (const path of directories) this.directorySynced(path);
        }),
    };
  }
}
