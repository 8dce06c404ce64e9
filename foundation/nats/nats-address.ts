/** Addresses of servers: `tls://host:port`, `nats://host:port` without TLS. Pure. */

export interface NatsAddress {
  readonly host: string;
  readonly port: number;
  /** Whether nothing is said to a server that does not speak TLS. */
  readonly tls: boolean;
}

const DEFAULT_PORT = 4222;
const HOST = /^(?:[A-Za-z0-9._-]+|\[[0-9A-Fa-f:.]+\])$/;

/** @throws TypeError for what is no such address, or has credentials in it: those are told apart from it */
export function parseNatsAddress(text: string): NatsAddress {
  const url = URL.canParse(text) ? new URL(text) : undefined;
  const isPlain =
    url !== undefined &&
    url.username === "" &&
    url.password === "" &&
    url.search === "" &&
    url.hash === "" &&
    (url.pathname === "" || url.pathname === "/");
  if (!isPlain || !HOST.test(url.hostname) || !/^(?:nats|tls):$/.test(url.protocol)) {
    throw new TypeError("the address of a NATS server is tls://HOST:PORT, or nats://HOST:PORT without TLS");
  }
  return {
    host: url.hostname.replace(/^\[|\]$/g, ""),
    port: url.port === "" ? DEFAULT_PORT : Number(url.port),
    tls: url.protocol === "tls:",
  };
}
