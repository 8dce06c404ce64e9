/** A proxy on a real server in front of a real or a scripted upstream. */

import { type HttpHandler, type HttpServer, type HttpServerOptions, serveHttp } from "#foundation/http";
import type { Backend } from "../backend.ts";
import { createProxy, type HttpProxy, type ProxyOptions } from "../forward/proxy.ts";
import { type RawPeer, type RawServer, rawServer } from "./raw-peers.ts";

export const local = (port: number): Backend => ({ address: { kind: "tcp", host: "127.0.0.1", port } });

export interface ProxyFixture {
  readonly proxy: HttpProxy;
  readonly server: HttpServer;
  readonly port: number;
}

/** Starts things and stops all of them at once: call `close` after each test. */
export function proxyFixtures(): {
  front(options: ProxyOptions, server?: Partial<HttpServerOptions>): Promise<ProxyFixture>;
  /** A real server and its backend. */
  upstream(handler: HttpHandler, options?: Partial<HttpServerOptions>): Promise<Backend>;
  /** An upstream of which the test says every byte. */
  scripted(onOpen?: (peer: RawPeer, index: number) => void): RawServer;
  close(): Promise<void>;
} {
  const ends: (() => unknown)[] = [];
  return {
    async front(options, server = {}) {
      const proxy = createProxy(options);
      const front = await serveHttp({ port: 0, handler: proxy.handler, requestIdHeader: null, ...server });
      ends.push(
        () => front.close(0),
        () => proxy.close(),
      );
      return { proxy, server: front, port: front.port };
    },
    async upstream(handler, options = {}) {
      const server = await serveHttp({ port: 0, handler, requestIdHeader: null, ...options });
      ends.push(() => server.close(0));
      return local(server.port);
    },
    scripted(onOpen) {
      const server = rawServer(onOpen);
      ends.push(() => server.stop());
      return server;
    },
    async close() {
      await Promise.all(ends.splice(0).map((end) => end()));
    },
  };
}
