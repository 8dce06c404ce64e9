/** A broker that answers as a test says, written apart from what it tests: it reads and writes octets by itself. For tests. */
import { createServer, type Socket } from "node:net";
import { createServer as createTlsServer } from "node:tls";
import { type FakeSasl, saslServer } from "./fake-sasl.ts";

export interface Produced {
  readonly producerId: bigint;
  readonly sequence: number;
  readonly count: number;
  /** Of the broker that was asked. */
  readonly node: number;
}

/** An error code; `drop` closes the connection without an answer, `silent` says nothing. */
export type ProduceOutcome = number | "drop" | "silent";

export interface FakeBroker {
  readonly port: number;
  readonly produced: Produced[];
  /** What becomes of a batch; default: written. */
  onProduce: (produced: Produced) => ProduceOutcome;
  /** Node that leads partition 0. */
  leader: number;
  /** Error of the topic in metadata. */
  topicError: number;
  metadataAsked: number;
  /** Answers everything with this, when it is there. */
  garbage: Buffer | undefined;
  close(): void;
}

const i8 = (value: number) => Buffer.from([value & 0xff]);
const i16 = (value: number) => {
  const bytes = Buffer.alloc(2);
  bytes.writeInt16BE(value);
  return bytes;
};
const i32 = (value: number) => {
  const bytes = Buffer.alloc(4);
  bytes.writeInt32BE(value);
  return bytes;
};
const i64 = (value: bigint) => {
  const bytes = Buffer.alloc(8);
  bytes.writeBigInt64BE(value);
  return bytes;
};
const text = (value: string) => Buffer.concat([i16(Buffer.byteLength(value)), Buffer.from(value)]);
const list = (items: readonly Buffer[]) => Buffer.concat([i32(items.length), ...items]);

export interface FakeBrokerOptions {
  readonly tls?: { readonly cert: string; readonly key: string };
  /** Nothing else is answered before it. */
  readonly sasl?: FakeSasl;
}

/** @param peers ports of nodes, by id; its own is added */
export async function fakeBroker(
  node: number,
  peers: Map<number, number>,
  options: FakeBrokerOptions = {},
): Promise<FakeBroker> {
  const sockets = new Set<Socket>();
  let offset = 0n;
  let producerIds = 0n;
  const logins = new WeakMap<Socket, { answer(text: string): string | undefined; isIn: boolean }>();
  const onSocket = (socket: Socket): void => {
    sockets.add(socket);
    if (options.sasl !== undefined) logins.set(socket, { answer: saslServer(options.sasl), isIn: false });
    let bytes = Buffer.alloc(0);
    socket.on("error", () => {});
    socket.on("data", (piece) => {
      bytes = Buffer.concat([bytes, piece as Buffer]);
      while (bytes.length >= 4 && bytes.length >= 4 + bytes.readInt32BE(0)) {
        const length = bytes.readInt32BE(0);
        const answer = broker.garbage ?? answerTo(bytes.subarray(4, 4 + length), socket);
        if (answer !== undefined) socket.write(answer);
        bytes = bytes.subarray(4 + length);
      }
    });
  };
  const server = options.tls === undefined ? createServer(onSocket) : createTlsServer(options.tls, onSocket);
  server.on("tlsClientError", () => {});
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const { port } = server.address() as { port: number };
  peers.set(node, port);
  const broker: FakeBroker = {
    port,
    produced: [],
    onProduce: () => 0,
    leader: node,
    topicError: 0,
    metadataAsked: 0,
    garbage: undefined,
    close() {
      for (const socket of sockets) socket.destroy();
      server.close();
    },
  };

  function answerTo(request: Buffer, socket: Socket): Buffer | undefined {
    const key = request.readInt16BE(0);
    const id = request.readInt32BE(4);
    const clientLength = request.readInt16BE(8);
    const body = request.subarray(10 + clientLength);
    const answer = bodyOf(key, body, socket);
    return answer === undefined ? undefined : Buffer.concat([i32(answer.length + 4), i32(id), answer]);
  }

  function bodyOf(key: number, body: Buffer, socket: Socket): Buffer | undefined {
    const login = logins.get(socket);
    if (key === 18) {
      const spoken = [
        [17, 1, 1],
        [36, 0, 0],
        [0, 3, 7],
        [3, 1, 4],
        [18, 0, 0],
        [22, 0, 1],
      ] as const;
      return Buffer.concat([i16(0), list(spoken.map((one) => Buffer.concat(one.map(i16))))]);
    }
    if (key === 17) {
      const asked = body.toString("utf8", 2, 2 + body.readInt16BE(0));
      const isIt = asked === options.sasl?.mechanism;
      return Buffer.concat([i16(isIt ? 0 : 33), list([text(options.sasl?.mechanism ?? "NONE")])]);
    }
    if (key === 36) {
      const answer = login?.answer(body.toString("utf8", 4));
      if (answer === undefined) return Buffer.concat([i16(58), text("who is that"), i32(0)]);
      if (login !== undefined) login.isIn = answer === "" || answer.startsWith("v=");
      return Buffer.concat([i16(0), i16(-1), i32(Buffer.byteLength(answer)), Buffer.from(answer)]);
    }
    // As brokers do.
    if (login?.isIn === false) {
      socket.destroy();
      return undefined;
    }
    if (key === 3) {
      broker.metadataAsked++;
      const nodes = [...peers].map(([nodeId, place]) =>
        Buffer.concat([i32(nodeId), text("localhost"), i32(place), i16(-1)]),
      );
      const partition = Buffer.concat([i16(0), i32(0), i32(broker.leader), list([i32(1)]), list([i32(1)])]);
      const topic = Buffer.concat([i16(broker.topicError), text("t"), i8(0), list([partition])]);
      return Buffer.concat([i32(0), list(nodes), i16(-1), i32(1), list([topic])]);
    }
    if (key === 22) return Buffer.concat([i32(0), i16(0), i64(++producerIds + BigInt(node) * 1000n), i16(0)]);
    // Transactional id (none), acks, timeout, one topic "t", one partition, length, batch.
    const batch = body.subarray(2 + 2 + 4 + 4 + 3 + 4 + 4 + 4);
    const produced = {
      producerId: batch.readBigInt64BE(43),
      sequence: batch.readInt32BE(53),
      count: batch.readInt32BE(57),
      node,
    };
    broker.produced.push(produced);
    const outcome = broker.onProduce(produced);
    if (outcome === "drop") socket.destroy();
    if (typeof outcome === "string") return undefined;
    const base = outcome === 0 ? offset : -1n;
    if (outcome === 0) offset += BigInt(produced.count);
    const partition = Buffer.concat([i32(0), i16(outcome), i64(base), i64(-1n), i64(0n)]);
    return Buffer.concat([list([Buffer.concat([text("t"), list([partition])])]), i32(0)]);
  }
  return broker;
}
