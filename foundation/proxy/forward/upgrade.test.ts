import { afterEach, expect, test } from "bun:test";
import { connectWebSocket } from "#foundation/http";
import { local, proxyFixtures } from "../testing/proxy-fixture.ts";
import { type RawPeer, rawClient } from "../testing/raw-peers.ts";
import { type UpgradeFront, upgradeFront } from "../testing/upgrade-front.ts";
import { createProxy } from "./proxy.ts";
import type { ForwardResult, Route } from "./route.ts";

const { upstream, scripted, close } = proxyFixtures();
const fronts: UpgradeFront[] = [];
afterEach(async () => {
  for (const front of fronts.splice(0)) front.stop();
  await close();
});

function frontFor(route: Route): number {
  const front = upgradeFront(createProxy({ route: () => route }));
  fronts.push(front);
  return front.port;
}

const UPGRADE = "GET /chat HTTP/1.1\r\nHost: h\r\nConnection: keep-alive, Upgrade\r\nUpgrade: x/1, y\r\nX-A: 1\r\n\r\n";
const isWhole = (text: string): boolean => text.endsWith("\r\n\r\n");

test("WebSocket messages of any size go through both ways, and so does the close", async () => {
  const backend = await upstream(() => ({ status: 404 }), {
    upgrade: (request) => ({
      kind: "accept",
      headers: [["x-for", request.headers.get("x-forwarded-for") ?? ""]],
      onOpen: (socket) => socket.onMessage((message) => socket.send(message)),
    }),
  });
  const finished = Promise.withResolvers<ForwardResult>();
  const port = frontFor({ backend, onFinished: finished.resolve });
  const socket = await connectWebSocket({ url: `ws://127.0.0.1:${port}/chat` });
  const echoes: (string | number)[] = [];
  const all = Promise.withResolvers<void>();
  socket.onMessage((message) => {
    echoes.push(typeof message === "string" ? message : message.length);
    if (echoes.length === 4) all.resolve();
  });
  socket.send("hello");
  socket.send(new Uint8Array(3_000_000));
  socket.send("");
  socket.send(new Uint8Array(200));
  await all.promise;
  expect(echoes).toEqual(["hello", 3_000_000, "", 200]);
  const closed = new Promise((resolve) => socket.onClose((code, reason) => resolve([code, reason])));
  socket.close(4000, "enough");
  expect(await closed).toEqual([4000, "enough"]);
  expect(await finished.promise).toMatchObject({ status: 101, complete: true });
});

test("a browser's WebSocket", async () => {
  const backend = await upstream(() => ({ status: 404 }), {
    upgrade: () => ({ kind: "accept", onOpen: (socket) => socket.onMessage((message) => socket.send(message)) }),
  });
  const socket = new WebSocket(`ws://127.0.0.1:${frontFor({ backend })}/`);
  await new Promise((resolve) => socket.addEventListener("open", resolve));
  const answer = new Promise((resolve) => socket.addEventListener("message", ({ data }) => resolve(data)));
  socket.send("hello");
  expect(await answer).toBe("hello");
  const closed = new Promise((resolve) => socket.addEventListener("close", ({ code }) => resolve(code)));
  socket.close(1000);
  expect(await closed).toBe(1000);
});

async function scriptedUpgrade(): Promise<{ client: RawPeer; peer: RawPeer }> {
  const server = scripted();
  const client = await rawClient(
    frontFor({ backend: local(server.port), responseHeaders: (_s, h) => h.push(["X-Z", "1"]) }),
  );
  client.send(`${UPGRADE}early`);
  const peer = await server.peer(0);
  await peer.until(isWhole);
  return { client, peer };
}

test("any protocol: heads are written anew, and bytes behind them are not lost", async () => {
  const { client, peer } = await scriptedUpgrade();
  expect(peer.received).toBe(
    "GET /chat HTTP/1.1\r\nHost: h\r\nX-A: 1\r\nX-Forwarded-For: 192.0.2.7\r\nX-Forwarded-Proto: http\r\n" +
      "X-Forwarded-Host: h\r\nConnection: Upgrade\r\nUpgrade: x/1, y\r\n\r\n",
  );
  peer.send("HTTP/1.1 101 Go\r\nConnection: upgrade\r\nUpgrade: y\r\nX-B: 2\r\n\r\nHTTP/1.1 200 OK\r\n\r\n");
  await client.until((text) => text.endsWith("200 OK\r\n\r\n"));
  expect(client.received).toBe(
    "HTTP/1.1 101 Go\r\nConnection: Upgrade\r\nUpgrade: y\r\nX-B: 2\r\nX-Z: 1\r\n\r\nHTTP/1.1 200 OK\r\n\r\n",
  );
  await peer.until((text) => text.endsWith("early"));
  client.close();
  await peer.end();
});

test("an upstream that does not want to leave HTTP answers as ever", async () => {
  const { client, peer } = await scriptedUpgrade();
  peer.send("HTTP/1.1 426 Upgrade Required\r\nContent-Length: 2\r\n\r\nno");
  expect(await client.end()).toEndWith("\r\n\r\nno");
});

test("a client that leaves before the answer takes its request along", async () => {
  const { client, peer } = await scriptedUpgrade();
  client.close();
  await peer.end();
});
