/** Runs a program that says on its standard output what it has done, line by line, and kills it in the middle. */

/**
 * Starts the program under this runtime, tells each of its lines, and kills it with SIGKILL at the `afterLines`-th one. A line `ready` is not counted or told. What it managed
 * to say after that is told too.
 *
 * @throws Error when the program ended by itself
 */
export async function killAfterLines(
  program: string,
  args: readonly string[],
  afterLines: number,
  onLine: (line: string) => void,
): Promise<void> {
  const writer = Bun.spawn([process.execPath, program, ...args], { stdout: "pipe", stderr: "inherit" });
  let rest = "";
  let lines = 0;
  const decoder = new TextDecoder();
  for await (const bytes of writer.stdout) {
    const pieces = (rest + decoder.decode(bytes, { stream: true })).split("\n");
    rest = pieces.pop() ?? "";
    for (const line of pieces) {
      if (line === "ready") continue;
      onLine(line);
      if (++lines === afterLines) writer.kill("SIGKILL");
    }
  }
  await writer.exited;
  if (lines < afterLines) throw new Error(`the writer ended by itself with code ${writer.exitCode}`);
}
