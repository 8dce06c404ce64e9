/** The form of a command handler: decides, does nothing. */
import type { Command, CommandErrorCode, CommandResults, CommandType } from "#contracts";
import type { CatalogReader } from "./catalog/catalog-views.ts";
import type { NewEvent } from "./new-event.ts";
import type { DocumentChange } from "./store/event-store.ts";

/** A command of one type. */
export type CommandOf<Type extends CommandType> = Extract<Command, { readonly type: Type }>;

/** Why a command is refused; the message is for the person who sent it. */
export interface Refusal {
  readonly ok: false;
  readonly code: CommandErrorCode;
  readonly message: string;
  readonly details?: Readonly<Record<string, string | number>>;
}

/** What a handler decides: events to append (none when everything is already as asked) and the answer, or a refusal. */
export type Decision<Type extends CommandType> =
  | {
      readonly ok: true;
      readonly events: readonly NewEvent[];
      readonly result: CommandResults[Type];
      /** Texts that are kept beside the events, see `AppendBatch`. */
      readonly documents?: readonly DocumentChange[];
    }
  | Refusal;

/**
 * Decides about a command whose members have the right types (see `parseCommand` of the core), given all records as they are after every earlier command. It may
 * draw randomness for names and secrets, and touches nothing else.
 */
export type CommandHandler<Type extends CommandType> = (
  command: CommandOf<Type>,
  views: CatalogReader,
) => Decision<Type>;

/** A handler for each of the given types. */
export type CommandHandlers<Types extends CommandType> = { readonly [Type in Types]: CommandHandler<Type> };

export function refuse(code: CommandErrorCode, message: string, details?: Refusal["details"]): Refusal {
  return { ok: false, code, message, ...(details === undefined ? {} : { details }) };
}
