/** Random requests through a proxy of our server and our client, over real sockets: what the upstream gets is as many requests as were read, and the same. */

import { afterAll, beforeAll, expect, test } from "bun:test";
import fc from "fast-check";
import { until } from "../../tests/support/until.ts";
import { ClientPool } from "./client/client-pool.ts";
import type { Origin } from "./client/client-types.ts";
import type { ServerExchange } from "./server/exchange.ts";
import { serve } from "./server/serve.ts";
import type { Server } from "./server/server-types.ts";
import { nearRequest, nearStream } from "./testing/near-messages.ts";
import { RawPeer } from "./testing/raw-peer.ts";
import { type RequestSeen, readRequests } from "./testing/transcripts.ts";

let upstream: Server;
let front: Server;
let origin: Origin;
const pool = new ClientPool();
/** What the upstream was asked for: method, target, body. */
const asked: string[] = [];

beforeAll(async () => {
  upstream = await serve({
    port: 0,
    onExchange: async (exchange) => {
      const { method, target } = exchange.head;
      const body = await exchange.body.bytes(1 << 20).catch(() => undefined);
      // Broken off by the client: nothing was asked for.
      if (body === undefined) return;
      asked.push(`${method} ${target} ${body.toString("latin1")} ${exchange.body.trailers.toRaw()}`);
      exchange.answer({ status: 200 }, "ok");
    },
    onRefused: ({ fault }) => asked.push(`refused: ${fault}`),
  });
  origin = { address: { kind: "tcp", host: "127.0.0.1", port: upstream.port } };
  front = await serve({ port: 0, onExchange: (exchange) => pass(exchange) });
});

afterAll(async () => {
  pool.close();
  await Promise.all([front.close(0), upstream.close(0)]);
});

function pass(exchange: ServerExchange): void {
  const { head, body } = exchange;
  if (head.form === "authority") {
    exchange.answer({ status: 405 });
    return;
  }
  const request = {
    method: head.method,
    target: head.target,
    host: head.host || "none",
    received: { fields: head.fields },
  };
  const stream = head.hasBody ? { stream: { length: head.contentLength } } : {};
  const passed = pool.request(
    origin,
    { ...request, ...stream },
    {
      onResponse: (answered) => {
        const { status, fields } = answered.head;
        exchange.begin({ status, received: { fields } }, answered.head.contentLength, answered.body.whole);
        exchange.end();
      },
      onFailure: ({ kind }) => exchange.answer({ status: 502, close: true }, kind),
      onWritable: (out) => {
        if (body.isRead) body.resume();
        else {
          body.read({
            onData: (bytes) => void (out.write(bytes) || body.pause()),
            onEnd: (trailers) => out.end(trailers.toRaw()),
            onFailure: () => out.abort(),
          });
        }
      },
    },
  );
  exchange.onGone = () => passed.abort();
}

/** What the front reads of them: whole requests that are passed on. */
function whole(messages: readonly RequestSeen[]): readonly string[] {
  return messages
    .filter(({ complete, method }) => complete && method !== "CONNECT")
    .map(({ method, target, body, trailers }) => `${method} ${target} ${body} ${trailers}`);
}

test("one request is never two, and never another one", async () => {
  let passed = 0;
  await fc.assert(
    fc.asyncProperty(nearStream(nearRequest), fc.integer({ min: 1, max: 60 }), async (bytes, size) => {
      asked.length = 0;
      const expected = whole(readRequests([bytes]).messages);
      const peer = await RawPeer.connect(front.port);
      // In two pieces: the place of the cut must not matter.
      peer.send(bytes.subarray(0, size));
      await Bun.sleep(0);
      peer.send(bytes.subarray(size));
      await until("what is whole has been passed on", () => asked.length >= expected.length);
      peer.shutdown();
      await peer.over();
      peer.end();
      await until("nothing is on its way", () => pool.counts(origin).open === pool.counts(origin).idle);
      expect(asked).toEqual(expected as string[]);
      passed += asked.length;
    }),
    { numRuns: 300 },
  );
  expect(passed).toBeGreaterThan(50);
});
