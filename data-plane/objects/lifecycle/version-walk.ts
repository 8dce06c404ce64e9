/**
 * Walks over all versions of a bucket in the order of the engine (by key, newest first) and says what the rules want done with each.
 *
 * Pure: fed one version at a time, across pages. It remembers one key's position, never a list.
 */
import type { ObjectVersion } from "../engine/port.ts";
import type { CompiledRule } from "../rules/lifecycle/compile.ts";
import { planVersion, type VersionAction, type VersionPosition } from "../rules/lifecycle/plan.ts";

export interface PlannedAction {
  readonly version: ObjectVersion;
  readonly plan: VersionAction;
}

export class VersionWalk {
  readonly #rules: readonly CompiledRule[];
  readonly #now: number;
  #key: string | undefined;
  #newerNoncurrent = 0;
  /** When the next newer version of the key was made. */
  #successor: number | undefined;
  /** A delete marker on top, until it is known whether something lies under it. */
  #marker: ObjectVersion | undefined;

  /** @param now epoch milliseconds, one moment for the whole walk */
  constructor(rules: readonly CompiledRule[], now: number) {
    this.#rules = rules;
    this.#now = now;
  }

  /** Takes the next version. @returns what is now known to be wanted, at most two actions */
  next(version: ObjectVersion): readonly PlannedAction[] {
    const planned: PlannedAction[] = [];
    const sameKey = version.key === this.#key;
    if (!sameKey) {
      this.#settleMarker(planned);
      this.#key = version.key;
      this.#newerNoncurrent = 0;
      this.#successor = undefined;
    }
    this.#marker = undefined;
    if (version.isLatest && version.deleteMarker) {
      this.#marker = version;
    } else if (version.isLatest) {
      this.#plan(version, { newerNoncurrent: 0, alone: false }, planned);
    } else {
      const noncurrentSince = this.#successor ?? version.lastModified;
      this.#plan(version, { noncurrentSince, newerNoncurrent: this.#newerNoncurrent, alone: false }, planned);
      this.#newerNoncurrent++;
    }
    this.#successor = version.lastModified;
    return planned;
  }

  /** After the last version. */
  end(): readonly PlannedAction[] {
    const planned: PlannedAction[] = [];
    this.#settleMarker(planned);
    return planned;
  }

  #settleMarker(planned: PlannedAction[]): void {
    if (this.#marker !== undefined) this.#plan(this.#marker, { newerNoncurrent: 0, alone: true }, planned);
    this.#marker = undefined;
  }

  #plan(version: ObjectVersion, position: VersionPosition, planned: PlannedAction[]): void {
    const plan = planVersion(this.#rules, version, position, this.#now);
    if (plan !== undefined) planned.push({ version, plan });
  }
}
