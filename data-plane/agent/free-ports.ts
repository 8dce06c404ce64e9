/** Local ports for instances. */
import { createServer } from "node:net";

/** Asks the kernel for a port that nobody has. Ports that are given away and not in use yet are the caller's to avoid. */
export async function freePort(host: string, taken: ReadonlySet<number>): Promise<number> {
  for (;;) {
    const port = await new Promise<number>((resolve, reject) => {
      const server = createServer();
      server.once("error", reject);
      server.listen(0, host, () => {
        const address = server.address();
        server.close(() => resolve(typeof address === "object" && address !== null ? address.port : 0));
      });
    });
    if (!taken.has(port)) return port;
  }
}
