/**
 * Conformance of networks.
 */

import { expect, test } from "bun:test";
import { type ByteStream, MESSAGE_BYTES_MAX, type Network, type NetworkAddress } from "../ports/network.ts";
import type { Runtime } from "../ports/runtime.ts";
import { sleep } from "../ports/timers.ts";
import { bytesOf, expectCode, type InWorld, textOf } from "./harness.ts";

/** A writer that nobody reads must stall before this: kernels buffer a few megabytes per direction on loopback. */
const STALL_BYTES_MAX = 64 * 1024 * 1024;

/** Both ends of one connection, and a way to clean up. */
interface Pair {
  readonly client: ByteStream;
  readonly server: ByteStream;
  readonly address: NetworkAddress;
  close(): Promise<void>;
}

async function connectPair(network: Network, host: string): Promise<Pair> {
  const accepted = Promise.withResolvers<ByteStream>();
  const listener = await network.listen({ host, port: 0 }, accepted.resolve);
  const client = await network.connect(listener.address);
  const server = await accepted.promise;
  return {
    client,
    server,
    address: listener.address,
    async close() {
      client.reset();
      server.reset();
      await listener.close();
    },
  };
}

async function readAll(stream: ByteStream): Promise<string> {
  let text = "";
  for (;;) {
    const chunk = await stream.read();
    if (chunk === undefined) return text;
    text += textOf(chunk);
  }
}

/** Reads until at least `length` bytes of text have come. */
async function readText(stream: ByteStream, length: number): Promise<string> {
  let text = "";
  while (text.length < length) {
    const chunk = await stream.read();
    if (chunk === undefined) break;
    text += textOf(chunk);
  }
  return text;
}

async function until(runtime: Runtime, condition: () => boolean): Promise<void> {
  while (!condition()) await sleep(runtime.timers, 1);
}

/** Registers the tests. */
export function networkConformance(inWorld: InWorld): void {
  test("a stream carries bytes in order, both ways", () =>
    inWorld(async ({ runtime: { network }, host }) => {
      const { client, server, address, close } = await connectPair(network, host);
      expect(address.port).toBeGreaterThan(0);
      expect(client.remote).toEqual(address);
      await client.write(bytesOf("ping"));
      expect(await readText(server, 4)).toBe("ping");
      await Promise.all(["one ", "two ", "three"].map((text) => server.write(bytesOf(text))));
      expect(await readText(client, 13)).toBe("one two three");
      await close();
    }));

  test("half-close: the ended side still reads", () =>
    inWorld(async ({ runtime: { network }, host }) => {
      const { client, server, close } = await connectPair(network, host);
      await client.write(bytesOf("request"));
      await client.end();
      await client.end();
      await expectCode(client.write(bytesOf("more")), "EPIPE");
      expect(await readAll(server)).toBe("request");
      expect(await server.read()).toBeUndefined();
      await server.write(bytesOf("response"));
      await server.end();
      expect(await readAll(client)).toBe("response");
      await Promise.all([client.closed, server.closed]);
      await close();
    }));

  test("reset fails reads on both sides", () =>
    inWorld(async ({ runtime: { network }, host }) => {
      const { client, server, close } = await connectPair(network, host);
      const waiting = expectCode(server.read(), "ECONNRESET");
      client.reset();
      await waiting;
      await expectCode(client.read(), "ECONNRESET");
      await expectCode(client.write(bytesOf("x")), "ECONNRESET");
      await expectCode(server.read(), "ECONNRESET");
      await Promise.all([client.closed, server.closed]);
      await close();
    }));

  test("a writer stalls when its reader stops reading, and goes on when the reader does", () =>
    inWorld(async ({ runtime, host }) => {
      const { client, server, close } = await connectPair(runtime.network, host);
      const chunk = new Uint8Array(256 * 1024);
      let accepted = 0;
      let finished = false;
      let lastProgressMs = runtime.clock.monotonicMs();
      const writer = (async () => {
        while (accepted < STALL_BYTES_MAX) {
          await client.write(chunk);
          accepted += chunk.length;
          lastProgressMs = runtime.clock.monotonicMs();
        }
        await client.end();
        finished = true;
      })();
      // One read is no licence to take in everything that follows.
      let read = (await server.read())?.length ?? 0;
      // Stalled: nothing was accepted for a while, though the writer would like to.
      await until(runtime, () => finished || runtime.clock.monotonicMs() - lastProgressMs > 100);
      expect(finished).toBe(false);
      for (;;) {
        const bytes = await server.read();
        if (bytes === undefined) break;
        read += bytes.length;
      }
      await writer;
      expect(read).toBe(STALL_BYTES_MAX);
      await close();
    }));

  test("only one read at a time", () =>
    inWorld(async ({ runtime: { network }, host }) => {
      const { client, server, close } = await connectPair(network, host);
      const first = expectCode(client.read(), "ECONNRESET");
      expect(() => client.read()).toThrow("already in flight");
      server.reset();
      await first;
      await close();
    }));

  test("connect is refused where nothing listens, and an address is held once", () =>
    inWorld(async ({ runtime: { network }, host }) => {
      const listener = await network.listen({ host, port: 0 }, () => {});
      await expectCode(
        network.listen(listener.address, () => {}),
        "EADDRINUSE",
      );
      await expectCode(
        network.openEndpoint(listener.address, () => {}),
        "EADDRINUSE",
      );
      await listener.close();
      await listener.close();
      await expectCode(network.connect(listener.address), "ECONNREFUSED");
    }));

  test("connect can be cancelled", () =>
    inWorld(async ({ runtime: { network }, host }) => {
      const listener = await network.listen({ host, port: 0 }, (stream) => stream.reset());
      const before = new AbortController();
      before.abort("no need");
      const reasonOf = (signal: AbortSignal) =>
        network.connect(listener.address, { signal }).catch((reason: unknown) => reason);
      expect(await reasonOf(before.signal)).toBe("no need");
      const during = new AbortController();
      const attempt = reasonOf(during.signal);
      during.abort("not any more");
      expect(await attempt).toBe("not any more");
      await listener.close();
    }));

  test("closing a listener leaves accepted connections alone", () =>
    inWorld(async ({ runtime: { network }, host }) => {
      const accepted = Promise.withResolvers<ByteStream>();
      const listener = await network.listen({ host, port: 0 }, accepted.resolve);
      const client = await network.connect(listener.address);
      const server = await accepted.promise;
      await listener.close();
      await server.write(bytesOf("alive"));
      expect(await readText(client, 5)).toBe("alive");
      client.reset();
      server.reset();
    }));

  test("endpoints exchange whole messages and know the sender", () =>
    inWorld(async ({ runtime, host }) => {
      const { network } = runtime;
      const received: string[] = [];
      const replies: string[] = [];
      const left = await network.openEndpoint({ host, port: 0 }, (_from, bytes) => replies.push(textOf(bytes)));
      const right = await network.openEndpoint({ host, port: 0 }, (from, bytes) => {
        received.push(textOf(bytes));
        right.send(from, bytesOf(`re: ${textOf(bytes)}`));
      });
      const scratch = bytesOf("first");
      left.send(right.address, scratch);
      scratch.fill(0);
      left.send(right.address, bytesOf(""));
      await until(runtime, () => replies.length === 2);
      expect(received.toSorted()).toEqual(["", "first"]);
      expect(replies.toSorted()).toEqual(["re: ", "re: first"]);
      const big = new Uint8Array(1_000_000).fill(65);
      left.send(right.address, big);
      await until(runtime, () => received.length === 3);
      expect(received[2]?.length).toBe(big.length);
      await Promise.all([left.close(), right.close(), right.close()]);
    }));

  test("an endpoint goes by the host that it advertises", () =>
    inWorld(async ({ runtime, host }) => {
      const { network } = runtime;
      const senders: NetworkAddress[] = [];
      const receiver = await network.openEndpoint({ host, port: 0 }, (from) => senders.push(from));
      const options = { advertisedHost: "known-as.example" };
      const sender = await network.openEndpoint({ host, port: 0 }, () => {}, options);
      sender.send(receiver.address, bytesOf("x"));
      await until(runtime, () => senders.length === 1);
      expect(sender.address.host).toBe("known-as.example");
      expect(senders).toEqual([sender.address]);
      await Promise.all([sender.close(), receiver.close()]);
    }));

  test("sending to nobody is silent; too large a message and a closed endpoint are errors", () =>
    inWorld(async ({ runtime: { network, timers }, host }) => {
      const gone = await network.openEndpoint({ host, port: 0 }, () => {});
      await gone.close();
      const endpoint = await network.openEndpoint({ host, port: 0 }, () => {});
      endpoint.send(gone.address, bytesOf("hello?"));
      await sleep(timers, 20);
      const tooLarge = new Uint8Array(MESSAGE_BYTES_MAX + 1);
      expect(() => endpoint.send(gone.address, tooLarge)).toThrow("EMSGSIZE");
      await endpoint.close();
      expect(() => endpoint.send(gone.address, bytesOf("x"))).toThrow("ENOTCONN");
    }));

  test("a restarted endpoint is reached again at its address", () =>
    inWorld(async ({ runtime, host }) => {
      const { network } = runtime;
      let heard = 0;
      const sender = await network.openEndpoint({ host, port: 0 }, () => {});
      const first = await network.openEndpoint({ host, port: 0 }, () => heard++);
      sender.send(first.address, bytesOf("x"));
      await until(runtime, () => heard === 1);
      await first.close();
      const second = await network.openEndpoint(first.address, () => heard++);
      await until(runtime, () => {
        sender.send(first.address, bytesOf("again"));
        return heard > 1;
      });
      await Promise.all([sender.close(), second.close()]);
    }));
}
