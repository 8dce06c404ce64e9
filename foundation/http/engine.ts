/** The engine underneath: `node:http`, which keeps raw targets and raw headers. Nothing else in the room creates one. */

import { createServer, type Server } from "node:http";
import { createServer as createTlsServer } from "node:https";
import type { AddressInfo } from "node:net";
import type { HttpLimits, HttpServerOptions } from "./server-types.ts";

/** How often the engine looks for headers that are late, at most. */
const CHECK_MS_MAX = 1000;

/** An engine with the limits it can enforce itself: header bytes, header time, keep-alive time. */
export function createEngine(options: HttpServerOptions, limits: HttpLimits): Server {
  const engine = {
    maxHeaderSize: limits.maxHeaderBytes,
    headersTimeout: limits.headersTimeoutMs,
    keepAliveTimeout: limits.keepAliveTimeoutMs,
    connectionsCheckingInterval: Math.min(CHECK_MS_MAX, Math.max(20, limits.headersTimeoutMs / 4)),
    requestTimeout: 0, // A large upload may take hours; idle bodies are watched by themselves.
  };
  return options.tls === undefined ? createServer(engine) : createTlsServer({ ...engine, ...options.tls });
}

/** Resolves with the address when the engine accepts connections. @throws the system's error (EADDRINUSE, EACCES) */
export function listen(server: Server, hostname: string, port: number): Promise<AddressInfo> {
  return new Promise((resolve, reject) => {
    server.once("error", reject);
    server.listen(port, hostname, () => {
      server.off("error", reject);
      const address = server.address();
      if (address === null || typeof address === "string") reject(new Error("The server has no address."));
      else resolve(address);
    });
  });
}
