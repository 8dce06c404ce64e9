/** `nats`, from an AsyncAPI document to what a listener of a real server hears. */
import { afterEach, expect, test } from "bun:test";
import { compileGateway } from "#control-plane/gateways";
import { listenToNats, makeStream, type NatsProcess, natsTest, startNats } from "../support/nats-server.ts";
import { until } from "../support/until.ts";
import { compiled, type RunningGateway, refusalsOf, starting } from "./support/compiled-gateway.ts";

const started = starting();
const open: { close?(): void; kill?(): Promise<void> }[] = [];
afterEach(async () => {
  await started.end();
  for (const one of open.splice(0)) await (one.kill?.() ?? one.close?.());
});

async function server(config = "", port?: number): Promise<NatsProcess> {
  const one = await startNats(config, port);
  open.push(one);
  return one;
}

/** @param config of `nats`, in YAML's flow style */
const description = (config: string): string => `asyncapi: 3.0.0
info: {title: Orders, version: "1"}
channels:
  orders:
    address: shops/{shop}/orders
    parameters: {shop: {}}
    messages:
      order:
        contentType: application/json
        payload: {type: object, required: [id], properties: {id: {type: integer}}}
operations:
  sendOrder:
    action: send
    channel: {$ref: "#/channels/orders"}
    x-biplane-dispatch: {name: nats, config: {${config.replaceAll("\n", " ")}}}
`;

const SECRETS = { secrets: { environment: { NATS_PASSWORD: "the password" } } };
const gateway = (config: string): Promise<RunningGateway> => started.gateway(compiled(description(config)), SECRETS);

const send = ({ url }: RunningGateway, shop: string, body = '{"id":1}', headers: Record<string, string> = {}) =>
  fetch(`${url}/shops/${shop}/orders`, {
    method: "POST",
    body,
    headers: { "Content-Type": "application/json", ...headers },
  });

natsTest("a message that is sent is answered 202 and has come, as it is described and as nothing else", async () => {
  const { port } = await server('authorization { user: ann, password: "the password" }');
  const login = { user: "ann", pass: "the password" };
  const listener = await listenToNats(port, "orders.>", login);
  open.push(listener);
  const config = `url: "nats://127.0.0.1:${port}", subject: "orders.{shop}.new", username: ann, password: "env://NATS_PASSWORD",
    headers_from_request: [X-Kind, X-Request-Id], ack_response: {headers: {X-Taken: "1"}, body: {taken: true}}, include_metadata: true`;
  const running = await gateway(config);
  const answer = await send(running, "north", '{"id":1}', {
    "X-Kind": "first",
    "X-Other": "no",
    "X-Request-Id": "6f1d6a62-0000-4000-8000-000000000001",
    Authorization: "Bearer secret",
  });
  expect([answer.status, answer.headers.get("x-taken"), await answer.json()]).toEqual([
    202,
    "1",
    { taken: true, subject: "orders.north.new" },
  ]);
  await until("it has come", () => listener.heard.length === 1);
  const [heard] = listener.heard;
  expect([heard!.subject, heard!.payload]).toEqual(["orders.north.new", '{"id":1}']);
  expect(heard!.headers.split("\r\n").slice(1, 3)).toEqual([
    "X-Kind: first",
    expect.stringMatching(/^X-Request-Id: \S{8,}$/),
  ]);
  expect(heard!.headers).not.toMatch(/Bearer|X-Other/);
  // What does not fit is nobody's message; nor is one to another branch of subjects.
  expect((await send(running, "north", '{"id":"x"}')).status).toBe(400);
  for (const shop of ["a.b", "*", "%3E", "a%20b", "a%0D%0APUB%20x%200"]) {
    expect([shop, (await send(running, shop)).status]).toEqual([shop, 400]);
  }
  expect((await send(running, "south")).status).toBe(202);
  await until("the next one has come", () => listener.heard.length === 2);
  expect(listener.heard.map(({ subject }) => subject)).toEqual(["orders.north.new", "orders.south.new"]);
  expect(running.metrics.expose()).toContain(
    'biplane_gateway_published_messages_total{dispatcher="nats",outcome="confirmed"} 2',
  );
});

natsTest("a stream's answer is the client's, and the same message twice is one", async () => {
  const { port } = await server("jetstream: { max_mem: 16M, max_file: 0 }");
  await makeStream(port, "ORDERS", "orders.*");
  const running = await gateway(
    `url: "nats://127.0.0.1:${port}", subject: "orders.{shop}", jetstream: {stream: ORDERS, message_id: "$request.header.Idempotency-Key"}, include_metadata: true`,
  );
  const once = async () => {
    const answer = await send(running, "north", '{"id":1}', { "Idempotency-Key": "one" });
    return [answer.status, await answer.json()];
  };
  const said = { status: "accepted", subject: "orders.north", stream: "ORDERS", sequence: 1 };
  expect(await once()).toEqual([202, { ...said, duplicate: false }]);
  expect(await once()).toEqual([202, { ...said, duplicate: true }]);
  const other = await gateway(`url: "nats://127.0.0.1:${port}", subject: "elsewhere.{shop}", jetstream: {}`);
  const answer = await send(other, "north");
  expect([answer.status, ((await answer.json()) as { code: string }).code]).toEqual([502, "nats-publish-failed"]);
});

natsTest("while no server is there requests are refused at once, and taken when one is back", async () => {
  const { port, kill } = await server();
  const running = await gateway(`url: "nats://127.0.0.1:${port}", subject: "orders.{shop}"`);
  expect((await send(running, "a")).status).toBe(202);
  await kill();
  await until("it is refused", async () => {
    const answer = await send(running, "a");
    const { code } = (await answer.json()) as { code: string };
    return answer.status === 503 && code === "nats-unavailable" && answer.headers.get("retry-after") === "1";
  });
  await server("", port);
  await until("it is taken", async () => (await send(running, "a")).status === 202);
});

test("a server that confirms nothing is waited for by so many requests, each for so long", async () => {
  const silent = Bun.listen({
    hostname: "127.0.0.1",
    port: 0,
    socket: {
      open: (socket) => void socket.write('INFO {"max_payload":100000,"headers":true}\r\n'),
      data(socket, bytes) {
        if (bytes.includes("CONNECT ")) socket.write("PONG\r\n");
      },
    },
  });
  open.push({ close: () => silent.stop(true) });
  const running = await gateway(
    `url: "nats://127.0.0.1:${silent.port}", subject: "orders.{shop}", timeout: 0.5, max_in_flight: 3`,
  );
  const answers = await Promise.all(Array.from({ length: 20 }, async () => (await send(running, "a")).status));
  expect(answers.filter((status) => status === 504)).toHaveLength(3);
  expect(answers.filter((status) => status === 503)).toHaveLength(17);
  const exposed = running.metrics.expose();
  expect(exposed).toContain('{dispatcher="nats",outcome="overflow"} 17');
  expect(exposed).toContain('{dispatcher="nats",outcome="late"} 3');
});

test("configurations that cannot be meant are refused by the compiler", () => {
  const refused = (config: string) => refusalsOf(description(config));
  expect(refused('url: "nats://a", subject: "orders.{shop}"')).toEqual([]);
  expect(refused('urls: ["tls://a", "tls://b:7"], subject: "x", token: "env://TOKEN"')).toEqual([]);
  for (const config of [
    'url: "nats://a"',
    'url: "nats://ann:secret@a", subject: x',
    'url: "http://a", subject: x',
    'url: "nats://a", urls: ["nats://b"], subject: x',
    'url: "nats://a", subject: "a..b"',
    'url: "nats://a", subject: "a.*"',
    'url: "nats://a", subject: "a b"',
    'url: "nats://a", subject: x, username: ann',
    'url: "nats://a", subject: x, token: "env://A", nkey_seed: "env://B"',
    'url: "nats://a", subject: x, include_metadata: true, ack_response: {body: "ok"}',
    'url: "nats://a", subject: x, ack_response: {headers: {Connection: close}}',
  ]) {
    expect([config, refused(config)]).toEqual([config, ["E1023"]]);
  }
  const told = (config: string): readonly string[] =>
    compileGateway({
      files: ["api.yaml"],
      read: () => Buffer.from(description(config)),
      provenance: { compiler: "test" },
    }).diagnostics.map(({ code }) => code);
  expect(told('url: "tls://a", subject: x, token: literal')).toContain("E1070");
  expect(told('urls: ["tls://a", "nats://b"], subject: x')).toContain("E1031");
  expect(told('url: "tls://a", subject: x, token: "env://A"')).toEqual([]);
});
