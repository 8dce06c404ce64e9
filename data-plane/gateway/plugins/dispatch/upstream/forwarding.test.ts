import { afterEach, expect, test } from "bun:test";
import { ClientPool } from "#foundation/http1";
import { randomUuid, systemClock, systemRandom, systemTimers } from "#foundation/runtime";
import { createMetrics, silentLogger } from "#foundation/telemetry";
import type { Answer } from "../../../message/answer.ts";
import type { GatewayExchange } from "../../../message/gateway-exchange.ts";
import { HeaderFields } from "../../../message/header-fields.ts";
import type { Dispatcher } from "../../plugin.ts";
import { httpUpstream } from "../http-upstream.ts";
import { closeServers, testServer } from "../testing/servers.ts";

afterEach(closeServers);

test("a client that leaves behind the head of its answer is given no second one", async () => {
  const server = await testServer((exchange) => exchange.begin({ status: 200 }, 10));
  const pool = new ClientPool();
  const dispatcher = (await httpUpstream.setup(
    { url: server.url, timeout: 5, idle_timeout: 5, preserve_host: false },
    {
      clock: systemClock,
      timers: systemTimers,
      random: systemRandom,
      newUuid: () => randomUuid(systemRandom),
      log: silentLogger,
      metrics: createMetrics(),
      pool,
      keep: (_kind, _key, create) => create(),
    },
  )) as Dispatcher;
  const whenGone: (() => void)[] = [];
  const exchange = {
    request: {
      method: "GET",
      path: "/a",
      query: "",
      headers: HeaderFields.of(),
      body: { bytes: Buffer.alloc(0), stream: undefined, length: 0 },
      clientAddress: "192.0.2.1",
      secure: false,
      host: "a.test",
    },
    requestId: "id",
    trace: { traceId: "1".repeat(32), spanId: "1".repeat(16), sampled: false },
    whenGone: (listener: () => void) => whenGone.push(listener),
  } as unknown as GatewayExchange;
  const given: number[] = [];
  await new Promise<void>((resolve) => {
    dispatcher.dispatchTo!(exchange, ({ status }: Answer) => {
      given.push(status);
      resolve();
    });
  });
  for (const leave of whenGone) leave();
  expect(given).toEqual([200]);
  pool.close();
});
