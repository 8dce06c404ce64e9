/** `kafka`, from an AsyncAPI document to what kcat consumes. */
import { afterEach, expect, test } from "bun:test";
import { compileGateway } from "#control-plane/gateways";
import { kafkaTest, startKafka } from "../support/kafka-cluster.ts";
import { until } from "../support/until.ts";
import { compiled, type RunningGateway, refusalsOf, starting } from "./support/compiled-gateway.ts";

const started = starting();
const open: { close?(): void; kill?(): Promise<void> }[] = [];
afterEach(async () => {
  await started.end();
  for (const one of open.splice(0)) await (one.kill?.() ?? one.close?.());
});

/** @param config of `kafka`, in YAML's flow style */
const description = (config: string): string => `asyncapi: 3.0.0
info: {title: Orders, version: "1"}
channels:
  orders:
    address: shops/{shop}/orders
    parameters: {shop: {}}
    messages:
      order: {contentType: application/json, payload: {type: object, required: [id], properties: {id: {type: integer}}}}
operations:
  sendOrder:
    action: send
    channel: {$ref: "#/channels/orders"}
    x-biplane-dispatch: {name: kafka, config: {${config.replaceAll("\n", " ")}}}
`;

const gateway = (config: string): Promise<RunningGateway> => started.gateway(compiled(description(config)));

const send = ({ url }: RunningGateway, shop: string, body = '{"id":1}', headers: Record<string, string> = {}) =>
  fetch(`${url}/shops/${shop}/orders`, {
    method: "POST",
    body,
    headers: { "Content-Type": "application/json", ...headers },
  });

kafkaTest("a message that is sent is answered 202 and consumed, as it is described and as nothing else", async () => {
  const cluster = await startKafka("orders");
  open.push(cluster);
  const running = await gateway(
    `brokers: "${cluster.brokers}", topic: orders, key: "shop-{shop}", headers_from_request: [X-Kind, traceparent], include_metadata: true`,
  );
  const said = new Map<string, unknown>();
  for (const shop of ["north", "south", "a.b", "%C3%BC"]) {
    const answer = await send(running, shop, '{"id":7}', { "X-Kind": shop, "X-Other": "no" });
    expect(answer.status).toBe(202);
    said.set(`shop-${decodeURIComponent(shop)}`, await answer.json());
  }
  expect((await send(running, "north", '{"id":"x"}')).status).toBe(400);
  await until("all are consumed", () => cluster.consumed.length === 4);
  for (const { key, payload, partition, offset, headers } of cluster.consumed) {
    expect(payload).toBe('{"id":7}');
    expect(said.get(key!)).toEqual({ status: "accepted", topic: "orders", partition, offset });
    expect(headers!.filter((_, index) => index % 2 === 0)).toEqual(["X-Kind", "traceparent"]);
    expect(headers![3]).toMatch(/^00-[0-9a-f]{32}-[0-9a-f]{16}-0[01]$/);
  }
  expect(running.metrics.expose()).toContain('{dispatcher="kafka",outcome="confirmed"} 4');
});

kafkaTest("many at once are all there, and a field that is missing is no key", async () => {
  const cluster = await startKafka("orders");
  open.push(cluster);
  const running = await gateway(`brokers: "${cluster.brokers}", topic: orders, key: "$request.header.X-Key"`);
  const statuses = await Promise.all(
    Array.from({ length: 300 }, async (_, id) => {
      const answer = await send(running, "a", JSON.stringify({ id }), id % 2 === 0 ? { "X-Key": `k${id}` } : {});
      await answer.text();
      return answer.status;
    }),
  );
  expect(new Set(statuses)).toEqual(new Set([202]));
  await until("all are consumed", () => cluster.consumed.length === 300);
  const numbers = cluster.consumed.map(({ payload }) => (JSON.parse(payload!) as { id: number }).id);
  expect(numbers.sort((left, right) => left - right)).toEqual(Array.from({ length: 300 }, (_, id) => id));
  expect(cluster.consumed.filter(({ key }) => key === null)).toHaveLength(150);
});

kafkaTest("while no broker is there requests are refused", async () => {
  const cluster = await startKafka("orders");
  const running = await gateway(`brokers: "${cluster.brokers}", topic: orders, timeout: 1`);
  expect((await send(running, "a")).status).toBe(202);
  await cluster.kill();
  await until("it is refused", async () => {
    const answer = await send(running, "a");
    const { code } = (await answer.json()) as { code?: string };
    return answer.status === 503 && code === "kafka-unavailable" && answer.headers.get("retry-after") === "1";
  });
});

test("a broker that says nothing is waited for by so many requests, each for so long", async () => {
  const silent = Bun.listen({ hostname: "127.0.0.1", port: 0, socket: { data() {} } });
  open.push({ close: () => silent.stop(true) });
  const running = await gateway(`brokers: "127.0.0.1:${silent.port}", topic: orders, timeout: 0.5, max_in_flight: 3`);
  const answers = await Promise.all(Array.from({ length: 20 }, async () => (await send(running, "a")).status));
  expect(new Set(answers)).toEqual(new Set([503]));
  const exposed = running.metrics.expose();
  expect(exposed).toContain('{dispatcher="kafka",outcome="overflow"} 17');
  expect(exposed).toContain('{dispatcher="kafka",outcome="unavailable"} 3');
});

test("configurations that cannot be meant are refused by the compiler", () => {
  const refused = (config: string) => refusalsOf(description(config));
  expect(refused('brokers: "a:9092, b, [::1]:1", topic: t')).toEqual([]);
  for (const config of [
    "topic: t",
    'brokers: "", topic: t',
    'brokers: "kafka://a", topic: t',
    'brokers: "ann@a", topic: t',
    'brokers: "a,,b", topic: t',
    'brokers: a, topic: "a b"',
    'brokers: a, topic: "."',
    'brokers: a, topic: "{shop}"',
    "brokers: a, topic: t, acks: none",
    "brokers: a, topic: t, sasl: {mechanism: GSSAPI, username: a, password: 'env://P'}",
    "brokers: a, topic: t, sasl: {mechanism: PLAIN, username: a}",
    "brokers: a, topic: t, include_metadata: true, ack_response: {body: ok}",
  ]) {
    expect([config, refused(config)]).toEqual([config, ["E1023"]]);
  }
  const told = (config: string): readonly string[] =>
    compileGateway({
      files: ["api.yaml"],
      read: () => Buffer.from(description(config)),
      provenance: { compiler: "test" },
    }).diagnostics.map(({ code }) => code);
  expect(told("brokers: a, topic: t")).toEqual(["E1031"]);
  expect(told("brokers: a, topic: t, tls: {}")).toEqual([]);
  expect(told("brokers: a, topic: t, tls: {}, sasl: {mechanism: PLAIN, username: a, password: literal}")).toEqual([
    "E1070",
  ]);
});
