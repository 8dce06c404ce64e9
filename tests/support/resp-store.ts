/** A store that speaks RESP (Redis or Valkey) as a process of its own, where one is installed. */
import { mkdtempSync, rmSync } from "node:fs";
import { createServer } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { skipUnless } from "./skips.ts";

const program = Bun.which("redis-server") ?? Bun.which("valkey-server");

/** `test` where a store is installed; a named skip elsewhere. */
export const storeTest = skipUnless(program !== null, "neither redis-server nor valkey-server is installed");

export interface StoreProcess {
  readonly port: number;
  /** Ends at once, without writing anything. */
  kill(): Promise<void>;
}

/** Resolves when it takes connections. @param port default: a free one @throws Error with what it complained of */
export async function startStore(options: readonly string[] = [], port?: number): Promise<StoreProcess> {
  for (let attempt = 0; ; attempt++) {
    const place = port ?? (await freePort());
    const folder = mkdtempSync(join(tmpdir(), "biplane-store-"));
    const child = Bun.spawn(
      [program!, ...["--port", String(place), "--bind", "127.0.0.1", "--save", "", "--dir", folder], ...options],
      { stdin: "ignore", stdout: "pipe", stderr: "ignore" },
    );
    const remove = () => rmSync(folder, { recursive: true, force: true });
    let said = "";
    const decoder = new TextDecoder();
    for await (const bytes of child.stdout) {
      said += decoder.decode(bytes, { stream: true });
      if (!said.includes("Ready to accept connections")) continue;
      return {
        port: place,
        async kill() {
          child.kill("SIGKILL");
          await child.exited;
          remove();
        },
      };
    }
    remove();
    // Somebody else may have taken the port meanwhile.
    if (attempt === 4) throw new Error(`the store ended: ${said}`);
  }
}

async function freePort(): Promise<number> {
  const server = createServer();
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const { port } = server.address() as { port: number };
  await new Promise<void>((resolve) => server.close(() => resolve()));
  return port;
}
