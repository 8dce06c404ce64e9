/**
 * What is wrong in a gateway that was studied before this one was built, each as a test that it is not so here: those that no other test has. The whole list, with every test, is in
 * docs/requirements.md.
 */
import { afterEach, describe, expect, test } from "bun:test";
import { generateKeyPairSync } from "node:crypto";
import { until } from "../support/until.ts";
import { compiled, refusalsOf, starting } from "./support/compiled-gateway.ts";

const started = starting();
afterEach(() => started.end());

const HEAD = `openapi: 3.1.0\ninfo: {title: Things, version: "1"}\n`;
const mock = (body: string): string => `{name: mock, config: {body: "${body}", content_type: text/plain}}`;

interface Problem {
  readonly code: string;
  readonly detail?: string;
  readonly errors?: readonly unknown[];
}

describe("descriptions", () => {
  const referring = `${HEAD}paths:
  /things:
    post:
      x-biplane-dispatch: ${mock("made")}
      parameters: [{$ref: "#/components/parameters/Limit"}]
      requestBody: {$ref: "#/components/requestBodies/Thing"}
      responses: {"200": {description: ok}}
  /others: {$ref: "#/components/pathItems/Others"}
components:
  parameters: {Limit: {name: limit, in: query, required: true, schema: {$ref: "shared.yaml#/Limit"}}}
  requestBodies: {Thing: {required: true, content: {application/json: {schema: {$ref: "shared.yaml#/Thing"}}}}}
  pathItems:
    Others:
      parameters: [{$ref: "#/components/parameters/Limit"}]
      get:
        x-biplane-dispatch: ${mock("others")}
        responses: {"200": {description: ok}}
`;
  const shared = `Limit: {type: integer, minimum: 1}\nThing: {type: object, required: [name], properties: {name: {type: string}}}\n`;

  test("W10: what parameters, bodies and path items refer to is asked for as if it were written there", async () => {
    const { url } = await started.gateway(compiled({ "api.yaml": referring, "shared.yaml": shared }));
    const post = async (query: string, body: unknown) => {
      const headers = { "content-type": "application/json" };
      return (await fetch(`${url}/things${query}`, { method: "POST", headers, body: JSON.stringify(body) })).status;
    };
    expect(await post("?limit=2", { name: "a" })).toBe(200);
    expect(await post("?limit=2", {})).toBe(400);
    expect(await post("?limit=0", { name: "a" })).toBe(400);
    expect(await post("", { name: "a" })).toBe(400);
    expect((await fetch(`${url}/others?limit=1`)).status).toBe(200);
    expect((await fetch(`${url}/others?limit=one`)).status).toBe(400);
  });

  test.each([
    ["a list of middlewares that is none", 'x-biplane-middlewares: "none"', "E1011"],
    ["an entry that is none", "x-biplane-middlewares: [{nam: acl}]", "E1011"],
    [
      "a configuration that does not fit",
      "x-biplane-middlewares: [{name: rate-limit, config: {quota: many}}]",
      "E1023",
    ],
    ["a reference that leads nowhere", 'parameters: [{$ref: "#/components/parameters/None"}]', "E1003"],
    ["a schema that cannot be used", "parameters: [{name: a, in: query, schema: {type: strin}}]", "E1004"],
  ])("W8, W10: %s ends the build", (_, line, code) => {
    const description = `${HEAD}paths:\n  /things:\n    get:\n      x-biplane-dispatch: ${mock("ok")}\n      responses: {"200": {description: ok}}\n      ${line}\n`;
    expect(refusalsOf(description)).toEqual([code]);
  });

  const paths = [
    ["/pets/mine", "get", mock("mine")],
    ["/pets/{id}", "get", mock("one {{path_params.id}}")],
    ["/pets/{id}/papers", "get", mock("papers {{path_params.id}}")],
    ["/pets/mine/{paper}", "get", mock("mine {{path_params.paper}}")],
  ] as const;

  test.each([
    ["in one order", paths],
    ["in the other", paths.toReversed()],
  ])("W19: paths written %s have what is more exact first, and names of their own", async (_, written) => {
    const text = written.map(([path, method, dispatch]) => {
      const names = [...path.matchAll(/\{(\w+)\}/g)].map(
        ([, name]) => `{name: ${name}, in: path, required: true, schema: {type: string}}`,
      );
      return `  ${path}:\n    ${method}:\n      parameters: [${names.join(", ")}]\n      x-biplane-dispatch: ${dispatch}\n      responses: {"200": {description: ok}}\n`;
    });
    const { url } = await started.gateway(compiled(`${HEAD}paths:\n${text.join("")}`));
    const said = async (path: string) => (await fetch(url + path)).text();
    expect(await said("/pets/mine")).toBe("mine");
    expect(await said("/pets/rex")).toBe("one rex");
    expect(await said("/pets/rex/papers")).toBe("papers rex");
    expect(await said("/pets/mine/visa")).toBe("mine visa");
  });
});

test("W12: who is not let in is told nothing about what was wrong with the request", async () => {
  const description = `${HEAD}x-biplane-middlewares: [{name: apikey-auth, config: {keys: [{key: "env://KEY", id: ann}]}}]
paths:
  /things/{id}:
    post:
      parameters: [{name: id, in: path, required: true, schema: {type: integer}}]
      requestBody: {required: true, content: {application/json: {schema: {type: object, required: [salary]}}}}
      x-biplane-dispatch: ${mock("made")}
      responses: {"200": {description: ok}}
`;
  const { url } = await started.gateway(compiled(description), { secrets: { environment: { KEY: "the key" } } });
  const send = (key?: string) =>
    fetch(`${url}/things/none`, {
      method: "POST",
      headers: { "content-type": "application/json", ...(key === undefined ? {} : { "x-api-key": key }) },
      body: "{}",
    });
  for (const key of [undefined, "wrong"]) {
    const refused = await send(key);
    expect(refused.status).toBe(401);
    expect(await refused.text()).not.toMatch(/salary|integer|errors|body|path/);
  }
  const told = await send("the key");
  expect([told.status, ((await told.json()) as Problem).errors?.length]).toEqual([400, 1]);
});

test("W15: a tool is called by the client's address, through the same middlewares and checks", async () => {
  const upstream = started.upstream();
  const description = `${HEAD}x-biplane-mcp: {enabled: true}
x-biplane-middlewares: [{name: ip-restriction, config: {allow: ["127.0.0.1"]}}]
paths:
  /things/{id}:
    get:
      operationId: thing
      summary: One thing
      parameters: [{name: id, in: path, required: true, schema: {type: integer}}]
      x-biplane-dispatch: {name: http-upstream, config: {url: "${upstream.url}"}}
      responses: {"200": {description: ok}}
`;
  const call = async (gatewayUrl: string, id: unknown) => {
    const params = { name: "thing", arguments: { id } };
    const answer = await fetch(`${gatewayUrl}/__biplane/mcp`, {
      method: "POST",
      headers: { "content-type": "application/json", accept: "application/json, text/event-stream" },
      body: JSON.stringify({ jsonrpc: "2.0", id: 1, method: "tools/call", params }),
    });
    return ((await answer.json()) as { result: { isError?: boolean; content: { text: string }[] } }).result;
  };
  const { url } = await started.gateway(compiled(description));
  expect(await call(url, 5)).not.toMatchObject({ isError: true });
  expect(upstream.seen.map(({ target, headers }) => [target, headers.get("x-forwarded-for")])).toEqual([
    ["/things/5", "127.0.0.1"],
  ]);
  const wrong = await call(url, "five");
  expect([wrong.isError, (JSON.parse(wrong.content[0]!.text) as Problem).code]).toEqual([true, "validation-failed"]);
  const elsewhere = await started.gateway(compiled(description.replace('127.0.0.1"]', '192.0.2.1"]')));
  const kept = await call(elsewhere.url, 5);
  expect([kept.isError, (JSON.parse(kept.content[0]!.text) as Problem).code]).toEqual([true, "ip-restricted"]);
  expect(upstream.seen).toHaveLength(1);
});

test("W16: keys are fetched once and connections used again, however many requests come", async () => {
  const { publicKey } = generateKeyPairSync("ed25519");
  let fetched = 0;
  const issuer = Bun.serve({
    port: 0,
    hostname: "127.0.0.1",
    fetch() {
      fetched++;
      return Response.json({ keys: [{ ...publicKey.export({ format: "jwk" }), kid: "k", alg: "EdDSA" }] });
    },
  });
  try {
    const upstream = started.upstream();
    const description = `${HEAD}paths:
  /open: {get: {x-biplane-dispatch: {name: http-upstream, config: {url: "${upstream.url}"}}, responses: {"200": {description: ok}}}}
  /closed:
    get:
      x-biplane-middlewares: [{name: jwt-auth, config: {jwks_url: "http://127.0.0.1:${issuer.port}/keys", issuer: i, audience: a}}]
      x-biplane-dispatch: {name: http-upstream, config: {url: "${upstream.url}"}}
      responses: {"200": {description: ok}}
`;
    const { url } = await started.gateway(compiled(description));
    await until("the keys are there", () => fetched > 0);
    const forged = `${Buffer.from('{"alg":"EdDSA","kid":"k"}').toString("base64url")}.e30.${"A".repeat(86)}`;
    for (let index = 0; index < 50; index++) {
      expect((await fetch(`${url}/closed`, { headers: { authorization: `Bearer ${forged}` } })).status).toBe(401);
      expect((await fetch(`${url}/open`)).status).toBe(200);
    }
    expect(fetched).toBe(1);
    expect(new Set(upstream.seen.map(({ peerPort }) => peerPort)).size).toBe(1);
  } finally {
    await issuer.stop(true);
  }
});

test("W17: WebSockets outlive a new artifact, are bounded in number, and end with the gateway, at both ends", async () => {
  let closed = 0;
  const chat = Bun.serve({
    port: 0,
    hostname: "127.0.0.1",
    fetch: (request, own) => (own.upgrade(request) ? undefined : new Response("no", { status: 400 })),
    websocket: {
      message: (socket, text) => void socket.send(text),
      close() {
        closed++;
      },
    },
  });
  try {
    const description = (version: number) => `openapi: 3.1.0
info: {title: Chat, version: "${version}"}
paths:
  /chat: {get: {x-biplane-dispatch: {name: ws-upstream, config: {url: "ws://127.0.0.1:${chat.port}"}}, responses: {"101": {description: ok}}}}
`;
    const { gateway, url } = await started.gateway(compiled(description(1)));
    const socket = new WebSocket(`${url.replace("http", "ws")}/chat`);
    const heard: string[] = [];
    let isOver = false;
    socket.onmessage = ({ data }) => heard.push(String(data));
    socket.onclose = () => {
      isOver = true;
    };
    await until("it is open", () => socket.readyState === WebSocket.OPEN);
    expect((await gateway.use(compiled(description(2)))).changed).toBe(true);
    socket.send("still here");
    await until("it is said back", () => heard.length === 1);
    // Who has just been served may end by itself; whoever stays is cut.
    await gateway.close(50);
    await until("the client is told", () => isOver);
    await until("the server is told", () => closed === 1);
    const narrow = await started.gateway(compiled(description(3)), { limits: { maxTunnels: 1 } });
    const open = (): WebSocket => new WebSocket(`${narrow.url.replace("http", "ws")}/chat`);
    const first = open();
    await until("one is open", () => first.readyState === WebSocket.OPEN);
    const second = open();
    await until("the one that is too many is refused", () => second.readyState === WebSocket.CLOSED);
    first.close();
    await until("there is room again", async () => {
      const again = open();
      await until("it is decided", () => again.readyState !== WebSocket.CONNECTING);
      return again.readyState === WebSocket.OPEN;
    });
  } finally {
    await chat.stop(true);
  }
});

test("W24: a gateway is a value in a program, as often as one likes, with what it counts in the program's own metrics", async () => {
  const one = await started.gateway(
    compiled(`${HEAD}paths: {/a: {get: {x-biplane-dispatch: ${mock("one")}, responses: {"200": {description: ok}}}}}`),
  );
  const two = await started.gateway(
    compiled(`${HEAD}paths: {/a: {get: {x-biplane-dispatch: ${mock("two")}, responses: {"200": {description: ok}}}}}`),
  );
  expect(await Promise.all([one, two].map(async ({ url }) => (await fetch(`${url}/a`)).text()))).toEqual([
    "one",
    "two",
  ]);
  expect(one.metrics.expose()).toContain(
    'biplane_gateway_requests_total{method="GET",path="/a",status="200",api="Things"} 1',
  );
  await one.gateway.close(0);
  expect((await fetch(`${two.url}/a`)).status).toBe(200);
});
