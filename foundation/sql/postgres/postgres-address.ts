/** Where a database is, and who signs in. */
import { PostgresError } from "./postgres-error.ts";

export interface PostgresAddress {
  /** A name or an address; or the folder of a socket in the file system, which begins with `/`. */
  readonly host: string;
  readonly port: number;
  readonly user: string;
  readonly password: string;
  readonly database: string;
  /** `verified`: TLS, and the server's certificate must be good and bear its name. `encrypted`: TLS with anybody. */
  readonly tls: "none" | "encrypted" | "verified";
  /** A file of certificates to verify by, in PEM; else those that the system trusts. */
  readonly certificates: string | undefined;
}

const PORT = 5432;
const PORT_MAX = 65_535;

/** `sslmode` as libpq names it (PostgreSQL manual, "SSL Support", table 34.1). The modes that fall back without saying so are not among them. */
const TLS: Readonly<Record<string, PostgresAddress["tls"]>> = {
  disable: "none",
  require: "encrypted",
  "verify-full": "verified",
};

const PARAMETERS = new Set(["sslmode", "sslrootcert", "host"]);

/**
 * Reads `postgres://user:password@host:port/database?sslmode=…&sslrootcert=FILE&host=/folder/of/a/socket`. Without `sslmode`, TLS is verified, except to this machine, where
 * there is none.
 *
 * @throws PostgresError AddressInvalid; no part of the text is in the message
 */
export function parsePostgresUrl(text: string): PostgresAddress {
  const url = URL.canParse(text) ? new URL(text) : invalid("it is not a URL");
  if (url.protocol !== "postgres:" && url.protocol !== "postgresql:") invalid("it does not begin with postgres://");
  for (const name of url.searchParams.keys()) if (!PARAMETERS.has(name)) invalid(`it has an unknown parameter`);
  const folder = url.searchParams.get("host");
  if (folder !== null && !folder.startsWith("/")) invalid("its parameter host is not the folder of a socket");
  const host = folder ?? decoded(url.hostname).replace(/^\[(.*)\]$/, "$1");
  if (host === "") invalid("it names no host");
  const user = decoded(url.username);
  if (user === "") invalid("it names no user");
  const database = decoded(url.pathname.slice(1));
  if (database === "" || database.includes("/")) invalid("it names no database");
  const port = url.port === "" ? PORT : Number(url.port);
  if (port < 1 || port > PORT_MAX) invalid("its port is not from 1 to 65535");
  const mode = url.searchParams.get("sslmode") ?? (isThisMachine(host) ? "disable" : "verify-full");
  const tls = Object.hasOwn(TLS, mode) ? TLS[mode]! : invalid("its sslmode is not disable, require or verify-full");
  const certificates = url.searchParams.get("sslrootcert") ?? undefined;
  return { host, port, user, password: decoded(url.password), database, tls, certificates };
}

/** For messages and logs: nothing of it is secret. */
export function describeAddress({ host, port, user, database }: PostgresAddress): string {
  return `database "${database}" at ${host.includes(":") ? `[${host}]` : host}:${port} (as ${user})`;
}

function isThisMachine(host: string): boolean {
  return host.startsWith("/") || host === "localhost" || host === "::1" || /^127\.\d+\.\d+\.\d+$/.test(host);
}

function decoded(text: string): string {
  try {
    return decodeURIComponent(text);
  } catch {
    return invalid("it has a % that begins no character");
  }
}

function invalid(problem: string): never {
  const form = "postgres://USER:PASSWORD@HOST:PORT/DATABASE";
  throw new PostgresError("AddressInvalid", `the URL of the database is not usable: ${problem}; it looks like ${form}`);
}
