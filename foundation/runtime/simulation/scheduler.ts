/**
 * The step loop: virtual time, and the seeded choice among what is ready.
 *
 * One step takes the earliest event, moves time to it, runs its callback and drains the microtasks that it caused, all synchronously: promise
 * based shells make progress inside the step, at about a tenth of a microsecond per continuation, and callback based cores pay next to
 * nothing. Events due at the same moment run in an order drawn from the seed, except that the timers of one machine keep theirs.
 */

import { drainMicrotasks } from "bun:jsc";
import type { Random } from "../ports/random.ts";
import { EventHeap, type HeapEntry } from "../virtual/event-heap.ts";
import type { LabelId, Trace } from "./trace.ts";

/** A named task of a program: what reports name when it does not end. */
export interface SimulatedTask {
  readonly name: string;
  /** The operation that the task asked for last and has not got; undefined while it waits for nothing of the runtime. */
  waitsFor: LabelId | undefined;
  /** The path or address of that operation. */
  waitsOn: string;
}

/** Who an event belongs to: one life of a machine. Events of the dead are dropped, those of the paused wait. */
export interface EventOwner {
  readonly name: string;
  alive: boolean;
  paused: boolean;
  /** What came while paused, in order. */
  readonly deferred: SimulatedEvent[];
}

/** Something that will happen. */
export interface SimulatedEvent extends HeapEntry {
  due: number;
  tie: number;
  sequence: number;
  /** Whether the event is in the heap, rather than deferred or over. */
  queued: boolean;
  readonly label: LabelId;
  readonly owner: EventOwner | undefined;
  readonly task: SimulatedTask | undefined;
}

/** Why the loop stopped. */
export type LoopEnd = "stopped" | "idle" | "time" | "steps";

/** When the loop stops. */
export interface LoopLimits {
  /** Asked after every step. */
  readonly stop: () => boolean;
  /** Virtual microseconds since the start; events due later stay. */
  readonly untilUs: number;
  readonly stepsMax: number;
}

/** Hears of what a callback throws. */
export type FailureHandler = (error: unknown, owner: EventOwner | undefined, task: SimulatedTask | undefined) => void;

/** The owner of virtual time. Times are whole microseconds since the start of the simulation. */
export class Scheduler {
  nowUs = 0;
  steps = 0;
  /** The task on whose behalf the current step runs. */
  currentTask: SimulatedTask | undefined;
  private readonly heap = new EventHeap<SimulatedEvent>();
  private readonly trace: Trace;
  private readonly ties: Random;
  private readonly onFailure: FailureHandler;
  private sequence = 0;

  constructor(trace: Trace, ties: Random, onFailure: FailureHandler) {
    this.trace = trace;
    this.ties = ties;
    this.onFailure = onFailure;
  }

  /** Schedules `run`; its place among what is due at the same microsecond is drawn. */
  schedule(dueUs: number, label: LabelId, owner: EventOwner | undefined, run: () => void): SimulatedEvent {
    return this.scheduleInOrder(dueUs, this.ties.uint32(), label, owner, run);
  }

  /** Schedules `run`; among what is due at the same microsecond lower ties go first, and equal ties in order of the calls. */
  scheduleInOrder(
    dueUs: number,
    tie: number,
    label: LabelId,
    owner: EventOwner | undefined,
    run: () => void,
  ): SimulatedEvent {
    const due = Math.max(this.nowUs, Math.ceil(dueUs));
    const sequence = this.sequence++;
    const event: SimulatedEvent = { due, tie, sequence, run, queued: true, label, owner, task: this.currentTask };
    this.heap.push(event);
    return event;
  }

  /**
   * Runs `run` on behalf of an owner within the current step: at once when it is alive, on resumption when it is paused, never when dead.
   * For what the world does to a program: a message arrives, a connection stands.
   */
  runOwned(owner: EventOwner, label: LabelId, task: SimulatedTask | undefined, run: () => void): void {
    if (!owner.alive) return;
    if (owner.paused) {
      const { nowUs: due, sequence } = this;
      this.sequence++;
      owner.deferred.push({ due, tie: 0, sequence, run, queued: false, label, owner, task });
      return;
    }
    const before = this.currentTask;
    this.currentTask = task;
    try {
      run();
    } catch (error) {
      this.onFailure(error, owner, task);
    }
    this.currentTask = before;
  }

  cancel(event: SimulatedEvent): void {
    if (event.queued) this.heap.cancel(event);
    else event.run = undefined;
  }

  /** Gives a resumed owner what it missed, at this moment and in the order it was due. */
  releaseDeferred(owner: EventOwner): void {
    for (const event of owner.deferred.splice(0)) {
      if (event.run === undefined) continue;
      event.due = this.nowUs;
      event.tie = 0;
      event.sequence = this.sequence++;
      event.queued = true;
      this.heap.push(event);
    }
  }

  /** How many events wait. */
  get pending(): number {
    return this.heap.size;
  }

  /** The waiting events, for reports. */
  waiting(): Iterable<SimulatedEvent> {
    return this.heap.waiting();
  }

  /** Steps until a limit is met or nothing is left to happen. */
  run(limits: LoopLimits): LoopEnd {
    // What the caller has pending in microtasks belongs before the first step, not into it.
    drainMicrotasks();
    while (!limits.stop()) {
      const next = this.heap.peek();
      if (next === undefined) return "idle";
      if (next.due > limits.untilUs) {
        this.moveTo(limits.untilUs);
        return "time";
      }
      if (this.steps >= limits.stepsMax) return "steps";
      this.heap.pop();
      this.step(next);
    }
    return "stopped";
  }

  private moveTo(timeUs: number): void {
    this.nowUs = Math.max(this.nowUs, timeUs);
    this.trace.nowUs = this.nowUs;
  }

  private step(event: SimulatedEvent): void {
    this.moveTo(event.due);
    event.queued = false;
    const owner = event.owner;
    if (owner !== undefined) {
      if (!owner.alive) return;
      if (owner.paused) {
        owner.deferred.push(event);
        return;
      }
    }
    this.steps++;
    const run = event.run!;
    event.run = undefined;
    const task = event.task;
    this.currentTask = task;
    if (task !== undefined) task.waitsFor = undefined;
    try {
      this.trace.fold(event.label, event.tie);
      run();
      drainMicrotasks();
    } catch (error) {
      this.onFailure(error, owner, event.task);
      drainMicrotasks();
    }
    this.currentTask = undefined;
  }
}
