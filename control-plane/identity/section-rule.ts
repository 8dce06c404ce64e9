/** The form of a rule about one section of an IAM entity. */
import type { AccountId, IdentityKind } from "#contracts";
import type { CatalogReader, Refusal } from "#control-plane/events";
import type { IdentityDependencies } from "./dependencies.ts";

/** The entity that a command is about, and what a rule may look at besides. */
export interface RuleContext {
  readonly kind: IdentityKind;
  readonly accountId: AccountId;
  readonly name: string;
  readonly path: string;
  readonly views: CatalogReader;
  readonly dependencies: IdentityDependencies;
}

/** Judges values as they come from outside: of any shape that JSON has. */
export interface SectionRule {
  /** Said at the creation or never. */
  readonly fixed?: true;
  /** There is no such entity without it. */
  readonly required?: true;
  /**
   * Judges what is put: the value of a `value` section, one member of a `map` section.
   *
   * @param member name of the member; empty for `value` sections
   */
  readonly put: (given: unknown, context: RuleContext, member: string) => Refusal | undefined;
  /** Judges a `map` section as it would be, after something was put into it and found sound. */
  readonly whole?: (members: Readonly<Record<string, unknown>>, context: RuleContext) => Refusal | undefined;
}
