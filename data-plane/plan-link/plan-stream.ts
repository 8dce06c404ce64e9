/**
 * The stream of plans, for agents and edges alike: connects, registers, comes back after every loss, keeps the last plan on disk, says where it stands.
 *
 * A plan with a smaller cursor than the last one is stale and ignored, unless the control plane that sends it stays: then its log was put back to an older state, and what it
 * says is the truth. (One that was deposed by another stops within a second.)
 */
import { CHANGE_STREAM_PROTOCOL, type ControlPlaneId, type EventId, type PlanTransport } from "#contracts";
import {
  backoffMs,
  HANDSHAKE_TIMEOUT_MS,
  HEARTBEAT_MS_DEFAULT,
  HEARTBEAT_MS_MAX,
  HEARTBEAT_MS_MIN,
} from "#data-plane/link";
import type { Random, TimerHandle, Timers } from "#foundation/runtime";
import type { Logger } from "#foundation/telemetry";
import { keepPlan, readPlan } from "./plan-file.ts";

/** Failures that a refusal counts for: asking again soon changes nothing. */
const FAILURES_OF_A_REFUSAL = 10;

/** A control plane that still says so after this long has a log that was put back. */
const OLDER_PLAN_AFTER_MS = 5_000;

/** What every message to a data plane of this kind may be. */
export type PlanMessage =
  | {
      readonly type: "welcome";
      readonly protocol: number;
      readonly controlPlaneId: ControlPlaneId;
      readonly head: EventId;
      readonly heartbeatMs: number;
    }
  | { readonly type: "refused"; readonly code: string; readonly message: string };

export interface PlanStreamOptions<Up, Down, Plan extends { readonly cursor: EventId }> {
  /** Where the last plan is kept. */
  readonly path: string;
  readonly transport: PlanTransport<Up, Down | PlanMessage>;
  readonly timers: Timers;
  readonly random: Random;
  readonly logger: Logger;
  register(cursor: EventId): Up;
  heartbeat(applied: EventId): Up;
  /** The plan, or a part of it, that a message carries; undefined for other messages. */
  planIn(message: Down): { readonly part: Plan; readonly last: boolean } | undefined;
  join(parts: readonly Plan[]): Plan;
  /** Whether the plan is for this data plane at all. */
  accepts?(plan: Plan): boolean;
  /** Everything else, in order. */
  onMessage?(message: Down): void;
  /** A connection is open and registered, or has ended. */
  onConnected?(connected: boolean): void;
}

export class PlanStream<Up, Down extends { readonly type: string }, Plan extends { readonly cursor: EventId }> {
  readonly #options: PlanStreamOptions<Up, Down, Plan>;
  readonly #listeners: ((plan: Plan) => void)[] = [];
  #plan: Plan | undefined;
  #planOf: ControlPlaneId | undefined;
  #applied = 0 as EventId;
  /** Counts connections, so that what an old one still says is ignored. */
  #number = 0;
  #connection: { send(message: Up): void; close(): void } | undefined;
  #attempt: { cancel(): void } | undefined;
  #registered = false;
  #peer: ControlPlaneId | undefined;
  #parts: Plan[] = [];
  #failures = 0;
  #lastFailure: string | undefined;
  #heartbeatMs = HEARTBEAT_MS_DEFAULT;
  #closed = false;
  #retry: TimerHandle | undefined;
  #handshake: TimerHandle | undefined;
  #beat: TimerHandle | undefined;
  #older: TimerHandle | undefined;
  #soon = false;

  constructor(options: PlanStreamOptions<Up, Down, Plan>) {
    this.#options = options;
    const kept = readPlan<Plan>(options.path);
    if (kept === "damaged") options.logger.error("the plan on disk is damaged and not used", { path: options.path });
    else if (kept !== undefined) {
      this.#plan = kept.plan;
      this.#planOf = kept.controlPlaneId;
    }
    this.#connect();
  }

  get plan(): Plan | undefined {
    return this.#plan;
  }

  get connected(): boolean {
    return this.#registered;
  }

  get lastFailure(): string | undefined {
    return this.#lastFailure;
  }

  onPlan(listener: (plan: Plan) => void): void {
    this.#listeners.push(listener);
  }

  /** What stands is what the plan of this cursor says. The control plane hears of it at once. */
  applied(cursor: EventId): void {
    this.#applied = cursor;
    this.beatSoon();
  }

  /** Something that heartbeats tell has changed. Many changes of one turn make one heartbeat. */
  beatSoon(): void {
    if (this.#soon || !this.#registered) return;
    this.#soon = true;
    queueMicrotask(() => {
      this.#soon = false;
      if (this.#registered) this.#sendBeat();
    });
  }

  /** Sends a message; false while no stream is open. */
  send(message: Up): boolean {
    if (!this.#registered) return false;
    this.#connection?.send(message);
    return true;
  }

  close(): void {
    if (this.#closed) return;
    this.#closed = true;
    this.#end();
    this.#retry?.cancel();
  }

  #connect(): void {
    if (this.#closed) return;
    const number = ++this.#number;
    const mine = () => number === this.#number && !this.#closed;
    this.#handshake = this.#options.timers.after(HANDSHAKE_TIMEOUT_MS, () => {
      if (mine() && !this.#registered) this.#lost("no welcome came in time");
    });
    this.#attempt = this.#options.transport.connect({
      onOpen: (connection) => {
        if (!mine()) return connection.close();
        this.#connection = connection;
        connection.send(this.#options.register(this.#plan?.cursor ?? (0 as EventId)));
      },
      onMessage: (message) => {
        if (mine()) this.#receive(message);
      },
      onClose: (reason) => {
        if (mine()) this.#lost(reason);
      },
    });
  }

  #receive(message: Down | PlanMessage): void {
    if (isRefusal(message)) {
      this.#failures = Math.max(this.#failures, FAILURES_OF_A_REFUSAL);
      this.#lost(`refused: ${message.code}: ${message.message}`);
    } else if (isWelcome(message)) this.#welcome(message);
    else if (!this.#registered) this.#lost(`${message.type} before the welcome`);
    else {
      const carried = this.#options.planIn(message as Down);
      if (carried === undefined) this.#options.onMessage?.(message as Down);
      else this.#take(carried);
    }
  }

  #welcome(message: Extract<PlanMessage, { readonly type: "welcome" }>): void {
    if (this.#registered) return;
    if (message.protocol !== CHANGE_STREAM_PROTOCOL) {
      this.#lost(`the control plane speaks protocol ${message.protocol}`);
      return;
    }
    this.#handshake?.cancel();
    this.#registered = true;
    this.#peer = message.controlPlaneId;
    this.#parts = [];
    this.#failures = 0;
    this.#lastFailure = undefined;
    this.#heartbeatMs = Math.min(Math.max(message.heartbeatMs, HEARTBEAT_MS_MIN), HEARTBEAT_MS_MAX);
    this.#options.logger.info("the stream of plans is open");
    this.#sendBeat();
    this.#options.onConnected?.(true);
  }

  #sendBeat(): void {
    this.#connection?.send(this.#options.heartbeat(this.#applied));
    this.#beat?.cancel();
    this.#beat = this.#options.timers.after(this.#heartbeatMs, () => this.#sendBeat());
  }

  #take({ part, last }: { readonly part: Plan; readonly last: boolean }): void {
    if (this.#parts.length > 0 && this.#parts[0]!.cursor !== part.cursor) this.#parts = [];
    this.#parts.push(part);
    if (!last) return;
    const plan = this.#options.join(this.#parts);
    this.#parts = [];
    if (this.#options.accepts?.(plan) === false) {
      this.#lost("the plan is for somebody else");
      return;
    }
    this.#older?.cancel();
    this.#older = undefined;
    const known = this.#planOf === this.#peer ? this.#plan : undefined;
    if (known === undefined || plan.cursor >= known.cursor) {
      this.#adopt(plan);
      return;
    }
    this.#options.logger.warn("an older plan than the one on disk is held back", {
      cursor: plan.cursor,
      onDisk: known.cursor,
    });
    this.#older = this.#options.timers.after(OLDER_PLAN_AFTER_MS, () => this.#adopt(plan));
  }

  #adopt(plan: Plan): void {
    const { path, logger } = this.#options;
    try {
      keepPlan(path, { controlPlaneId: this.#peer!, plan });
    } catch (error) {
      // Carrying it out would be forgotten at the next start: the disk has to be seen to first.
      logger.error("the plan could not be written", { path, error });
      this.#lost("the plan could not be written");
      return;
    }
    this.#plan = plan;
    this.#planOf = this.#peer;
    for (const listener of this.#listeners) listener(plan);
  }

  #lost(reason: string): void {
    const isNews = this.#registered || this.#lastFailure !== reason;
    this.#lastFailure = reason;
    this.#end();
    if (isNews) this.#options.logger.warn("no stream of plans; trying again", { reason });
    const delay = backoffMs(this.#failures++, this.#options.random.float());
    this.#retry = this.#options.timers.after(delay, () => this.#connect());
  }

  /** Ends the connection, whatever state it is in; what it still says is not heard. */
  #end(): void {
    const wasRegistered = this.#registered;
    this.#number++;
    this.#registered = false;
    for (const timer of [this.#handshake, this.#beat, this.#older]) timer?.cancel();
    this.#older = undefined;
    this.#connection?.close();
    this.#attempt?.cancel();
    this.#connection = undefined;
    this.#attempt = undefined;
    if (wasRegistered) this.#options.onConnected?.(false);
  }
}

function isWelcome(message: { readonly type: string }): message is Extract<PlanMessage, { readonly type: "welcome" }> {
  return message.type === "welcome";
}

function isRefusal(message: { readonly type: string }): message is Extract<PlanMessage, { readonly type: "refused" }> {
  return message.type === "refused";
}
