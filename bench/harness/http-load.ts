/**
 * A closed-loop HTTP/1.1 load: each connection sends its next request when the answer to the last one is complete. Requests are bytes made (and signed)
 * beforehand, so that the load costs as little as possible beside the server on the same machine.
 *
 * The load never sleeps: it polls its sockets until the run ends. A load that sleeps must be woken by each answer, and the kernel charges that to whoever sends
 * it: in a virtual machine an interrupt to another processor, 12 µs, as much as a server needs for a small answer. Clients elsewhere cost a server nothing of
 * the kind.
 */

/** One request, ready to send: head and body in one or more pieces. */
export type PreparedRequest = readonly Uint8Array[];

export interface LoadResult {
  readonly requests: number;
  readonly seconds: number;
  readonly bytesIn: number;
  /** Milliseconds. */
  readonly p50: number;
  readonly p99: number;
  readonly max: number;
  /** Answers that were not 2xx, by status. */
  readonly failures: ReadonlyMap<number, number>;
}

interface Connection {
  /** Bytes of the answer's head that has not ended yet. */
  head: string;
  /** Body bytes still to come; -1 while the head is incomplete, -2 for chunked bodies. */
  left: number;
  started: number;
  request: PreparedRequest;
  piece: number;
  offset: number;
  tail: string;
  /** This connection has ended because the run has. */
  finished: boolean;
}

export interface LoadLimits {
  /** Whichever comes first ends the run: the time or the number. */
  readonly seconds: number;
  readonly requests?: number;
  /** Leaves the processor to others while there is nothing to do: for loads beside which something else is measured. */
  readonly sleeps?: boolean;
}

/** @param next gives the request for the n-th turn */
export async function runLoad(
  target: { readonly host: string; readonly port: number },
  connections: number,
  next: (turn: number) => PreparedRequest,
  limits: LoadLimits,
): Promise<LoadResult> {
  const failures = new Map<number, number>();
  const latencies: number[] = [];
  let turn = 0;
  let finished = 0;
  let bytesIn = 0;
  let open = connections;
  const begun = performance.now();
  let deadline = begun + limits.seconds * 1000;
  const { promise: ended, resolve, reject } = Promise.withResolvers<void>();

  const fail = (error: Error) => {
    deadline = 0; // The other connections end with their next answer.
    reject(error);
  };
  const pump = (socket: Bun.Socket<Connection>) => {
    const state = socket.data;
    while (state.piece < state.request.length) {
      const piece = state.request[state.piece]!;
      const written = socket.write(state.offset === 0 ? piece : piece.subarray(state.offset));
      if (written < 0) return;
      state.offset += written;
      if (state.offset < piece.length) return;
      state.piece += 1;
      state.offset = 0;
    }
  };
  const begin = (socket: Bun.Socket<Connection>) => {
    if (performance.now() >= deadline || (limits.requests !== undefined && turn >= limits.requests)) {
      // `end` calls `close` before it returns: this connection is not open any more by then.
      open -= 1;
      socket.data.finished = true;
      socket.end();
      if (open === 0) resolve();
      return;
    }
    const state = socket.data;
    state.request = next(turn);
    turn += 1;
    state.piece = 0;
    state.offset = 0;
    state.head = "";
    state.left = -1;
    state.tail = "";
    state.started = performance.now();
    pump(socket);
  };
  const complete = (socket: Bun.Socket<Connection>) => {
    finished += 1;
    latencies.push(performance.now() - socket.data.started);
    begin(socket);
  };
  const receive = (socket: Bun.Socket<Connection>, data: Buffer) => {
    const state = socket.data;
    bytesIn += data.length;
    let body = data;
    if (state.left === -1) {
      state.head += data.toString("latin1");
      const end = state.head.indexOf("\r\n\r\n");
      if (end === -1) return;
      const head = state.head.slice(0, end).toLowerCase();
      const status = Number(head.slice(9, 12));
      if (status === 100) {
        state.head = state.head.slice(end + 4);
        return;
      }
      if (status < 200 || status > 299) failures.set(status, (failures.get(status) ?? 0) + 1);
      const length = /\r\ncontent-length: *(\d+)/.exec(head);
      state.left = length !== null ? Number(length[1]) : head.includes("transfer-encoding: chunked") ? -2 : 0;
      body = Buffer.from(state.head.slice(end + 4), "latin1");
    }
    if (state.left === -2) {
      state.tail = (state.tail + body.toString("latin1")).slice(-7);
      if (state.tail.endsWith("0\r\n\r\n")) complete(socket);
      return;
    }
    state.left -= body.length;
    if (state.left <= 0) complete(socket);
  };

  for (let index = 0; index < connections; index += 1) {
    await Bun.connect<Connection>({
      hostname: target.host,
      port: target.port,
      data: { head: "", left: -1, started: 0, request: [], piece: 0, offset: 0, tail: "", finished: false },
      socket: {
        open: begin,
        data: receive,
        drain: pump,
        close: (socket) => {
          if (!socket.data.finished) fail(new Error("the server closed a connection"));
        },
        error: (_socket, error) => fail(error),
      },
    });
  }
  let polling = limits.sleeps !== true;
  const poll = () => {
    if (polling) setImmediate(poll);
  };
  poll();
  await ended.finally(() => {
    polling = false;
  });
  const seconds = (performance.now() - begun) / 1000;
  latencies.sort((a, b) => a - b);
  const percentile = (share: number) =>
    latencies[Math.min(latencies.length - 1, Math.floor(latencies.length * share))] ?? 0;
  return {
    requests: finished,
    seconds,
    bytesIn,
    p50: percentile(0.5),
    p99: percentile(0.99),
    max: latencies.at(-1) ?? 0,
    failures,
  };
}
