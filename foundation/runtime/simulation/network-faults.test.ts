import { describe, expect, test } from "bun:test";
import { bytesOf, textOf } from "../conformance/harness.ts";
import type { ByteStream, NetworkAddress, NetworkEndpoint } from "../ports/network.ts";
import type { Runtime } from "../ports/runtime.ts";
import { CALM_LINK, type LinkConditions } from "./conditions.ts";
import { simulate } from "./simulate.ts";
import type { World } from "./world.ts";

const PORT = 7000;
const B: NetworkAddress = { host: "b", port: PORT };

/** What `b` received, and an endpoint on `a` to send from. */
interface Mail {
  readonly received: string[];
  readonly from: NetworkEndpoint;
}

async function openMail(world: World): Promise<Mail> {
  const received: string[] = [];
  await world.machine("b").runtime.network.openEndpoint(B, (_from, bytes) => received.push(textOf(bytes)));
  const from = await world.machine("a").runtime.network.openEndpoint({ host: "a", port: PORT }, () => {});
  return { received, from };
}

/** Both ends of a connection from `a` to `b`. */
async function openStream(world: World): Promise<{ client: ByteStream; server: ByteStream }> {
  const accepted = Promise.withResolvers<ByteStream>();
  await world.machine("b").runtime.network.listen(B, accepted.resolve);
  const client = await world.machine("a").runtime.network.connect(B);
  return { client, server: await accepted.promise };
}

/** Runs a scenario with the machines `a` and `b`, which must end well. */
function play(scenario: (world: World) => Promise<void>, seed = 1): void {
  const idle = async (_runtime: Runtime): Promise<void> => {};
  const { failure } = simulate({ seed, machines: { a: idle, b: idle }, scenario });
  if (failure !== undefined) throw failure.cause ?? failure;
}

function withConditions(world: World, conditions: Partial<LinkConditions>): void {
  world.network.setConditions({ ...CALM_LINK, ...conditions });
}

/** Sends the numbers below `count` and waits until everything has arrived that will. */
async function sendNumbers(world: World, mail: Mail, count: number): Promise<void> {
  for (let number = 0; number < count; number++) mail.from.send(B, bytesOf(String(number)));
  await world.sleep(10_000);
}

describe("messages", () => {
  test("on a calm day all arrive, once and in order", () =>
    play(async (world) => {
      const mail = await openMail(world);
      await sendNumbers(world, mail, 100);
      expect(mail.received).toEqual(Array.from({ length: 100 }, (_, number) => String(number)));
    }));

  test("a partition lets nothing through until it heals, and what was sent meanwhile is lost", () =>
    play(async (world) => {
      const mail = await openMail(world);
      world.network.partition([["a"], ["b"]]);
      await sendNumbers(world, mail, 10);
      expect(mail.received).toEqual([]);
      world.network.heal();
      await world.sleep(1000);
      expect(mail.received).toEqual([]);
      mail.from.send(B, bytesOf("after"));
      await world.until("it arrives", () => mail.received.length === 1);
    }));

  test("a partition cuts what is in flight", () =>
    play(async (world) => {
      const mail = await openMail(world);
      mail.from.send(B, bytesOf("too late"));
      world.network.partition([["a"], ["b"]]);
      await world.sleep(1000);
      expect(mail.received).toEqual([]);
      expect(world.faults.counts.get("network.blocked-message")).toBe(1);
    }));

  test("a one-way block leaves the other direction alone", () =>
    play(async (world) => {
      const mail = await openMail(world);
      world.network.block("b", "a");
      mail.from.send(B, bytesOf("there"));
      await world.until("it arrives", () => mail.received.length === 1);
      world.network.block("a", "b");
      mail.from.send(B, bytesOf("lost"));
      await world.sleep(1000);
      expect(mail.received).toEqual(["there"]);
    }));

  test("drops, duplicates and reordering happen, and are counted", () =>
    play(async (world) => {
      const mail = await openMail(world);
      withConditions(world, { dropProbability: 0.3 });
      await sendNumbers(world, mail, 200);
      const lost = 200 - mail.received.length;
      expect(lost).toBeGreaterThan(20);
      expect(world.faults.counts.get("network.drop")).toBe(lost);

      mail.received.length = 0;
      withConditions(world, { duplicateProbability: 0.3 });
      await sendNumbers(world, mail, 200);
      expect(new Set(mail.received).size).toBe(200);
      expect(mail.received.length - 200).toBe(world.faults.counts.get("network.duplicate")!);
      expect(mail.received.length).toBeGreaterThan(220);

      mail.received.length = 0;
      withConditions(world, { reorderProbability: 0.3 });
      await sendNumbers(world, mail, 200);
      expect(mail.received.length).toBe(200);
      expect(mail.received).not.toEqual(mail.received.toSorted((left, right) => Number(left) - Number(right)));
    }));

  test("a clog holds messages back and then lets all of them through", () =>
    play(async (world) => {
      const mail = await openMail(world);
      world.network.clog("a", "b", 5000);
      mail.from.send(B, bytesOf("held"));
      await world.sleep(4900);
      expect(mail.received).toEqual([]);
      await world.sleep(1000);
      expect(mail.received).toEqual(["held"]);
    }));

  test("a machine that died receives nothing, nor does its next life through the old endpoint", () =>
    play(async (world) => {
      const mail = await openMail(world);
      world.machine("b").restart();
      await sendNumbers(world, mail, 3);
      expect(mail.received).toEqual([]);
    }));
});

describe("streams", () => {
  test("a partition stalls a stream, and healing it loses nothing", () =>
    play(async (world) => {
      const { client, server } = await openStream(world);
      world.network.partition([["a"], ["b"]]);
      await client.write(bytesOf("patience"));
      let arrived = "";
      const reading = (async () => {
        while (arrived.length < 8) arrived += textOf((await server.read()) ?? new Uint8Array(0));
      })();
      await world.sleep(60_000);
      expect(arrived).toBe("");
      world.network.heal();
      await reading;
      expect(arrived).toBe("patience");
    }));

  test("a partition that does not heal ends the connection for who writes", () =>
    play(async (world) => {
      const { client } = await openStream(world);
      world.network.partition([["a"], ["b"]]);
      await client.write(bytesOf("hello?"));
      await client.closed;
      expect(world.nowMs).toBeGreaterThan(15 * 60_000);
      expect(await client.write(bytesOf("x")).catch((reason: unknown) => reason)).toMatchObject({ code: "ETIMEDOUT" });
    }));

  test("a killed process resets its connections; a power loss leaves the peer to find out by writing", () =>
    play(async (world) => {
      const first = await openStream(world);
      world.machine("b").kill("process");
      expect(await first.client.read().catch((reason: unknown) => reason)).toMatchObject({ code: "ECONNRESET" });
      world.machine("b").start();
      const second = await openStream(world);
      let outcome: unknown;
      second.client.read().catch((reason: unknown) => {
        outcome = reason;
      });
      world.machine("b").restart("power");
      await world.sleep(600_000);
      expect(outcome).toBeUndefined();
      await second.client.write(bytesOf("are you there?"));
      await world.until("the read fails", () => outcome !== undefined);
      expect(outcome).toMatchObject({ code: "ECONNRESET" });
    }));

  test("connecting fails as it does in the world", () =>
    play(async (world) => {
      const { network } = world.machine("a").runtime;
      const codeOf = (attempt: Promise<unknown>): Promise<unknown> => attempt.catch((reason: unknown) => reason);
      expect(await codeOf(network.connect({ host: "nobody", port: 1 }))).toMatchObject({ code: "ENOTFOUND" });
      expect(await codeOf(network.connect(B))).toMatchObject({ code: "ECONNREFUSED" });
      world.network.partition([["a"], ["b"]]);
      const before = world.nowMs;
      expect(await codeOf(network.connect(B, { timeoutMs: 300 }))).toMatchObject({ code: "ETIMEDOUT" });
      expect(world.nowMs - before).toBeCloseTo(300, 0);
      expect(await codeOf(network.connect(B))).toMatchObject({ code: "ETIMEDOUT" });
      world.network.heal();
      world.machine("b").kill("power");
      expect(await codeOf(network.connect(B, { timeoutMs: 300 }))).toMatchObject({ code: "ETIMEDOUT" });
      expect(await codeOf(network.listen({ host: "b", port: 1 }, () => {}))).toMatchObject({ code: "EADDRNOTAVAIL" });
    }));

  test("a lossy link delays a stream and damages nothing, whatever the seed", () => {
    for (let seed = 1; seed <= 20; seed++) {
      play(async (world) => {
        withConditions(world, { dropProbability: 0.2, duplicateProbability: 0.2, reorderProbability: 0.5 });
        const { client, server } = await openStream(world);
        const sent = Array.from({ length: 300 }, (_, number) => `${number};`).join("");
        const writing = (async () => {
          for (let offset = 0; offset < sent.length; offset += 37)
            await client.write(bytesOf(sent.slice(offset, offset + 37)));
          await client.end();
        })();
        let received = "";
        for (let bytes = await server.read(); bytes !== undefined; bytes = await server.read())
          received += textOf(bytes);
        await writing;
        expect(received).toBe(sent);
      }, seed);
    }
  });
});
