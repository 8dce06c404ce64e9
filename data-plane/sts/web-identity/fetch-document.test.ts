import { afterAll, beforeAll, expect, test } from "bun:test";
import { AwsError } from "#foundation/aws";
import { type HttpServer, serveHttp } from "#foundation/http";
import { createVirtualTime, systemTimers } from "#foundation/runtime";
import { fetchDocuments, mayFetch } from "./fetch-document.ts";

let server: HttpServer;
const asked: string[] = [];
/** Told when the answer that never ends has begun. */
let begun = Promise.withResolvers<void>();

beforeAll(async () => {
  server = await serveHttp({
    name: "provider",
    hostname: "127.0.0.1",
    port: 0,
    handler: async ({ path }) => {
      asked.push(path);
      switch (path) {
        case "/fine":
          return { status: 200, body: '{"issuer":"me"}' };
        case "/moved":
          return { status: 302, headers: [["Location", `${server.url}/fine`]], body: "" };
        case "/busy":
          return { status: 503, body: "" };
        case "/large":
          return { status: 200, body: `"${"x".repeat(256 * 1024)}"` };
        case "/endless":
          return {
            status: 200,
            body: (async function* () {
              yield Buffer.from("[");
              begun.resolve();
              await new Promise(() => {});
            })(),
          };
        default:
          return { status: 200, body: "<html>" };
      }
    },
  });
});
afterAll(() => server.close(0));

async function codeOf(promise: Promise<unknown>): Promise<string> {
  try {
    await promise;
    return "fetched";
  } catch (error) {
    if (error instanceof AwsError) return error.code;
    throw error;
  }
}

test("documents are JSON of a bounded length, at the very address", async () => {
  const fetch = fetchDocuments(systemTimers);
  expect(await fetch(`${server.url}/fine`)).toEqual({ issuer: "me" });
  asked.length = 0;
  expect(await codeOf(fetch(`${server.url}/moved`))).toBe("InvalidIdentityTokenException");
  expect(asked).toEqual(["/moved"]);
  expect(await codeOf(fetch(`${server.url}/page`))).toBe("InvalidIdentityTokenException");
  expect(await codeOf(fetch(`${server.url}/large`))).toBe("InvalidIdentityTokenException");
  expect(await codeOf(fetch(`${server.url}/busy`))).toBe("IDPCommunicationErrorException");
  expect(await codeOf(fetch("http://127.0.0.1:1/"))).toBe("IDPCommunicationErrorException");
});

test("an answer that does not end is given five seconds", async () => {
  const time = createVirtualTime(0);
  const started = performance.now();
  begun = Promise.withResolvers();
  const outcome = codeOf(fetchDocuments(time.timers)(`${server.url}/endless`));
  await begun.promise;
  time.advance(5_000);
  expect(await outcome).toBe("IDPCommunicationErrorException");
  expect(time.pendingTimers()).toBe(0);
  // Given up by that clock, and not because nothing came for five real seconds.
  expect(performance.now() - started).toBeLessThan(4_000);
});

test.each([
  ["https://id.example/keys", "https://id.example", true],
  ["https://keys.example/x", "https://id.example", true],
  ["http://id.example/keys", "https://id.example", false],
  ["http://id.example/keys", "http://id.example", false],
  ["http://127.0.0.1:8080/keys", "http://127.0.0.1:8080", true],
  ["http://localhost:8080/keys", "http://[::1]:8080", false],
  ["http://127.0.0.1:9000/keys", "http://127.0.0.1:8080", false],
  ["https://127.0.0.1:8080/keys", "http://127.0.0.1:8080", false],
  ["ws://127.0.0.1:8080/keys", "ws://127.0.0.1:8080", false],
  ["https://localhost:8443/keys", "https://localhost:8443", true],
  ["https://id.example/keys", "http://localhost:8080", true],
  ["https://169.254.169.254/keys", "https://169.254.169.254", true],
  ["http://169.254.169.254/keys", "http://169.254.169.254", false],
  ["http://id.localhost/keys", "http://id.localhost", true],
  ["http://127.0.0.1/keys", "https://id.example", false],
  ["https://127.0.0.1/keys", "https://id.example", false],
  ["https://[::1]/keys", "https://id.example", false],
  ["https://2130706433/keys", "https://id.example", false],
  ["https://0/keys", "https://id.example", false],
  ["https://[::ffff:127.0.0.1]/keys", "https://id.example", false],
  ["https://[::]/keys", "https://id.example", false],
  ["https://LOCALHOST./keys", "https://id.example", false],
  ["http://localhost.example/keys", "http://localhost.example", false],
  ["https://user:secret@id.example/", "https://id.example", false],
  ["file:///etc/passwd", "http://localhost", false],
  ["nonsense", "http://localhost", false],
])("%s for %s: %p", (address, issuer, allowed) => {
  expect(mayFetch(address, issuer)).toBe(allowed);
});
