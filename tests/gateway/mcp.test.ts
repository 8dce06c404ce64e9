/** Operations as tools, used by a client that nobody here wrote: the protocol's own, in both of its ways of beginning. */
import { afterAll, beforeAll, describe, expect, test } from "bun:test";
import { Client, StreamableHTTPClientTransport } from "@modelcontextprotocol/client";
import { compileGateway } from "#control-plane/gateways";
import { type Gateway, startGateway } from "#data-plane/gateway";
import { systemClock, systemRandom, systemTimers } from "#foundation/runtime";
import { createMetrics, silentLogger } from "#foundation/telemetry";

interface Seen {
  readonly method: string;
  readonly target: string;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: string;
}

let upstream: ReturnType<typeof Bun.serve>;
let gateway: Gateway;
let endpoint: URL;
const seen: Seen[] = [];

const description = (url: string): string => `openapi: 3.1.0
info: {title: Pets, version: "7"}
x-biplane-mcp: {enabled: true, instructions: "Pets and their papers.", allowed_origins: ["https://app.example"]}
x-biplane-middlewares:
  - {name: apikey-auth, config: {header_name: X-Key, keys: [{key: k-anna, id: anna}]}}
paths:
  /pets/{id}:
    parameters:
      - {name: id, in: path, required: true, schema: {type: string, maxLength: 20}, description: Whose pet}
    get:
      operationId: getPet
      summary: One pet
      description: Everything that is known of a pet.
      x-biplane-dispatch: {name: http-upstream, config: {url: "${url}"}}
      parameters:
        - {name: id, in: query, schema: {type: integer, minimum: 1}}
        - {name: tags, in: query, explode: false, schema: {type: array, items: {type: string}}}
        - {name: X-Note, in: header, schema: {type: string}}
        - {name: flavor, in: cookie, schema: {type: string}}
        - {name: filter, in: query, style: deepObject, schema: {type: object, properties: {age: {type: integer}}}}
      responses: {"200": {description: ok, content: {application/json: {schema: {$ref: "#/components/schemas/Pet"}}}}}
    put:
      operationId: putPet
      x-biplane-mcp: {description: Replaces a pet.}
      x-biplane-dispatch: {name: http-upstream, config: {url: "${url}"}}
      requestBody:
        required: true
        content: {application/json: {schema: {$ref: "#/components/schemas/Pet"}}}
      responses: {default: {description: ok}}
  /pets/secret:
    get:
      operationId: secretPet
      summary: Nobody's tool
      x-biplane-mcp: {enabled: false}
      x-biplane-dispatch: {name: http-upstream, config: {url: "${url}"}}
      responses: {default: {description: ok}}
  /events:
    get:
      operationId: events
      summary: A stream
      x-biplane-dispatch: {name: http-upstream, config: {url: "${url}"}}
      responses: {default: {description: ok}}
  /large:
    get:
      operationId: large
      summary: Too much
      x-biplane-dispatch: {name: http-upstream, config: {url: "${url}"}}
      responses: {default: {description: ok}}
  /wrong:
    get:
      operationId: wrong
      summary: Does not do what it says
      x-biplane-dispatch: {name: http-upstream, config: {url: "${url}"}}
      responses: {"200": {description: ok, content: {application/json: {schema: {$ref: "#/components/schemas/Pet"}}}}}
components:
  schemas:
    Pet:
      type: object
      required: [name]
      properties:
        name: {type: string}
        born: {type: integer, readOnly: true}
        mother: {$ref: "#/components/schemas/Pet"}
`;

beforeAll(async () => {
  upstream = Bun.serve({
    port: 0,
    async fetch(request) {
      const { pathname, search } = new URL(request.url);
      const headers = Object.fromEntries(request.headers);
      seen.push({ method: request.method, target: pathname + search, headers, body: await request.text() });
      if (pathname === "/events")
        return new Response("data: 1\n\n", { headers: { "Content-Type": "text/event-stream" } });
      if (pathname === "/large") return new Response("x".repeat(2 * 1024 * 1024));
      if (pathname === "/wrong") return Response.json({ name: 7 });
      if (pathname === "/pets/lost") return Response.json({ reason: "gone" }, { status: 404 });
      return Response.json({ name: "Rex", mother: { name: "Tara" } });
    },
  });
  const { artifact, diagnostics } = compileGateway({
    files: ["pets.yaml"],
    read: () => Buffer.from(description(`http://127.0.0.1:${upstream.port}`)),
    provenance: { compiler: "test" },
    allowPlaintext: true,
  });
  if (artifact === undefined) throw new Error(JSON.stringify(diagnostics));
  gateway = await started(artifact.bytes);
  endpoint = new URL(`http://127.0.0.1:${gateway.port}/__biplane/mcp`);
});

afterAll(async () => {
  await gateway?.close(0);
  await upstream?.stop(true);
});

function started(artifact: Uint8Array): Promise<Gateway> {
  return startGateway(artifact, {
    hostname: "127.0.0.1",
    port: 0,
    secrets: { environment: {} },
    log: silentLogger,
    metrics: createMetrics(),
    runtime: { clock: systemClock, timers: systemTimers, random: systemRandom },
  });
}

async function connected(mode: "legacy" | "auto", key = "k-anna"): Promise<Client> {
  const client = new Client({ name: "test", version: "1" }, { versionNegotiation: { mode } });
  await client.connect(new StreamableHTTPClientTransport(endpoint, { requestInit: { headers: { "X-Key": key } } }));
  return client;
}

const textOf = (result: { content?: unknown }): string =>
  (result.content as { type: string; text: string }[]).map(({ text }) => text).join("");

describe.each(["legacy", "auto"] as const)("the protocol's own client, beginning as %s", (mode) => {
  test("is told the tools, and none that are hidden", async () => {
    const client = await connected(mode);
    expect(client.getServerVersion()).toMatchObject({ name: "Pets", version: "7" });
    expect(client.getNegotiatedProtocolVersion()).toBe(mode === "legacy" ? "2025-11-25" : "2026-07-28");
    expect(client.getInstructions()).toBe("Pets and their papers.");
    const { tools } = await client.listTools();
    expect(tools.map(({ name }) => name)).toEqual(["events", "getPet", "large", "putPet", "wrong"]);
    const pet = tools.find(({ name }) => name === "getPet")!;
    expect(pet).toMatchObject({ title: "One pet", description: "Everything that is known of a pet." });
    expect(pet.annotations).toMatchObject({ readOnlyHint: true, destructiveHint: false });
    expect(Object.keys(pet.inputSchema.properties ?? {})).toEqual(
      expect.arrayContaining(["path_id", "query_id", "tags", "X-Note", "flavor", "filter"]),
    );
    expect(pet.inputSchema.required).toEqual(["path_id"]);
    expect(pet.outputSchema).toMatchObject({ type: "object", $ref: "#/$defs/Pet" });
    const put = tools.find(({ name }) => name === "putPet")!;
    expect(put).toMatchObject({ description: "Replaces a pet.", annotations: { idempotentHint: true } });
    expect((put.inputSchema.$defs as never as { Pet: { properties: object } }).Pet.properties).not.toHaveProperty(
      "born",
    );
    await client.close();
  });

  test("calls one, and its arguments are where they belong", async () => {
    const client = await connected(mode);
    await client.listTools();
    const result = await client.callTool({
      name: "getPet",
      arguments: {
        path_id: "a/b ü",
        query_id: 3,
        tags: ["x", "y,z"],
        "X-Note": "hello",
        flavor: "sweet",
        filter: { age: 4 },
      },
    });
    expect(result.isError ?? false).toBe(false);
    expect(result.structuredContent).toEqual({ name: "Rex", mother: { name: "Tara" } });
    const request = seen.at(-1)!;
    expect(request.target).toBe("/pets/a%2Fb%20%C3%BC?id=3&tags=x,y%2Cz&filter%5Bage%5D=4");
    expect(request.headers).toMatchObject({
      "x-note": "hello",
      cookie: "flavor=sweet",
      "x-forwarded-for": "127.0.0.1",
    });
    expect(Object.keys(request.headers).filter((name) => name.startsWith("mcp-"))).toEqual([]);
    await client.callTool({ name: "putPet", arguments: { id: "1", body: { name: "Ada" } } });
    expect(seen.at(-1)).toMatchObject({ method: "PUT", target: "/pets/1", body: '{"name":"Ada"}' });
    await client.close();
  });

  test("is told what the gateway refuses as an error of the tool", async () => {
    const client = await connected(mode);
    const before = seen.length;
    const long = await client.callTool({ name: "getPet", arguments: { path_id: "x".repeat(21) } });
    expect(long.isError).toBe(true);
    expect(JSON.parse(textOf(long))).toMatchObject({ code: "validation-failed", errors: [{ in: "path", name: "id" }] });
    const body = await client.callTool({ name: "putPet", arguments: { id: "1", body: { name: 7 } } });
    expect(JSON.parse(textOf(body))).toMatchObject({ code: "validation-failed", errors: [{ in: "body" }] });
    const other = await client.callTool({ name: "getPet", arguments: { path_id: "secret" } });
    expect(JSON.parse(textOf(other))).toMatchObject({ code: "bad-request" });
    const dots = await client.callTool({ name: "getPet", arguments: { path_id: ".." } });
    expect(JSON.parse(textOf(dots))).toMatchObject({ code: "bad-request" });
    const unknown = await client.callTool({ name: "getPet", arguments: { path_id: "1", more: 1 } });
    expect(JSON.parse(textOf(unknown))).toMatchObject({ code: "validation-failed" });
    const missing = await client.callTool({ name: "getPet", arguments: {} });
    expect(JSON.parse(textOf(missing))).toMatchObject({ code: "validation-failed" });
    expect(seen.length).toBe(before);
    const lost = await client.callTool({ name: "getPet", arguments: { path_id: "lost" } });
    expect(lost).toMatchObject({ isError: true });
    expect(textOf(lost)).toBe('{"reason":"gone"}');
    await client.close();
  });

  test("has to bring its own credentials", async () => {
    const client = await connected(mode, "wrong");
    const before = seen.length;
    const result = await client.callTool({ name: "getPet", arguments: { path_id: "1" } });
    expect(result.isError).toBe(true);
    expect(JSON.parse(textOf(result))).toMatchObject({ code: "authentication-failed" });
    expect(seen.length).toBe(before);
    await client.close();
  });

  test("gets no streams, nothing too large, and nothing that does not fit its description", async () => {
    const client = await connected(mode);
    expect(JSON.parse(textOf(await client.callTool({ name: "events" })))).toMatchObject({ code: "not-supported" });
    expect(JSON.parse(textOf(await client.callTool({ name: "large" })))).toMatchObject({ code: "upstream-invalid" });
    expect(await client.callTool({ name: "wrong" })).toMatchObject({ isError: true });
    await expect(client.callTool({ name: "secretPet" })).rejects.toThrow("Unknown tool");
    await client.close();
  });
});

describe("messages that are not as they should be", () => {
  const META = {
    "io.modelcontextprotocol/protocolVersion": "2026-07-28",
    "io.modelcontextprotocol/clientCapabilities": {},
  };
  const post = async (
    body: unknown,
    headers: Readonly<Record<string, string>> = {},
    method = "POST",
  ): Promise<{ status: number; body: unknown }> => {
    const text = typeof body === "string" ? body : JSON.stringify(body);
    const response = await fetch(endpoint, {
      method,
      headers: { "Content-Type": "application/json", "X-Key": "k-anna", ...headers },
      ...(method === "POST" ? { body: text } : {}),
    });
    const answer = await response.text();
    return { status: response.status, body: answer === "" ? undefined : JSON.parse(answer) };
  };
  const rpc = (method: string, params: object = {}, id: unknown = 1) => ({ jsonrpc: "2.0", id, method, params });
  const modern = (version = "2026-07-28", method = "tools/list") => ({
    "MCP-Protocol-Version": version,
    "Mcp-Method": method,
  });

  test("are refused with the error that says so", async () => {
    for (const [body, code] of [
      ["{", -32700],
      [`${"[".repeat(100_000)}${"]".repeat(100_000)}`, -32700],
      [`{"jsonrpc":"2.0","id":1,"method":"tools/call","params":${'{"a":'.repeat(70)}1${"}".repeat(70)}}`, -32700],
      ["7", -32600],
      [{ id: 1, method: "ping" }, -32600],
      [rpc("ping", {}, null), -32600],
      [rpc("ping", {}, 1.5), -32600],
      [rpc("ping", {}, "x".repeat(300)), -32600],
      ['{"jsonrpc":"2.0","id":1e400,"method":"ping"}', -32600],
      [{ jsonrpc: "2.0", id: 1, method: "ping", params: [1] }, -32600],
      [[], -32600],
      [Array.from({ length: 21 }, () => rpc("ping")), -32600],
    ] as const) {
      expect(await post(body)).toMatchObject({ status: 400, body: { error: { code } } });
    }
    expect(await post(rpc("tools/call", { name: "none" }))).toMatchObject({
      status: 200,
      body: { error: { code: -32602 } },
    });
    expect(await post(rpc("tools/call", { name: "getPet", arguments: [] }))).toMatchObject({
      body: { error: { code: -32602 } },
    });
    expect(await post(rpc("tools/list", { cursor: "§" }))).toMatchObject({ body: { error: { code: -32602 } } });
    expect(await post(rpc("resources/list"))).toMatchObject({ status: 200, body: { error: { code: -32601 } } });
    expect(await post(rpc("tools/call", JSON.parse('{"name":"__proto__","arguments":{"__proto__":1}}')))).toMatchObject(
      {
        body: { error: { code: -32602 } },
      },
    );
  });

  test("are refused by versions that are not spoken, and by heads that say something else", async () => {
    expect(await post(rpc("ping"), { "MCP-Protocol-Version": "1999-01-01" })).toMatchObject({
      status: 400,
      body: { id: 1, error: { code: -32022, data: { requested: "1999-01-01" } } },
    });
    const list = (meta: object) => rpc("tools/list", { _meta: meta });
    expect(await post(list(META), modern())).toMatchObject({
      status: 200,
      body: { result: { resultType: "complete" } },
    });
    expect(await post(list(META))).toMatchObject({ status: 400, body: { error: { code: -32020 } } });
    expect(await post(list(META), modern("2025-11-25"))).toMatchObject({
      status: 400,
      body: { error: { code: -32020 } },
    });
    expect(await post(list(META), modern("2026-07-28", "ping"))).toMatchObject({
      status: 400,
      body: { error: { code: -32020 } },
    });
    expect(await post(list({}), modern())).toMatchObject({ status: 400, body: { error: { code: -32602 } } });
    const future = { ...META, "io.modelcontextprotocol/protocolVersion": "2099-01-01" };
    expect(await post(list(future), modern("2099-01-01"))).toMatchObject({
      status: 400,
      body: { error: { code: -32022 } },
    });
    const call = rpc("tools/call", { name: "getPet", arguments: { path_id: "1" }, _meta: META });
    expect(await post(call, { ...modern("2026-07-28", "tools/call"), "Mcp-Name": "putPet" })).toMatchObject({
      status: 400,
      body: { error: { code: -32020 } },
    });
    expect(await post(rpc("ping", { _meta: META }), modern("2026-07-28", "ping"))).toMatchObject({
      status: 404,
      body: { error: { code: -32601 } },
    });
    expect(await post(rpc("initialize", { protocolVersion: "1999-01-01" }))).toMatchObject({
      body: { result: { protocolVersion: "2025-11-25" } },
    });
  });

  test("of batches are taken by the one version that has them", async () => {
    const batch = [rpc("ping", {}, "a"), { jsonrpc: "2.0", method: "notifications/initialized" }, 7];
    const { status, body } = await post(batch);
    expect([status, body]).toMatchObject([200, [{ id: "a", result: {} }, { error: { code: -32600 } }]]);
    expect(await post(batch, { "MCP-Protocol-Version": "2025-06-18" })).toMatchObject({ status: 400 });
    expect(await post([{ jsonrpc: "2.0", method: "notifications/initialized" }])).toEqual({
      status: 202,
      body: undefined,
    });
    expect(await post([rpc("initialize", {})])).toMatchObject({ status: 400 });
  });

  test("come from pages that the document names, and from no others", async () => {
    expect(await post(rpc("ping"), { Origin: "https://evil.example" })).toMatchObject({ status: 403 });
    expect(await post(rpc("ping"), { Origin: endpoint.origin })).toMatchObject({ status: 403 });
    expect(await post(rpc("ping"), { Origin: "https://app.example" })).toMatchObject({ status: 200 });
    const preflight = await fetch(endpoint, {
      method: "OPTIONS",
      headers: { Origin: "https://app.example", "Access-Control-Request-Headers": "mcp-method" },
    });
    expect(preflight.headers.get("access-control-allow-origin")).toBe("https://app.example");
    expect(preflight.headers.get("access-control-allow-headers")).toBe("mcp-method");
  });

  test("come by POST, as JSON, for answers in JSON", async () => {
    expect(await post("", {}, "GET")).toMatchObject({ status: 405 });
    expect(await post("", {}, "DELETE")).toMatchObject({ status: 405 });
    expect(await post(rpc("ping"), { "Content-Type": "text/plain" })).toMatchObject({ status: 415 });
    expect(await post(rpc("ping"), { Accept: "text/html" })).toMatchObject({ status: 406 });
    expect(await post(`"${"x".repeat(2 * 1024 * 1024)}"`)).toMatchObject({ status: 413 });
  });
});

test("many tools come in pages, from any of several gateways", async () => {
  const paths = Array.from(
    { length: 120 },
    (_, i) => `  /t${i}: {get: {operationId: t${i}, summary: s, responses: {"204": {description: none}}}}\n`,
  );
  const { artifact } = compileGateway({
    files: ["many.yaml"],
    read: () =>
      Buffer.from(
        `openapi: 3.1.0\ninfo: {title: A, version: "1"}\nx-barbacane-mcp: {enabled: true}\npaths:\n${paths.join("")}`,
      ),
    upstream: "https://up.example",
    provenance: { compiler: "test" },
  });
  const gateways = await Promise.all([started(artifact!.bytes), started(artifact!.bytes)]);
  try {
    const names: string[] = [];
    let cursor: string | undefined;
    for (let page = 0; page < 10 && (page === 0 || cursor !== undefined); page++) {
      const response = await fetch(`http://127.0.0.1:${gateways[page % 2]!.port}/__biplane/mcp`, {
        method: "POST",
        headers: { "Content-Type": "application/json" },
        body: JSON.stringify({ jsonrpc: "2.0", id: page, method: "tools/list", params: { cursor } }),
      });
      const { result } = (await response.json()) as { result: { tools: { name: string }[]; nextCursor?: string } };
      names.push(...result.tools.map(({ name }) => name));
      cursor = result.nextCursor;
    }
    expect(names).toEqual(Array.from({ length: 120 }, (_, i) => `t${i}`).sort());
  } finally {
    await Promise.all(gateways.map((one) => one.close(0)));
  }
});

test("a gateway without tools has no such endpoint", async () => {
  const { artifact } = compileGateway({
    files: ["none.yaml"],
    read: () => Buffer.from('openapi: 3.1.0\ninfo: {title: A, version: "1"}\npaths: {}\n'),
    upstream: "https://up.example",
    provenance: { compiler: "test" },
  });
  const other = await started(artifact!.bytes);
  try {
    expect((await fetch(`http://127.0.0.1:${other.port}/__biplane/mcp`, { method: "POST" })).status).toBe(404);
  } finally {
    await other.close(0);
  }
});
