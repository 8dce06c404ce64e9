/** Handlers in a test: what they decide is folded at once, as the core does it, without a log. */
import type { AccountId, CommandType, EventId } from "#contracts";
import { catalogChangesOf } from "../catalog/catalog-changes.ts";
import { definitionOf } from "../catalog/catalog-keys.ts";
import { CatalogViews } from "../catalog/catalog-views.ts";
import type { CommandHandler, CommandHandlers, CommandOf, Decision } from "../decision.ts";
import type { AnyEvent, NewEvent } from "../new-event.ts";

export const ACCOUNT = "111122223333" as AccountId;

/** When every event of a test happens, unless it says otherwise. */
export const OCCURRED_AT = 1_700_000_000_000;

/** A new event with an envelope around it. */
export function completed(event: NewEvent, id = 1): AnyEvent {
  const { kind, definition } = definitionOf(event.type)!;
  return {
    id: id as EventId,
    aggregateType: kind,
    aggregateSequence: 1,
    version: definition.version,
    occurredAt: OCCURRED_AT,
    actor: "test",
    requestId: "r",
    correlationId: "r",
    causationId: null,
    ...event,
  } as AnyEvent;
}

/** Records, and the handlers that decide from them. */
export interface DecidingViews<Types extends CommandType> {
  readonly views: CatalogViews;
  /** All events so far. */
  readonly events: readonly AnyEvent[];
  append(events: readonly NewEvent[]): void;
  /** Decides, and carries out what was decided. */
  run<Given extends CommandOf<Types>>(command: Given): Decision<Given["type"]>;
}

export function createDecidingViews<Types extends CommandType>(handlers: CommandHandlers<Types>): DecidingViews<Types> {
  const views = new CatalogViews();
  const events: AnyEvent[] = [];
  const append = (decided: readonly NewEvent[]): void => {
    for (const event of decided) {
      const complete = completed(event, events.length + 1);
      for (const change of catalogChangesOf(complete, (kind, key) => views.record(kind, key))) views.apply(change);
      events.push(complete);
    }
  };
  return {
    views,
    events,
    append,
    run<Given extends CommandOf<Types>>(command: Given) {
      // The table gives each type the handler of that very type.
      const handler = handlers[command.type as Types] as unknown as CommandHandler<Given["type"]>;
      const decision = handler(command as never, views);
      if (decision.ok) append(decision.events);
      return decision;
    },
  };
}

/** `ok 2` for a decision with two events, else the code of the refusal. */
export function codeOf(decision: Decision<CommandType>): string {
  return decision.ok ? `ok ${decision.events.length}` : decision.code;
}
