/** A control plane as plain as can be: a list of events, and the whole state after each of them. The oracle of the simulation. */
import type {
  AccountId,
  BucketRecord,
  CatalogChange,
  CommandOutcome,
  ControlPlaneId,
  ControlPlaneMessage,
  DataPlaneMessage,
  EventId,
} from "#contracts";
import type { Chance } from "./chance.ts";

/** Bucket name → record as JSON. */
export type ModelState = ReadonlyMap<string, string>;

/** One run over a log. */
export class ModelControlPlane {
  readonly id: ControlPlaneId;
  readonly run: string;
  readonly #chance: Chance;
  /** `states[n]` is the state after event n. */
  readonly states: ModelState[];
  readonly #changes: CatalogChange[];
  /** Run → the last event that it can have told. */
  readonly #ends: Map<string, number>;
  /** Cursors below this are too old to resume from. */
  oldestCursor = 0;

  constructor(
    id: string,
    run: string,
    chance: Chance,
    backup?: { readonly of: ModelControlPlane; readonly head: number },
  ) {
    this.id = id as ControlPlaneId;
    this.run = run;
    this.#chance = chance;
    this.states = backup === undefined ? [new Map()] : backup.of.states.slice(0, backup.head + 1);
    this.#changes = backup === undefined ? [] : backup.of.#changes.slice(0, backup.head);
    this.#ends = new Map();
    const ends = backup === undefined ? [] : backup.of.#ends;
    for (const [before, end] of ends) this.#ends.set(before, Math.min(end, this.head));
    this.#ends.set(run, Number.MAX_SAFE_INTEGER);
  }

  get head(): EventId {
    return this.#changes.length as EventId;
  }

  /** Appends one random event over a small set of names, so that upserts and deletes of the same name follow on each other. */
  append(): EventId {
    const name = `bucket-${this.#chance.below(6)}`;
    const state = new Map(this.states[this.head]);
    if (state.has(name) && this.#chance.happens(0.4)) {
      state.delete(name);
      this.#changes.push({ change: "delete", kind: "bucket", key: name });
    } else {
      const record: BucketRecord = {
        kind: "bucket",
        bucketId: `${this.run}-${this.head + 1}` as BucketRecord["bucketId"],
        name,
        accountId: "000000000001" as AccountId,
        region: "us-east-1" as BucketRecord["region"],
        createdAt: this.head,
        objectLockEnabled: false,
        sections: {},
      };
      state.set(name, JSON.stringify(record));
      this.#changes.push({ change: "upsert", key: name, record });
    }
    this.states.push(state);
    return this.head;
  }

  /** What a data plane that registers is sent first. */
  welcome(register: Extract<DataPlaneMessage, { readonly type: "register" }>): ControlPlaneMessage[] {
    const welcome: ControlPlaneMessage = {
      type: "welcome",
      protocol: 1,
      controlPlaneId: this.id,
      run: this.run,
      head: this.head,
      heartbeatMs: 1000,
      sealingKey: "",
    };
    const { resume } = register;
    const canResume =
      resume !== null &&
      resume.controlPlaneId === this.id &&
      resume.cursor <= (this.#ends.get(resume.run ?? "") ?? -1) &&
      resume.cursor >= this.oldestCursor &&
      resume.cursor <= this.head;
    return canResume ? [welcome, ...this.changesAfter(resume.cursor)] : [welcome, ...this.snapshot()];
  }

  snapshot(): ControlPlaneMessage[] {
    const records = [...this.states[this.head]!.values()].map((text) => JSON.parse(text) as BucketRecord);
    const parts: ControlPlaneMessage[] = [];
    while (records.length > 2) {
      parts.push({ type: "snapshot", cursor: this.head, records: records.splice(0, 2), last: false });
    }
    parts.push({ type: "snapshot", cursor: this.head, records, last: true });
    return parts;
  }

  /** All events after the cursor, in batches of random size. */
  changesAfter(cursor: EventId): ControlPlaneMessage[] {
    const messages: ControlPlaneMessage[] = [];
    for (let after = cursor; after < this.head; ) {
      const through = Math.min(this.head, after + 1 + this.#chance.below(4)) as EventId;
      messages.push({ type: "changes", after, through, changes: this.#changes.slice(after, through) });
      after = through;
    }
    return messages;
  }

  execute(): CommandOutcome {
    if (this.#chance.happens(0.2)) return { ok: false, code: "ValidationFailed", message: "no" };
    return { ok: true, eventId: this.append(), result: {} };
  }
}
