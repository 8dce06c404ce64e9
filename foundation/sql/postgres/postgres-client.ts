/**
 * Sessions with a PostgreSQL server, on the client that Bun carries.
 *
 * Why Bun's client and not `postgres` (postgres.js 3.4): both were tried against a server that was stopped, killed, cut off and restarted. Under Bun, postgres.js gives the
 * server's last word about an ended session to the next statement, which had nothing to do with it; who must know whether a statement was carried out cannot use that.
 * Bun's says the right thing to the right statement, comes with the runtime (nothing to install, and it is in compiled executables), prepares each text once per session, does a
 * round trip in 150 µs against 240 µs on the same machine, and subscribes again to LISTEN after an interruption. Neither gives up by itself on a server
 * that has fallen silent: the deadline here does.
 */
import { SQL } from "bun";
import { type Clock, type Random, sleep, type Timers } from "#foundation/runtime";
import { backoffMs } from "./backoff.ts";
import { describeAddress, type PostgresAddress } from "./postgres-address.ts";
import { PostgresError, postgresError } from "./postgres-error.ts";

/** A value as a statement takes it; arrays travel as `arrayLiteral`. */
export type PostgresValue = string | number | boolean | null;
export type PostgresParameters = readonly PostgresValue[];

/** What a transaction's body may do. */
export interface PostgresTransaction {
  /** One statement, prepared once per session. Whole numbers of type `bigint` come back as text. @throws PostgresError Rejected, Lost, TimedOut */
  query<Row extends object>(sql: string, parameters?: PostgresParameters): Promise<readonly Row[]>;
  /** A script of statements without parameters; the server runs it as one transaction unless one is open. */
  script(sql: string): Promise<void>;
}

/** The port. */
export interface PostgresClient extends PostgresTransaction {
  /** The server in words, without secrets. */
  readonly where: string;
  /** A statement that changes nothing: asked again, within the client's patience, when the connection is lost. */
  read<Row extends object>(sql: string, parameters?: PostgresParameters): Promise<readonly Row[]>;
  /** Commits when `body` resolves, rolls back when it rejects. @throws PostgresError Lost when it is unknown whether the commit was carried out */
  transaction<Result>(body: (transaction: PostgresTransaction) => Promise<Result>): Promise<Result>;
  /**
   * Calls `heard` for each NOTIFY on the channel, on a session of its own that is renewed when it is lost; what was said meanwhile is not heard. Ends with the client.
   */
  listen(channel: string, heard: (payload: string) => void): Promise<void>;
  /** Ends all sessions at once; what is under way ends with `Closed`. Closing twice is harmless. */
  close(): Promise<void>;
}

export interface PostgresClientOptions {
  readonly address: PostgresAddress;
  /** How the server lists the sessions (`pg_stat_activity`); at most 63 bytes. */
  readonly applicationName: string;
  /** Sessions at most; they are opened when needed. */
  readonly sessions: number;
  /** Settings of each session, such as `search_path`. */
  readonly settings?: Readonly<Record<string, string>>;
  /** The server ends a statement that takes longer, in milliseconds. Default 10,000. */
  readonly statementMs?: number;
  /** How long to try for a connection, and to repeat reads, in milliseconds. Default 10,000: a server that is restarted is back by then. */
  readonly patienceMs?: number;
  readonly clock: Clock;
  readonly timers: Timers;
  readonly random: Random;
}

const STATEMENT_MS = 10_000;
const PATIENCE_MS = 10_000;
/** To connect and sign in, in seconds: two repetitions of a lost first packet fit (after 1 s and 3 s, RFC 6298 §2). */
const CONNECT_S = 5;
/** How long a statement may wait for a lock that somebody else holds; below `STATEMENT_MS`, so that the message says what was waited for. */
const LOCK_MS = 5_000;
/** The server ends a session that holds a transaction open and says nothing: the program that began it is gone, and others wait for its locks. */
const SILENT_TRANSACTION_MS = 10_000;
/** Beyond the server's own limit, before the silence of the network counts as loss. */
const NETWORK_MS = 2_000;

export function openPostgres(options: PostgresClientOptions): PostgresClient {
  return new BunPostgresClient(options);
}

/** @param answered to be called at each answer of the server, so that many statements have as much time each as one */
type Work<Result> = (sessions: SQL, answered: () => void) => Promise<Result>;

class BunPostgresClient implements PostgresClient {
  readonly where: string;
  readonly #options: PostgresClientOptions;
  readonly #deadlineMs: number;
  #sessions: SQL | undefined;
  #closed = false;
  #failures = 0;

  constructor(options: PostgresClientOptions) {
    this.#options = options;
    this.where = describeAddress(options.address);
    this.#deadlineMs = (options.statementMs ?? STATEMENT_MS) + CONNECT_S * 1000 + NETWORK_MS;
  }

  query<Row extends object>(sql: string, parameters: PostgresParameters = []): Promise<readonly Row[]> {
    return this.#persist(false, (sessions) => ask<Row>(sessions, sql, parameters));
  }

  read<Row extends object>(sql: string, parameters: PostgresParameters = []): Promise<readonly Row[]> {
    return this.#persist(true, (sessions) => ask<Row>(sessions, sql, parameters));
  }

  async script(sql: string): Promise<void> {
    await this.#persist(false, (sessions) => sessions.unsafe(sql));
  }

  transaction<Result>(body: (transaction: PostgresTransaction) => Promise<Result>): Promise<Result> {
    return this.#persist(false, (sessions, answered) =>
      sessions.begin((reserved) =>
        body({
          query: <Row extends object>(sql: string, parameters: PostgresParameters = []) =>
            ask<Row>(reserved, sql, parameters).finally(answered),
          script: async (sql) => void (await reserved.unsafe(sql).finally(answered)),
        }),
      ),
    );
  }

  async listen(channel: string, heard: (payload: string) => void): Promise<void> {
    await this.#persist(true, (sessions) => sessions.listen(channel, heard));
  }

  async close(): Promise<void> {
    if (this.#closed) return;
    this.#closed = true;
    await this.#giveUp();
  }

  /** Tries again while nothing can have been done, or while doing it twice changes nothing. */
  async #persist<Result>(repeatable: boolean, work: Work<Result>): Promise<Result> {
    const { clock, timers, random } = this.#options;
    const patientUntil = clock.monotonicMs() + (this.#options.patienceMs ?? PATIENCE_MS);
    for (;;) {
      try {
        const result = await this.#once(work);
        this.#failures = 0;
        return result;
      } catch (error) {
        const failure = this.#failureOf(error);
        if (!(failure instanceof PostgresError)) throw failure;
        const again = failure.code === "Unreachable" || (repeatable && failure.code === "Lost");
        if (!again) throw failure;
        const waitMs = backoffMs(++this.#failures, random);
        if (clock.monotonicMs() + waitMs > patientUntil) throw failure;
        await sleep(timers, waitMs);
      }
    }
  }

  #once<Result>(work: Work<Result>): Promise<Result> {
    if (this.#closed) throw this.#closedError();
    this.#sessions ??= this.#open();
    const sessions = this.#sessions;
    return new Promise((resolve, reject) => {
      const silent = (): void => {
        reject(new PostgresError("TimedOut", `${this.where} has not answered within ${this.#deadlineMs} ms`));
        if (this.#sessions === sessions) void this.#giveUp();
      };
      const wait = () => this.#options.timers.after(this.#deadlineMs, silent);
      let deadline = wait();
      const answered = (): void => {
        deadline.cancel();
        deadline = wait();
      };
      work(sessions, answered)
        .finally(() => deadline.cancel())
        .then(resolve, reject);
    });
  }

  /** A session that has fallen silent is no use: the next statement begins with new ones. */
  async #giveUp(): Promise<void> {
    const sessions = this.#sessions;
    this.#sessions = undefined;
    await sessions?.close({ timeout: 0 });
  }

  #open(): SQL {
    const { address, applicationName, sessions, settings, statementMs } = this.#options;
    const { host, port, user, password, database } = address;
    const socket = host.startsWith("/") ? { path: `${host}/.s.PGSQL.${port}` } : { hostname: host, port };
    return new SQL({
      adapter: "postgres",
      ...socket,
      username: user,
      password,
      database,
      tls: tlsOf(address),
      max: sessions,
      connectionTimeout: CONNECT_S,
      idleTimeout: 0,
      maxLifetime: 0,
      connection: {
        application_name: applicationName,
        statement_timeout: statementMs ?? STATEMENT_MS,
        lock_timeout: LOCK_MS,
        idle_in_transaction_session_timeout: SILENT_TRANSACTION_MS,
        client_min_messages: "warning",
        ...settings,
      },
    });
  }

  #failureOf(error: unknown): unknown {
    if (this.#closed) return this.#closedError(error);
    return postgresError(error, this.where);
  }

  #closedError(cause?: unknown): PostgresError {
    return new PostgresError("Closed", `the client of ${this.where} was closed; open it again`, { cause });
  }
}

/** Rows as a plain array: what the client adds to it is nobody's business. */
async function ask<Row extends object>(sessions: SQL, sql: string, parameters: PostgresParameters): Promise<Row[]> {
  return [...(await sessions.unsafe<Row[]>(sql, [...parameters]))];
}

/** With `tls` given, Bun's client refuses a server that has none. */
function tlsOf({ tls, certificates }: PostgresAddress): false | { rejectUnauthorized: boolean; ca?: Bun.BunFile } {
  if (tls === "none") return false;
  const ca = certificates === undefined ? {} : { ca: Bun.file(certificates) };
  return { rejectUnauthorized: tls === "verified", ...ca };
}
