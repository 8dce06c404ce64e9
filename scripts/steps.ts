/** Runs the steps of a development script as child processes and reports each in one line. */

export interface StepResult {
  readonly name: string;
  readonly ok: boolean;
  readonly seconds: number;
  readonly output: string;
}

/**
 * Runs one command with its output captured; prints the output only when it fails.
 *
 * @param command argument vector; no shell is involved
 * @param env variables on top of the current ones
 */
export async function runStep(
  name: string,
  command: readonly string[],
  env: Readonly<Record<string, string>> = {},
): Promise<StepResult> {
  const started = performance.now();
  const child = Bun.spawn([...command], { stdout: "pipe", stderr: "pipe", env: { ...process.env, ...env } });
  const [stdout, stderr, code] = await Promise.all([
    new Response(child.stdout).text(),
    new Response(child.stderr).text(),
    child.exited,
  ]);
  const seconds = (performance.now() - started) / 1000;
  const output = `${stdout}${stderr}`;
  const ok = code === 0;
  console.log(`${ok ? "ok  " : "FAIL"} ${name} (${seconds.toFixed(1)} s)`);
  if (!ok) console.log(output.trimEnd());
  return { name, ok, seconds, output };
}
