/** The two services behind the real front door and a real server, on an engine in a directory of its own. */

import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { DynamoDBClient, type DynamoDBServiceException } from "@aws-sdk/client-dynamodb";
import { DynamoDBStreamsClient } from "@aws-sdk/client-dynamodb-streams";
import type { AccountId, Region } from "#contracts";
import { createFrontDoor, createOperationMetrics } from "#data-plane/front-door";
import { createMemoryAudit } from "#foundation/audit/testing";
import { signRequest } from "#foundation/aws/sigv4";
import { type HttpServer, serveHttp } from "#foundation/http";
import { createVirtualTime, systemClock, systemRandom, systemTimers, type Timers } from "#foundation/runtime";
import { createLogger, createMetrics } from "#foundation/telemetry";
import { openTableEngine, type TableEngine } from "../engine/index.ts";
import type { TablesEnvironment } from "../service/environment.ts";
import { createTablesServices } from "../service/tables-services.ts";
import { FakePlanes } from "./fake-planes.ts";

export const ACCOUNT = "111122223333" as AccountId;
export const OTHER_ACCOUNT = "444455556666" as AccountId;
export const REGION = "us-east-1" as Region;

export interface WorldOptions {
  readonly throttling?: boolean;
  /** Stand still unless given: nothing of the service happens behind a test's back. */
  readonly timers?: Timers;
  readonly port?: number;
  readonly hosting?: "inline" | "worker";
}

export interface World {
  readonly url: string;
  readonly planes: FakePlanes;
  readonly engine: TableEngine;
  readonly environment: TablesEnvironment;
  /** Lines of the log. */
  readonly logged: string[];
  /** Clients of an access key; the root user's of {@link ACCOUNT} when none is named. */
  client(accessKeyId?: string): DynamoDBClient;
  streams(accessKeyId?: string): DynamoDBStreamsClient;
  /** Sends a body as it is, signed: for requests that no SDK makes. */
  call(operation: string, body: unknown, options?: CallOptions): Promise<Answer>;
  /** The clock of requests, moved on by so many milliseconds. Signatures are made with the real one. */
  advance(ms: number): void;
  close(): Promise<void>;
}

export interface CallOptions {
  readonly accessKeyId?: string;
  readonly service?: "dynamodb" | "dynamodb-streams";
  readonly headers?: Readonly<Record<string, string>>;
}

/** An answer, with its body parsed. */
export interface Answer {
  readonly status: number;
  readonly headers: Headers;
  readonly text: string;
  readonly body: Readonly<Record<string, unknown>>;
  /** What follows `#` in the type of an error. */
  readonly code: string | undefined;
  readonly message: string | undefined;
}

const SECRET = "a secret that is no secret";

export async function openWorld(options: WorldOptions = {}): Promise<World> {
  const directory = mkdtempSync(join(tmpdir(), "biplane-tables-"));
  let offset = 0;
  const clock = { now: () => systemClock.now() + offset, monotonicMs: () => systemClock.monotonicMs() + offset };
  const planes = new FakePlanes(clock.now);
  for (const [account, key] of [
    [ACCOUNT, "AKIAROOT"],
    [OTHER_ACCOUNT, "AKIAOTHER"],
  ] as const) {
    planes.addAccount(account);
    planes.addKey(key, account, SECRET);
  }
  const logged: string[] = [];
  const logger = createLogger({ level: "warn", sink: { write: (line) => void logged.push(line), flush: () => {} } });
  const engine = await openTableEngine({
    directory,
    clock,
    timers: options.timers ?? systemTimers,
    hosting: options.hosting ?? "inline",
  });
  const environment: TablesEnvironment = {
    engine,
    catalog: planes,
    control: planes,
    clock,
    timers: options.timers ?? createVirtualTime(clock.now()).timers,
    random: systemRandom,
    logger,
    metrics: createMetrics(),
    ...(options.throttling !== undefined && { throttling: options.throttling }),
  };
  const services = await createTablesServices(environment);
  const handler = await createFrontDoor({
    audit: createMemoryAudit(),
    services,
    catalog: planes,
    defaultRegion: REGION,
    regions: new Set([REGION, "eu-west-1"]),
    names: { baseDomains: ["localhost"] },
    hostId: "HOST",
    clock,
    logger,
    metrics: createOperationMetrics(createMetrics()),
  });
  const server: HttpServer = await serveHttp({ port: options.port ?? 0, requestIdHeader: null, handler });
  const clients: { destroy(): void }[] = [];
  const remember = <Client extends { destroy(): void }>(client: Client): Client => {
    clients.push(client);
    return client;
  };
  const configuration = (accessKeyId: string) => ({
    region: REGION,
    endpoint: server.url,
    credentials: { accessKeyId, secretAccessKey: SECRET },
    maxAttempts: 1,
  });
  return {
    url: server.url,
    planes,
    engine,
    environment,
    logged,
    client: (accessKeyId = "AKIAROOT") => remember(new DynamoDBClient(configuration(accessKeyId))),
    streams: (accessKeyId = "AKIAROOT") => remember(new DynamoDBStreamsClient(configuration(accessKeyId))),
    call: (operation, body, call = {}) => send(server.url, operation, body, call),
    advance(ms) {
      offset += ms;
    },
    async close() {
      for (const client of clients) client.destroy();
      await server.close(0);
      for (const service of services) await service.close();
      await engine.close();
      rmSync(directory, { recursive: true, force: true });
    },
  };
}

async function send(url: string, operation: string, body: unknown, options: CallOptions): Promise<Answer> {
  const { accessKeyId = "AKIAROOT", service = "dynamodb", headers = {} } = options;
  const text = typeof body === "string" ? body : JSON.stringify(body);
  const target = service === "dynamodb" ? "DynamoDB_20120810" : "DynamoDBStreams_20120810";
  const signed = signRequest(
    {
      method: "POST",
      path: "/",
      query: "",
      headers: [
        ["host", new URL(url).host],
        ["x-amz-target", `${target}.${operation}`],
        ["content-type", "application/x-amz-json-1.0"],
        ...Object.entries(headers),
      ],
    },
    Buffer.from(text),
    {
      credential: { accessKeyId, secretAccessKey: SECRET },
      region: REGION,
      service: "dynamodb",
      now: systemClock.now(),
    },
  );
  const response = await fetch(url, {
    method: "POST",
    headers: signed.headers.map(([name, value]): [string, string] => [name, value]),
    body: text,
  });
  const received = await response.text();
  const parsed = JSON.parse(received) as Record<string, unknown>;
  const type = typeof parsed.__type === "string" ? parsed.__type : undefined;
  const message = parsed.message ?? parsed.Message;
  return {
    status: response.status,
    headers: response.headers,
    text: received,
    body: parsed,
    code: type?.slice(type.indexOf("#") + 1),
    message: typeof message === "string" ? message : undefined,
  };
}

/** Makes `accessKeyId` a key of a user of {@link ACCOUNT} with these statements. */
export function addUser(world: World, userName: string, accessKeyId: string, statements: readonly object[]): void {
  world.planes.addUser(ACCOUNT, userName, statements);
  world.planes.addKey(accessKeyId, ACCOUNT, SECRET, userName);
}

/** The error of a call that must be refused. */
export async function refusal(call: Promise<unknown>): Promise<DynamoDBServiceException> {
  try {
    await call;
  } catch (error) {
    return error as DynamoDBServiceException;
  }
  throw new Error("the call was not refused");
}
