/**
 * Members over the real disk, network and timers.
 */

import { afterEach, expect, test } from "bun:test";
import { mkdirSync, mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createSystemRuntime, type NetworkAddress } from "#foundation/runtime";
import { assertDeterministicSource } from "#foundation/runtime/simulation";
import { membershipOf, NO_MEMBERS } from "../core/membership.ts";
import type { NodeId } from "../core/types.ts";
import { Journal } from "../simulation/journal.ts";
import { openMember, type RaftMember } from "./member.ts";

const encode = (text: string): Uint8Array => new TextEncoder().encode(text);
const LIMITS = { timeoutMs: 20_000 };
const HOST = "127.0.0.1";

interface Seat {
  readonly member: RaftMember<number>;
  readonly journal: Journal;
}

/** A group on free ports: addresses are learnt when a member has opened its endpoint. */
class Group {
  readonly root = mkdtempSync(join(tmpdir(), "raft-"));
  readonly seats = new Map<NodeId, Seat>();
  private readonly addresses = new Map<NodeId, NetworkAddress>();

  constructor(private readonly keyOf: (id: NodeId) => Uint8Array | undefined = () => undefined) {}

  private readonly runtime = createSystemRuntime((name, error) => {
    throw new Error(`the task ${name} failed`, { cause: error });
  });

  async start(id: NodeId, voters: readonly NodeId[]): Promise<Seat> {
    const directory = join(this.root, String(id));
    mkdirSync(directory, { recursive: true });
    const journal = new Journal();
    const member = await openMember(this.runtime, {
      id,
      directory,
      listen: this.addresses.get(id) ?? { host: HOST, port: 0 },
      addressOf: (node) => this.addresses.get(node),
      machine: journal,
      key: this.keyOf(id),
      firstMembership: voters.length > 0 ? membershipOf(voters) : NO_MEMBERS,
      tickMs: 20,
      snapshotEvery: 10,
      keepEntries: 2,
      pieceBytes: 16,
      onFailure: (error) => {
        throw error;
      },
    });
    this.addresses.set(id, member.address);
    const seat = { member, journal };
    this.seats.set(id, seat);
    return seat;
  }

  async stop(id: NodeId): Promise<void> {
    await this.seats.get(id)?.member.close();
    this.seats.delete(id);
  }

  async leader(): Promise<Seat> {
    return until(() => [...this.seats.values()].find(({ member }) => member.status.role === "leader"));
  }

  async close(): Promise<void> {
    for (const id of [...this.seats.keys()]) await this.stop(id);
    rmSync(this.root, { recursive: true });
  }
}

async function until<Value>(look: () => Value | undefined): Promise<Value> {
  for (;;) {
    const value = look();
    if (value !== undefined) return value;
    await Bun.sleep(5);
  }
}

let group: Group | undefined;
afterEach(async () => {
  await group?.close();
  group = undefined;
});

/** Tries again where that is safe: after a refusal. */
async function write(to: Group, command: string): Promise<number> {
  for (;;) {
    const result = await (await to.leader()).member.propose(encode(command), LIMITS);
    if (result.outcome === "applied") return result.result;
    if (result.outcome === "unknown") throw new Error(`${command}: unknown`);
  }
}

test("a member alone leads at once, and finds everything again when it is started anew", async () => {
  group = new Group();
  await group.start(1, [1]);
  for (let count = 1; count <= 25; count++) expect(await write(group, `c${count}`)).toBe(count);
  await group.stop(1);
  const again = await group.start(1, [1]);
  await group.leader();
  expect(await again.member.read(LIMITS)).toMatchObject({ outcome: "ready" });
  expect(again.journal.commands).toEqual(Array.from({ length: 25 }, (_, at) => `c${at + 1}`));
});

test("three members agree, read at any of them, survive the loss of one, and take in a fourth by snapshot", async () => {
  group = new Group();
  for (const id of [1, 2, 3]) await group.start(id, [1, 2, 3]);
  for (let count = 1; count <= 15; count++) await write(group, `c${count}`);
  for (const { member, journal } of group.seats.values()) {
    expect(await member.read(LIMITS)).toMatchObject({ outcome: "ready" });
    expect(journal.commands).toHaveLength(15);
  }
  const follower = [...group.seats.values()].find(({ member }) => member.status.role === "follower")!;
  expect(await follower.member.propose(encode("no"), LIMITS)).toMatchObject({
    outcome: "refused",
    reason: "not-leader",
  });

  const gone = (await group.leader()).member.status.id;
  await group.stop(gone);
  await write(group, "without");
  await group.start(gone, [1, 2, 3]);

  const joiner = await group.start(4, []);
  const change = { changes: [{ kind: "add-voter", node: 4 }], transition: "auto" } as const;
  for (;;) {
    const added = await (await group.leader()).member.changeMembership(change, LIMITS);
    if (added.outcome === "applied") break;
    expect(added).toMatchObject({ outcome: "refused" });
    await Bun.sleep(5);
  }
  await until(() => (joiner.journal.commands.length === 16 ? true : undefined));
  await until(() => (joiner.member.status.membership.voters.includes(4) ? true : undefined));
  expect(joiner.journal.commands.at(-1)).toBe("without");
});

test("what waits is told when a member stops: a proposal that nobody confirmed is unknown, a read refused", async () => {
  group = new Group();
  for (const id of [1, 2, 3]) await group.start(id, [1, 2, 3]);
  const { member } = await group.leader();
  for (const [id, seat] of group.seats) if (seat.member !== member) await group.stop(id);
  const proposal = member.propose(encode("lost?"), LIMITS);
  const read = member.read(LIMITS);
  await member.close();
  expect(await proposal).toEqual({ outcome: "unknown" });
  expect(await read).toMatchObject({ outcome: "refused", reason: "stopped" });
  expect(await member.propose(encode("late"), LIMITS)).toMatchObject({ outcome: "refused", reason: "stopped" });
});

test("members that share a key hear nobody who has another", async () => {
  group = new Group((id) => new Uint8Array(32).fill(id === 3 ? 2 : 1));
  const { seats } = group;
  for (const id of [1, 2, 3]) await group.start(id, [1, 2, 3]);
  await write(group, "a");
  await until(() => [1, 2].every((id) => seats.get(id)!.journal.commands.length === 1) || undefined);
  expect(seats.get(3)!.journal.commands).toEqual([]);
  expect(seats.get(3)!.member.status).toMatchObject({ committed: 1, leader: 0 });
});

test("nothing in this room touches the world but through the runtime", () => {
  for (const folder of ["core", "codec", "storage", "driver"])
    assertDeterministicSource(join(import.meta.dir, "..", folder));
});
