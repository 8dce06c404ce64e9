/** What people copy: the example application, and the pieces of manifests in `docs/manifest.md`. */
import { expect, test } from "bun:test";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { formatManifestText, parseManifest } from "#foundation/manifest";

const ROOT = join(import.meta.dir, "../../../..");
const EXAMPLE = join(ROOT, "examples/hello");

test("the pieces of docs/manifest.md are one valid manifest when they are put together", () => {
  const page = readFileSync(join(ROOT, "docs/manifest.md"), "utf8");
  const pieces = [...page.matchAll(/^```toml\n(.*?)^```$/gms)].map(([, text]) => text);
  expect(pieces.length).toBeGreaterThan(5);
  const rest = '[processes.db]\ncommand = ["db"]\nports = [{ internal = 5432 }]\nresources = { memory = "1Gi" }\n';
  expect(parseManifest(`${pieces.join("\n")}\n${rest}`).problems).toBeUndefined();
});

test("the example has a manifest that is valid and laid out", () => {
  const text = readFileSync(join(EXAMPLE, "biplane.toml"), "utf8");
  expect(parseManifest(text).problems).toBeUndefined();
  expect(formatManifestText(text).text).toBe(text);
});

const runtimes = [process.execPath, Bun.which("node")].filter((path) => path !== null);

test.each([...new Set(runtimes)])(
  "the example answers on PORT and leaves when it is asked to, under %s",
  async (runtime) => {
    const child = Bun.spawn([runtime, "server.js"], {
      cwd: EXAMPLE,
      env: { PORT: "0" },
      stdout: "pipe",
      stderr: "inherit",
    });
    try {
      const port = await portOf(child.stdout);
      const answers = await Promise.all(
        ["/", "/healthz", "/none"].map(async (path) => {
          const response = await fetch(`http://127.0.0.1:${port}${path}`);
          return [response.status, await response.text()];
        }),
      );
      expect(answers).toEqual([
        [200, "hello\n"],
        [200, "ok\n"],
        [404, "not found\n"],
      ]);
      child.kill("SIGTERM");
      expect(await child.exited).toBe(0);
    } finally {
      child.kill("SIGKILL");
    }
  },
);

/** The port in the line that the program prints when it listens. */
async function portOf(output: ReadableStream<Uint8Array>): Promise<number> {
  let text = "";
  const decoder = new TextDecoder();
  for await (const bytes of output) {
    text += decoder.decode(bytes, { stream: true });
    const port = /listening on port (\d+)\n/.exec(text)?.[1];
    if (port !== undefined) return Number(port);
  }
  throw new Error(`the example ended: ${text}`);
}
