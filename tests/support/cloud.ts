/**
 * Starts real Biplane processes for tests: the same program that a user starts, in a directory of its own, on free ports.
 */
import { mkdtempSync, readdirSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { Subprocess } from "bun";

const ROOT = join(import.meta.dir, "..", "..");

/** How tests start Biplane. `BIPLANE_TEST_PROGRAM` names another program than the sources; `npm test` compiles one. */
export const PROGRAM: readonly string[] =
  process.env.BIPLANE_TEST_PROGRAM === undefined
    ? [process.execPath, join(ROOT, "apps/biplane/main.ts")]
    : [process.env.BIPLANE_TEST_PROGRAM];

/** A process that does not get ready within this has failed; the warm figure is below 300 ms. */
const READY_TIMEOUT_MS = 30_000;

/** The variables that `biplane env --json` prints. */
export type CloudEnvironment = Readonly<Record<string, string>>;

/** One running process of a cloud. */
export interface CloudProcess {
  readonly pid: number;
  /** Ends it as a user would (SIGTERM), waits for it and gives the exit code. */
  stop(): Promise<number>;
  /** `kill -9`, and waits until it is gone. */
  kill(): Promise<void>;
  /** Everything it has printed so far. */
  output(): string;
  readonly exited: Promise<number>;
}

/** What a command has printed and ended with. */
export interface CliAnswer {
  readonly code: number;
  readonly stdout: string;
  readonly stderr: string;
}

/** A directory with a cloud in it. Processes come and go; the data stays until {@link Cloud.dispose}. */
export interface Cloud {
  readonly dataDirectory: string;
  /** Starts `biplane <command> --data <dir> …` and waits until it says that it is ready. */
  start(command: "up" | "control" | "node" | "agent" | "edge", ...args: readonly string[]): Promise<CloudProcess>;
  /** `biplane env --json`. */
  environment(): Promise<CloudEnvironment>;
  /** Runs the command line against this cloud. */
  cli(...args: readonly string[]): Promise<CliAnswer>;
  /** Runs the command line with an environment of its own, as somebody who cannot read the data directory. */
  cliWith(environment: Readonly<Record<string, string>>, ...args: readonly string[]): Promise<CliAnswer>;
  /** The same, without waiting for its end. */
  spawn(
    environment: Readonly<Record<string, string>>,
    ...args: readonly string[]
  ): Subprocess<"ignore", "pipe", "pipe">;
  /** Kills what still runs and removes the directory. */
  dispose(): Promise<void>;
}

/**
 * Makes an empty cloud directory; nothing runs yet.
 * @param parent where to make it; default the system's place for temporary files
 */
export function createCloud(parent = tmpdir()): Cloud {
  const dataDirectory = mkdtempSync(join(parent, "biplane-cloud-"));
  const running = new Set<CloudProcess>();
  const childEnvironment = {
    ...process.env,
    BIPLANE_DATA: dataDirectory,
    NO_COLOR: "1",
    // A condition key that no table of permissions names is an internal error.
    BIPLANE_CHECKS_CONDITION_KEYS: "1",
  };

  const spawn: Cloud["spawn"] = (env, ...args) =>
    Bun.spawn([...PROGRAM, ...args], { stdout: "pipe", stderr: "pipe", env: { ...env }, cwd: ROOT });
  const cliWith: Cloud["cliWith"] = async (environment, ...args) => {
    const child = spawn(environment, ...args);
    const [stdout, stderr, code] = await Promise.all([
      new Response(child.stdout).text(),
      new Response(child.stderr).text(),
      child.exited,
    ]);
    return { code, stdout, stderr };
  };
  const cli: Cloud["cli"] = (...args) => cliWith(childEnvironment as Record<string, string>, ...args);

  return {
    dataDirectory,
    cli,
    cliWith,
    spawn,
    async start(command, ...args) {
      const data = args.includes("--data") ? [] : ["--data", dataDirectory];
      const child = Bun.spawn([...PROGRAM, command, ...data, ...args], {
        stdout: "pipe",
        stderr: "pipe",
        env: childEnvironment,
        cwd: ROOT,
      });
      const process_ = watch(child);
      await process_.ready;
      running.add(process_);
      void process_.exited.then(() => running.delete(process_));
      return process_;
    },
    async environment() {
      const { code, stdout, stderr } = await cli("env", "--json");
      if (code !== 0) throw new Error(`biplane env failed (${code}): ${stderr}`);
      return JSON.parse(stdout) as CloudEnvironment;
    },
    async dispose() {
      await Promise.all([...running].map((process_) => process_.kill()));
      killInstances(dataDirectory);
      rmSync(dataDirectory, { recursive: true, force: true });
    },
  };
}

/** Instances outlive their agent: their supervisors, which name the directory, and what runs under them. */
export function killInstances(directory: string): void {
  for (const name of readdirSync("/proc")) {
    if (!/^\d+$/.test(name)) continue;
    try {
      const mentions = [`/proc/${name}/cmdline`, `/proc/${name}/environ`].some((path) =>
        readFileSync(path, "latin1").includes(directory),
      );
      if (mentions && Number(name) !== process.pid) process.kill(Number(name), "SIGKILL");
    } catch {
      // Gone already, or somebody else's.
    }
  }
}

/** Collects output and resolves `ready` at the first line that begins with `ready` (or contains it as a JSON event). */
function watch(child: Subprocess<"ignore", "pipe", "pipe">): CloudProcess & { readonly ready: Promise<void> } {
  let output = "";
  const { promise: ready, resolve, reject } = Promise.withResolvers<void>();
  const timeout = setTimeout(
    () => reject(new Error(`not ready after ${READY_TIMEOUT_MS} ms; it printed:\n${output}`)),
    READY_TIMEOUT_MS,
  );
  const collect = async (stream: ReadableStream<Uint8Array>) => {
    const decoder = new TextDecoder();
    for await (const chunk of stream) {
      output += decoder.decode(chunk, { stream: true });
      if (/^\s*ready\b/im.test(output)) resolve();
    }
  };
  void collect(child.stdout);
  void collect(child.stderr);
  void child.exited.then((code) => reject(new Error(`ended with ${code} before it was ready; it printed:\n${output}`)));
  void ready.catch(() => undefined).finally(() => clearTimeout(timeout));
  return {
    pid: child.pid,
    ready,
    exited: child.exited,
    output: () => output,
    async stop() {
      child.kill("SIGTERM");
      return await child.exited;
    },
    async kill() {
      child.kill("SIGKILL");
      await child.exited;
    },
  };
}
