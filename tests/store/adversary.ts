/**
 * An adversary that knows the store: it watches the calls of recoveries and of commits, and strikes a machine in the middle of one. What strikes by chance
 * alone seldom hits the moments that matter.
 */
import { type Random, randomBelow } from "#foundation/runtime";
import type { World } from "#foundation/runtime/simulation";
import type { Place } from "./invariants/index.ts";

/** How often a call provokes a strike, in thousandths. */
const MOMENTS: Readonly<Record<string, number>> = {
  lock: 100,
  createWorker: 30,
  recoverFrom: 100,
  startComponent: 30,
  activate: 100,
  unlock: 80,
  writeLayout: 150,
  finalize: 50,
  fill: 200,
  removeWorker: 50,
  nextCommitVersion: 20,
  push: 20,
  reportCommitted: 40,
};
const DURATION_MS_MAX = 3_000;
/** And then it rests for up to so long. */
const REST_MS_MAX = 600;
/** A strike comes up to so long after its call: while it is answered, or when the next step has begun. */
const DELAY_MS_MAX = 40;
/** In so many of eight runs it lets the cluster come up first. */
const LETS_BEGIN = 7;
/** What an fsync takes on a disk that it makes slow. */
const SLOW_SYNC = { minMs: 20, meanExtraMs: 150, tailProbability: 0.1, tailMs: 1_000 };

export class Adversary {
  private busy = false;
  private calm = false;
  private readonly waits: boolean;

  /** @param hasBegun whether the cluster has come up once */
  constructor(
    private readonly world: World,
    private readonly machines: readonly string[],
    private readonly random: Random,
    private readonly hasBegun: () => boolean,
  ) {
    this.waits = randomBelow(random, 8) < LETS_BEGIN;
  }

  /** Strikes no more. What is struck is for `World.calm` to heal. */
  stop(): void {
    this.calm = true;
  }

  onCall(method: string, { machine }: Place): void {
    const thousandths = MOMENTS[method];
    if (thousandths === undefined || this.busy || this.calm || (this.waits && !this.hasBegun())) return;
    if (randomBelow(this.random, 1_000) >= thousandths) return;
    this.busy = true;
    const victim =
      randomBelow(this.random, 3) === 0 ? this.machines[randomBelow(this.random, this.machines.length)]! : machine;
    void this.strike(victim);
  }

  private async strike(victim: string): Promise<void> {
    await this.world.sleep(this.random.float() ** 2 * DELAY_MS_MAX);
    const undo = this.calm ? undefined : this.begin(victim);
    await this.world.sleep(this.random.float() ** 2 * DURATION_MS_MAX);
    if (!this.calm) undo?.();
    await this.world.sleep(this.random.float() * REST_MS_MAX);
    this.busy = false;
  }

  private begin(victim: string): () => void {
    const machine = this.world.machine(victim);
    const { network, faults } = this.world;
    switch (randomBelow(this.random, 6)) {
      case 0:
        faults.add("adversary.power-loss");
        machine.kill("power");
        return () => machine.start();
      case 1:
        faults.add("adversary.process-kill");
        machine.kill("process");
        return () => machine.start();
      case 2:
        faults.add("adversary.pause");
        machine.pause();
        return () => machine.resume();
      case 3: {
        faults.add("adversary.slow-disk");
        const { conditions } = machine.disk;
        machine.disk.conditions = { ...conditions, syncLatency: SLOW_SYNC };
        return () => {
          machine.disk.conditions = conditions;
        };
      }
      default: {
        // Clients reach it all the same: an old generation must not deceive them.
        faults.add("adversary.partition");
        const others = this.machines.filter((name) => name !== victim);
        for (const other of others) {
          network.block(victim, other);
          network.block(other, victim);
        }
        return () => {
          for (const other of others) {
            network.unblock(victim, other);
            network.unblock(other, victim);
          }
        };
      }
    }
  }
}
