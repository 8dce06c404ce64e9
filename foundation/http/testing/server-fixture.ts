/** Servers for tests, and small writers and readers of raw HTTP. */

import { type HttpHandler, type HttpServer, type HttpServerOptions, serveHttp } from "../index.ts";

/** Starts servers and closes all of them at once: call `close` after each test. */
export function testServers(): {
  start(handler: HttpHandler, options?: Partial<HttpServerOptions>): Promise<HttpServer>;
  close(): Promise<void>;
} {
  const servers: HttpServer[] = [];
  return {
    async start(handler, options = {}) {
      const server = await serveHttp({ port: 0, handler, ...options });
      servers.push(server);
      return server;
    },
    async close() {
      await Promise.all(servers.splice(0).map((server) => server.close(0)));
    },
  };
}

export const ok: HttpHandler = () => ({ status: 200, body: "ok" });
export const get = (target: string, extra = ""): string => `GET ${target} HTTP/1.1\r\nHost: h\r\n${extra}\r\n`;
export const post = (target: string, body: string, extra = ""): string =>
  `POST ${target} HTTP/1.1\r\nHost: h\r\nContent-Length: ${body.length}\r\n${extra}\r\n${body}`;
export const status = (answer: string): number => Number(answer.slice(9, 12));

/** Header names in lower case; the body after the empty line. */
export function parse(answer: string): { status: number; headers: Map<string, string>; body: string } {
  const end = answer.indexOf("\r\n\r\n");
  const lines = answer.slice(0, end).split("\r\n").slice(1);
  const headers = new Map(
    lines.map((line) => [line.slice(0, line.indexOf(":")).toLowerCase(), line.slice(line.indexOf(":") + 2)]),
  );
  return { status: status(answer), headers, body: answer.slice(end + 4) };
}

export async function* chunks(...parts: string[]): AsyncGenerator<Uint8Array> {
  for (const part of parts) yield Buffer.from(part);
}

export async function* failing(after = 1): AsyncGenerator<Uint8Array> {
  for (let i = 0; i < after; i++) yield Buffer.from("ab");
  throw new Error("the source broke");
}
