import { afterEach, describe, expect, test } from "bun:test";
import { once } from "node:events";
import { connect } from "node:net";
import { parseTemplate } from "#foundation/api-description";
import {
  type GatewayPlan,
  type PlannedOperation,
  type PluginDeclaration,
  type PluginUse,
  sealGatewayArtifact,
} from "#foundation/gateway-artifact";
import { systemClock, systemRandom, systemTimers } from "#foundation/runtime";
import { createMetrics, silentLogger } from "#foundation/telemetry";
import { HeaderFields } from "../message/header-fields.ts";
import type { Dispatcher, Middleware, MiddlewarePlugin } from "../plugins/plugin.ts";
import { problem } from "../problems.ts";
import type { PluginPrograms } from "./epoch.ts";
import { type Gateway, startGateway } from "./gateway.ts";

const open: Gateway[] = [];
afterEach(async () => {
  await Promise.all(open.splice(0).map((gateway) => gateway.close(0)));
});

const CONFIG = { type: "object" };

/** Plugins of a test by name. */
function plugins(
  parts: Readonly<Record<string, Middleware | Dispatcher>>,
  phases: Readonly<Record<string, "admission" | "transformation">> = {},
): PluginPrograms {
  return new Map(
    Object.entries(parts).map(([name, part]) => {
      const shared = { name, summary: "", config: CONFIG };
      const declaration: PluginDeclaration =
        "dispatch" in part
          ? { ...shared, kind: "dispatcher" }
          : { ...shared, kind: "middleware", phase: phases[name] ?? "admission" };
      return [name, { declaration, program: { name, setup: () => part as never } }];
    }),
  );
}

interface Route extends Partial<PlannedOperation> {
  readonly use?: readonly string[];
}

/** `GET /things/{id}` and what is special about it. */
function planOf(routes: Readonly<Record<string, Route>>, schemas: GatewayPlan["schemas"] = []): GatewayPlan {
  const uses: PluginUse[] = [{ kind: "dispatcher", name: "echo", config: {} }];
  const operations = Object.entries(routes).map(([id, { use = [], ...more }]): PlannedOperation => {
    const [method = "", path = ""] = id.split(" ");
    const parsed = parseTemplate(path);
    if (!("template" in parsed)) throw new Error(parsed.problem);
    const middlewares = use.map((name) => uses.push({ kind: "middleware", name, config: {} }) - 1);
    return {
      id,
      api: 0,
      method,
      path,
      template: parsed.template,
      deprecated: false,
      parameters: [],
      responses: [],
      middlewares,
      dispatch: 0,
      ...more,
    };
  });
  const api = { file: "api.yaml", format: "openapi", formatVersion: "3.1.0", title: "Things", version: "1" } as const;
  return { version: 1, apis: [api], operations, plugins: uses, schemas };
}

const sealed = (plan: GatewayPlan): Uint8Array =>
  sealGatewayArtifact({ plan, specs: new Map(), provenance: { compiler: "test" } }).bytes;

const echo: Dispatcher = {
  dispatch: ({ request, requestId, identity }) => ({
    status: 200,
    headers: HeaderFields.of(["Content-Type", "application/json", "Set-Cookie", "a=1", "Set-Cookie", "b=2"]),
    body: Buffer.from(
      JSON.stringify({
        method: request.method,
        path: request.path,
        query: request.query,
        parameters: request.pathParameters,
        body: request.body.bytes && Buffer.from(request.body.bytes).toString(),
        requestId,
        identity,
      }),
    ),
  }),
};

async function started(plan: GatewayPlan, parts: PluginPrograms, more: object = {}): Promise<Gateway> {
  const gateway = await startGateway(sealed(plan), {
    port: 0,
    secrets: { environment: {} },
    log: silentLogger,
    metrics: createMetrics(),
    runtime: { clock: systemClock, timers: systemTimers, random: systemRandom },
    plugins: parts,
    ...more,
  });
  open.push(gateway);
  return gateway;
}

const call = (gateway: Gateway, path: string, init: RequestInit = {}): Promise<Response> =>
  fetch(`http://127.0.0.1:${gateway.port}${path}`, init);

/** Sends octets as they are; resolves with all that comes back. */
function raw(gateway: Gateway, text: string): Promise<string> {
  return new Promise((resolve, reject) => {
    let received = "";
    const socket = connect(gateway.port, "127.0.0.1", () => socket.write(text));
    socket.on("data", (data) => {
      received += data;
    });
    socket.on("close", () => resolve(received));
    socket.on("error", reject);
  });
}

/** A client that sends one request after the other on one connection. */
async function keptConnection(gateway: Gateway) {
  const socket = connect(gateway.port, "127.0.0.1");
  await once(socket, "connect");
  return {
    async get(path: string): Promise<string> {
      let received = "";
      socket.write(`GET ${path} HTTP/1.1\r\nHost: a\r\n\r\n`);
      for (;;) {
        received += String((await once(socket, "data"))[0]);
        const [head = "", body = ""] = received.split("\r\n\r\n");
        const length = /content-length: (\d+)/i.exec(head)?.[1];
        if (length !== undefined && body.length >= Number(length)) return received;
      }
    },
    close: () => socket.destroy(),
  };
}

describe("requests", () => {
  test("reach their operation and come back", async () => {
    const gateway = await started(planOf({ "GET /things/{id}": {} }), plugins({ echo }));
    const answer = await call(gateway, "/things/a%20b?x=1", { headers: { "x-request-id": "mine" } });
    expect(answer.status).toBe(200);
    expect(answer.headers.getSetCookie()).toEqual(["a=1", "b=2"]);
    expect(answer.headers.get("x-request-id")).toBe("mine");
    expect(await answer.json()).toMatchObject({
      path: "/things/a%20b",
      query: "x=1",
      parameters: { id: "a b" },
      requestId: "mine",
    });
  });

  test("for nothing that is described are answered with problems", async () => {
    const gateway = await started(planOf({ "GET /things": {}, "POST /things": {} }), plugins({ echo }));
    const missing = await call(gateway, "/nothing");
    expect([missing.status, missing.headers.get("content-type")]).toEqual([404, "application/problem+json"]);
    expect(await missing.json()).toMatchObject({ type: "urn:biplane:error:not-found", code: "not-found", status: 404 });
    const wrong = await call(gateway, "/things", { method: "DELETE" });
    expect([wrong.status, wrong.headers.get("allow")]).toEqual([405, "GET, HEAD, OPTIONS, POST"]);
    const head = await call(gateway, "/things", { method: "HEAD" });
    expect([head.status, await head.text()]).toEqual([200, ""]);
    const options = await call(gateway, "/things", { method: "OPTIONS" });
    expect([options.status, options.headers.get("allow")]).toEqual([204, "GET, HEAD, OPTIONS, POST"]);
  });

  test.each(["/a/../things", "/a/%2e%2E/things", "/./things", "/a%2f..%2fthings", "/a\\..\\things"])(
    "%s has no meaning that everybody agrees on",
    async (path) => {
      const gateway = await started(planOf({ "GET /things": {}, "GET /a/{rest+}": {} }), plugins({ echo }));
      expect(await raw(gateway, `GET ${path} HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n`)).toStartWith(
        "HTTP/1.1 400 ",
      );
    },
  );

  test("of deprecated operations are told so", async () => {
    const gateway = await started(
      planOf({ "GET /old": { deprecated: true, sunset: "Fri, 01 Jan 2027 00:00:00 GMT" } }),
      plugins({ echo }),
    );
    const { headers } = await call(gateway, "/old");
    expect([headers.get("deprecation"), headers.get("sunset")]).toEqual(["true", "Fri, 01 Jan 2027 00:00:00 GMT"]);
  });
});

const SCHEMAS: GatewayPlan["schemas"] = [
  {
    uri: "file:///api.yaml",
    dialect: "openapi-3.1",
    root: {
      limit: { type: "integer", maximum: 100 },
      thing: { type: "object", required: ["name"], properties: { name: { type: "string", minLength: 1 } } },
    },
    schemasAt: ["/limit", "/thing"],
  },
];
const LIMIT: PlannedOperation["parameters"][number] = {
  name: "limit",
  in: "query",
  required: false,
  style: "form",
  explode: true,
  allowEmptyValue: false,
  isJson: false,
  shape: { kind: "scalar", types: ["integer"] },
  schema: { document: 0, pointer: "/limit" },
};
const THING: NonNullable<PlannedOperation["requestBody"]> = {
  required: true,
  content: [{ type: "application/json", schema: { document: 0, pointer: "/thing" } }],
};

describe("what is described is asked for", () => {
  const plan = planOf({ "GET /things": { parameters: [LIMIT] }, "POST /things": { requestBody: THING } }, SCHEMAS);
  const post = (gateway: Gateway, body: string, type = "application/json") =>
    call(gateway, "/things", { method: "POST", body, headers: { "content-type": type } });

  test("in parameters, with their types", async () => {
    const gateway = await started(plan, plugins({ echo }));
    expect((await call(gateway, "/things?limit=100")).status).toBe(200);
    const refused = await call(gateway, "/things?limit=101");
    expect(refused.status).toBe(400);
    expect(await refused.json()).toMatchObject({
      code: "validation-failed",
      errors: [{ in: "query", name: "limit", pointer: "" }],
    });
    expect((await call(gateway, "/things?limit=ten")).status).toBe(400);
    expect((await call(gateway, "/things?limit=1&limit=2")).status).toBe(400);
  });

  test("in bodies", async () => {
    const gateway = await started(plan, plugins({ echo }));
    const given = await post(gateway, '{"name":"x"}');
    expect([given.status, ((await given.json()) as { body: string }).body]).toEqual([200, '{"name":"x"}']);
    expect((await post(gateway, '{"name":""}')).status).toBe(400);
    expect(await (await post(gateway, "{")).json()).toMatchObject({ detail: "The body is not JSON." });
    expect((await post(gateway, "")).status).toBe(400);
    expect((await post(gateway, "<a/>", "application/xml")).status).toBe(415);
    expect((await post(gateway, '{"name":"x"}', "application/vnd.thing+json; charset=utf-8")).status).toBe(200);
  });

  test("up to a size, however the body comes", async () => {
    const gateway = await started(plan, plugins({ echo }), { limits: { maxBodyBytes: 1000 } });
    const large = JSON.stringify({ name: "x".repeat(2000) });
    expect((await post(gateway, large)).status).toBe(413);
    const chunked = `POST /things HTTP/1.1\r\nHost: a\r\nConnection: close\r\nContent-Type: application/json\r\nTransfer-Encoding: chunked\r\n\r\n${large.length.toString(16)}\r\n${large}\r\n0\r\n\r\n`;
    expect(await raw(gateway, chunked)).toStartWith("HTTP/1.1 413 ");
  });
});

describe("middlewares", () => {
  test("admit before anything is checked, transform after it, and see the answer in reverse", async () => {
    const seen: string[] = [];
    const witness = (name: string): Middleware => ({
      onRequest: () => void seen.push(name),
      onResponse: () => void seen.push(`${name} back`),
      onEnd: () => void seen.push(`${name} end`),
    });
    const gateway = await started(
      planOf({ "POST /things": { requestBody: THING, use: ["change", "first", "second"] } }, SCHEMAS),
      plugins(
        { echo, first: witness("first"), second: witness("second"), change: witness("change") },
        { change: "transformation" },
      ),
    );
    const post = (body: string) =>
      call(gateway, "/things", { method: "POST", body, headers: { "content-type": "application/json" } });
    await (await post('{"name":"x"}')).text();
    expect(seen).toEqual([
      ...["first", "second", "change", "change back", "second back", "first back"],
      ...["change end", "second end", "first end"],
    ]);
    seen.length = 0;
    await (await post("{}")).text();
    expect(seen).toEqual(["first", "second", "second back", "first back", "second end", "first end"]);
  });

  test("who is not let in makes nobody read a body", async () => {
    const closed: Middleware = { onRequest: async () => problem("authentication-failed") };
    const gateway = await started(
      planOf({ "POST /things": { requestBody: THING, use: ["closed"] } }, SCHEMAS),
      plugins({ echo, closed }),
    );
    const answer = await raw(
      gateway,
      "POST /things HTTP/1.1\r\nHost: a\r\nConnection: close\r\nExpect: 100-continue\r\nContent-Type: application/json\r\nContent-Length: 500000\r\n\r\n",
    );
    expect(answer).toStartWith("HTTP/1.1 401 ");
  });

  test("that fail are answered with 500, and nothing of why is told", async () => {
    const broken: Middleware = {
      onResponse() {
        throw new Error("secret");
      },
    };
    const gateway = await started(planOf({ "GET /things": { use: ["broken"] } }), plugins({ echo, broken }));
    const answer = await call(gateway, "/things");
    expect([answer.status, await answer.text()]).toEqual([500, expect.not.stringContaining("secret")]);
  });

  test("get answers whole that come in pieces, when they ask for it", async () => {
    const pieces: Dispatcher = {
      dispatch: () => ({
        status: 200,
        headers: HeaderFields.of(),
        body: (async function* () {
          yield Buffer.from("one ");
          yield Buffer.from("two");
        })(),
      }),
    };
    const loud: Middleware = {
      readsResponseBody: true,
      onResponse(_, answer) {
        answer.body = Buffer.from(
          Buffer.from(answer.body as Uint8Array)
            .toString()
            .toUpperCase(),
        );
      },
    };
    const plain = await started(planOf({ "GET /things": {} }), plugins({ echo: pieces }));
    expect(await (await call(plain, "/things")).text()).toBe("one two");
    const changed = await started(planOf({ "GET /things": { use: ["loud"] } }), plugins({ echo: pieces, loud }));
    expect(await (await call(changed, "/things")).text()).toBe("ONE TWO");
  });
});

describe("another artifact", () => {
  test("is used at once, also on a connection that is open; what is kept stays", async () => {
    let closed = 0;
    const kept: unknown[] = [];
    const count: MiddlewarePlugin = {
      name: "count",
      setup(_config, host) {
        const state = host.keep("count", "a", () => ({ seen: 0 }));
        kept.push(state);
        return {
          onRequest: () => void state.seen++,
          onResponse: (_, answer) => answer.headers.set("x-seen", String(state.seen)),
          close: () => void closed++,
        };
      },
    };
    const declaration: PluginDeclaration = {
      name: "count",
      summary: "",
      config: CONFIG,
      kind: "middleware",
      phase: "admission",
    };
    const parts: PluginPrograms = new Map([...plugins({ echo }), ["count", { declaration, program: count }]]);
    const gateway = await started(planOf({ "GET /a": { use: ["count"] } }), parts);
    const client = await keptConnection(gateway);
    expect(await client.get("/a")).toContain("x-seen: 1");
    expect(await client.get("/b")).toStartWith("HTTP/1.1 404 ");
    const second = planOf({ "GET /a": { use: ["count"] }, "GET /b": {} });
    expect(await gateway.use(sealed(second))).toMatchObject({ changed: true });
    expect(await gateway.use(sealed(second))).toMatchObject({ changed: false });
    expect(await client.get("/a")).toContain("x-seen: 2");
    expect(await client.get("/b")).toStartWith("HTTP/1.1 200 ");
    expect(kept[0]).toBe(kept[1]);
    expect(closed).toBe(1);
    client.close();
    await gateway.close(0);
    expect(closed).toBe(2);
  });

  test("that cannot be used is refused, and the old one goes on", async () => {
    const gateway = await started(planOf({ "GET /a": {} }), plugins({ echo }));
    const before = gateway.artifact?.digest;
    const altered = Buffer.from(sealed(planOf({ "GET /b": {} })));
    altered[altered.length >> 1]! ^= 1;
    await expect(gateway.use(altered)).rejects.toThrow();
    await expect(gateway.use(sealed(planOf({ "GET /b": { use: ["unknown"] } })))).rejects.toThrow(
      'the plugin "unknown"',
    );
    expect(gateway.artifact?.digest).toBe(before!);
    expect(gateway.lastRefusal?.reason).toContain("unknown");
    expect((await call(gateway, "/a")).status).toBe(200);
  });
});
