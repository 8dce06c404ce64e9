/**
 * Executes commands one after the other, many per commit.
 *
 * Each command is decided against the working views, which hold the effects of all commands before it, also of those in the same batch. One transaction then
 * writes the events of the whole batch, the view rows, the checkpoints and the idempotency records. Only after it do the committed views, the feed and the
 * callers hear of it.
 */
import type { CommandOrigin, CommandOutcome, CommandType, EventId } from "#contracts";
import {
  type AnyEvent,
  type Appender,
  type CatalogReader,
  type CatalogViews,
  catalogChangesOf,
  type Decision,
  type EventStore,
  EventStoreError,
  knownEvent,
  refuse,
} from "#control-plane/events";
import type { Clock } from "#foundation/runtime";
import { createGroupCommit, EngineError, type GroupCommit, type Outcome } from "#foundation/sql";
import { BatchDraft } from "./batch-draft.ts";
import type { CommandMeter } from "./command-metrics.ts";
import type { DecideAlone } from "./control-plane.ts";
import { createMutex, type Mutex } from "./mutex.ts";
import { type AnswerKeeper, scopeOf } from "./remembered-answers.ts";

/** A command that is ready to be decided. */
export interface ExecutorRequest {
  readonly origin: CommandOrigin;
  /** Digest of the command, see `fingerprintOf`. */
  readonly fingerprint: string;
  readonly decide: (views: CatalogReader) => Decision<CommandType>;
}

export interface ExecutorOptions {
  readonly store: EventStore;
  readonly appender: Appender;
  /** What the next command sees. */
  readonly working: CatalogViews;
  /** What everybody else sees. */
  readonly committed: CatalogViews;
  readonly answers: AnswerKeeper;
  readonly clock: Clock;
  /** Called in order, after the events are on disk and in the committed views, before the commands are answered. */
  readonly onCommitted: (events: readonly AnyEvent[]) => void;
  /** An error that nobody else hears of: a handler threw, or the log failed. */
  readonly onError: (message: string, error: unknown) => void;
  /** Called once when another control plane owns the log. */
  readonly onDeposed?: (error: Error) => void;
  readonly meter?: CommandMeter | undefined;
}

/** What became of a request, and whether it needs the batch to be written. */
interface Prepared {
  readonly outcome: CommandOutcome;
  /** False for an answer that was given before: it holds even when the batch fails. */
  readonly depends: boolean;
}

export class CommandExecutor {
  readonly #options: ExecutorOptions;
  readonly #group: GroupCommit<ExecutorRequest, CommandOutcome>;
  readonly #mutex: Mutex = createMutex();
  /** After a failed commit the store is asked where the log ends before anything else is decided. */
  #mustResume = false;
  #deposed: EventStoreError | undefined;

  constructor(options: ExecutorOptions) {
    this.#options = options;
    this.#group = createGroupCommit<ExecutorRequest, CommandOutcome>({
      commit: (requests) => this.#mutex.run(() => this.#commit(requests)),
      gather: "turn",
    });
  }

  /** Decides and commits. Never rejects: what goes wrong is an outcome with the code `Internal`. */
  async execute(request: ExecutorRequest): Promise<CommandOutcome> {
    const outcome = await this.#execute(request);
    this.#options.meter?.answered(outcome);
    return outcome;
  }

  async #execute(request: ExecutorRequest): Promise<CommandOutcome> {
    try {
      return await this.#group.submit(request);
    } catch (error) {
      if (error instanceof EngineError && error.code !== "Internal") return refuse("Internal", error.message);
      this.#options.onError("a batch of commands failed", error);
      return refuse("Internal", "The control plane failed; see its log");
    }
  }

  /** Runs a step while no command is being decided or committed. */
  exclusive<Result>(step: () => Promise<Result>): Promise<Result> {
    return this.#mutex.run(step);
  }

  /**
   * Decides in a batch of its own: what it reads in the committed views is the truth until its events are in them.
   * @returns the last event; undefined when nothing was decided
   * @throws EventStoreError when the log could not be written
   */
  decideAlone(origin: CommandOrigin, decide: DecideAlone): Promise<EventId | undefined> {
    return this.#mutex.run(async () => {
      if (this.#deposed !== undefined) throw this.#deposed;
      const { appender, working, committed, clock } = this.#options;
      if (this.#mustResume) await this.#resume();
      const now = clock.now();
      const decided = decide(committed, now);
      if (decided.length === 0) return undefined;
      const draft = new BatchDraft(working);
      const { actor, requestId } = origin;
      try {
        const from = { occurredAt: now, actor, requestId, correlationId: requestId, causationId: null };
        for (const event of await appender.number(decided, from)) draft.add(event);
        await this.#write(draft, now);
      } catch (error) {
        this.#failed(error, draft, [], []);
        throw error;
      }
      this.#publish(draft);
      return appender.head;
    });
  }

  /** Decides nothing more: the log has another owner. */
  depose(error: EventStoreError): void {
    if (this.#deposed !== undefined) return;
    this.#deposed = error;
    this.#options.onDeposed?.(error);
  }

  /** Answers what was accepted and refuses the rest. */
  close(): Promise<void> {
    return this.#group.close();
  }

  async #commit(requests: readonly ExecutorRequest[]): Promise<readonly Outcome<CommandOutcome>[]> {
    if (this.#deposed !== undefined) throw this.#deposed;
    const { working, clock } = this.#options;
    if (this.#mustResume) await this.#resume();
    const now = clock.now();
    const draft = new BatchDraft(working);
    const prepared: Prepared[] = [];
    try {
      for (const request of requests) prepared.push(await this.#prepare(request, draft, now));
      if (!draft.empty) await this.#write(draft, now);
    } catch (error) {
      return this.#failed(error, draft, requests, prepared);
    }
    this.#publish(draft);
    return prepared.map(({ outcome }) => ({ ok: true, value: outcome }));
  }

  async #write(draft: BatchDraft, now: number): Promise<void> {
    const { appender, meter } = this.#options;
    const begun = performance.now();
    await appender.commit(draft.toBatch(now));
    meter?.appended({
      events: draft.events.length,
      lastEvent: appender.head,
      milliseconds: performance.now() - begun,
    });
  }

  #publish({ changes, events }: BatchDraft): void {
    for (const change of changes) this.#options.committed.apply(change);
    if (events.length > 0) this.#options.onCommitted(events);
  }

  /** Nothing of the batch stays; only answers that were given before are given again. */
  #failed(
    error: unknown,
    draft: BatchDraft,
    requests: readonly ExecutorRequest[],
    prepared: readonly Prepared[],
  ): readonly Outcome<CommandOutcome>[] {
    this.#mustResume = true;
    draft.undo({ events: 0, changes: 0, documents: 0 });
    this.#options.onError("the event log refused a batch", error);
    this.#options.meter?.appendFailed();
    if (error instanceof EventStoreError && error.code === "Deposed") this.depose(error);
    const refusal = refuse(
      "Internal",
      "The control plane could not write its log; the command may have been carried out or not",
    );
    return requests.map((_, index) => {
      const before = prepared[index];
      return { ok: true, value: before !== undefined && !before.depends ? before.outcome : refusal };
    });
  }

  async #prepare(request: ExecutorRequest, draft: BatchDraft, now: number): Promise<Prepared> {
    const { store, answers } = this.#options;
    const scope = scopeOf(request.origin);
    if (scope === undefined) return { outcome: await this.#decide(request, draft, now), depends: true };
    const inBatch = draft.answers.get(scope);
    if (inBatch !== undefined) {
      this.#options.meter?.repeated();
      const same = inBatch.fingerprint === request.fingerprint;
      return { outcome: same ? inBatch.outcome : keyReused(), depends: true };
    }
    const record = await store.findIdempotency(scope, now);
    if (record !== undefined) {
      this.#options.meter?.repeated();
      const same = record.fingerprint === request.fingerprint;
      return { outcome: same ? answers.answerOf(record) : keyReused(), depends: false };
    }
    const outcome = await this.#decide(request, draft, now);
    // A failure of ours is no answer: the repetition may succeed.
    if (outcome.ok || outcome.code !== "Internal") {
      draft.idempotency.push(answers.record(scope, request.fingerprint, outcome, now));
      draft.answers.set(scope, { fingerprint: request.fingerprint, outcome });
    }
    return { outcome, depends: true };
  }

  async #decide({ decide, origin }: ExecutorRequest, draft: BatchDraft, now: number): Promise<CommandOutcome> {
    const { appender, working } = this.#options;
    const mark = draft.mark();
    let numbered: readonly AnyEvent[] = [];
    try {
      const decision = decide(working);
      if (!decision.ok) return decision;
      const { actor, requestId } = origin;
      const from = { occurredAt: now, actor, requestId, correlationId: requestId, causationId: null };
      numbered = await appender.number(decision.events, from);
      for (const event of numbered) draft.add(event);
      draft.documents.push(...(decision.documents ?? []));
      return { ok: true, eventId: appender.numberedThrough, result: decision.result };
    } catch (error) {
      if (error instanceof EventStoreError) throw error;
      // A defect of one handler must not spoil the commands around it.
      draft.undo(mark);
      appender.unnumber(numbered);
      this.#options.onError("a command could not be decided", error);
      return refuse("Internal", "The control plane failed to decide this command; see its log");
    }
  }

  /** Takes in what the log holds beyond the committed views: a commit that failed here may have succeeded there. */
  async #resume(): Promise<void> {
    const { store, appender, working, committed } = this.#options;
    let cursor: EventId = appender.head;
    await appender.reset();
    while (cursor < appender.head) {
      const known: AnyEvent[] = [];
      for (const event of await store.read(cursor, 1_000)) {
        cursor = event.id;
        const read = knownEvent(event);
        if (read === undefined) continue;
        for (const change of catalogChangesOf(read, (kind, key) => working.record(kind, key))) {
          working.apply(change);
          committed.apply(change);
        }
        known.push(read);
      }
      this.#options.onCommitted(known);
    }
    this.#mustResume = false;
  }
}

function keyReused() {
  return refuse("IdempotencyKeyReused", "The idempotency key was used for another command in the last 24 hours");
}
