/** What a command really changes in the sections of an IAM entity, and whether it may. Pure. */
import { IDENTITY_SECTIONS, type IdentitySections } from "#contracts";
import { patchedSections, type Refusal, stableJson } from "#control-plane/events";
import { ENTITY_RULES, type EntityRules } from "./entity-rules.ts";
import { invalid, shown } from "./refusals.ts";
import type { RuleContext, SectionRule } from "./section-rule.ts";

type Members = Readonly<Record<string, unknown>>;

/** A change that may be made. */
export interface SectionChanges {
  readonly ok: true;
  /** The sections, and the members of `map` sections, that get another value; null removes. Empty when everything is as asked already. */
  readonly changes: Members;
  /** The sections afterwards. */
  readonly after: Members;
}

/**
 * Judges a change of sections.
 *
 * @param before the sections of the entity; undefined when it is about to be made
 * @param asked from outside: any JSON object
 */
export function decideSections(
  context: RuleContext,
  before: object | undefined,
  asked: object,
): SectionChanges | Refusal {
  const { kind } = context;
  // The table gives each kind rules of its own; what they say of sections they take from the same kind.
  const rules = ENTITY_RULES[kind] as EntityRules;
  const sectionRules = new Map(Object.entries<SectionRule>(rules.sections));
  const forms: Readonly<Record<string, "map" | "value">> = IDENTITY_SECTIONS[kind];
  for (const [section, value] of Object.entries(asked)) {
    if (!sectionRules.has(section))
      return invalid(`The ${rules.noun} has no section ${shown(section, "of that name")}`);
    if (forms[section] === "map" && !isMap(value)) return invalid(`The section ${section} is changed member by member`);
  }
  const old = (before ?? {}) as IdentitySections[typeof kind];
  const completed = rules.complete?.(old, asked as Members, context) ?? asked;
  if (isRefusal(completed)) return completed;
  const changes = realChanges(forms, old as Members, completed);

  for (const [section, change] of Object.entries(changes)) {
    const rule = sectionRules.get(section)!;
    if (rule.fixed && before !== undefined) return invalid(`The ${section} of a ${rules.noun} never changes`);
    const put =
      forms[section] === "map" && change !== null ? Object.entries(change as Members) : [["", change] as const];
    for (const [member, value] of put) {
      const refusal = value === null ? undefined : rule.put(value, context, member);
      if (refusal !== undefined) return refusal;
    }
  }
  const after = patchedSections(kind, old, changes);
  for (const [section, { required }] of sectionRules) {
    if (required && !Object.hasOwn(after, section))
      return invalid(`The section ${section} of a ${rules.noun} must be given`);
  }
  for (const [section, change] of Object.entries(changes)) {
    const refusal = grows(change)
      ? sectionRules.get(section)!.whole?.((after as Members)[section] as Members, context)
      : undefined;
    if (refusal !== undefined) return refusal;
  }
  return rules.together?.(old, after, context) ?? { ok: true, changes, after: after as Members };
}

function isMap(value: unknown): boolean {
  return value === undefined || (typeof value === "object" && !Array.isArray(value));
}

function isRefusal(value: object): value is Refusal {
  return "ok" in value;
}

/** Something is put, not only removed. */
function grows(change: unknown): boolean {
  return typeof change === "object" && change !== null && Object.values(change).some((value) => value !== null);
}

function realChanges(forms: Readonly<Record<string, "map" | "value">>, before: Members, asked: object): Members {
  const changes: Record<string, unknown> = {};
  for (const [section, value] of Object.entries(asked)) {
    const old = before[section];
    if (value === undefined || same(old, value)) continue;
    if (forms[section] === "value" || value === null) changes[section] = value;
    else {
      const members = new Map(Object.entries(old ?? {}));
      const real = Object.entries(value as Members).filter(([member, given]) => !same(members.get(member), given));
      if (real.length > 0) changes[section] = Object.fromEntries(real);
    }
  }
  return changes;
}

/** Nothing and null are the same: no value. */
function same(left: unknown, right: unknown): boolean {
  return stableJson(left ?? null) === stableJson(right ?? null);
}
