/**
 * A closed-loop HTTP/1.1 load in which each connection says its next request from the last answer, as a consumer does that deletes what it received. Like
 * `http-load.ts` it polls its sockets and never sleeps.
 */
import type { PreparedRequest } from "../harness/http-load.ts";

/** What one connection does. */
export interface Talker {
  /**
   * @param answer body of the answer to the request before; undefined at the beginning
   * @returns the next request, or undefined to end
   */
  next(answer: string | undefined): PreparedRequest | undefined;
}

interface Exchange {
  readonly talker: Talker;
  head: string;
  body: string;
  /** Body bytes still to come; -1 while the head is incomplete, -2 for chunked bodies. */
  left: number;
  out: Buffer;
  offset: number;
  finished: boolean;
}

/** Runs until every talker has ended. @throws Error for an answer that is not 2xx */
export async function converse(
  target: { readonly host: string; readonly port: number },
  talkers: readonly Talker[],
): Promise<void> {
  const { promise, resolve, reject } = Promise.withResolvers<void>();
  let open = talkers.length;

  const pump = (socket: Bun.Socket<Exchange>): void => {
    const state = socket.data;
    if (state.offset >= state.out.length) return;
    const written = socket.write(state.offset === 0 ? state.out : state.out.subarray(state.offset));
    if (written > 0) state.offset += written;
  };
  const say = (socket: Bun.Socket<Exchange>, answer: string | undefined): void => {
    const state = socket.data;
    const request = state.talker.next(answer);
    if (request === undefined) {
      state.finished = true;
      open--;
      socket.end();
      if (open === 0) resolve();
      return;
    }
    state.out = request.length === 1 ? Buffer.from(request[0]!) : Buffer.concat(request);
    state.offset = 0;
    state.head = "";
    state.body = "";
    state.left = -1;
    pump(socket);
  };
  const hear = (socket: Bun.Socket<Exchange>, data: Buffer): void => {
    const state = socket.data;
    let text = data.toString("latin1");
    if (state.left === -1) {
      state.head += text;
      const end = state.head.indexOf("\r\n\r\n");
      if (end === -1) return;
      text = state.head.slice(end + 4);
      state.head = state.head.slice(0, end);
      const length = /\r\ncontent-length: *(\d+)/i.exec(state.head);
      state.left = length !== null ? Number(length[1]) : /transfer-encoding: *chunked/i.test(state.head) ? -2 : 0;
    }
    state.body += text;
    if (state.left >= 0) {
      if (state.body.length < state.left) return;
    } else if (!state.body.endsWith("0\r\n\r\n")) return;
    if (!/^HTTP\/1\.1 2/.test(state.head))
      reject(new Error(`${state.head.split("\r\n", 1)[0]}: ${state.body.slice(0, 300)}`));
    else say(socket, state.body);
  };

  for (const talker of talkers) {
    await Bun.connect<Exchange>({
      hostname: target.host,
      port: target.port,
      data: { talker, head: "", body: "", left: -1, out: Buffer.alloc(0), offset: 0, finished: false },
      socket: {
        open: (socket) => say(socket, undefined),
        data: hear,
        drain: pump,
        close: (socket) => {
          if (!socket.data.finished) reject(new Error("the server closed a connection"));
        },
        error: (_socket, error) => reject(error),
      },
    });
  }
  let polling = true;
  const poll = (): void => {
    if (polling) setImmediate(poll);
  };
  poll();
  await promise.finally(() => {
    polling = false;
  });
}
