/**
 * What proxying costs in this runtime before anybody looks at a message: the floor under a gateway that is a program of Bun.
 *
 *     bun bench/gateway/bare.ts splice|fetch UPSTREAM-PORT
 *
 * `splice` joins each connection to one of its own and passes octets on: two reads and two writes for a request, and nothing else. `fetch` is a reverse proxy as Bun offers it. Prints
 * its port.
 */

interface Joined {
  other: Bun.Socket<Joined> | undefined;
  /** What came before the other end was there. */
  early: Buffer[];
}

function splice(upstream: number): number {
  const joined = (): Joined => ({ other: undefined, early: [] });
  // What a socket does not take at once is lost: messages here are far below what it holds.
  const data = (socket: Bun.Socket<Joined>, bytes: Buffer): void => {
    const { other, early } = socket.data;
    if (other === undefined) early.push(bytes);
    else if (other.write(bytes) !== bytes.length) other.terminate();
  };
  const close = (socket: Bun.Socket<Joined>): void => {
    socket.data.other?.end();
  };
  const open = async (client: Bun.Socket<Joined>): Promise<void> => {
    client.data = joined();
    client.setNoDelay(true);
    const server = await Bun.connect<Joined>({
      hostname: "127.0.0.1",
      port: upstream,
      data: { other: client, early: [] },
      socket: { data, close },
    });
    server.setNoDelay(true);
    client.data.other = server;
    for (const bytes of client.data.early.splice(0)) data(client, bytes);
  };
  const server = Bun.listen<Joined>({
    hostname: "127.0.0.1",
    port: 0,
    socket: { open: (socket) => void open(socket), data, close },
  });
  return server.port;
}

function fetching(upstream: number): number {
  const base = `http://127.0.0.1:${upstream}`;
  const server = Bun.serve({
    hostname: "127.0.0.1",
    port: 0,
    fetch(request) {
      const path = request.url.slice(request.url.indexOf("/", "http://".length));
      const { method, headers, body } = request;
      return fetch(base + path, { method, headers, body, decompress: false, redirect: "manual" });
    },
  });
  return server.port!;
}

const [kind, upstream] = process.argv.slice(2);
if (kind !== "splice" && kind !== "fetch") throw new Error("say splice or fetch, and the port of the upstream");
console.log(kind === "splice" ? splice(Number(upstream)) : fetching(Number(upstream)));
