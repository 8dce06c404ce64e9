/** Handlers of fleets over views that follow what they decide. For tests. */
import type { AccountId, EventId, GatewayCommand } from "#contracts";
import { createApplicationHandlers } from "#control-plane/applications";
import {
  type AnyEvent,
  CatalogViews,
  type CommandHandler,
  type CommandOf,
  catalogChangesOf,
  type Decision,
  definitionOf,
  type NewEvent,
} from "#control-plane/events";
import { createFleetHandlers, gatewayKeyHash } from "../index.ts";

export const ORG = "111122223333" as AccountId;
export const OTHER = "999988887777" as AccountId;

export type FleetCommand = GatewayCommand | CommandOf<"project.create"> | CommandOf<"project.delete">;

export const digest = (seed: string): string => `sha256:${gatewayKeyHash(seed)}`;

export class FleetWorld {
  readonly views = new CatalogViews();
  readonly events: AnyEvent[] = [];
  now = 1_700_000_000_000;
  /** Which gateways are connected, if that is to be known. */
  isOnline: (gatewayId: string) => boolean = () => false;
  readonly #handlers;
  readonly #sequences = new Map<string, number>();
  #ids = 0;

  constructor() {
    const newId = (prefix: string) => `${prefix}${String(++this.#ids).padStart(24, "0")}`;
    this.#handlers = {
      ...createApplicationHandlers({ newId, now: () => this.now }),
      ...createFleetHandlers({
        newId,
        newKey: () => {
          const text = `bbk_${String(++this.#ids).padStart(43, "k")}`;
          return { text, hash: gatewayKeyHash(text) };
        },
        isOnline: (gatewayId) => this.isOnline(gatewayId),
        now: () => this.now,
      }),
    };
    for (const accountId of [ORG, OTHER]) {
      const payload = { accountId, name: accountId, canonicalUserId: "c" };
      this.#append([{ type: "account.created", aggregateId: accountId, org: accountId, payload }]);
    }
  }

  /** Decides and carries out. */
  run<Given extends FleetCommand>(command: Given): Decision<Given["type"]> {
    const handler = this.#handlers[command.type] as unknown as CommandHandler<Given["type"]>;
    const decision = handler(command as never, this.views);
    if (decision.ok) this.#append(decision.events);
    return decision;
  }

  /** As `run`, of what must succeed. */
  done<Given extends FleetCommand>(command: Given) {
    const decision = this.run(command);
    if (!decision.ok) throw new Error(`${command.type}: ${decision.code} ${decision.message}`);
    return decision.result;
  }

  project(name = "web", accountId = ORG): string {
    return this.done({ type: "project.create", accountId, name }).projectId;
  }

  /** An artifact of a spec of its own. */
  artifact(projectId: string, name: string): string {
    const { revisionId } = this.done({
      type: "gatewaySpec.create",
      accountId: ORG,
      projectId,
      name,
      files: [{ path: "a.yaml", digest: digest(name), sizeBytes: 10 }],
      descriptions: ["a.yaml"],
    });
    const request = { type: "gatewayBuild.request", accountId: ORG, projectId, options: {} } as const;
    const { buildId } = this.done({ ...request, revisions: [revisionId] });
    return this.succeed(buildId, name);
  }

  /** What the compiler would say. */
  succeed(buildId: string, name: string): string {
    const artifact = {
      digest: digest(`artifact ${name}`),
      contentDigest: digest(`content ${name}`),
      sizeBytes: 100,
      compiler: "1.0.0",
      operations: 1,
    };
    return this.done({ type: "gatewayBuild.succeed", buildId, artifact, diagnostics: [], warnings: 0 }).artifactId;
  }

  /** A gateway with a key of its own. */
  gateway(projectId: string, instanceId: string, keyId = this.key(projectId, instanceId).keyId): string {
    const metadata = { version: "1.0.0", hostname: instanceId };
    return this.done({ type: "gateway.register", projectId, keyId, instanceId, metadata }).gatewayId;
  }

  key(projectId: string, name: string) {
    return this.done({ type: "gatewayKey.create", accountId: ORG, projectId, name });
  }

  #append(events: readonly NewEvent[]): void {
    for (const event of events) {
      const { kind, definition } = definitionOf(event.type)!;
      const aggregate = `${kind} ${event.aggregateId}`;
      const aggregateSequence = (this.#sequences.get(aggregate) ?? 0) + 1;
      this.#sequences.set(aggregate, aggregateSequence);
      const complete = {
        ...event,
        id: (this.events.length + 1) as EventId,
        aggregateType: kind,
        aggregateSequence,
        version: definition.version,
        occurredAt: this.now,
        actor: "test",
        requestId: "r",
        correlationId: "r",
        causationId: null,
      } as AnyEvent;
      for (const change of catalogChangesOf(complete, (of, key) => this.views.record(of, key))) {
        this.views.apply(change);
      }
      this.events.push(complete);
    }
  }
}
