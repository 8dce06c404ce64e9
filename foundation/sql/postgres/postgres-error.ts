/** How failures of PostgreSQL are told apart: above all by whether something may have happened. */
import { SQL } from "bun";
import { errorCode } from "../sql-error.ts";

/** Permanent codes of this room. */
export type PostgresErrorCode =
  /** The address is not one. Correct it. */
  | "AddressInvalid"
  /** No connection could be made, or the server takes none now. Nothing was sent: the same may be asked again. */
  | "Unreachable"
  /** The server refuses who signs in, or the database does not exist, or it speaks no TLS. Nothing was done. */
  | "SignInRefused"
  /** The connection ended before the answer came: what was sent may or may not have been carried out. */
  | "Lost"
  /** No answer came in time, and the connection was given up: what was sent may or may not have been carried out. */
  | "TimedOut"
  /** The server refused the statement and has undone it; `sqlState` says why. */
  | "Rejected"
  /** The client was closed before. */
  | "Closed";

export class PostgresError extends Error {
  override readonly name = "PostgresError";
  readonly code: PostgresErrorCode;
  /** Five characters, see the PostgreSQL manual, appendix "PostgreSQL Error Codes". */
  readonly sqlState: string | undefined;
  /** The constraint that a row violates. */
  readonly constraint: string | undefined;

  constructor(
    code: PostgresErrorCode,
    message: string,
    options: { sqlState?: string | undefined; constraint?: string | undefined; cause?: unknown } = {},
  ) {
    super(message, options.cause === undefined ? undefined : { cause: options.cause });
    this.code = code;
    this.sqlState = options.sqlState;
    this.constraint = options.constraint;
  }

  /** True when nothing can have been changed. */
  get nothingDone(): boolean {
    return this.code !== "Lost" && this.code !== "TimedOut";
  }
}

/** Codes of Bun's client for connections that were not made. */
const NOT_CONNECTED = new Set(["ERR_POSTGRES_CONNECTION_REFUSED", "ERR_POSTGRES_CONNECTION_TIMEOUT"]);

/** The server is there and takes no sessions now: cannot_connect_now (it starts or stops), too_many_connections. Both are said before a session begins. */
const TAKES_NOBODY = new Set(["57P03", "53300"]);

/** invalid_catalog_name and the class of invalid authorisation: said before a session begins. */
const SIGN_IN = /^(28...|3D000)$/;

/**
 * Connection exceptions, admin_shutdown, crash_shutdown, idle_session_timeout: the session ends. Whether a statement had been committed by then is not said.
 */
const SESSION_ENDED = /^(08...|57P01|57P02|57P05)$/;

/**
 * What Bun's client throws as a `PostgresError`; anything else as it is (a transaction's body may throw what it likes). What is not recognised counts as `Lost`: the caller
 * then finds out what became of it.
 * @param where names the server in messages, without secrets
 */
export function postgresError(thrown: unknown, where: string): unknown {
  if (!(thrown instanceof SQL.PostgresError)) return certificateError(thrown, where) ?? thrown;
  const { code, errno, constraint, message } = thrown;
  const sqlState = errno !== undefined && /^[0-9A-Z]{5}$/.test(errno) ? errno : undefined;
  const make = (ours: PostgresErrorCode, text: string): PostgresError =>
    new PostgresError(ours, text, { sqlState, constraint, cause: thrown });
  if (sqlState !== undefined) {
    if (TAKES_NOBODY.has(sqlState)) return make("Unreachable", `${where} takes no sessions now: ${message}`);
    if (SIGN_IN.test(sqlState)) return make("SignInRefused", `${where} refuses the session: ${message}`);
    if (SESSION_ENDED.test(sqlState)) return make("Lost", `${where} has ended the session: ${message}`);
    return make("Rejected", message);
  }
  if (NOT_CONNECTED.has(code)) return make("Unreachable", `${where} cannot be reached: ${message}`);
  if (/TLS|AUTHENTICATION|SASL|PASSWORD/.test(code))
    return make("SignInRefused", `${where} refuses the session: ${message}`);
  return make("Lost", `the connection to ${where} was lost: ${message}`);
}

/** A certificate that is not good comes as OpenSSL names it (X509_STORE_CTX_get_error), or as Node.js does: ERR_TLS_CERT_ALTNAME_INVALID. */
function certificateError(thrown: unknown, where: string): PostgresError | undefined {
  const code = errorCode(thrown);
  if (code === undefined || !/CERT|ISSUER|LEAF_SIGNATURE|HOSTNAME_MISMATCH|^ERR_(TLS|SSL)/.test(code)) return undefined;
  const message = `the certificate of ${where} is not good: ${thrown instanceof Error ? thrown.message : code}`;
  return new PostgresError("SignInRefused", message, { cause: thrown });
}
