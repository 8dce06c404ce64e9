/** A line to a server that can be cut. */
import { type AddressInfo, connect, createServer, type Socket } from "node:net";

export interface CutLine {
  readonly port: number;
  /** Cuts all connections; new ones can be made. */
  cut(): void;
  /** From now on no answer comes through, while what is asked still reaches the server; `cut` ends that. */
  swallowAnswers(): void;
  close(): Promise<void>;
}

/** Listens on a free port of this machine and passes everything on to `port`. */
export async function openCutLine(port: number): Promise<CutLine> {
  const ends = new Set<Socket>();
  let swallowing = false;
  const listener = createServer((client) => {
    const server = connect({ host: "127.0.0.1", port });
    for (const [end, other] of [
      [client, server],
      [server, client],
    ] as const) {
      ends.add(end);
      // Why an end is gone does not matter: the other one goes with it.
      end.on("error", () => undefined);
      end.on("close", () => {
        ends.delete(end);
        other.destroy();
      });
    }
    client.on("data", (bytes) => void server.write(bytes));
    server.on("data", (bytes) => {
      if (!swallowing) client.write(bytes);
    });
  });
  await new Promise<void>((resolve) => listener.listen(0, "127.0.0.1", resolve));
  const cut = (): void => {
    for (const end of ends) end.destroy();
    swallowing = false;
  };
  return {
    port: (listener.address() as AddressInfo).port,
    cut,
    swallowAnswers() {
      swallowing = true;
    },
    close() {
      cut();
      return new Promise((resolve) => listener.close(() => resolve()));
    },
  };
}
