import { afterAll, describe, expect, test } from "bun:test";
import { chmodSync, chownSync, mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import fc from "fast-check";
import { createVirtualTime, systemClock, systemRandom, systemTimers } from "#foundation/runtime";
import { skipUnless } from "../../../tests/support/skips.ts";
import { until } from "../../../tests/support/until.ts";
import type { Migration } from "../migration-plan.ts";
import { arrayLiteral } from "./array-literal.ts";
import type { PostgresAddress } from "./postgres-address.ts";
import { openPostgres, type PostgresClient, type PostgresClientOptions } from "./postgres-client.ts";
import { PostgresError } from "./postgres-error.ts";
import { migratePostgres } from "./postgres-migrations.ts";
import { openCutLine, startTestPostgres, type TestPostgres, testClient, whyNoPostgres } from "./testing/index.ts";
import { NOBODY, runsAsRoot } from "./testing/server-binaries.ts";

const missing = whyNoPostgres();
const server = missing === undefined ? await startTestPostgres() : undefined;
afterAll(() => server?.stop());

if (server === undefined) {
  skipUnless(false, missing!)("a client of PostgreSQL says what may have happened", () => undefined);
} else {
  describe("a client of PostgreSQL", () => clients(server));
  describe("migrations of PostgreSQL", () => migrations(server));
}

async function failureOf(promise: Promise<unknown>): Promise<PostgresError> {
  const error = await promise.then(
    () => undefined,
    (reason: unknown) => reason,
  );
  if (error instanceof PostgresError) return error;
  throw error ?? new Error("did not fail");
}

/** Of localhost, vouched for by itself; readable for who runs the server. */
async function makeCertificate(directory: string): Promise<readonly [certificate: string, key: string]> {
  const [certificate, key] = [join(directory, "cert.pem"), join(directory, "key.pem")];
  const made = Bun.spawn(
    [
      ..."openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:prime256v1 -nodes -days 2 -subj /CN=localhost".split(
        " ",
      ),
      ...["-addext", "subjectAltName=DNS:localhost", "-keyout", key, "-out", certificate],
    ],
    { stdio: ["ignore", "ignore", "ignore"] },
  );
  expect(await made.exited).toBe(0);
  chmodSync(directory, 0o755);
  chmodSync(key, 0o600);
  if (runsAsRoot) chownSync(key, NOBODY, NOBODY);
  return [certificate, key];
}

function clients(server: TestPostgres): void {
  const opened: PostgresClient[] = [];
  const open = (address: PostgresAddress, more: Partial<PostgresClientOptions> = {}): PostgresClient => {
    const world = { clock: systemClock, timers: systemTimers, random: systemRandom };
    const client = openPostgres({ address, applicationName: "biplane-test", sessions: 1, ...world, ...more });
    opened.push(client);
    return client;
  };
  afterAll(async () => {
    for (const client of opened) await client.close();
  });

  test("arrays arrive as they were", async () => {
    const client = open(server.runtime);
    const text = fc.string({ unit: "binary" }).map((given) => given.replaceAll("\0", "").toWellFormed());
    const element = fc.oneof(text, fc.constantFrom("NULL", "", "{}", '"', "\\", ",", "{\\"), fc.constant(null));
    await fc.assert(
      fc.asyncProperty(fc.array(element), async (given) => {
        const rows = await client.query<{ one: string | null }>("SELECT one FROM unnest($1::text[]) AS one", [
          arrayLiteral(given),
        ]);
        expect(rows.map(({ one }) => one)).toEqual(given);
      }),
      { numRuns: 50 },
    );
    const numbers = [0, -1, Number.MAX_SAFE_INTEGER, null];
    const rows = await client.query<{ one: string }>("SELECT one FROM unnest($1::bigint[]) AS one", [
      arrayLiteral(numbers),
    ]);
    expect(rows.map(({ one }) => (one === null ? null : Number(one)))).toEqual(numbers);
  });

  test("tells whose fault it was: the statement's, the session's or nobody's", async () => {
    const client = open(server.runtime);
    await client.script("CREATE TEMP TABLE t (id int PRIMARY KEY)");
    await client.query("INSERT INTO t VALUES ($1)", [1]);
    expect(await failureOf(client.query("INSERT INTO t VALUES ($1)", [1]))).toMatchObject({
      code: "Rejected",
      sqlState: "23505",
      constraint: "t_pkey",
      nothingDone: true,
    });
    expect(await failureOf(client.query("SELEC"))).toMatchObject({ code: "Rejected", sqlState: "42601" });
    const [session] = await client.read<{ pid: number }>("SELECT pg_backend_pid() AS pid");
    const administrator = open(server.administrator);
    const ended = failureOf(client.query("SELECT pg_sleep(20)"));
    await until("it sleeps", async () => {
      const sql = "SELECT FROM pg_stat_activity WHERE pid = $1 AND wait_event = 'PgSleep'";
      return (await administrator.read(sql, [session!.pid])).length === 1;
    });
    await administrator.query("SELECT pg_terminate_backend($1)", [session!.pid]);
    expect(await ended).toMatchObject({ code: "Lost", nothingDone: false });
    // The next statement has nothing to do with it, and a new session.
    const [next] = await client.read<{ pid: number }>("SELECT pg_backend_pid() AS pid");
    expect(next!.pid).not.toBe(session!.pid);
  });

  test("repeats reads over a cut line, and writes never", async () => {
    const line = await openCutLine(server.administrator.port);
    const client = open({ ...server.owner, port: line.port });
    await client.script("CREATE TABLE written (id int)");
    line.swallowAnswers();
    const reading = client.read<{ one: number }>("SELECT 1 AS one");
    await Bun.sleep(5);
    line.cut();
    expect(await reading).toMatchObject([{ one: 1 }]);
    line.swallowAnswers();
    const writing = failureOf(client.query("INSERT INTO written VALUES (1)"));
    const witness = open(server.owner);
    const count = async () => (await witness.read("SELECT FROM written")).length;
    await until("it is written", async () => (await count()) === 1);
    line.cut();
    expect(await writing).toMatchObject({ code: "Lost" });
    expect(await client.read("SELECT FROM written")).toHaveLength(1);
    await line.close();
  });

  test("gives up a server that has fallen silent, and begins anew", async () => {
    const line = await openCutLine(server.administrator.port);
    const time = createVirtualTime(0);
    const client = open({ ...server.runtime, port: line.port }, { timers: time.timers, statementMs: 3_000 });
    await client.read("SELECT 1");
    line.swallowAnswers();
    const silent = failureOf(client.query("SELECT 2"));
    await Bun.sleep(1);
    time.advance(9_999);
    await Bun.sleep(1);
    time.advance(1);
    expect(await silent).toMatchObject({ code: "TimedOut", nothingDone: false });
    line.cut();
    expect(await client.read<{ one: number }>("SELECT 1 AS one")).toMatchObject([{ one: 1 }]);
    await line.close();
  });

  test("gives each statement of a transaction as much time as one alone", async () => {
    const time = createVirtualTime(0);
    const client = open(server.runtime, { timers: time.timers, statementMs: 3_000 });
    const rows = await client.transaction(async (transaction) => {
      for (let statement = 0; statement < 5; statement++) {
        await transaction.query("SELECT 1");
        time.advance(9_000);
      }
      return transaction.query<{ one: number }>("SELECT 1 AS one");
    });
    expect(rows).toEqual([{ one: 1 }]);
  });

  test("asks whom it was told to, whatever the environment says", async () => {
    const variables = { DATABASE_URL: "mysql://u:p@nowhere.invalid/d", POSTGRES_URL: "postgres://u@nowhere.invalid/d" };
    const others = { PGHOST: "nowhere.invalid", PGPORT: "1", PGUSER: "u", PGDATABASE: "d", PGSSLMODE: "require" };
    const before = { ...process.env };
    Object.assign(process.env, variables, others, { TLS_POSTGRES_DATABASE_URL: variables.POSTGRES_URL });
    try {
      const client = open(server.runtime);
      const [session] = await client.read<{ who: string; which: string }>(
        "SELECT current_user AS who, current_database() AS which",
      );
      expect(session).toEqual({ who: server.runtime.user, which: server.runtime.database });
    } finally {
      for (const name of Object.keys(process.env)) if (!(name in before)) delete process.env[name];
      Object.assign(process.env, before);
    }
  });

  test("the server ends what takes too long, and who holds a transaction open and says nothing", async () => {
    const client = open(server.runtime, { statementMs: 50 });
    expect(await failureOf(client.query("SELECT pg_sleep(5)"))).toMatchObject({ code: "Rejected", sqlState: "57014" });
    const [setting] = await client.read<{ ms: string }>(
      "SELECT current_setting('idle_in_transaction_session_timeout') AS ms",
    );
    expect(setting!.ms).toBe("10s");
  });

  test("a transaction is kept whole or not at all, and passes on what its body throws", async () => {
    const client = open(server.owner);
    await client.script("CREATE TABLE kept (id int)");
    const own = new RangeError("of the body");
    const failing = client.transaction(async (transaction) => {
      await transaction.query("INSERT INTO kept VALUES (1)");
      throw own;
    });
    expect(await failing.catch((error: unknown) => error)).toBe(own);
    const rejected = client.transaction(async (transaction) => {
      await transaction.query("INSERT INTO kept VALUES (1)");
      await transaction.query("SELEC");
    });
    expect(await failureOf(rejected)).toMatchObject({ code: "Rejected", sqlState: "42601" });
    expect(await client.read("SELECT FROM kept")).toHaveLength(0);
    await client.transaction((transaction) => transaction.query("INSERT INTO kept VALUES (1)"));
    expect(await client.read("SELECT FROM kept")).toHaveLength(1);
  });

  test("says who is refused without saying secrets, and does not try again", async () => {
    const refusals = [
      // A named server may trust everybody.
      ...(server.process === undefined ? [] : [{ ...server.runtime, password: "hunter2" }]),
      { ...server.runtime, user: "nobody_here", password: "hunter2" },
      { ...server.runtime, database: "nothing_here" },
      { ...server.runtime, tls: "verified" as const },
      { ...server.runtime, tls: "encrypted" as const },
    ];
    for (const address of refusals) {
      const begun = performance.now();
      const failure = await failureOf(open(address).query("SELECT 1"));
      expect(failure.code).toBe("SignInRefused");
      expect(performance.now() - begun).toBeLessThan(5_000);
      const said = Bun.inspect(failure) + JSON.stringify(failure);
      for (const secret of ["hunter2", server.runtime.password]) expect(said).not.toContain(secret);
    }
  });

  const withCertificate = skipUnless(
    Bun.which("openssl") !== null && server.process !== undefined,
    "it takes openssl, which makes the certificate, and a server that is ours to configure",
  );
  withCertificate("speaks TLS, and verifies whom with", async () => {
    const directory = mkdtempSync(join(tmpdir(), "biplane-postgres-tls-"));
    try {
      const [certificate, key] = await makeCertificate(directory);
      const administrator = open(server.administrator);
      await administrator.script(`ALTER SYSTEM SET ssl_cert_file = '${certificate}'`);
      await administrator.script(`ALTER SYSTEM SET ssl_key_file = '${key}'`);
      await administrator.script("ALTER SYSTEM SET ssl = on");
      await administrator.query("SELECT pg_reload_conf()");
      const secured = async (address: PostgresAddress): Promise<boolean> => {
        const client = open(address);
        const sql = "SELECT ssl FROM pg_stat_ssl WHERE pid = pg_backend_pid()";
        const [session] = await client.read<{ ssl: boolean }>(sql).finally(() => client.close());
        return session!.ssl;
      };
      const encrypted = { ...server.runtime, tls: "encrypted", certificates: undefined } as const;
      const verified = { ...server.runtime, host: "localhost", tls: "verified", certificates: certificate } as const;
      await until("the server has its certificate", () => secured(encrypted).catch(() => false));
      expect(await secured(verified)).toBe(true);
      expect(await secured(server.runtime)).toBe(false);
      // Nobody vouches for it; it bears another name.
      expect(await failureOf(secured({ ...verified, certificates: undefined }))).toMatchObject({
        code: "SignInRefused",
      });
      expect(await failureOf(secured({ ...verified, host: "127.0.0.1" }))).toMatchObject({ code: "SignInRefused" });
    } finally {
      rmSync(directory, { recursive: true });
    }
  });

  test("tries an unreachable server again, with patience that ends", async () => {
    const line = await openCutLine(server.administrator.port);
    const address = { ...server.runtime, port: line.port };
    await line.close();
    const waits: number[] = [];
    const timers = {
      ...systemTimers,
      after: (ms: number, run: () => void) => {
        if (ms < 1_100) waits.push(ms);
        return systemTimers.after(ms, run);
      },
    };
    const client = open(address, { patienceMs: 200, timers });
    expect(await failureOf(client.query("SELECT 1"))).toMatchObject({ code: "Unreachable", nothingDone: true });
    expect(waits.length).toBeGreaterThanOrEqual(2);
    expect(waits[0]!).toBeLessThanOrEqual(25);
    await client.close();
    expect(await failureOf(client.query("SELECT 1"))).toMatchObject({ code: "Closed" });
  });

  test("hears what is notified, also after its session was ended", async () => {
    const client = open(server.runtime);
    const heard: string[] = [];
    await client.listen("a.channel", (said) => heard.push(said));
    const administrator = open({ ...server.administrator, database: server.runtime.database });
    const say = (what: string) => administrator.query("SELECT pg_notify('a.channel', $1)", [what]);
    await say("one");
    await until("it is heard", () => heard.includes("one"));
    await administrator.query(
      "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE query ILIKE 'listen%' AND pid <> pg_backend_pid()",
    );
    await until("it is heard again", async () => {
      await say("two");
      return heard.includes("two");
    });
  });
}

function migrations(server: TestPostgres): void {
  const STEPS: readonly Migration[] = [
    { version: 1, name: "one", sql: "CREATE TABLE one (id int); INSERT INTO one VALUES (1)" },
    { version: 2, name: "two", sql: "ALTER TABLE one ADD COLUMN name text" },
  ];
  const as = (schema: string) => ({ schema, remedy: "migrate it" });

  test("are applied once each, also by several at once", async () => {
    const clients = Array.from({ length: 4 }, () => testClient(server.owner));
    const reports = await Promise.all(clients.map((client) => migratePostgres(client, STEPS, as("many"))));
    expect(reports.map(({ version }) => version)).toEqual([2, 2, 2, 2]);
    expect(reports.flatMap(({ applied }) => applied).sort()).toEqual([1, 2]);
    expect(await clients[0]!.read("SELECT FROM many.one")).toHaveLength(1);
    expect((await migratePostgres(clients[0]!, STEPS, as("many"))).applied).toEqual([]);
    for (const client of clients) await client.close();
  });

  test("keep nothing of a step that fails, and wait behind a closed gate", async () => {
    const client = testClient(server.owner);
    const closed = { ...as("steps"), gate: "closed" } as const;
    await expect(migratePostgres(client, STEPS, closed)).rejects.toMatchObject({ code: "MigrationsPending" });
    const broken = [STEPS[0]!, { ...STEPS[1]!, sql: "CREATE TABLE two (id int); SELEC" }];
    await expect(migratePostgres(client, broken, as("steps"))).rejects.toMatchObject({ sqlState: "42601" });
    await expect(migratePostgres(client, STEPS, closed)).rejects.toThrow(
      "has schema 1, this program needs 2; migrate it",
    );
    await migratePostgres(client, STEPS, as("steps"));
    expect(await migratePostgres(client, STEPS, closed)).toEqual({ version: 2, applied: [] });
    await expect(migratePostgres(client, STEPS.slice(0, 1), closed)).rejects.toMatchObject({ code: "SchemaTooNew" });
    const changed = [{ ...STEPS[0]!, sql: "SELECT 1" }, STEPS[1]!];
    await expect(migratePostgres(client, changed, as("steps"))).rejects.toMatchObject({ code: "MigrationChanged" });
    await expect(migratePostgres(client, STEPS, as("Not a name"))).rejects.toThrow("lower-case letters");
    await client.close();
  });
}
