/** Handlers of platform identity over views that follow what they decide. For tests. */
import type { AccountId, EventId, PlatformCommand } from "#contracts";
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
import { createSealingKey } from "#foundation/crypto";
import { systemRandom } from "#foundation/runtime";
import { createPlatformHandlers, createPlatformSecrets, PLATFORM_LIMITS, type PlatformLimits } from "../index.ts";

export const ORG = "111122223333" as AccountId;
export const OTHER = "999988887777" as AccountId;

/** An Argon2id hash of the right form; of no password. */
export const HASH = `$argon2id$v=19$m=19456,t=2,p=1$${"s".repeat(22)}$${"h".repeat(43)}`;

export type WorldCommand = PlatformCommand | CommandOf<"account.create">;

export class PlatformWorld {
  readonly views = new CatalogViews();
  readonly events: AnyEvent[] = [];
  readonly sealingKey = createSealingKey(systemRandom);
  now = 1_700_000_000_000;
  readonly #handlers;
  #accounts = 0;

  constructor(limits: Partial<PlatformLimits> = {}) {
    this.#handlers = createPlatformHandlers({
      secrets: createPlatformSecrets(this.sealingKey, systemRandom),
      now: () => this.now,
      limits: { ...PLATFORM_LIMITS, ...limits },
      createAccount: ({ name, accountId = String(200_000_000_000 + ++this.#accounts) as AccountId }) => ({
        ok: true,
        events: [accountCreated(accountId, name)],
        result: { accountId, canonicalUserId: "c" },
      }),
    });
    for (const accountId of [ORG, OTHER]) this.#append([accountCreated(accountId, accountId)]);
  }

  /** Decides and carries out. */
  run<Given extends WorldCommand>(command: Given): Decision<Given["type"]> {
    const handler = this.#handlers[command.type] as unknown as CommandHandler<Given["type"]>;
    const decision = handler(command as never, this.views);
    if (decision.ok) this.#append(decision.events);
    return decision;
  }

  /** As `run`, of what must succeed. */
  done<Given extends WorldCommand>(command: Given) {
    const decision = this.run(command);
    if (!decision.ok) throw new Error(`${command.type}: ${decision.code} ${decision.message}`);
    return decision.result;
  }

  /** Invites somebody and lets them accept. @returns the person's id */
  join(email: string, role: "owner" | "admin" | "developer" | "readonly", accountId = ORG): string {
    const { invitationId } = this.done({ type: "invitation.create", accountId, email, role });
    const newPerson = { name: "Somebody", passwordHash: HASH };
    return this.done({ type: "invitation.accept", invitationId, newPerson }).personId;
  }

  #append(events: readonly NewEvent[]): void {
    for (const event of events) {
      const complete = {
        ...event,
        id: (this.events.length + 1) as EventId,
        aggregateType: definitionOf(event.type)!.kind,
        aggregateSequence: 1,
        version: definitionOf(event.type)!.definition.version,
        occurredAt: this.now,
        actor: "test",
        requestId: "r",
        correlationId: "r",
        causationId: null,
      } as AnyEvent;
      for (const change of catalogChangesOf(complete, (kind, key) => this.views.record(kind, key))) {
        this.views.apply(change);
      }
      this.events.push(complete);
    }
  }
}

function accountCreated(accountId: AccountId, name: string): NewEvent {
  const payload = { accountId, name, canonicalUserId: "c" };
  return { type: "account.created", aggregateId: accountId, org: accountId, payload };
}
