/** Commands that run before a program, one after the other, where the program will run. */
import type { WorkloadSpec } from "#contracts";
import type { Runtime, RuntimeSpec } from "./runtimes/index.ts";

/** A command has failed. */
export class PrestartFailed extends Error {
  override readonly name = "PrestartFailed";
}

/** Lines of a command that failed, which are shown. */
const LINES_SHOWN = 20;

/**
 * Each is an instance of its own with the same release, home, variables and limits. What an agent that was killed has left of one is nobody's, and is removed when it starts again.
 *
 * @param say takes the lines of what was run
 * @throws PrestartFailed; the reason of the signal
 */
export async function runPrestart(
  runtime: Runtime,
  spec: RuntimeSpec,
  commands: WorkloadSpec["prestart"],
  signal: AbortSignal,
  say: (line: string) => void,
): Promise<void> {
  for (const [index, { command, timeoutSeconds }] of commands.entries()) {
    const instanceId = `${spec.instanceId}_p${index}`;
    const name = command.join(" ");
    const stop = (): void => void runtime.stop(instanceId, 0).catch(() => undefined);
    await runtime.destroy(instanceId);
    say(`prestart: ${name}`);
    let late = false;
    const timer = setTimeout(() => {
      late = true;
      stop();
    }, timeoutSeconds * 1000);
    signal.addEventListener("abort", stop, { once: true });
    try {
      await runtime.create({ ...spec, instanceId, argv: command });
      await runtime.start(instanceId);
      const exit = await runtime.wait(instanceId);
      for await (const { bytes } of runtime.logs(instanceId, { tail: LINES_SHOWN }))
        say(new TextDecoder().decode(bytes));
      signal.throwIfAborted();
      if (late) throw new PrestartFailed(`"${name}" did not end within ${timeoutSeconds} s`);
      if (exit.reason !== "completed") {
        throw new PrestartFailed(
          `"${name}" failed: ${exit.code === undefined ? exit.reason : `exit code ${exit.code}`}`,
        );
      }
    } finally {
      clearTimeout(timer);
      signal.removeEventListener("abort", stop);
      await runtime.destroy(instanceId);
    }
  }
}
