import { expect, test } from "bun:test";
import { connect, type Socket } from "node:net";
import { bytesOf, textOf } from "../conformance/harness.ts";
import { sleep } from "../ports/timers.ts";
import { encodeFrame, encodeGreeting } from "./message-frames.ts";
import { systemNetwork } from "./network.ts";
import { systemTimers } from "./timers.ts";

const ANY = { host: "127.0.0.1", port: 0 };

async function until(condition: () => boolean): Promise<void> {
  while (!condition()) await sleep(systemTimers, 1);
}

/** Opens a raw connection and writes to it; resolves once the endpoint has cut it. */
function sendRaw(port: number, bytes: Uint8Array): Promise<void> {
  return new Promise((resolve) => {
    const socket: Socket = connect({ host: ANY.host, port });
    socket.on("error", () => {});
    socket.on("close", () => resolve());
    socket.resume();
    socket.write(bytes);
  });
}

test("an endpoint cuts strangers who do not speak its protocol, and goes on serving", async () => {
  const received: string[] = [];
  const endpoint = await systemNetwork.openEndpoint(ANY, (_from, bytes) => received.push(textOf(bytes)));
  const { port } = endpoint.address;
  const hugeFrame = new Uint8Array([0xff, 0xff, 0xff, 0xff, 1, 2, 3]);
  await sendRaw(port, bytesOf("GET / HTTP/1.1\r\nHost: x\r\n\r\n"));
  await sendRaw(port, hugeFrame);
  await sendRaw(port, encodeFrame(bytesOf("a frame, but no greeting")));
  await sendRaw(port, Buffer.concat([encodeGreeting({ host: "x", port: 1 }), hugeFrame]));
  const friend = await systemNetwork.openEndpoint(ANY, () => {});
  friend.send(endpoint.address, bytesOf("hello"));
  await until(() => received.length > 0);
  expect(received).toEqual(["hello"]);
  await Promise.all([endpoint.close(), friend.close()]);
});

test("frames that follow a bad one in the same chunk are not delivered", async () => {
  const received: string[] = [];
  const endpoint = await systemNetwork.openEndpoint(ANY, (_from, bytes) => received.push(textOf(bytes)));
  const chunk = Buffer.concat([encodeFrame(bytesOf("BPM1")), encodeFrame(bytesOf("after"))]);
  await sendRaw(endpoint.address.port, chunk);
  expect(received).toEqual([]);
  await endpoint.close();
});
