/** Addresses of stores: `redis://host:port/database`, `rediss://` with TLS. Pure. */

export interface RespAddress {
  readonly host: string;
  readonly port: number;
  readonly tls: boolean;
  readonly database: number;
}

const DEFAULT_PORT = 6379;

/** @throws TypeError for what is no such address, or has a name and password in it: those are told apart from it */
export function parseRespAddress(text: string): RespAddress {
  const url = URL.canParse(text) ? new URL(text) : undefined;
  const database = /^\/?(\d{0,4})$/.exec(url?.pathname ?? "-");
  const isPlain =
    url !== undefined && url.username === "" && url.password === "" && url.search === "" && url.hash === "";
  if (!isPlain || database === null || url.hostname === "" || !/^rediss?:$/.test(url.protocol)) {
    throw new TypeError("the address of a store is redis://HOST:PORT/DATABASE or rediss://…");
  }
  return {
    host: url.hostname.replace(/^\[|\]$/g, ""),
    port: url.port === "" ? DEFAULT_PORT : Number(url.port),
    tls: url.protocol === "rediss:",
    database: Number(database[1]),
  };
}
