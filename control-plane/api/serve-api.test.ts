import { afterAll, beforeAll, describe, expect, test } from "bun:test";
import type { EventEnvelope } from "#contracts";
import { httpRequest } from "#foundation/http";
import { unhealthy } from "#foundation/telemetry";
import { isPublic } from "./route.ts";
import { API_ROUTES } from "./routes.ts";
import { startTestApi, type TestApi } from "./testing/test-api.ts";

let world: TestApi;
beforeAll(async () => {
  world = await startTestApi();
});
afterAll(() => world.close());

const command = (body: unknown, headers: Record<string, string> = {}) =>
  world.call("/v1/commands", {
    method: "POST",
    body: JSON.stringify(body),
    headers: { "content-type": "application/json", ...headers },
  });

/** Status and code of a problem. */
async function codeOf(answer: Response): Promise<string> {
  expect(answer.headers.get("content-type")).toBe("application/problem+json");
  const { code, status } = (await answer.json()) as { readonly code: string; readonly status: number };
  expect(status).toBe(answer.status);
  return `${status} ${code}`;
}

describe("authentication", () => {
  const protectedPaths = API_ROUTES.filter((route) => !isPublic(route));

  test("every route is refused without a token, and with another one", async () => {
    expect(protectedPaths.length).toBeGreaterThan(5);
    for (const { path, method } of protectedPaths) {
      for (const authorization of [
        "",
        "Bearer",
        "Bearer wrong",
        `Basic ${btoa("root:x")}`,
        `Bearer ${world.tokens.joinToken}`,
      ]) {
        const answer = await fetch(world.api.url + path, { method, headers: { authorization } });
        expect(`${path} ${answer.status}`).toBe(`${path} 401`);
        expect(answer.headers.get("www-authenticate")).toContain("Bearer");
      }
    }
  });

  test("whoever has no token does not learn what exists", async () => {
    for (const path of ["/v1/nothing", "/", "/v1/../v1/status", "/v1/events/"]) {
      expect((await fetch(world.api.url + path)).status).toBe(401);
    }
    expect(await codeOf(await world.call("/v1/nothing"))).toBe("404 NO_SUCH_ROUTE");
    expect(await codeOf(await world.call("/v1/status", { method: "DELETE" }))).toBe("405 METHOD_NOT_ALLOWED");
  });

  test("public routes need none", async () => {
    for (const path of ["/healthz", "/readyz", "/metrics", "/v1/openapi.json"]) {
      expect(`${path} ${(await fetch(world.api.url + path)).status}`).toBe(`${path} 200`);
    }
  });
});

describe("the guard", () => {
  const withHost = async (host: string) =>
    (await httpRequest({ url: `${world.api.url}/healthz`, headers: [["host", host]] })).status;

  test("answers under its own names and under addresses, not under a page's", async () => {
    for (const host of [
      "localhost:4580",
      "127.0.0.1",
      "[::1]:4580",
      "api.localhost",
      "cloud.example",
      "CLOUD.EXAMPLE.",
    ]) {
      expect(`${host} ${await withHost(host)}`).toBe(`${host} 200`);
    }
    for (const host of ["evil.example", "localhost.evil.example", "127.0.0.1.evil.example", "[evil]", "a b"]) {
      expect([400, 421]).toContain(await withHost(host));
    }
  });

  test("lets no page change anything", async () => {
    const body = { type: "account.create", name: "from-a-page" };
    expect(await codeOf(await command(body, { origin: "http://evil.example" }))).toBe("403 BROWSER_REQUEST_REFUSED");
    expect(await codeOf(await command(body, { origin: world.api.url }))).toBe("403 BROWSER_REQUEST_REFUSED");
    const preflight = await fetch(`${world.api.url}/v1/commands`, {
      method: "OPTIONS",
      headers: { origin: "http://evil.example", "access-control-request-method": "POST" },
    });
    expect(preflight.headers.get("access-control-allow-origin")).toBeNull();
  });
});

describe("commands", () => {
  test("are decided once per idempotency key", async () => {
    const body = { type: "account.create", name: "team-a" };
    const first = await command(body, { "idempotency-key": "key-1" });
    expect(first.status).toBe(200);
    expect(first.headers.get("cache-control")).toBe("no-store");
    const answer = (await first.json()) as {
      readonly eventId: number;
      readonly result: { readonly accountId: string };
    };
    expect(answer.result.accountId).toMatch(/^\d{12}$/);
    expect(await (await command(body, { "idempotency-key": "key-1" })).json()).toEqual(answer);
    expect(await codeOf(await command({ ...body, name: "other" }, { "idempotency-key": "key-1" }))).toBe(
      "409 IdempotencyKeyReused",
    );
    expect(await codeOf(await command(body))).toBe("409 AccountAlreadyExists");
  });

  test.each([
    ["not json", "{", "400 INVALID_JSON"],
    ["an array", "[]", "400 COMMAND_NOT_ALLOWED"],
    ["an unknown type", '{"type":"cloud.delete"}', "400 COMMAND_NOT_ALLOWED"],
    ["a bucket", '{"type":"bucket.delete","bucketId":"b","name":"n"}', "400 COMMAND_NOT_ALLOWED"],
    ["a missing member", '{"type":"user.create","accountId":"000000000000"}', "400 ValidationFailed"],
    [
      "an unknown account",
      '{"type":"user.create","accountId":"999999999999","name":"x","sections":{}}',
      "404 NoSuchAccount",
    ],
    ["about platform identity", '{"type":"session.end","sessionId":"ses_x"}', "400 COMMAND_NOT_ALLOWED"],
  ])("that are %s are refused", async (_, body, code) => {
    expect(await codeOf(await world.call("/v1/commands", { method: "POST", body }))).toBe(code);
  });

  test("with a hostile key, type or size are refused", async () => {
    const body = { type: "account.create", name: "team-b" };
    expect(await codeOf(await command(body, { "idempotency-key": "with space" }))).toBe("400 INVALID_IDEMPOTENCY_KEY");
    expect(await codeOf(await command(body, { "content-type": "text/plain" }))).toBe("415 UNSUPPORTED_MEDIA_TYPE");
    const large = { ...body, padding: "x".repeat(4 * 1024 * 1024) };
    expect(await codeOf(await command(large))).toBe("413 PAYLOAD_TOO_LARGE");
  });
});

describe("listings", () => {
  test("page through records and never show a secret", async () => {
    const { result } = (await (await command({ type: "account.create", name: "team-c" })).json()) as {
      readonly result: { readonly accountId: string };
    };
    const { accountId } = result;
    for (const userName of ["ada", "bob", "eve"])
      await command({ type: "user.create", accountId, name: userName, sections: {} });
    const owner = { type: "user", userName: "ada" };
    const key = (await (await command({ type: "accessKey.create", accountId, owner })).json()) as {
      readonly result: { readonly accessKeyId: string; readonly secretAccessKey: string };
    };
    const list = async (path: string) =>
      (await (await world.call(path)).json()) as {
        readonly items: readonly Record<string, unknown>[];
        readonly next?: string;
      };

    const first = await list(`/v1/users?account=${accountId}&limit=2`);
    expect(first.items.map((user) => user.arn)).toEqual([
      `arn:aws:iam::${accountId}:user/ada`,
      `arn:aws:iam::${accountId}:user/bob`,
    ]);
    const second = await list(`/v1/users?account=${accountId}&limit=2&after=${encodeURIComponent(first.next!)}`);
    expect(second.items.map((user) => user.name)).toEqual(["eve"]);
    expect(second.next).toBeUndefined();

    const keys = await list(`/v1/access-keys?account=${accountId}&user=ada`);
    expect(keys.items.map((one) => one.accessKeyId)).toEqual([key.result.accessKeyId]);
    const everything =
      (await (await world.call("/v1/access-keys")).text()) + (await (await world.call("/v1/events?limit=1000")).text());
    expect(everything).toContain(key.result.accessKeyId);
    expect(everything).not.toContain(key.result.secretAccessKey);
    expect(everything).not.toContain("sealedSecret");
    expect((await list(`/v1/accounts`)).items.length).toBeGreaterThan(1);
    expect((await list(`/v1/buckets`)).items).toEqual([]);
  });

  test.each([
    ["limit=0"],
    ["limit=1e9"],
    ["limit=-1"],
    ["limit=1&limit=2"],
    ["unknown=1"],
    ["account=12"],
    ["account=../../etc"],
  ])("refuse the query %s", async (query) => {
    expect(await codeOf(await world.call(`/v1/users?${query}`))).toBe("400 INVALID_QUERY");
  });
});

describe("events", () => {
  const nextLine = async (lines: AsyncIterator<EventEnvelope>) => (await lines.next()).value as EventEnvelope;
  async function* eventsOf(body: ReadableStream<Uint8Array>): AsyncGenerator<EventEnvelope, void, void> {
    let rest = "";
    const decoder = new TextDecoder();
    for await (const chunk of body) {
      const lines = (rest + decoder.decode(chunk, { stream: true })).split("\n");
      rest = lines.pop()!;
      for (const line of lines) if (line !== "") yield JSON.parse(line) as EventEnvelope;
    }
  }

  test("are read in pages", async () => {
    const page = (await (await world.call("/v1/events?limit=2")).json()) as {
      readonly items: EventEnvelope[];
      readonly head: number;
    };
    expect(page.items.map((event) => event.id as number)).toEqual([1, 2]);
    expect(page.head).toBe(world.core.head);
  });

  test("are followed as they happen", async () => {
    const after = world.core.head - 1;
    const hangUp = new AbortController();
    const answer = await world.call(`/v1/events?after=${after}&follow`, { signal: hangUp.signal });
    expect(answer.headers.get("content-type")).toBe("application/x-ndjson");
    const lines = eventsOf(answer.body!);
    expect((await nextLine(lines)).id as number).toBe(after + 1);
    await command({ type: "account.create", name: "followed" });
    const event = await nextLine(lines);
    expect([event.id as number, event.type, event.actor]).toEqual([after + 2, "account.created", "token:root"]);
    hangUp.abort();
  });

  test("end for followers when the API closes", async () => {
    const other = await startTestApi();
    const answer = await other.call("/v1/events?follow");
    const read = answer.text();
    await other.close();
    expect(await read).toContain("account.created");
  });
});

describe("status and health", () => {
  test("status counts what there is", async () => {
    const status = (await (await world.call("/v1/status")).json()) as Record<string, unknown>;
    expect(status).toMatchObject({
      version: "0.1.0",
      controlPlaneId: world.core.controlPlaneId,
      head: world.core.head,
      dataPlanes: [],
    });
  });

  test("readiness follows its checks", async () => {
    const remove = world.health.add("readiness", "disk", () => unhealthy("full"));
    expect((await fetch(`${world.api.url}/readyz`)).status).toBe(503);
    remove();
    expect((await fetch(`${world.api.url}/readyz`)).status).toBe(200);
  });

  test("the OpenAPI document describes every route", async () => {
    const document = (await (await fetch(`${world.api.url}/v1/openapi.json`)).json()) as {
      readonly openapi: string;
      readonly paths: Record<string, Record<string, { readonly operationId: string; readonly security: unknown[] }>>;
    };
    expect(document.openapi).toBe("3.1.1");
    const operations = Object.values(document.paths).flatMap((methods) => Object.values(methods));
    expect(operations.map((operation) => operation.operationId).sort()).toEqual(
      API_ROUTES.map((route) => route.operationId).sort(),
    );
    const text = JSON.stringify(document);
    const paths = Object.entries(document.paths).filter(([path]) => path.includes("{"));
    expect(paths.length).toBeGreaterThan(10);
    for (const [path, methods] of paths) {
      for (const operation of Object.values(methods)) {
        const { parameters } = operation as unknown as { readonly parameters: readonly Record<string, unknown>[] };
        const described = parameters.filter((one) => one.in === "path" && typeof one.description === "string");
        expect(described.map(({ name }) => `{${String(name)}}`)).toEqual(path.match(/\{\w+\}/g) as string[]);
      }
    }
    for (const [, name] of text.matchAll(/#\/components\/schemas\/(\w+)/g)) expect(text).toContain(`"${name}":`);
  });
});
