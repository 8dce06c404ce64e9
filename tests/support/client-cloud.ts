/** One cloud for a file of client tests, with the environment that `biplane env` gives and nothing else configured. */
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { Subprocess } from "bun";
import { type Cloud, type CloudEnvironment, type CloudProcess, createCloud } from "./cloud.ts";

export interface Ran {
  readonly code: number;
  readonly stdout: string;
  readonly stderr: string;
}

export interface ClientCloud {
  readonly cloud: Cloud;
  readonly process: CloudProcess;
  readonly environment: CloudEnvironment;
  /** A scratch directory, also the home directory of the clients: no configuration of this machine reaches them. */
  readonly home: string;
  /** Runs a command with the cloud's environment. */
  run(
    command: readonly string[],
    options?: { readonly env?: Record<string, string>; readonly input?: string },
  ): Promise<Ran>;
  /** Starts a command with the cloud's environment, and leaves it running; what it says wrong is thrown away. */
  spawn(command: readonly string[]): Subprocess<"pipe", "pipe", "ignore">;
  /** Like `run`, but a failure is an error that shows what was printed. */
  must(
    command: readonly string[],
    options?: { readonly env?: Record<string, string>; readonly input?: string },
  ): Promise<string>;
  dispose(): Promise<void>;
}

/** Starts `biplane up` on free ports. */
export async function startClientCloud(): Promise<ClientCloud> {
  const cloud = createCloud();
  const process_ = await cloud.start("up", "--port", "0", "--api-port", "0");
  const environment = await cloud.environment();
  const home = mkdtempSync(join(tmpdir(), "biplane-home-"));
  // PATH and the interpreters' own variables stay; every AWS_ and proxy variable of this machine goes.
  const inherited = Object.fromEntries(
    Object.entries(process.env).filter(
      ([name]) => !/^(AWS_|BOTO_|RCLONE_|RESTIC_|S3CMD|HTTPS?_PROXY|NO_PROXY|HOME$)/i.test(name),
    ),
  ) as Record<string, string>;
  const base = { ...inherited, ...environment, HOME: home, AWS_PAGER: "", AWS_EC2_METADATA_DISABLED: "true" };

  const run: ClientCloud["run"] = async (command, options = {}) => {
    const child = Bun.spawn([...command], {
      cwd: home,
      env: { ...base, ...options.env },
      stdin: options.input === undefined ? "ignore" : new TextEncoder().encode(options.input),
      stdout: "pipe",
      stderr: "pipe",
    });
    const [stdout, stderr, code] = await Promise.all([
      new Response(child.stdout).text(),
      new Response(child.stderr).text(),
      child.exited,
    ]);
    return { code, stdout, stderr };
  };
  return {
    cloud,
    process: process_,
    environment,
    home,
    run,
    spawn: (command) =>
      Bun.spawn([...command], { cwd: home, env: base, stdin: "pipe", stdout: "pipe", stderr: "ignore" }),
    async must(command, options) {
      const { code, stdout, stderr } = await run(command, options);
      if (code !== 0) throw new Error(`${command.join(" ")} ended with ${code}\n${stdout}\n${stderr}`);
      return stdout;
    },
    async dispose() {
      await process_.stop();
      await cloud.dispose();
      rmSync(home, { recursive: true, force: true });
    },
  };
}
