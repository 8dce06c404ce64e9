/** Where requests and connections go. */

/** A place to connect to. */
export type BackendAddress =
  | { readonly kind: "tcp"; readonly host: string; readonly port: number }
  | { readonly kind: "unix"; readonly path: string };

export interface BackendTls {
  /** Name to ask for (SNI) and to find in the certificate. Default: the host of the address. */
  readonly serverName?: string;
  /** Authorities in PEM. Default: the system's. */
  readonly ca?: string;
  /** Key and certificate in PEM that we show. */
  readonly key?: string;
  readonly cert?: string;
  /** Takes any certificate. Default false. */
  readonly insecure?: boolean;
}

/** One upstream server. Equal ones share connections; to use the same object each time saves looking that up. */
export interface Backend {
  readonly address: BackendAddress;
  readonly tls?: BackendTls;
}

/** `host:port` as it stands in a `Host` field; `localhost` for a socket in the file system. */
export function authorityOf({ address }: Backend): string {
  if (address.kind === "unix") return "localhost";
  const host = address.host.includes(":") ? `[${address.host}]` : address.host;
  return `${host}:${address.port}`;
}
