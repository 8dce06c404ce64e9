/** A world for tests: records, the handlers that change them, a scheduler's decisions, and nodes that behave as they are told. */
import type { AccountId, Command, InstanceRecord, NodeRecord } from "#contracts";
import { createApplicationHandlers } from "#control-plane/applications";
import {
  type AnyEvent,
  CatalogViews,
  type CommandHandlers,
  catalogChangesOf,
  type NewEvent,
} from "#control-plane/events";
import { ACCOUNT, completed } from "#control-plane/events/testing";
import { createAllNodeHandlers, hasEnded } from "#control-plane/nodes";
import { decideGroups, planDeploys } from "../decide.ts";
import { DEFAULT_SETTINGS, type SchedulerSettings } from "../settings.ts";
import { World } from "../world.ts";

const MIB = 1024 ** 2;

/** A manifest with one process. */
export function manifestOf(process: object = {}, more: object = {}) {
  return {
    schema_version: "v1",
    app: { name: "shop" },
    processes: {
      web: { command: ["serve"], ports: [{ internal: 8080 }], resources: { memory: "64Mi" }, ...process },
    },
    ...more,
  };
}

export class TestWorld {
  readonly views = new CatalogViews();
  readonly settings: SchedulerSettings;
  readonly world: World;
  /** Of the events that happen next, epoch milliseconds. */
  now = 1_700_000_000_000;
  /** Called after each event. */
  onEvent: ((event: AnyEvent) => void) | undefined;
  readonly #handlers: CommandHandlers<never>;
  readonly #due = new Map<string, number>();
  readonly waiting = new Set<string>();
  #ids = 0;
  #events = 0;

  constructor(settings: Partial<SchedulerSettings> = {}) {
    this.settings = { ...DEFAULT_SETTINGS, ...settings };
    this.world = new World(this.views, this.settings);
    const newId = (prefix: string): string => prefix + String(++this.#ids).padStart(24, "0");
    const dependencies = {
      newId,
      now: () => this.now,
      newToken: () => ({ text: `bpx_${this.#ids}`, hash: "0".repeat(64) }),
    };
    this.#handlers = {
      ...createApplicationHandlers(dependencies),
      ...createAllNodeHandlers(dependencies),
    } as unknown as CommandHandlers<never>;
    this.append([
      {
        type: "account.created",
        aggregateId: ACCOUNT,
        org: ACCOUNT,
        payload: { accountId: ACCOUNT, name: "acme", canonicalUserId: "c" },
      },
    ]);
  }

  append(events: readonly NewEvent[]): void {
    for (const event of events) {
      const whole = { ...completed(event, ++this.#events), occurredAt: this.now };
      for (const change of catalogChangesOf(whole, (kind, key) => this.views.record(kind, key)))
        this.views.apply(change);
      if (this.world.apply([whole])) for (const key of this.waiting) this.world.dirty.add(key);
      this.onEvent?.(whole);
    }
  }

  /** Decides a command; throws what it is refused with. */
  run(command: Command): Record<string, unknown> {
    const handlers = this.#handlers as unknown as Record<
      string,
      (
        command: Command,
        views: CatalogViews,
      ) => { ok: boolean; code: string; message: string; events: NewEvent[]; result: Record<string, unknown> }
    >;
    const decision = handlers[command.type]!(command, this.views);
    if (!decision.ok) throw new Error(`${decision.code}: ${decision.message}`);
    this.append(decision.events);
    return decision.result;
  }

  /** Decides until nothing more is to be done at this moment. @returns the types of the events */
  schedule(): readonly string[] {
    const types: string[] = [];
    for (let round = 0; round < 1_000; round++) {
      for (const [key, at] of this.#due) {
        if (at > this.now) continue;
        this.#due.delete(key);
        this.world.dirty.add(key);
      }
      const keys = [...this.world.dirty];
      this.world.dirty.clear();
      const { events, outcomes, left } = decideGroups({
        views: this.views,
        world: this.world,
        settings: this.settings,
        now: this.now,
        newInstanceId: () => `ins_${String(++this.#ids).padStart(24, "0")}`,
        keys,
      });
      for (const key of left) this.world.dirty.add(key);
      for (const { key, dueAt, waiting } of outcomes) {
        if (waiting) this.waiting.add(key);
        else this.waiting.delete(key);
        if (dueAt === undefined) this.#due.delete(key);
        else this.#due.set(key, dueAt);
      }
      this.append(events);
      const deploys = planDeploys(this.views, this.now, this.settings);
      this.append(deploys);
      types.push(...events.map(({ type }) => type), ...deploys.map(({ type }) => type));
      if (events.length + deploys.length === 0 && this.world.dirty.size === 0) return types;
    }
    throw new Error("the scheduler does not come to rest");
  }

  addNode(
    name: string,
    offers: Partial<NodeRecord["allocatable"]> & { readonly isolation?: NodeRecord["isolation"] } = {},
  ): string {
    const nodeId = `nod_${Buffer.from(name.padEnd(12).slice(0, 12)).toString("hex")}`;
    const { isolation = ["process"], ...allocatable } = offers;
    this.run({
      type: "node.enroll",
      nodeId,
      name,
      keyHash: "0".repeat(64),
      labels: {},
      allocatable: { memoryBytes: 4_096 * MIB, cpuCores: 4, diskBytes: 100 * 1024 ** 3, ...allocatable },
      isolation,
      version: "0",
      architecture: "x64",
    });
    return nodeId;
  }

  /** An app and an environment. */
  addEnv(name = "shop", accountId: AccountId = ACCOUNT): { readonly appId: string; readonly envId: string } {
    const { appId } = this.run({ type: "app.create", accountId, name }) as { appId: string };
    const { envId } = this.run({ type: "env.create", accountId, appId, name: "production" }) as { envId: string };
    return { appId, envId };
  }

  release(
    appId: string,
    manifest: object = manifestOf(),
    digit = "a",
    source: "directory" | "image" = "directory",
  ): string {
    const result = this.run({
      type: "release.create",
      accountId: ACCOUNT,
      appId,
      artifact: { source, digest: `sha256:${digit.repeat(64)}`, sizeBytes: 10 },
      manifest,
    });
    return result.releaseId as string;
  }

  deploy(envId: string, releaseId: string): string {
    const command = { type: "deploy.create", accountId: ACCOUNT, envId, deployKind: "deploy", releaseId } as const;
    return this.run(command).deployId as string;
  }

  instances(envId?: string): readonly InstanceRecord[] {
    return [...this.views.records("instance")].filter((one) => envId === undefined || one.envId === envId);
  }

  live(envId?: string): readonly InstanceRecord[] {
    return this.instances(envId).filter((one) => !hasEnded(one));
  }

  report(instance: InstanceRecord, status: Exclude<InstanceRecord["status"], "pending">, more: object = {}): void {
    const { instanceId, nodeId } = instance;
    const address = { host: "127.0.0.1", ports: { "8080": 30_000 } };
    const where = status === "ready" ? { address } : {};
    this.run({ type: "instance.report", nodeId, instanceId, status, restarts: 0, ...where, ...more });
  }

  /** Nodes do as they are told: what shall run becomes ready, what drains stops. */
  obey(): void {
    for (const instance of this.live()) {
      if (instance.desiredState !== "running") this.report(instance, "stopped", { exitCode: 0 });
      else if (instance.status !== "ready") this.report(instance, "ready");
    }
  }

  /** Until nothing changes any more. */
  settle(): void {
    for (let round = 0; round < 200; round++) {
      this.now += 1_000;
      const types = this.schedule();
      const before = this.#events;
      this.obey();
      if (types.length === 0 && this.#events === before) return;
    }
    throw new Error("the world does not settle");
  }
}
