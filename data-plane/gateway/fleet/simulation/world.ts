/**
 * One gateway's machine, a model control plane and a bad network between them, in virtual time.
 *
 * Messages of either direction are lost, doubled and swapped, as no socket would do it and a control plane of many instances might; connections break;
 * downloads fail, bring something else, or hang; the gateway refuses some artifacts, for a while or always; the process restarts.
 */
import type { DesiredArtifact, GatewayMessage, MessageToGateway } from "#contracts";
import { createVirtualTime, type Random, type TimerHandle } from "#foundation/runtime";
import { between, chance, pick } from "#foundation/runtime/simulation";
import { BACKOFF_MS_MAX, BACKOFF_MS_MIN, DOWNLOAD_TIMEOUT_MS } from "../fleet-limits.ts";
import { initialFleetState, step } from "../fleet-machine.ts";
import type { FleetEffect, FleetEvent, FleetState, FleetTimer, WantedArtifact } from "../fleet-machine-types.ts";

export type Step = typeof step;

/** Probabilities of one message, download or application. */
export interface Trouble {
  readonly lose: number;
  readonly double: number;
  /** Takes up to ten seconds: later messages overtake it. */
  readonly delay: number;
  readonly refuseConnection: number;
  readonly downloadFails: number;
  readonly downloadIsOther: number;
  readonly downloadHangs: number;
  readonly applyFails: number;
}

const CALM: Trouble = {
  lose: 0,
  double: 0,
  delay: 0,
  refuseConnection: 0,
  downloadFails: 0,
  downloadIsOther: 0,
  downloadHangs: 0,
  applyFails: 0,
};

const DIGESTS = ["a", "b", "c", "d"] as const;
/** What no gateway can use. */
export const UNUSABLE = "unusable";
const MINUTE = 60_000;

export class World {
  readonly seen: Record<string, number> = {};
  readonly #random: Random;
  readonly #step: Step;
  readonly #time = createVirtualTime(0);
  readonly #timers = new Map<FleetTimer, TimerHandle>();
  #trouble: Trouble;
  #state: FleetState = initialFleetState();
  /** Counts processes, so that what was on its way to an earlier one is lost. */
  #life = 0;
  #served: string | null = null;
  /** The connection that is open on both sides. */
  #open: number | undefined;
  #desired: DesiredArtifact | undefined;
  #downloading: { readonly download: number; readonly artifact: WantedArtifact; timer?: TimerHandle } | undefined;
  #held: { readonly digest: string; readonly artifact: WantedArtifact } | undefined;
  /** Greatest generation that was begun to be applied in this process. */
  #appliedGeneration = 0;
  #lastConnectAt: number | undefined;
  readonly #toldServed: (string | null)[] = [];
  readonly #applied: Extract<GatewayMessage, { readonly type: "artifact_applied" }>[] = [];

  constructor(random: Random, trouble: Trouble, stepUnderTest: Step = step) {
    this.#random = random;
    this.#trouble = trouble;
    this.#step = stepUnderTest;
    this.#dispatch({ type: "start" });
  }

  /** One thing that happens from outside, and some time. */
  disturb(): void {
    const happening = pick(this.#random, ["deploy", "deploy", "break", "restart", "nothing", "nothing"] as const);
    this.#note(happening);
    if (happening === "deploy") this.#deploy(chance(this.#random, 0.1) ? UNUSABLE : pick(this.#random, DIGESTS));
    else if (happening === "break") this.#break();
    else if (happening === "restart") this.#restart();
    this.#time.advance(between(this.#random, 0, chance(this.#random, 0.3) ? 40 * MINUTE : MINUTE));
  }

  /**
   * No more trouble, and perhaps one last word, of which the gateway may not be notified; then longer than the machine waits at most: for what was refused
   * (20 minutes), a connection, a heartbeat and a download.
   */
  rest(): void {
    this.#trouble = CALM;
    const isUsable = this.#desired !== undefined && this.#desired.digest !== UNUSABLE;
    if (!isUsable || chance(this.#random, 0.5)) this.#deploy(pick(this.#random, DIGESTS), chance(this.#random, 0.5));
    this.#time.advance(30 * MINUTE);
  }

  checkConverged(): void {
    const { digest, generation } = this.#desired!;
    if (this.#state.phase !== "registered") throw new Error(`not registered but ${this.#state.phase}`);
    if (this.#served !== digest) throw new Error(`${this.#served} is served, generation ${generation} is ${digest}`);
    if (this.#toldServed.at(-1) !== digest) throw new Error(`the last heartbeat told ${this.#toldServed.at(-1)}`);
    const last = this.#applied.at(-1);
    if (last?.generation !== generation || !last.success) throw new Error(`last told: ${JSON.stringify(last)}`);
    if (this.#state.work !== undefined || this.#downloading !== undefined)
      throw new Error("something is going on still");
  }

  #dispatch(event: FleetEvent): void {
    const around = {
      float: () => this.#random.float(),
      now: () => this.#time.clock.now(),
      served: () => this.#served,
    };
    for (const effect of this.#step(this.#state, event, around)) this.#carryOut(effect);
  }

  /** Later, unless the process is another by then. */
  #later(ms: number, run: () => void): TimerHandle {
    const life = this.#life;
    return this.#time.timers.after(ms, () => void (life === this.#life && run()));
  }

  #carryOut(effect: FleetEffect): void {
    switch (effect.type) {
      case "connect":
        this.#connect(effect.connection);
        return;
      case "disconnect":
        this.#open = undefined;
        return;
      case "register":
        this.#toControlPlane("register");
        return;
      case "heartbeat":
        this.#toControlPlane("heartbeat", this.#served);
        if (effect.lastRefusal !== undefined) this.#note("refusal told");
        return;
      case "reportApplied": {
        const { generation, error } = effect;
        this.#applied.push({ type: "artifact_applied", generation, success: error === undefined });
        return;
      }
      case "setTimer": {
        if (effect.timer === "retry" && (effect.delayMs < BACKOFF_MS_MIN || effect.delayMs > BACKOFF_MS_MAX))
          throw new Error(`the next connection after ${effect.delayMs} ms`);
        this.#timers.get(effect.timer)?.cancel();
        this.#timers.set(
          effect.timer,
          this.#later(effect.delayMs, () => this.#dispatch({ type: "timer", timer: effect.timer })),
        );
        return;
      }
      case "clearTimer":
        this.#timers.get(effect.timer)?.cancel();
        return;
      case "download":
        this.#download(effect.download, effect.artifact);
        return;
      case "cancelDownload":
        this.#note("cancel");
        if (this.#downloading?.download !== effect.download) throw new Error("nothing is there to be cancelled");
        this.#downloading.timer?.cancel();
        // Ending takes a moment, as it does for sockets.
        this.#downloading.timer = this.#later(between(this.#random, 0, 500), () =>
          this.#endDownload("download", "cancelled"),
        );
        return;
      case "apply":
        this.#apply(effect.download);
        return;
      case "drop":
        this.#held = undefined;
        return;
      case "log":
        return;
    }
  }

  #connect(connection: number): void {
    if (this.#open !== undefined) throw new Error("two connections at once");
    const now = this.#time.clock.now();
    if (this.#lastConnectAt !== undefined && now - this.#lastConnectAt < BACKOFF_MS_MIN)
      throw new Error("connections follow on each other too soon");
    this.#lastConnectAt = now;
    const fails = chance(this.#random, this.#trouble.refuseConnection);
    if (fails) this.#note("refused connection");
    this.#later(between(this.#random, 0, 2_000), () => {
      if (fails) this.#dispatch({ type: "closed", connection, reason: "refused" });
      else if (connection === this.#state.connection && this.#state.phase === "connecting") {
        this.#open = connection;
        this.#dispatch({ type: "opened", connection });
      }
    });
  }

  #toControlPlane(type: "register" | "heartbeat", served: string | null = null): void {
    const connection = this.#open;
    if (connection === undefined) throw new Error(`${type} without a connection`);
    this.#carry(() => {
      if (type === "register") {
        this.#toGateway(connection, { type: "registered", data_plane_id: "dp", heartbeat_interval_secs: 30 });
        return;
      }
      this.#toldServed.push(served);
      const desired = this.#desired;
      this.#toGateway(connection, { type: "heartbeat_ack", ...(desired === undefined ? {} : { desired }) });
    });
  }

  #toGateway(connection: number, message: MessageToGateway): void {
    // Messages of connections that have ended arrive too: the machine tells them apart.
    this.#carry(() => this.#dispatch({ type: "message", connection, message }));
  }

  /** Through the network. */
  #carry(deliver: () => void): void {
    const { lose, double, delay } = this.#trouble;
    if (chance(this.#random, lose)) {
      this.#note("lost");
      return;
    }
    const copies = chance(this.#random, double) ? 2 : 1;
    if (copies === 2) this.#note("doubled");
    for (let copy = 0; copy < copies; copy++) {
      const isLate = chance(this.#random, delay);
      if (isLate) this.#note("late");
      this.#later(between(this.#random, 1, isLate ? 10_000 : 50), deliver);
    }
  }

  #deploy(digest: string, isNotified = true): void {
    const generation = (this.#desired?.generation ?? 0) + 1;
    this.#desired = { artifact_id: `id-${generation}`, digest, generation };
    if (this.#open !== undefined && isNotified)
      this.#toGateway(this.#open, { type: "artifact_available", ...this.#desired, download_path: "/x" });
  }

  #break(): void {
    const connection = this.#open;
    this.#open = undefined;
    if (connection !== undefined) this.#dispatch({ type: "closed", connection, reason: "broken" });
  }

  /** What was served is served from the disk. */
  #restart(): void {
    this.#life++;
    this.#timers.clear();
    this.#open = undefined;
    this.#downloading = undefined;
    this.#held = undefined;
    this.#appliedGeneration = 0;
    this.#lastConnectAt = undefined;
    this.#state = initialFleetState();
    this.#dispatch({ type: "start" });
  }

  #download(download: number, artifact: WantedArtifact): void {
    if (this.#downloading !== undefined || this.#held !== undefined) throw new Error("more than one download");
    if (artifact.generation < this.#appliedGeneration) throw new Error("an older generation is fetched");
    this.#downloading = { download, artifact };
    const { downloadFails, downloadIsOther, downloadHangs } = this.#trouble;
    if (chance(this.#random, downloadHangs)) {
      this.#note("download hangs");
      const gaveUp = () => this.#endDownload("download", "it took too long");
      this.#downloading.timer = this.#later(DOWNLOAD_TIMEOUT_MS, gaveUp);
      return;
    }
    const arrives = between(this.#random, 10, 5_000);
    if (chance(this.#random, downloadFails)) {
      this.#note("download failed");
      const stage = chance(this.#random, 0.2) ? "verify" : "download";
      this.#downloading.timer = this.#later(arrives, () => this.#endDownload(stage, "failed"));
      return;
    }
    const isOther = chance(this.#random, downloadIsOther);
    if (isOther) this.#note("another digest");
    const digest = isOther ? "other" : artifact.digest;
    this.#downloading.timer = this.#later(arrives, () => {
      this.#downloading = undefined;
      this.#held = { digest, artifact };
      this.#dispatch({ type: "downloaded", download, digest });
    });
  }

  #endDownload(stage: "download" | "verify", reason: string): void {
    const { download } = this.#downloading!;
    this.#downloading = undefined;
    this.#dispatch({ type: "downloadFailed", download, stage, reason });
  }

  #apply(download: number): void {
    const { digest, artifact } = this.#held!;
    if (digest !== artifact.digest) throw new Error("an artifact with another digest is applied");
    if (artifact.generation < this.#appliedGeneration) throw new Error("an older generation is applied");
    this.#appliedGeneration = artifact.generation;
    const fails = digest === UNUSABLE || chance(this.#random, this.#trouble.applyFails);
    this.#later(between(this.#random, 0, 3_000), () => {
      this.#held = undefined;
      if (fails) {
        this.#note("apply failed");
        this.#dispatch({ type: "applyFailed", download, reason: "unusable" });
        return;
      }
      this.#note("applied");
      this.#served = digest;
      this.#dispatch({ type: "applied", download });
    });
  }

  #note(name: string): void {
    this.seen[name] = (this.seen[name] ?? 0) + 1;
  }
}
