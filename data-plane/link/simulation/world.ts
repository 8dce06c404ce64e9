/**
 * One data plane's machine, a model control plane and a bad network between them, in virtual time.
 *
 * Whatever a network may do to a stream is done: connections break at any moment, deliveries are late. Beyond that, single `changes` are lost, doubled and
 * swapped, as a control plane with a bug would send them. The disk refuses at times, the process restarts at times, the control plane is replaced, or
 * put back to an earlier state and goes another way from there.
 */
import type { ControlPlaneMessage, DataPlaneMessage } from "#contracts";
import { createVirtualTime, type TimerHandle } from "#foundation/runtime";
import { initialLinkState, step } from "../machine.ts";
import type { CatalogPosition, LinkEffect, LinkEvent, LinkIdentity, LinkState } from "../machine-types.ts";
import type { Chance } from "./chance.ts";
import { ModelControlPlane, type ModelState } from "./model-control-plane.ts";

/** How bad the world is; all off for the calm at the end. */
export interface Trouble {
  readonly disconnect: number;
  readonly loseChanges: number;
  readonly doubleChanges: number;
  readonly swapChanges: number;
  readonly diskFails: number;
}

export const CALM: Trouble = { disconnect: 0, loseChanges: 0, doubleChanges: 0, swapChanges: 0, diskFails: 0 };

/** The step function under test: the real one, or a sabotaged one that the simulation has to catch. */
export type Step = typeof step;

const IDENTITY: LinkIdentity = {
  dataPlaneId: "dp-1" as LinkIdentity["dataPlaneId"],
  name: "simulated",
  version: "0",
  wants: ["bucket"],
};

interface Line {
  readonly number: number;
  readonly queue: ControlPlaneMessage[];
  open: boolean;
  /** Up to where the control plane has sent. */
  sentThrough: number;
  registered: boolean;
}

export class World {
  readonly #chance: Chance;
  readonly #step: Step;
  readonly #time = createVirtualTime(0);
  readonly #timers = new Map<string, TimerHandle>();
  /** By run. */
  readonly #controlPlanes = new Map<string, ModelControlPlane>();
  #control: ModelControlPlane;
  #line: Line | undefined;
  readonly #stale: Line[] = [];
  #generation = 0;
  #state: LinkState;
  #disk: { position: CatalogPosition | undefined; readonly records: Map<string, string> } = {
    position: undefined,
    records: new Map(),
  };
  #nextCorrelation = 1;
  readonly #waiting = new Set<number>();
  trouble: Trouble;
  /** What happened how often, so that a test can require that everything did. */
  readonly seen = {
    replaced: 0,
    applied: 0,
    settled: 0,
    failed: 0,
    refused: 0,
    restarts: 0,
    resets: 0,
    putBack: 0,
    connections: 0,
  };

  constructor(chance: Chance, trouble: Trouble, stepUnderTest: Step = step) {
    this.#chance = chance;
    this.#step = stepUnderTest;
    this.trouble = trouble;
    this.#control = this.#newControlPlane();
    this.#state = initialLinkState(IDENTITY, undefined);
    this.#dispatch({ type: "start" });
  }

  /** Lets one random thing happen, and some time pass. */
  disturb(): void {
    const draw = this.#chance.float();
    if (draw < 0.5) this.#control.append();
    else if (draw < 0.7) this.#execute();
    else if (draw < 0.72) this.#restart();
    else if (draw < 0.74) this.#reset();
    else if (draw < 0.75) this.#putBack();
    else if (draw < 0.77) this.#control.oldestCursor = this.#chance.below(this.#control.head + 1);
    else if (draw < 0.77 + this.trouble.disconnect) this.#break();
    this.#pass(this.#chance.below(400));
  }

  /** Lets the world come to rest without trouble. Longer than the longest backoff, handshake and command timeout together. */
  rest(): void {
    this.trouble = CALM;
    for (let second = 0; second < 60; second++) {
      // A message lost at the very end shows when the next one comes.
      if (second === 0) this.#control.append();
      this.#pass(1000);
    }
  }

  /** @throws when the catalog is not what the control plane says, or a caller was forgotten */
  checkConverged(): void {
    const head = this.#control.head;
    this.#expect(this.#disk.position?.controlPlaneId === this.#control.id, "the catalog is of another control plane");
    this.#expect(
      this.#disk.position?.cursor === head,
      `the catalog stands at ${this.#disk.position?.cursor}, not ${head}`,
    );
    this.#expectState(this.#control.states[head]!);
    this.#expect(this.#waiting.size === 0, `${this.#waiting.size} commands were neither settled nor failed`);
    this.#expect(this.#state.phase === "streaming", `the link rests while ${this.#state.phase}`);
  }

  #newControlPlane(): ModelControlPlane {
    const number = this.#controlPlanes.size;
    const control = new ModelControlPlane(`cp-${number}`, `run-${number}`, this.#chance);
    this.#controlPlanes.set(control.run, control);
    return control;
  }

  #pass(ms: number): void {
    this.#feed();
    this.#time.advance(ms);
    this.#deliver();
    this.#deliverStale();
  }

  /** The control plane sends what is new. */
  #feed(): void {
    const line = this.#line;
    if (line === undefined || !line.open || !line.registered || line.sentThrough >= this.#control.head) return;
    for (const message of this.#control.changesAfter(line.sentThrough as CatalogPosition["cursor"])) {
      if (this.#chance.happens(this.trouble.loseChanges)) continue;
      line.queue.push(message);
      if (this.#chance.happens(this.trouble.doubleChanges)) line.queue.push(message);
      const last = line.queue.length - 1;
      if (this.#chance.happens(this.trouble.swapChanges) && line.queue[last - 1]?.type === "changes") {
        line.queue.push(...line.queue.splice(last - 1, 1));
      }
    }
    line.sentThrough = this.#control.head;
  }

  /** A random part of what is under way arrives. */
  #deliver(): void {
    const line = this.#line;
    if (line === undefined) return;
    const arriving = this.trouble === CALM ? line.queue.length : this.#chance.below(line.queue.length + 1);
    for (const message of line.queue.splice(0, arriving)) {
      this.#dispatch({ type: "message", connection: line.number, message });
    }
  }

  #break(): void {
    const line = this.#line;
    if (line === undefined) return;
    line.open = false;
    this.#line = undefined;
    this.#dispatch({ type: "closed", connection: line.number, reason: "broken" });
    this.#stale.push(line);
  }

  /** What an ended connection still reports, long after, must not matter. */
  #deliverStale(): void {
    for (const line of this.#stale.splice(0, this.#chance.below(2))) {
      for (const message of line.queue) this.#dispatch({ type: "message", connection: line.number, message });
      this.#dispatch({ type: "closed", connection: line.number, reason: "closed again" });
    }
  }

  /** The data plane's process dies and comes back with what is on its disk. */
  #restart(): void {
    this.seen.restarts++;
    this.#generation++;
    for (const timer of this.#timers.values()) timer.cancel();
    this.#timers.clear();
    this.#waiting.clear();
    this.#pendingWrites = [];
    this.#stale.length = 0;
    this.#line = undefined;
    this.#state = initialLinkState(IDENTITY, this.#disk.position);
    this.#dispatch({ type: "start" });
  }

  /** Another control plane takes the first one's place. */
  #reset(): void {
    this.seen.resets++;
    this.#control = this.#newControlPlane();
    for (let events = this.#chance.below(10); events > 0; events--) this.#control.append();
    this.#break();
  }

  /** The control plane's log is put back from a backup, and at once other things happen than those that were lost. */
  #putBack(): void {
    this.seen.putBack++;
    const lost = this.#control;
    const head = this.#chance.below(lost.head + 1);
    const run = `run-${this.#controlPlanes.size}`;
    this.#control = new ModelControlPlane(lost.id, run, this.#chance, { of: lost, head });
    this.#controlPlanes.set(run, this.#control);
    for (let events = this.#chance.below(20); events > 0; events--) this.#control.append();
    this.#break();
  }

  #execute(): void {
    const correlation = this.#nextCorrelation++;
    this.#waiting.add(correlation);
    this.#dispatch({
      type: "execute",
      correlation,
      command: { type: "account.create", name: "x" },
      origin: { actor: "test", requestId: "r" },
    });
  }

  #dispatch(event: LinkEvent): void {
    for (const effect of this.#step(this.#state, event, this.#chance)) this.#carryOut(effect);
  }

  #carryOut(effect: LinkEffect): void {
    switch (effect.type) {
      case "connect":
        this.#connect(effect.connection);
        break;
      case "disconnect":
        if (this.#line?.number === effect.connection) {
          this.#line.open = false;
          this.#line = undefined;
        }
        break;
      case "send":
        this.#receive(effect.message);
        break;
      case "setTimer":
        this.#setTimer(effect.timer, effect.delayMs, { type: "timer", timer: effect.timer });
        break;
      case "clearTimer":
        this.#timers.get(effect.timer)?.cancel();
        break;
      case "setCommandTimeout": {
        const { correlation } = effect;
        this.#setTimer(`command ${correlation}`, effect.delayMs, { type: "commandTimeout", correlation });
        break;
      }
      case "apply":
        this.#later(() => this.#apply(effect));
        break;
      case "replace":
        this.#later(() => this.#replace(effect));
        break;
      case "settle":
      case "fail":
        this.#end(effect);
        break;
      case "heartbeat":
        this.#expect(
          effect.appliedThrough === (this.#disk.position?.cursor ?? 0),
          "a heartbeat reports another cursor than the disk's",
        );
        break;
      case "keepSealingKey":
      case "log":
        break;
    }
  }

  #setTimer(name: string, delayMs: number, event: LinkEvent): void {
    this.#timers.get(name)?.cancel();
    this.#timers.set(
      name,
      this.#time.timers.after(delayMs, () => this.#dispatch(event)),
    );
  }

  #connect(number: number): void {
    this.seen.connections++;
    const line: Line = { number, queue: [], open: true, sentThrough: 0, registered: false };
    this.#line = line;
    const generation = this.#generation;
    this.#time.timers.after(this.#chance.below(50), () => {
      if (generation !== this.#generation) return;
      if (line.open) this.#dispatch({ type: "opened", connection: number });
    });
  }

  #receive(message: DataPlaneMessage): void {
    const line = this.#line;
    if (line === undefined) return;
    if (message.type === "register") {
      line.queue.push(...this.#control.welcome(message));
      line.sentThrough = this.#control.head;
      line.registered = true;
    } else if (message.type === "command") {
      const outcome = this.#control.execute();
      // The answer and the change that it announces race each other.
      if (this.#chance.happens(0.5)) this.#feed();
      line.queue.push({ type: "commandResult", correlation: message.correlation, outcome });
      if (this.#chance.happens(0.1))
        line.queue.push({ type: "commandResult", correlation: message.correlation, outcome });
    }
  }

  #pendingWrites: (() => boolean)[] = [];

  /** Writes to disk in order, after a while. When one fails, those behind it are dropped. */
  #later(write: () => void): void {
    const generation = this.#generation;
    this.#pendingWrites.push(() => {
      if (this.#chance.happens(this.trouble.diskFails)) return false;
      write();
      return true;
    });
    this.#time.timers.after(this.#chance.below(30), () => {
      if (generation !== this.#generation) return;
      const writes = this.#pendingWrites.splice(0);
      for (const run of writes) {
        if (run()) continue;
        this.#dispatch({ type: "applyFailed", reason: "disk full" });
        return;
      }
    });
  }

  #apply({ controlPlaneId, through, run, changes }: Extract<LinkEffect, { readonly type: "apply" }>): void {
    this.seen.applied++;
    this.#expect(
      this.#disk.position?.controlPlaneId === controlPlaneId,
      "changes of one control plane on the catalog of another",
    );
    this.#expect((this.#disk.position?.cursor ?? 0) < through, "changes that go backwards");
    for (const change of changes) {
      if (change.change === "delete") this.#disk.records.delete(change.key);
      else this.#disk.records.set(change.key, JSON.stringify(change.record));
    }
    this.#arrived({ controlPlaneId, cursor: through, run, resumable: true });
  }

  #replace({ controlPlaneId, cursor, run, records }: Extract<LinkEffect, { readonly type: "replace" }>): void {
    this.seen.replaced++;
    this.#disk.records.clear();
    for (const record of records) {
      if (record.kind === "bucket") this.#disk.records.set(record.name, JSON.stringify(record));
    }
    this.#arrived({ controlPlaneId, cursor, run, resumable: true });
  }

  /** The invariant: at every moment the catalog is a state that its control plane really had. */
  #arrived(position: CatalogPosition): void {
    const { controlPlaneId, cursor, run } = position;
    this.#disk.position = position;
    this.#expectState(this.#controlPlanes.get(run!)!.states[cursor]!);
    this.#dispatch({ type: "applied", controlPlaneId, through: cursor, run });
  }

  #end(effect: Extract<LinkEffect, { readonly type: "settle" | "fail" }>): void {
    this.#expect(this.#waiting.delete(effect.correlation), `command ${effect.correlation} ended twice`);
    this.#timers.get(`command ${effect.correlation}`)?.cancel();
    if (effect.type === "fail") this.seen.failed++;
    else if (!effect.outcome.ok) this.seen.refused++;
    else {
      this.seen.settled++;
      this.#expect(
        (this.#disk.position?.cursor ?? 0) >= effect.outcome.eventId,
        "a command settled before the catalog shows it",
      );
    }
  }

  #expectState(state: ModelState): void {
    const have = [...this.#disk.records].sort().join("\n");
    const want = [...state].sort().join("\n");
    this.#expect(have === want, `the catalog is no state of the control plane:\n${have}\ninstead of\n${want}`);
  }

  #expect(condition: boolean, message: string): void {
    if (!condition) throw new Error(message);
  }
}
