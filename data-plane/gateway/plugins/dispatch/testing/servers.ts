/** Servers to dispatch to, and what they were asked. For tests. */
import { type Server, type ServerExchange, serve } from "#foundation/http1";

export interface Asked {
  readonly method: string;
  readonly target: string;
  /** By name in lower case. */
  readonly fields: Readonly<Record<string, string>>;
}

export interface TestServer {
  readonly port: number;
  readonly url: string;
  readonly asked: readonly Asked[];
  /** Says what is answered from now on. */
  answers(onExchange: (exchange: ServerExchange) => void): void;
  close(): Promise<void>;
}

const started: { close(): unknown }[] = [];

/** For `afterEach`. */
export async function closeServers(): Promise<void> {
  for (const one of started.splice(0)) await one.close();
}

export async function testServer(onExchange: (exchange: ServerExchange) => void): Promise<TestServer> {
  const asked: Asked[] = [];
  let answer = onExchange;
  const server: Server = await serve({
    port: 0,
    onExchange(exchange) {
      const { head } = exchange;
      const raw = head.fields.toRaw();
      const fields = Object.fromEntries(
        raw.flatMap((name, i) => (i % 2 === 0 ? [[name.toLowerCase(), raw[i + 1]!]] : [])),
      );
      asked.push({ method: head.method, target: head.target, fields });
      answer(exchange);
    },
  });
  const one: TestServer = {
    port: server.port,
    url: `http://127.0.0.1:${server.port}`,
    asked,
    answers(next) {
      answer = next;
    },
    close: () => server.close(0),
  };
  started.push(one);
  return one;
}

/** Answers with a status and its own name. */
export const saying =
  (text: string, status = 200) =>
  (exchange: ServerExchange): void =>
    exchange.answer({ status }, text);

/** An address where nobody listens. */
export async function deadUrl(): Promise<string> {
  const server = await serve({ port: 0, onExchange() {} });
  await server.close(0);
  return `http://127.0.0.1:${server.port}`;
}
