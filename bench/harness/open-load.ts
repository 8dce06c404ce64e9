/**
 * An open-loop HTTP/1.1 load: requests at a fixed rate, whatever becomes of those before. What is measured is from the moment at which a request was due to its last octet, so that a
 * server that stalls is not asked less, and its stall is seen by every request that it held up.
 */
import type { LoadResult, PreparedRequest } from "./http-load.ts";

interface Connection {
  dueMs: number;
  head: string;
  /** Octets of the body that are to come; -1 while the head is incomplete. */
  left: number;
  /** Of the last answer that came in one piece. 0: none did. */
  wholeBytes: number;
  isIdle: boolean;
}

/**
 * Between two looks at the sockets, without sleep. Looking without a pause would make a gigabyte of garbage in a few seconds, and collecting it would be the p99 that is measured, whatever
 * the server does.
 */
const POLL_MS = 0.05;

/** The first digit of a status that says success. */
const STATUS_2 = 0x32;

/** @param perSecond requests @param connections the most at once: what is due while all are busy waits, and the wait counts */
export async function runOpenLoad(
  target: { readonly host: string; readonly port: number },
  request: PreparedRequest,
  {
    perSecond,
    seconds,
    connections,
  }: { readonly perSecond: number; readonly seconds: number; readonly connections: number },
): Promise<LoadResult> {
  const bytes = Buffer.concat(request);
  const idle: Bun.Socket<Connection>[] = [];
  const due: number[] = [];
  const latencies: number[] = [];
  const failures = new Map<number, number>();
  let failure: Error | undefined;
  let bytesIn = 0;
  const send = (socket: Bun.Socket<Connection>, dueMs: number): void => {
    const state = socket.data;
    state.dueMs = dueMs;
    state.head = "";
    state.left = -1;
    state.isIdle = false;
    if (socket.write(bytes) !== bytes.length) failure = new Error("a request did not fit into a socket");
  };
  const receive = (socket: Bun.Socket<Connection>, data: Buffer): void => {
    const state = socket.data;
    bytesIn += data.length;
    let length = data.length;
    // The answers to a request that is always the same are of one length. Texts made of each would have this process collect garbage for a hundredth of the time: a p99 of its own.
    const isLikeLast = state.left === -1 && state.head === "" && length === state.wholeBytes && data[9] === STATUS_2;
    if (isLikeLast) {
      finished(socket);
      return;
    }
    const isFirst = state.head === "" && state.left === -1;
    if (state.left === -1) {
      state.head += data.toString("latin1");
      const end = state.head.indexOf("\r\n\r\n");
      if (end === -1) return;
      const head = state.head.slice(0, end).toLowerCase();
      const status = Number(head.slice(9, 12));
      if (status < 200 || status > 299) failures.set(status, (failures.get(status) ?? 0) + 1);
      state.left = Number(/\r\ncontent-length: *(\d+)/.exec(head)?.[1] ?? 0);
      length = state.head.length - end - 4;
    }
    state.left -= length;
    if (state.left > 0) return;
    state.wholeBytes = isFirst ? data.length : 0;
    finished(socket);
  };
  const finished = (socket: Bun.Socket<Connection>): void => {
    const state = socket.data;
    latencies.push(performance.now() - state.dueMs);
    const next = due.shift();
    if (next !== undefined) send(socket, next);
    else {
      state.isIdle = true;
      idle.push(socket);
    }
  };
  const sockets = await Promise.all(
    Array.from({ length: connections }, () =>
      Bun.connect<Connection>({
        hostname: target.host,
        port: target.port,
        data: { dueMs: 0, head: "", left: -1, wholeBytes: 0, isIdle: true },
        socket: {
          data: receive,
          close: () => {
            failure ??= new Error("the server closed a connection");
          },
          error: (_, error) => {
            failure ??= error;
          },
        },
      }),
    ),
  );
  idle.push(...sockets);
  const begun = performance.now();
  const total = Math.floor(perSecond * seconds);
  const everyMs = 1000 / perSecond;
  let sent = 0;
  const { promise, resolve, reject } = Promise.withResolvers<void>();
  const turn = (): void => {
    const now = performance.now();
    for (; sent < total && begun + sent * everyMs <= now; sent++) {
      const socket = idle.pop();
      if (socket === undefined) due.push(begun + sent * everyMs);
      else send(socket, begun + sent * everyMs);
    }
    if (failure !== undefined) reject(failure);
    else if (latencies.length === total) resolve();
    else if (now - begun > seconds * 1000 + 10_000) reject(new Error("answers are missing"));
    else {
      const until = now + POLL_MS;
      while (performance.now() < until);
      setImmediate(turn);
    }
  };
  turn();
  await promise;
  const took = (performance.now() - begun) / 1000;
  // Whatever closes from now on is nobody's failure.
  failure = new Error("over");
  for (const socket of sockets) socket.terminate();
  latencies.sort((a, b) => a - b);
  const percentile = (share: number): number => latencies[Math.min(total - 1, Math.floor(total * share))] ?? 0;
  return {
    requests: total,
    seconds: took,
    bytesIn,
    p50: percentile(0.5),
    p99: percentile(0.99),
    max: latencies.at(-1) ?? 0,
    failures,
  };
}
