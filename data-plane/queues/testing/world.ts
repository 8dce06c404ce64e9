/** The service behind the real front door on a real socket, with official clients of two accounts. Time of queues and messages is the test's to move; clients sign with the real time. */

import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { SQSClient } from "@aws-sdk/client-sqs";
import type { AccountId, Region, UserRecord } from "#contracts";
import { createFrontDoor, createOperationMetrics } from "#data-plane/front-door";
import { MemoryCatalog } from "#data-plane/link/testing";
import { createMemoryAudit } from "#foundation/audit/testing";
import type { Credential } from "#foundation/aws/sigv4";
import { createSealingKey, type SealingKey } from "#foundation/crypto";
import { serveHttp } from "#foundation/http";
import { createVirtualTime, systemClock, systemRandom, type VirtualTime } from "#foundation/runtime";
import { createLogger, createMetrics, memorySink, silentLogger } from "#foundation/telemetry";
import { openEmbeddedQueues } from "../engine/index.ts";
import type { QueueEngine } from "../engine/port.ts";
import type { QueuesEnvironment } from "../service/environment.ts";
import { createQueuesService, type QueuesService } from "../service/queues-service.ts";
import { FakeControl } from "./fake-control.ts";
import { type RawClient, rawClient } from "./raw-requests.ts";

export const ACCOUNT = "111122223333" as AccountId;
export const OTHER_ACCOUNT = "444455556666" as AccountId;
export const REGION = "us-east-1" as Region;

export interface World {
  readonly url: string;
  readonly catalog: MemoryCatalog;
  readonly control: FakeControl;
  readonly engine: QueueEngine;
  readonly service: QueuesService;
  readonly environment: QueuesEnvironment;
  readonly time: VirtualTime;
  /** Root of {@link ACCOUNT}. */
  readonly sqs: SQSClient;
  /** Root of {@link OTHER_ACCOUNT}. */
  readonly other: SQSClient;
  /** {@link sqs}'s key without an SDK. */
  readonly raw: RawClient;
  readonly anonymous: RawClient;
  /** What the service said that an operator should see, as `level message`. */
  logged(): readonly string[];
  /** A user of an account with one inline policy. */
  user(name: string, statements: readonly object[], account?: AccountId): SQSClient;
  /** Ends the process, so to speak; what is on disk and in the control plane stays. */
  end(): Promise<Remains>;
  close(): Promise<void>;
}

interface LoggedLine {
  readonly level: string;
  readonly msg: string;
}

/** What outlives the process: in a test, what is opened again after an end. */
export interface Remains {
  readonly directory: string;
  readonly time: VirtualTime;
  readonly catalog: MemoryCatalog;
  readonly control: FakeControl;
  readonly messageKey: SealingKey;
}

function newRemains(): Remains {
  const time = createVirtualTime(Date.UTC(2026, 0, 15, 10, 30));
  const catalog = new MemoryCatalog();
  for (const accountId of [ACCOUNT, OTHER_ACCOUNT]) {
    const canonicalUserId = accountId.padStart(64, "c");
    catalog.put({ kind: "account", accountId, name: accountId, canonicalUserId, createdAt: 0 });
  }
  const control = new FakeControl(catalog, () => time.clock.now());
  return {
    directory: mkdtempSync(join(tmpdir(), "biplane-sqs-")),
    time,
    catalog,
    control,
    messageKey: createSealingKey(systemRandom),
  };
}

/** @param remains of a world that was ended with {@link World.end} */
export async function openWorld(remains: Remains = newRemains()): Promise<World> {
  const { directory, time, catalog, control, messageKey } = remains;
  const sink = memorySink();
  const engine = await openEmbeddedQueues({
    directory,
    clock: time.clock,
    timers: time.timers,
    random: systemRandom,
    hosting: "inline",
  });
  const environment: QueuesEnvironment = {
    engine,
    catalog,
    control,
    clock: time.clock,
    timers: time.timers,
    random: systemRandom,
    logger: createLogger({ level: "info", sink }),
    metrics: createMetrics(),
    messageKey,
  };
  const service = createQueuesService(environment);
  await service.started;
  const handler = await createFrontDoor({
    audit: createMemoryAudit(),
    services: [service],
    catalog,
    defaultRegion: REGION,
    regions: new Set([REGION, "eu-west-1"]),
    names: { baseDomains: ["localhost"] },
    hostId: "HOST",
    clock: systemClock,
    logger: silentLogger,
    metrics: createOperationMetrics(createMetrics()),
  });
  const server = await serveHttp({ port: 0, requestIdHeader: null, handler });
  const clients: SQSClient[] = [];
  let keys = 0;
  const keyOf = (accountId: AccountId, userName?: string): Credential => {
    const accessKeyId = `AKIATEST${String(++keys).padStart(12, "0")}`;
    catalog.put({
      kind: "accessKey",
      accessKeyId,
      accountId,
      owner: userName === undefined ? { type: "root" } : { type: "user", userName },
      status: "Active",
      sealedSecret: "secret",
      createdAt: 0,
    });
    return { accessKeyId, secretAccessKey: "secret" };
  };
  const clientOf = (accountId: AccountId, userName?: string): SQSClient => {
    const credentials = keyOf(accountId, userName);
    const client = new SQSClient({ region: REGION, endpoint: server.url, credentials, maxAttempts: 1 });
    clients.push(client);
    return client;
  };
  const world: World = {
    url: server.url,
    catalog,
    control,
    engine,
    service,
    environment,
    time,
    sqs: clientOf(ACCOUNT),
    other: clientOf(OTHER_ACCOUNT),
    raw: rawClient(server.url, keyOf(ACCOUNT)),
    anonymous: rawClient(server.url, undefined),
    user(userName, statements, accountId = ACCOUNT) {
      const policy = JSON.stringify({ Version: "2012-10-17", Statement: statements });
      const record: UserRecord = {
        kind: "user",
        accountId,
        entityId: `AIDA${userName.toUpperCase()}`,
        name: userName,
        path: "/",
        createdAt: 0,
        modifiedAt: 0,
        revision: 1,
        sections: { inlinePolicies: { policy } },
      };
      catalog.put(record);
      return clientOf(accountId, userName);
    },
    logged: () => sink.lines.map((line) => JSON.parse(line) as LoggedLine).map(({ level, msg }) => `${level} ${msg}`),
    async end() {
      service.drain();
      for (const client of clients) client.destroy();
      await server.close(0);
      await service.close();
      await engine.close();
      return remains;
    },
    async close() {
      await world.end();
      rmSync(directory, { recursive: true, force: true });
    },
  };
  return world;
}

/** The error of a call that must be refused. */
export async function refused(call: Promise<unknown>): Promise<Error & { readonly Code?: string }> {
  try {
    await call;
  } catch (error) {
    if (error instanceof Error) return error;
    throw error;
  }
  throw new Error("the call was not refused");
}
