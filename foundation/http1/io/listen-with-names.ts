/** Listens for TLS with certificates by name (SNI), which `Bun.listen` alone does not offer. */

import { once } from "node:events";
import type { ListenOptions } from "node:net";
import { createServer } from "node:tls";
import type { SocketHandler, TCPSocketListener } from "bun";
import type { ServerTls } from "../server/server-types.ts";
import { alpnWire } from "./alpn.ts";
import type { Channel } from "./channel.ts";

interface Place {
  readonly hostname: string;
  readonly port: number;
  readonly reusePort?: boolean;
  readonly allowHalfOpen: boolean;
}

/**
 * Without certificates by name this is `Bun.listen`. With them the listener is made by `node:tls`, which knows them, and given our handlers: its sockets are the same, and nothing of
 * Node's streams stands between them and us.
 *
 * @param alpn names of protocols that clients may choose, the preferred one first; empty for none
 * @throws the system's error when the address cannot be bound, and OpenSSL's for what is no key or certificate
 */
export async function listenWithNames(
  place: Place,
  tls: ServerTls,
  alpn: readonly string[],
  socket: SocketHandler<Channel>,
): Promise<TCPSocketListener<Channel>> {
  const { names = {}, ...own } = tls;
  const rejectUnauthorized = tls.requestCert === true;
  if (Object.keys(names).length === 0) {
    const options = { ...own, rejectUnauthorized, ...(alpn.length === 0 ? {} : { ALPNProtocols: alpnWire(alpn) }) };
    return Bun.listen<Channel>({ ...place, tls: options, socket });
  }
  // The decision about clients' certificates is ours, with the handshake.
  const server = createServer({
    ...own,
    rejectUnauthorized: false,
    allowHalfOpen: place.allowHalfOpen,
    ...(alpn.length === 0 ? {} : { ALPNProtocols: [...alpn] }),
  });
  for (const [name, { key, cert }] of Object.entries(names)) server.addContext(name, { key, cert });
  const { port, hostname: host, reusePort } = place;
  server.listen({ port, host, ...(reusePort === true ? { reusePort: true } : {}) } as ListenOptions);
  await once(server, "listening");
  const listener = (server as unknown as { readonly _handle?: TCPSocketListener<Channel> | null })._handle;
  if (typeof listener?.reload !== "function") {
    server.close();
    throw new Error(
      "This version of Bun does not let a listener of node:tls be used: certificates by name are not possible.",
    );
  }
  listener.reload({ socket });
  return listener;
}
