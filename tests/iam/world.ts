/**
 * IAM in one process: the real control plane, the real front door on a real socket, and between them a catalog in memory that takes the control plane's changes as they
 * come. Official clients of two accounts and of users.
 */

import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { IAMClient } from "@aws-sdk/client-iam";
import {
  type AccountId,
  type CatalogChange,
  type Command,
  type CommandOrigin,
  type CommandOutcome,
  DATA_PLANE_KINDS,
  type EventId,
  type Region,
} from "#contracts";
import { type ControlPlane, openControlPlane } from "#control-plane/core";
import { createFrontDoor, createOperationMetrics } from "#data-plane/front-door";
import { type AccessKeyUses, createAccessKeyUses, createIamService } from "#data-plane/iam";
import { type ControlPlane as ControlPlaneLink, ControlPlaneUnavailable } from "#data-plane/link";
import { MemoryCatalog } from "#data-plane/link/testing";
import { createMemoryAudit } from "#foundation/audit/testing";
import type { Credential } from "#foundation/aws/sigv4";
import { open } from "#foundation/crypto";
import { serveHttp } from "#foundation/http";
import { systemClock, systemRandom, systemTimers } from "#foundation/runtime";
import { createMetrics, silentLogger } from "#foundation/telemetry";

export const REGION = "us-east-1" as Region;

/** The catalog of a data plane, with the control plane's key to secrets. */
class OpenCatalog extends MemoryCatalog {
  readonly #controlPlane: ControlPlane;

  constructor(controlPlane: ControlPlane) {
    super();
    this.#controlPlane = controlPlane;
  }

  override secretOf(accessKeyId: string): string | undefined {
    const sealed = this.accessKey(accessKeyId)?.sealedSecret;
    return sealed === undefined ? undefined : open(this.#controlPlane.sealingKey, sealed, accessKeyId);
  }

  take(changes: readonly CatalogChange[]): void {
    for (const change of changes) {
      if (change.change === "upsert") this.put(change.record);
      else this.remove(change.kind, change.key);
    }
  }
}

export interface World {
  readonly url: string;
  readonly account: AccountId;
  readonly other: AccountId;
  readonly catalog: MemoryCatalog;
  readonly controlPlane: ControlPlane;
  readonly uses: AccessKeyUses;
  /** Root of {@link account}. */
  readonly iam: IAMClient;
  /** Root of {@link other}. */
  readonly otherIam: IAMClient;
  readonly root: Credential;
  /** False: commands do not get through. */
  connected: boolean;
  /** Runs before the next command is decided, once: somebody else who is faster. */
  beforeNext: (() => Promise<unknown>) | undefined;
  execute<C extends Command>(command: C): Promise<Extract<CommandOutcome<C["type"]>, { readonly ok: true }>>;
  client(credentials: Credential): IAMClient;
  /** A new user of {@link account} with one inline policy. */
  user(name: string, statements: readonly object[]): Promise<IAMClient>;
  close(): Promise<void>;
}

export async function openWorld(): Promise<World> {
  const directory = mkdtempSync(join(tmpdir(), "biplane-iam-"));
  const controlPlane = await openControlPlane({ dataDirectory: directory, clock: systemClock, random: systemRandom });
  const catalog = new OpenCatalog(controlPlane);
  controlPlane.feed.subscribe(
    { resume: null, wants: DATA_PLANE_KINDS },
    {
      deliver(message) {
        if (message.type === "snapshot") for (const record of message.records) catalog.put(record);
        else catalog.take(message.changes);
        catalog.appliedThrough = message.type === "snapshot" ? message.cursor : message.through;
      },
      ended: () => undefined,
    },
  );
  const applied = (eventId: EventId): Promise<void> =>
    catalog.appliedThrough >= eventId ? Promise.resolve() : Bun.sleep(1).then(() => applied(eventId));
  const decide = async <C extends Command>(command: C, origin: CommandOrigin): Promise<CommandOutcome<C["type"]>> => {
    const outcome = await controlPlane.execute(command, origin);
    if (outcome.ok) await applied(outcome.eventId);
    return outcome;
  };
  const link: ControlPlaneLink = {
    get connected() {
      return world.connected;
    },
    async execute(command, origin) {
      if (!world.connected) throw new ControlPlaneUnavailable("no change stream is open");
      const before = world.beforeNext;
      world.beforeNext = undefined;
      await before?.();
      return await decide(command, origin);
    },
  };
  const uses = createAccessKeyUses({
    directory: join(directory, "iam"),
    catalog,
    timers: systemTimers,
    logger: silentLogger,
  });
  const service = await createIamService({ catalog, control: link, timers: systemTimers, uses });
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
    onKeyUse: uses.record,
  });
  const server = await serveHttp({ port: 0, requestIdHeader: null, handler });
  const clients: IAMClient[] = [];
  const client = (credentials: Credential): IAMClient => {
    const made = new IAMClient({ region: REGION, endpoint: server.url, credentials, maxAttempts: 1 });
    clients.push(made);
    return made;
  };
  const execute: World["execute"] = async (command) => {
    const outcome = await decide(command, { actor: "system:test", requestId: "test" });
    if (!outcome.ok) throw new Error(`${outcome.code}: ${outcome.message}`);
    return outcome as never;
  };
  const first = await controlPlane.ensureRoot({ name: "main" });
  const root = first.accessKey!;
  const { result: second } = await execute({ type: "account.create", name: "other" });
  const keyOf = async (accountId: AccountId, userName?: string): Promise<Credential> => {
    const owner = userName === undefined ? ({ type: "root" } as const) : ({ type: "user", userName } as const);
    return (await execute({ type: "accessKey.create", accountId, owner })).result;
  };
  await applied(controlPlane.head);

  const world: World = {
    url: server.url,
    account: first.accountId,
    other: second.accountId,
    catalog,
    controlPlane,
    uses,
    root,
    iam: client(root),
    otherIam: client(await keyOf(second.accountId)),
    connected: true,
    beforeNext: undefined,
    execute,
    client,
    async user(name, statements) {
      const policy = JSON.stringify({ Version: "2012-10-17", Statement: statements });
      const accountId = first.accountId;
      await execute({ type: "user.create", accountId, name, sections: { inlinePolicies: { policy } } });
      return client(await keyOf(accountId, name));
    },
    async close() {
      for (const each of clients) each.destroy();
      await server.close(0);
      await service.close();
      await uses.close();
      await controlPlane.close();
      rmSync(directory, { recursive: true, force: true });
    },
  };
  return world;
}

/** Code and message of a call that must be refused. */
export async function refusal(call: Promise<unknown>): Promise<string> {
  try {
    await call;
  } catch (error) {
    const { name, message } = error as Error & { readonly Error?: { readonly Code?: string } };
    return `${name.replace(/Exception$/, "")}: ${message}`;
  }
  throw new Error("the call was not refused");
}
