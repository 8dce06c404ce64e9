/** Dispatchers by themselves. For tests. */
import type { JsonObject } from "#foundation/gateway-artifact";
import { MessageBody } from "#foundation/http1";
import type { Answer } from "../../../message/answer.ts";
import type { GatewayExchange } from "../../../message/gateway-exchange.ts";
import { type TestRequest, testExchange, testHost } from "../../../testing/index.ts";
import { httpUpstream } from "../http-upstream.ts";

type Host = ReturnType<typeof testHost>;

/** As the compiler leaves it. */
const DEFAULTS = {
  timeout: 30,
  connect_timeout: 5,
  http_version: "1.1",
  idle_timeout: 60,
  load_balancing: "round_robin",
  preserve_host: false,
};

export interface Dispatching {
  readonly host: Host;
  ask(request?: TestRequest): Promise<Answer>;
  /** Status, body. */
  says(request?: TestRequest): Promise<readonly [status: number, body: string]>;
}

export async function upstreamDispatching(config: object, host: Host = testHost()): Promise<Dispatching> {
  const dispatcher = await httpUpstream.setup({ ...DEFAULTS, ...config } as JsonObject, host);
  const ask = async (request?: TestRequest): Promise<Answer> => dispatcher.dispatch(testExchange(request));
  return { host, ask, says: async (request) => said(await ask(request)) };
}

export async function said(answer: Answer): Promise<readonly [status: number, body: string]> {
  const { status, body } = answer;
  if (body instanceof MessageBody) return [status, (await body.bytes(1 << 20)).toString()];
  return [status, body === null ? "" : Buffer.from(body as Uint8Array).toString()];
}

/** An exchange whose client can be made to go. */
export function leavingExchange(request: TestRequest = {}): { readonly exchange: GatewayExchange; leave(): void } {
  const listeners: (() => void)[] = [];
  const exchange = { ...testExchange(request), whenGone: (listener: () => void) => void listeners.push(listener) };
  return {
    exchange,
    leave() {
      for (const listener of listeners) listener();
    },
  };
}
