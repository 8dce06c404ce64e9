/** Without retries a request is sent to one server once, whatever dies when. */
import { afterEach, expect, test } from "bun:test";
import { once } from "node:events";
import { connect, createServer, type Server, type Socket } from "node:net";
import fc from "fast-check";
import { until } from "../../../../../tests/support/until.ts";
import { closeGateways, testGateway } from "../testing/gateway.ts";

const servers: Server[] = [];
afterEach(async () => {
  await closeGateways();
  for (const server of servers.splice(0)) server.close();
});

const OK = "HTTP/1.1 200 OK\r\nContent-Length: 4\r\n\r\nokay";

/** How a server behaves on a connection: after so many requests that it answers, it dies at this place of the next one. */
const death = fc.record({
  answered: fc.nat(2),
  at: fc.constantFrom("connection", "first octet", "head", "body", "half a head", "half a body", "idle", "garbage"),
  how: fc.constantFrom("end", "reset"),
});
const request = fc.record({
  body: fc.constantFrom("none", "small", "large", "chunked"),
  leaves: fc.constantFrom("never", "never", "never", "at once", "half way"),
});

type Death = typeof death extends fc.Arbitrary<infer Value> ? Value : never;

/** A server that dies as it is told, connection by connection, and keeps every octet that came. */
async function dyingServer(deaths: readonly Death[]): Promise<{ port: number; received: () => string }> {
  const received: string[] = [];
  const server = createServer((socket) => {
    const place = received.push("") - 1;
    const { answered, at, how } = deaths[place % deaths.length]!;
    socket.on("error", () => {});
    const die = (last = ""): void => {
      if (last !== "") socket.write(last);
      if (how === "end") socket.end();
      else socket.resetAndDestroy();
    };
    if (at === "connection" && answered === 0) {
      die();
      return;
    }
    let seen = 0;
    let begun = 0;
    socket.on("data", (bytes: Buffer) => {
      received[place] += bytes.toString("latin1");
      const text = received[place]!.slice(begun);
      if (seen >= answered && at === "first octet") die();
      const end = text.indexOf("\r\n\r\n");
      if (end === -1) return;
      if (seen >= answered && at === "head") die();
      const length = Number(/content-length: (\d+)/i.exec(text.slice(0, end))?.[1] ?? 0);
      const isChunked = /transfer-encoding: chunked/i.test(text.slice(0, end));
      const isWhole = isChunked ? text.endsWith("0\r\n\r\n") : text.length >= end + 4 + length;
      if (seen >= answered && at === "body" && text.length > end + 4) die();
      if (!isWhole) return;
      begun = received[place]!.length;
      if (seen++ < answered) socket.write(OK);
      else if (at === "half a head") die(OK.slice(0, 20));
      else if (at === "half a body") die(OK.slice(0, -2));
      else if (at === "garbage") die("what?\r\n\r\n");
      else if (at === "idle" || at === "connection") die(OK);
      else die();
    });
  }).listen(0, "127.0.0.1");
  await once(server, "listening");
  servers.push(server);
  return { port: (server.address() as { port: number }).port, received: () => received.join("\n") };
}

/** Asks on a connection of its own. Resolves when that is over. */
async function ask(port: number, id: string, body: string, leaves: string): Promise<void> {
  const socket: Socket = connect(port, "127.0.0.1");
  socket.on("error", () => {});
  const over = new Promise<void>((resolve) => socket.once("close", () => resolve()));
  await Promise.race([once(socket, "connect"), over]);
  socket.resume();
  const head = (method: string, more: string): string =>
    `${method} /things/${id} HTTP/1.1\r\nHost: a\r\nConnection: close\r\n${more}\r\n`;
  const payload = body === "large" ? "x".repeat(300_000) : "body";
  if (body === "none") socket.write(head("GET", ""));
  else if (body === "chunked") socket.write(`${head("POST", "Transfer-Encoding: chunked\r\n")}4\r\nbody\r\n`);
  else {
    socket.write(head("POST", `Content-Length: ${payload.length}\r\n`) + payload.slice(0, payload.length >> 1));
  }
  if (leaves === "at once") socket.destroy();
  else {
    await new Promise<void>((resolve) => setImmediate(resolve));
    if (leaves === "half way") socket.destroy();
    else if (body === "chunked") socket.write("0\r\n\r\n");
    else if (body !== "none") socket.write(payload.slice(payload.length >> 1));
  }
  await over;
}

test("a request is seen once at most, and always ends", async () => {
  let nextId = 0;
  await fc.assert(
    fc.asyncProperty(
      fc.array(death, { minLength: 1, maxLength: 4 }),
      fc.array(request, { minLength: 1, maxLength: 8 }),
      fc.boolean(),
      async (deaths, requests, together) => {
        const { port, received } = await dyingServer(deaths);
        const config = { url: `http://127.0.0.1:${port}`, timeout: 20, idle_timeout: 20, preserve_host: false };
        const { gateway, ended } = await testGateway("http-upstream", config, [
          "GET /things/{id}",
          "POST /things/{id}",
        ]);
        const ids = requests.map(() => `id-${nextId++}-`);
        const asking = requests.map(
          ({ body, leaves }, i) =>
            () =>
              ask(gateway.port, ids[i]!, body, leaves),
        );
        if (together) await Promise.all(asking.map((one) => one()));
        else for (const one of asking) await one();
        // Those that left at once may never have been a request.
        const sure = requests.filter(({ leaves }) => leaves === "never").length;
        await until("all have ended", () => ended.length >= sure);
        await gateway.close(0);
        for (const id of ids) expect(received().split(`/things/${id} `).length - 1).toBeLessThanOrEqual(1);
      },
    ),
    { numRuns: 60 },
  );
}, 120_000);
