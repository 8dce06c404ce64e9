/**
 * A group of five machines of which three begin, in a world that breaks, with clients, changes of the membership and transfers of leadership.
 */

import { DiskError, NetworkError, type Runtime } from "#foundation/runtime";
import {
  chance,
  type LifeInfo,
  pick,
  planOf,
  type SimulationOptions,
  SURVIVABLE_SWIZZLES,
  type World,
} from "#foundation/runtime/simulation";
import type { ConfigChange, MemberChange, NodeId, RaftMember } from "../index.ts";
import { Journal } from "./journal.ts";
import { BrokenPromise, Judge } from "./judge.ts";

/** The room under test: the real one, or a copy with a planted mistake. */
export type RaftRoom = Pick<typeof import("../index.ts"), "openMember" | "membershipOf" | "NO_MEMBERS">;

/** How hard a run is. */
export interface GroupOptions {
  readonly room: RaftRoom;
  readonly seed: number;
  /** How long faults last, in virtual milliseconds. */
  readonly faultyMs: number;
  /** Counted over all runs. */
  readonly tally?: GroupTally;
}

/** What runs have amounted to. */
export interface GroupTally {
  elections: number;
  entries: number;
  writes: number;
  reads: number;
  refused: number;
  unknown: number;
  changes: number;
}

export function newTally(): GroupTally {
  return { elections: 0, entries: 0, writes: 0, reads: 0, refused: 0, unknown: 0, changes: 0 };
}

const NODES: readonly NodeId[] = [1, 2, 3, 4, 5];
const FIRST_VOTERS: readonly NodeId[] = [1, 2, 3];
const PORT = 7;
const CLIENTS = 3;

interface Seat {
  member: RaftMember<number>;
  journal: Journal;
}

/** A simulation for `simulate` or `runSeeds`. */
export function groupSimulation(options: GroupOptions): SimulationOptions {
  const group = new Group(options);
  const machine = (node: NodeId) => ({
    program: (runtime: Runtime, life: LifeInfo) => group.run(node, runtime, life),
    // A full or failing disk ends the program, as it should; a broken promise ends the run.
    onFailure: (error: unknown) =>
      (error instanceof DiskError || error instanceof NetworkError ? "restart" : "fail") as "restart" | "fail",
  });
  return {
    seed: options.seed,
    machines: Object.fromEntries(NODES.map((node) => [nameOf(node), machine(node)])),
    faults: (random) => {
      const often = ["power-losses", "partitions", "slow-disk", "reordering-network"];
      const swizzles = SURVIVABLE_SWIZZLES.filter((name) => chance(random, often.includes(name) ? 0.7 : 0.4));
      // Strikes come thick and fast, about as often as elections can be held.
      const scale = isStormy(options.seed) ? 0.25 : 1;
      return {
        ...planOf(swizzles, random),
        strikeIntervalMs: 600 * scale,
        strikeDurationMs: 900 * scale,
        struckMax: 3,
      };
    },
    scenario: (world) => group.play(world),
    virtualMsMax: options.faultyMs + 60_000,
  };
}

/** Half of the runs: elections after a tenth of a second, and machines that lose power just when they write. */
function isStormy(seed: number): boolean {
  return seed % 2 === 1;
}

function nameOf(node: NodeId): string {
  return `m${node}`;
}

class Group {
  private readonly options: GroupOptions;
  private readonly judge = new Judge();
  private readonly seats = new Map<NodeId, Seat>();
  private readonly tally: GroupTally;
  private readonly stormy: boolean;
  private world: World | undefined;
  private calm = false;
  private over = false;
  private commands = 0;

  constructor(options: GroupOptions) {
    this.options = options;
    this.tally = options.tally ?? newTally();
    this.stormy = isStormy(options.seed);
  }

  /** The program of a machine. */
  async run(node: NodeId, runtime: Runtime, { machine }: LifeInfo): Promise<void> {
    this.seats.delete(node);
    const { judge } = this;
    const { room } = this.options;
    if (!(await runtime.disk.exists("/raft"))) await runtime.disk.makeDirectory("/raft");
    await runtime.disk.syncDirectory("/");
    const journal = new Journal();
    const member = await room.openMember(runtime, {
      id: node,
      directory: "/raft",
      listen: { host: machine, port: PORT },
      addressOf: (other) => ({ host: nameOf(other), port: PORT }),
      machine: journal,
      firstMembership: FIRST_VOTERS.includes(node) ? room.membershipOf(FIRST_VOTERS) : room.NO_MEMBERS,
      tickMs: this.stormy ? 10 : 50,
      snapshotEvery: 20,
      keepEntries: 5,
      pieceBytes: 64,
      core: { messageBytesMax: 200, flights: { messagesMax: 4, bytesMax: 2000 } },
      onFailure: (error) => runtime.spawn("failed", () => Promise.reject(error)),
      observer: {
        onStep: (core) => judge.onStep(core),
        onEffects: (core, effects) => {
          judge.onEffects(core, effects);
          if (effects.mustSync) this.strikeWriter(machine);
        },
        onApplied: (core, entry) => judge.onApplied(core, entry),
      },
    });
    this.seats.set(node, { member, journal });
  }

  /** Power goes where it hurts most: between what is sent and what is durable. */
  private strikeWriter(name: string): void {
    const { world } = this;
    if (world === undefined || this.calm || !this.stormy || !chance(world.random, 0.02)) return;
    if (world.machines.filter(({ alive }) => alive).length <= 3) return;
    const strike = async (): Promise<void> => {
      await world.sleep(world.random.float() * 4);
      if (this.calm) return;
      world.machine(name).kill("power");
      await world.sleep(20 + world.random.float() * 100);
      world.machine(name).start();
    };
    void strike();
  }

  async play(world: World): Promise<void> {
    this.world = world;
    const workers = [this.changeMembers(world), this.transferLeadership(world)];
    for (let client = 0; client < CLIENTS; client++) workers.push(this.serveClient(world, client));
    const failed = new Promise<never>((_, reject) => {
      for (const worker of workers) worker.catch(reject);
    });
    await Promise.race([world.sleep(this.options.faultyMs), failed]);
    this.calm = true;
    world.calm();
    await Promise.race([this.recover(world), failed]);
    this.over = true;
    this.tally.elections += this.judge.elections;
    this.tally.entries += this.judge.committed.size;
  }

  /** When the faults are over, the group must serve again, and all members must come to agree. */
  private async recover(world: World): Promise<void> {
    const written = this.tally.writes;
    await world.until("a command is applied in calm", () => this.tally.writes > written + 5);
    this.over = true;
    await world.until("every member has the same journal", () => {
      const leader = this.leader();
      if (leader === undefined) return false;
      const { membership, applied, committed } = leader.member.status;
      if (membership.outgoing.length > 0 || applied < committed) return false;
      return [...membership.voters, ...membership.learners].every(
        (node) => this.seats.get(node)?.journal.commands.length === leader.journal.commands.length,
      );
    });
    const longest = this.leader()!.journal.commands;
    if (new Set(longest).size !== longest.length) throw new BrokenPromise("a command was applied twice");
    for (const [node, { journal }] of this.seats) {
      const differs = journal.commands.findIndex((command, position) => longest[position] !== command);
      if (differs >= 0) throw new BrokenPromise(`the journal of ${node} differs at ${differs}`);
    }
  }

  private leader(): Seat | undefined {
    const leaders = [...this.seats.values()].filter(({ member }) => member.status.role === "leader");
    return leaders.sort((left, right) => right.member.status.term - left.member.status.term)[0];
  }

  /** Any member that runs: clients do not know better. More often the leader, or little would ever be written. */
  private anybody(world: World): Seat | undefined {
    const running = [...this.seats].filter(([node]) => world.machine(nameOf(node)).alive).map(([, seat]) => seat);
    if (running.length === 0) return undefined;
    const leads = running.filter(({ member }) => member.status.role === "leader");
    return pick(world.random, leads.length > 0 && chance(world.random, 0.7) ? leads : running);
  }

  private async serveClient(world: World, client: number): Promise<void> {
    while (!this.over) {
      await world.sleep(5 + world.random.float() * 60);
      const seat = this.anybody(world);
      if (seat === undefined) continue;
      if (chance(world.random, 0.5)) await this.write(world, seat, `c${client}-${++this.commands}`);
      else await this.read(world, seat);
    }
  }

  private async write(world: World, seat: Seat, command: string): Promise<void> {
    const seen = this.judge.begin();
    const asked = seat.member.propose(new TextEncoder().encode(command), { timeoutMs: 1500 });
    // The machine may die, and its promises with it.
    const result = await Promise.race([asked, world.sleep(2000)]);
    if (result?.outcome === "applied") {
      this.judge.end("write", seen, result.result);
      if (seat.journal.commands[result.result - 1] !== command)
        throw new BrokenPromise(`told success: ${command} is not at ${result.result}`);
      this.tally.writes++;
    } else if (result?.outcome === "refused") {
      this.judge.refuse(command);
      this.tally.refused++;
    } else this.tally.unknown++;
  }

  private async read(world: World, seat: Seat): Promise<void> {
    const seen = this.judge.begin();
    const asked = seat.member
      .read({ timeoutMs: 1500 })
      .then((result) => ({ result, position: seat.journal.commands.length }));
    const answer = await Promise.race([asked, world.sleep(2000)]);
    if (answer?.result.outcome !== "ready") return;
    this.judge.end("read", seen, answer.position);
    this.tally.reads++;
  }

  private async changeMembers(world: World): Promise<void> {
    const scale = this.stormy ? 0.3 : 1;
    while (!this.over) {
      await world.sleep((200 + world.random.float() * 1500) * scale);
      const seat = this.leader();
      if (seat === undefined || this.over) continue;
      const { voters } = seat.member.status.membership;
      // The network breaks when it matters: while two majorities may be about.
      if (!this.calm && chance(world.random, 0.4)) void this.splitSoon(world);
      const asked = seat.member.changeMembership(drawChange(world, voters), { timeoutMs: 1500 });
      if (chance(world.random, 0.3)) void seat.member.changeMembership(drawChange(world, voters), { timeoutMs: 1500 });
      const result = await Promise.race([asked, world.sleep(2000)]);
      if (result?.outcome === "applied") this.tally.changes++;
    }
  }

  private async splitSoon(world: World): Promise<void> {
    await world.sleep(world.random.float() * 20);
    const names = NODES.map(nameOf);
    const left = names.filter(() => chance(world.random, 0.5));
    if (this.calm) return;
    world.network.partition([left, names.filter((name) => !left.includes(name))]);
    await world.sleep(100 + world.random.float() * (this.stormy ? 600 : 2000));
    if (!this.calm) world.network.heal();
  }

  private async transferLeadership(world: World): Promise<void> {
    while (!this.over) {
      await world.sleep(500 + world.random.float() * 3000);
      if (!this.over) this.leader()?.member.transferTo(pick(world.random, NODES));
    }
  }
}

/** One change, or other voters altogether through a joint configuration. Three voters always remain. */
function drawChange(world: World, voters: readonly NodeId[]): ConfigChange {
  const { random } = world;
  if (chance(random, 0.4)) {
    const next = new Set<NodeId>();
    while (next.size < 3) next.add(pick(random, NODES));
    const changes = NODES.map((node): MemberChange => ({ kind: next.has(node) ? "add-voter" : "remove", node }));
    return { changes, transition: "auto" };
  }
  const node = pick(random, NODES);
  const canLeave = voters.length > 3 || !voters.includes(node);
  const kinds: readonly MemberChange["kind"][] = canLeave ? ["add-voter", "add-learner", "remove"] : ["add-voter"];
  return { changes: [{ kind: pick(random, kinds), node }], transition: chance(random, 0.3) ? "joint-auto" : "auto" };
}
