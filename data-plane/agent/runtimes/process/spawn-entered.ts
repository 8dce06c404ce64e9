/** Starts a program inside an instance, by way of `enter`. */
import { existsSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { TOKEN_VARIABLE } from "../rules/environment.ts";
import type { Entry } from "./enter.ts";

export interface EnteredOptions {
  readonly entry: Omit<Entry, "failureFile">;
  /** The run's directory, as an absolute path. */
  readonly directory: string;
  /** How this program is called as an instance process; see `instance-process.ts`. */
  readonly command: readonly string[];
  readonly token: string;
  /** Numbers of open files, or what Bun takes; or a terminal. */
  readonly stdio?: readonly ("ignore" | "pipe" | number)[];
  readonly terminal?: Bun.Terminal;
}

export interface Entered {
  readonly subprocess: Bun.Subprocess;
  /** Why the program could not be executed; undefined when it was. To be asked after the end, or after the report pipe closed. */
  failure(): string | undefined;
}

let entered = 0;

export function spawnEntered(options: EnteredOptions): Entered {
  entered += 1;
  const entryFile = join(options.directory, `enter-${process.pid}-${entered}`);
  const failureFile = `${entryFile}.failure`;
  const entry: Entry = { ...options.entry, failureFile };
  writeFileSync(entryFile, JSON.stringify(entry), { mode: 0o600, flag: "wx" });
  const subprocess = Bun.spawn([...options.command, "enter", entryFile], {
    // Bun reads settings from the folder it starts in: one that only we write to.
    cwd: options.directory,
    // The token alone: what Bun itself would read from the environment is not the instance's to say.
    env: { [TOKEN_VARIABLE]: options.token },
    ...(options.terminal === undefined
      ? { stdio: [...(options.stdio ?? [])] as ["ignore", "ignore", "ignore"] }
      : { terminal: options.terminal }),
  });
  let failure: string | undefined;
  return {
    subprocess,
    failure() {
      if (failure !== undefined || !existsSync(failureFile)) return failure;
      failure = readFileSync(failureFile, "utf8");
      rmSync(failureFile);
      return failure;
    },
  };
}
