/**
 * The upstream of the benchmark: answers `GET /<n>` with n bytes, and everything else with two, as cheaply as it can. It believes what it reads.
 *
 * Prints its port.
 */

interface Talk {
  head: string;
  /** Body bytes to come; -1: in chunks. */
  left: number;
  waiting: Uint8Array | undefined;
}

const answers = new Map<number, Uint8Array>();

function answer(bytes: number): Uint8Array {
  let known = answers.get(bytes);
  if (known === undefined) {
    const head = `HTTP/1.1 200 OK\r\nServer: bench\r\nContent-Type: application/json\r\nContent-Length: ${bytes}\r\nX-Request-Id: 0123456789abcdef\r\nCache-Control: no-store\r\n\r\n`;
    known = Buffer.concat([Buffer.from(head), Buffer.alloc(bytes, "x")]);
    answers.set(bytes, known);
  }
  return known;
}

function send(socket: Bun.Socket<Talk>, bytes: Uint8Array): void {
  const written = Math.max(0, socket.write(bytes));
  socket.data.waiting = written < bytes.length ? bytes.subarray(written) : undefined;
}

const server = Bun.listen<Talk>({
  hostname: "127.0.0.1",
  port: 0,
  socket: {
    open(socket) {
      socket.data = { head: "", left: 0, waiting: undefined };
      socket.setNoDelay(true);
    },
    data(socket, bytes) {
      const talk = socket.data;
      let body = bytes;
      if (talk.left === 0) {
        talk.head += bytes.toString("latin1");
        const end = talk.head.indexOf("\r\n\r\n");
        if (end === -1) return;
        body = bytes.subarray(bytes.length - (talk.head.length - end - 4));
        const head = talk.head.slice(0, end);
        talk.left = Number(/\r\ncontent-length: (\d+)/i.exec(head)?.[1] ?? 0);
      }
      talk.left -= body.length;
      if (talk.left > 0) return;
      talk.left = 0;
      const size = /^GET \/(\d+)/.exec(talk.head)?.[1];
      talk.head = "";
      send(socket, answer(size === undefined ? 2 : Number(size)));
    },
    drain(socket) {
      const { waiting } = socket.data;
      if (waiting !== undefined) send(socket, waiting);
    },
  },
});
console.log(server.port);
