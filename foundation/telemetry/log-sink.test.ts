import { expect, test } from "bun:test";
import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";

const room = join(import.meta.dir, "index.ts");

/** Runs a script in its own process with standard error going to a file. */
async function run(script: string): Promise<{ exit: number; log: string }> {
  const directory = mkdtempSync(join(tmpdir(), "biplane-log-"));
  try {
    const path = join(directory, "log");
    const child = Bun.spawn([process.execPath, "-e", script], { stderr: Bun.file(path), stdout: "ignore" });
    const exit = await child.exited;
    return { exit, log: readFileSync(path, "utf8") };
  } finally {
    rmSync(directory, { recursive: true });
  }
}

test("lines that wait are written when the process exits", async () => {
  const { exit, log } = await run(
    `const { createLogger } = await import(${JSON.stringify(room)});
     const log = createLogger(); for (let i = 0; i < 3; i++) log.info("line", { i }); process.exit(3);`,
  );
  expect(exit).toBe(3);
  expect(
    log
      .trim()
      .split("\n")
      .map((line) => JSON.parse(line).i),
  ).toEqual([0, 1, 2]);
});

test("more than a batch is written whole and in order", async () => {
  const { log } = await run(
    `const { createLogger } = await import(${JSON.stringify(room)});
     const log = createLogger(); for (let i = 0; i < 5000; i++) log.info("a line of some length to fill the batch", { i });`,
  );
  const lines = log.trim().split("\n");
  expect(lines.length).toBe(5000);
  expect(lines.every((line, i) => JSON.parse(line).i === i)).toBe(true);
});

test("a reader that is gone does not stop the program", async () => {
  const child = Bun.spawn(
    [
      process.execPath,
      "-e",
      `const { createLogger } = await import(${JSON.stringify(room)});
       const log = createLogger(); for (let i = 0; i < 20000; i++) log.info("a line of some length to fill the pipe", { i });
       console.log("done");`,
    ],
    { stderr: "pipe", stdout: "pipe" },
  );
  await child.stderr.cancel();
  expect((await new Response(child.stdout).text()).trim()).toBe("done");
  expect(await child.exited).toBe(0);
});
