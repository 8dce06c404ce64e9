import { afterEach, describe, expect, test } from "bun:test";
import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { createServer, type Socket } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { systemClock, systemRandom, systemTimers } from "#foundation/runtime";
import { listenToNats, makeStream, type NatsProcess, natsTest, startNats } from "../../tests/support/nats-server.ts";
import { until } from "../../tests/support/until.ts";
import { createNatsClient, type NatsClient, NatsRefused, NatsUnavailable, NatsUncertain } from "./index.ts";
import { nkeyOf } from "./nkey.ts";

const open: { close?(): unknown; kill?(): unknown }[] = [];
afterEach(async () => {
  for (const one of open.splice(0)) await (one.kill?.() ?? one.close?.());
});

async function server(config = "", port?: number): Promise<NatsProcess> {
  const one = await startNats(config, port);
  open.push(one);
  return one;
}

function clientOf(ports: number | readonly number[], more: object = {}): NatsClient {
  const client = createNatsClient({
    servers: [ports].flat().map((port) => ({ host: "127.0.0.1", port, tls: false })),
    timeoutMs: 5_000,
    clock: systemClock,
    timers: systemTimers,
    random: systemRandom,
    ...more,
  });
  open.push(client);
  return client;
}

const message = (subject: string, payload = "hello", headers: readonly (readonly [string, string])[] = []) => ({
  subject,
  headers,
  payload: Buffer.from(payload),
});

const failureOf = (sent: Promise<unknown>): Promise<Error> =>
  sent.then(
    () => new Error("it was confirmed"),
    (error: Error) => error,
  );

describe("with nats-server", () => {
  natsTest("what is confirmed has come, in order, with its headers and octets", async () => {
    const { port } = await server();
    const listener = await listenToNats(port, "orders.>");
    open.push(listener);
    const client = clientOf(port);
    await Promise.all(
      Array.from({ length: 500 }, (_, index) =>
        client.publish(message(`orders.${index}`, `é${index}`, [["X-Number", String(index)]])),
      ),
    );
    await until("all have come", () => listener.heard.length === 500);
    expect(listener.heard.map(({ subject, payload }) => `${subject} ${payload}`)).toEqual(
      Array.from({ length: 500 }, (_, index) => `orders.${index} é${index}`),
    );
    expect(listener.heard[7]!.headers).toBe("NATS/1.0\r\nX-Number: 7\r\n\r\n");
  });

  natsTest("a subject that is not allowed is refused for that message alone", async () => {
    const { port } = await server(`
      authorization { users = [
        { user: ann, password: secret, permissions: { publish: ["open.>"] } },
        { user: all, password: secret } ] }`);
    const login = { username: "ann", password: "secret" };
    const client = clientOf(port, login);
    const sent = await Promise.allSettled(
      Array.from({ length: 100 }, (_, index) => client.publish(message(index % 3 === 1 ? "closed.a" : "open.a"))),
    );
    expect(sent.map(({ status }) => status)).toEqual(
      Array.from({ length: 100 }, (_, index) => (index % 3 === 1 ? "rejected" : "fulfilled")),
    );
    expect(await failureOf(client.publish(message("closed.a")))).toBeInstanceOf(NatsRefused);
  });

  natsTest("who is not let in is told so, and nobody waits for it", async () => {
    const { port } = await server("authorization { token: right }");
    const troubles: string[] = [];
    const wrong = clientOf(port, { token: "wrong", onTrouble: (reason: string) => troubles.push(reason) });
    expect(await failureOf(wrong.publish(message("a")))).toBeInstanceOf(NatsUnavailable);
    expect(troubles).toEqual(["Authorization Violation"]);
    await clientOf(port, { token: "right" }).publish(message("a"));
  });

  natsTest("who has the key signs what the server asks for", async () => {
    const nkeySeed = "SUACSSL3UAHUDXKFSNVUZRF5UHPMWZ6BFDTJ7M6USDXIEDNPPQYYYCU3VY";
    const { port } = await server(`authorization { users = [ { nkey: ${nkeyOf(nkeySeed).user} } ] }`);
    await clientOf(port, { nkeySeed }).publish(message("a"));
    expect(await failureOf(clientOf(port).publish(message("a")))).toBeInstanceOf(NatsUnavailable);
  });

  natsTest("what is too large is refused before it is sent", async () => {
    const { port } = await server("max_payload: 1000");
    const client = clientOf(port);
    await client.publish(message("a", "x".repeat(1000)));
    const failure = await failureOf(client.publish(message("a", "x".repeat(1001))));
    expect([failure instanceof NatsRefused, (failure as NatsRefused).isTooLarge]).toEqual([true, true]);
    // Headers count.
    expect(await failureOf(client.publish(message("a", "x".repeat(981), [["X-A", "b"]])))).toBeInstanceOf(NatsRefused);
    await client.publish(message("a", "x".repeat(980), [["X-A", "b"]]));
  });

  natsTest("streams say where a message is, and that they have it already", async () => {
    const { port } = await server("jetstream: { max_mem: 16M, max_file: 0 }");
    await makeStream(port, "ORDERS", "orders.*");
    const client = clientOf(port, { jetStream: true });
    const acks = await Promise.all(["a", "b", "c"].map((name) => client.publish(message(`orders.${name}`))));
    expect(acks).toEqual([1, 2, 3].map((sequence) => ({ stream: "ORDERS", sequence, isDuplicate: false })));
    const once = () => client.publish(message("orders.d", "d", [["Nats-Msg-Id", "d1"]]));
    expect([await once(), await once()]).toEqual([
      { stream: "ORDERS", sequence: 4, isDuplicate: false },
      { stream: "ORDERS", sequence: 4, isDuplicate: true },
    ]);
    expect((await failureOf(client.publish(message("elsewhere")))).message).toBe("no stream takes this subject");
  });

  natsTest("a stream that is full refuses, and the next message is its own", async () => {
    const { port } = await server("jetstream: { max_mem: 16M, max_file: 0 }");
    await makeStream(port, "FEW", "few", { max_msgs: 1, discard: "new" });
    const client = clientOf(port, { jetStream: true });
    expect(await client.publish(message("few"))).toMatchObject({ sequence: 1 });
    expect((await failureOf(client.publish(message("few")))).message).toContain("maximum messages");
  });

  natsTest("the next server is taken when one is away, and the first when it is back", async () => {
    const [first, second] = [await server(), await server()];
    const client = clientOf([first.port, second.port]);
    await client.publish(message("a"));
    await first.kill();
    await until(
      "the second one is taken",
      async () => (await failureOf(client.publish(message("a")))).message === "it was confirmed",
    );
    await second.kill();
    await until(
      "nobody is there",
      async () => (await failureOf(client.publish(message("a")))) instanceof NatsUnavailable,
    );
    await server("", first.port);
    await until(
      "the first is back",
      async () => (await failureOf(client.publish(message("a")))).message === "it was confirmed",
    );
  });

  natsTest("a server that is about to go loses nothing that it was given", async () => {
    const [first, second] = [await server('lame_duck_duration: "30s"\nlame_duck_grace_period: "1s"'), await server()];
    const client = clientOf([first.port, second.port]);
    await client.publish(message("a"));
    const listener = await listenToNats(second.port, "a");
    open.push(listener);
    first.signal("SIGUSR2");
    await until("the second one is taken", async () => {
      // None of them may be lost or uncertain.
      await client.publish(message("a"));
      return listener.heard.length > 0;
    });
  });

  natsTest("TLS is for whom it trusts, and to nobody else anything is said", async () => {
    const folder = mkdtempSync(join(tmpdir(), "biplane-nats-tls-"));
    open.push({ close: () => rmSync(folder, { recursive: true, force: true }) });
    const made =
      "openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:prime256v1 -nodes -keyout key.pem -out cert.pem -days 2 -subj /CN=localhost -addext subjectAltName=DNS:localhost";
    expect(await Bun.spawn(made.split(" "), { cwd: folder, stdout: "ignore", stderr: "ignore" }).exited).toBe(0);
    const { port } = await server(`tls { cert_file: "${folder}/cert.pem", key_file: "${folder}/key.pem" }`);
    const plain = await server();
    const ca = readFileSync(join(folder, "cert.pem"), "utf8");
    const to = (host: string, tls: boolean, place: number, more: object = {}) =>
      clientOf(0, { servers: [{ host, port: place, tls }], ...more });
    await to("localhost", true, port, { tls: { ca } }).publish(message("a", "x".repeat(500_000)));
    // A server that asks for TLS gets it, by whatever address.
    await to("localhost", false, port, { tls: { ca } }).publish(message("a"));
    for (const refused of [to("localhost", true, port), to("127.0.0.1", true, port, { tls: { ca } })]) {
      expect(await failureOf(refused.publish(message("a")))).toBeInstanceOf(NatsUnavailable);
    }
    expect((await failureOf(to("localhost", true, plain.port, { tls: { ca } }).publish(message("a")))).message).toBe(
      "the server does not speak TLS",
    );
  });
});

interface Fake {
  readonly port: number;
  readonly received: () => string;
  readonly sockets: readonly Socket[];
}

const INFO = `INFO ${JSON.stringify({ max_payload: 1000, headers: true })}\r\n`;

/** A server that greets with, and says to what comes, whatever a test wants. */
async function fake(greeting: string, answer: (text: string, socket: Socket) => void = () => {}): Promise<Fake> {
  let received = "";
  const sockets: Socket[] = [];
  const one = createServer((socket) => {
    sockets.push(socket);
    socket.on("error", () => {});
    socket.on("data", (bytes) => {
      received += String(bytes);
      answer(String(bytes), socket);
    });
    socket.write(greeting);
  });
  await new Promise<void>((resolve) => one.listen(0, "127.0.0.1", resolve));
  open.push({
    close() {
      for (const socket of sockets) socket.destroy();
      one.close();
    },
  });
  return { port: (one.address() as { port: number }).port, received: () => received, sockets };
}

/** As a server should: an answer to each question. */
const ponging = (text: string, socket: Socket): void => {
  for (const _ of text.match(/PING\r\n/g) ?? []) socket.write("PONG\r\n");
};

describe("with servers that are not what they should be", () => {
  test.each([
    ["says nothing", ""],
    ["speaks something else", "HTTP/1.1 400 Bad Request\r\n\r\n"],
    ["greets without an end", `INFO {"a":"${"a".repeat(100_000)}`],
    ["answers before its greeting", "PONG\r\n"],
    ["greets and says no more", INFO],
    ["has no room", "-ERR 'maximum connections exceeded'\r\n"],
  ])("one that %s fails what waits, in time", async (_, greeting) => {
    const { port } = await fake(greeting);
    const client = clientOf(port, { timeoutMs: 100 });
    const failures = await Promise.all([
      failureOf(client.publish(message("a"))),
      failureOf(client.publish(message("b"))),
    ]);
    for (const failure of failures) expect([NatsUnavailable, NatsUncertain]).toContain(failure.constructor as never);
  });

  test("one that stops confirming makes what was sent uncertain, and is left", async () => {
    let pongs = 3;
    const slow = await fake(INFO, (text, socket) => {
      for (const _ of text.match(/PING\r\n/g) ?? []) if (pongs-- > 0) socket.write("PONG\r\n");
    });
    const client = clientOf(slow.port, { timeoutMs: 200 });
    await Promise.all([client.publish(message("a")), client.publish(message("a"))]);
    const failure = await failureOf(client.publish(message("a")));
    expect([failure instanceof NatsUncertain, (failure as NatsUncertain).isLate]).toEqual([true, true]);
    await until("the connection is given up", () => slow.sockets[0]!.destroyed || slow.sockets[0]!.readableEnded);
  });

  test("one that goes in between makes uncertain what it was sent", async () => {
    const going = await fake(INFO, (text, socket) => {
      if (text.includes("PUB ")) socket.destroy();
      else ponging(text, socket);
    });
    const failure = await failureOf(clientOf(going.port).publish(message("a")));
    expect([failure instanceof NatsUncertain, (failure as NatsUncertain).isLate]).toEqual([true, false]);
  });

  test("nothing that was slipped in before TLS is listened to, and no password is said", async () => {
    const info = `INFO ${JSON.stringify({ max_payload: 1000, headers: true, tls_required: true })}\r\n`;
    for (const greeting of [`${info}PONG\r\n`, `${info}PO`]) {
      const between = await fake(greeting);
      const client = clientOf(between.port, { password: "secret", username: "ann" });
      expect((await failureOf(client.publish(message("a")))).message).toContain("something before TLS");
      expect(between.received()).not.toContain("secret");
    }
  });

  test("confirmations of a stream that are made up confirm nothing", async () => {
    const lying = await fake(INFO, (text, socket) => {
      ponging(text, socket);
      const ack = JSON.stringify({ stream: "S", seq: 1 });
      if (text.includes("PUB ")) socket.write(`MSG _INBOX.guess.0 1 ${ack.length}\r\n${ack}\r\n`);
    });
    const failure = await failureOf(clientOf(lying.port, { jetStream: true, timeoutMs: 100 }).publish(message("a")));
    expect(failure).toBeInstanceOf(NatsUncertain);
  });

  test("one that says nothing does not use up the time in which another answers", async () => {
    const [silent, good] = [await fake(""), await fake(INFO, ponging)];
    const client = clientOf([silent.port, good.port], { timeoutMs: 2_000 });
    await client.publish(message("a"));
    expect(good.received()).toContain("PUB a");
  });

  test("a bound of what waits holds, and nothing is left after the end", async () => {
    const { port } = await fake("");
    const client = clientOf(port, { waitingMax: 2 });
    const waiting = [failureOf(client.publish(message("a"))), failureOf(client.publish(message("a")))];
    expect((await failureOf(client.publish(message("a")))).message).toBe("too many messages are waiting");
    client.close();
    expect((await Promise.all(waiting)).map(({ message }) => message)).toEqual([
      "the client is closed",
      "the client is closed",
    ]);
    expect((await failureOf(client.publish(message("a")))).message).toBe("the client is closed");
  });
});
