/** The gateway's own executable, as a process. */
import { join } from "node:path";
import type { Subprocess } from "bun";

const MAIN = join(import.meta.dir, "../../../apps/gateway/main.ts");

export interface GatewayProcess {
  readonly child: Subprocess<"ignore", "pipe", "pipe">;
  /** Where it serves. */
  readonly url: string;
  readonly admin: string;
}

/**
 * Resolves when it listens, on free ports unless told otherwise.
 *
 * @param running where the process is noted, so that it is ended with the test
 * @throws Error with the exit code and what it complained of
 */
export async function startGatewayProcess(
  options: readonly string[],
  environment: Readonly<Record<string, string>>,
  running: Subprocess[],
): Promise<GatewayProcess> {
  const anywhere = ["listen", "admin-bind"].filter((name) => !options.includes(`--${name}`));
  const child = Bun.spawn(
    [process.execPath, MAIN, ...options, ...anywhere.flatMap((name) => [`--${name}`, "127.0.0.1:0"])],
    { stdin: "ignore", stdout: "pipe", stderr: "pipe", env: { PATH: process.env.PATH, ...environment } },
  );
  running.push(child);
  let text = "";
  const decoder = new TextDecoder();
  for await (const bytes of child.stdout) {
    text += decoder.decode(bytes, { stream: true });
    if (!text.includes("ready in")) continue;
    const url = /serves +(\S+)/.exec(text)?.[1] ?? "";
    const admin = /admin +(\S+)/.exec(text)?.[1] ?? "";
    return { child, url, admin };
  }
  throw new Error(`the gateway ended with ${await child.exited}: ${await new Response(child.stderr).text()}`);
}
