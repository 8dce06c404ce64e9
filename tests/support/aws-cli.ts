/**
 * The AWS CLI as a test uses it: often. Its start takes most of a second of processor time, nearly all of it for reading its own modules; where the
 * interpreter that has them can be found, they are read once, and each command runs in a fork (`aws-cli.py`). Elsewhere each command is a process as usual.
 */
import { join } from "node:path";
import type { ClientCloud, Ran } from "./client-cloud.ts";

/** Whether there is an AWS CLI here: see {@link skipUnless}. */
export const hasAwsCli = Bun.which("aws") !== null;

/** What a skip for want of it says. */
export const NO_AWS_CLI = "the AWS CLI is not installed (Debian: awscli)";

export interface AwsCli {
  /** Runs `aws <args>` with the cloud's environment, in the clients' home directory. One at a time. */
  run(args: readonly string[], env?: Readonly<Record<string, string>>): Promise<Ran>;
  /** Like `run`, but a failure is an error that shows what was printed. */
  must(args: readonly string[], env?: Readonly<Record<string, string>>): Promise<string>;
  /** `1.45.11`. */
  readonly version: string;
  close(): Promise<void>;
}

/** Asks the command itself for its version, so that each file of tests runs it as it was installed at least once. */
export async function startAwsCli(here: ClientCloud): Promise<AwsCli> {
  const said = await here.must(["aws", "--version"]);
  const version = /^aws-cli\/(\S+)/.exec(said)?.[1];
  if (version === undefined) throw new Error(`aws --version says ${said}`);
  const forks = await startForks(here, version);
  const run: AwsCli["run"] = (args, env = {}) => forks?.run(args, env) ?? here.run(["aws", ...args], { env });
  return {
    version,
    run,
    async must(args, env) {
      const { code, stdout, stderr } = await run(args, env);
      if (code !== 0) throw new Error(`aws ${args.join(" ")} ended with ${code}\n${stdout}\n${stderr}`);
      return stdout;
    },
    async close() {
      await forks?.close();
    },
  };
}

interface Forks extends Pick<AwsCli, "close"> {
  run(args: readonly string[], env: Readonly<Record<string, string>>): Promise<Ran>;
}

/** Undefined where `python3` is not the interpreter that this version of the CLI runs in. */
async function startForks(here: ClientCloud, version: string): Promise<Forks | undefined> {
  if (Bun.which("python3") === null) return undefined;
  const child = here.spawn(["python3", join(import.meta.dir, "aws-cli.py")]);
  const lines = linesOf(child.stdout);
  const ready = await lines.next();
  if (ready.done === true || (JSON.parse(ready.value) as { version: string }).version !== version) {
    child.kill();
    await child.exited;
    return undefined;
  }
  let before: Promise<unknown> = Promise.resolve();
  return {
    run(args, env) {
      const ran = before.then(async () => {
        child.stdin.write(`${JSON.stringify({ args, env })}\n`);
        const answer = await lines.next();
        if (answer.done === true) throw new Error(`the AWS CLI's interpreter ended at: aws ${args.join(" ")}`);
        return JSON.parse(answer.value) as Ran;
      });
      before = ran.catch(() => undefined);
      return ran;
    },
    async close() {
      await child.stdin.end();
      await child.exited;
    },
  };
}

async function* linesOf(stream: ReadableStream<Uint8Array>): AsyncGenerator<string> {
  const decoder = new TextDecoder();
  let rest = "";
  for await (const bytes of stream) {
    rest += decoder.decode(bytes, { stream: true });
    for (let end = rest.indexOf("\n"); end >= 0; end = rest.indexOf("\n")) {
      yield rest.slice(0, end);
      rest = rest.slice(end + 1);
    }
  }
}
