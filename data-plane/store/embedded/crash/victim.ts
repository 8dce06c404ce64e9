/**
 * A process that works with an embedded store until it is killed: `victim.ts <path> <acknowledged, as JSON>`.
 *
 * It says `found <client> <number>` for each client once it has examined what the lives before have left, then `working`, and `<client> <number>` for each
 * transaction that was acknowledged. What is wrong goes to standard error, and ends it with 1.
 */
import { writeSync } from "node:fs";
import { createSystemRuntime } from "#foundation/runtime";
import type { StoreBackend } from "../../backend/index.ts";
import type { Mutation } from "../../transactions/index.ts";
import { openEmbedded } from "../index.ts";

/** What each transaction writes, all with the number of the transaction. */
const PARTS = ["a", "b", "c"] as const;
const LIMITS = { limit: 10_000, bytesMax: 10_000_000, reverse: false };

const bytes = (text: string) => new TextEncoder().encode(text);
const text = (value: Uint8Array) => new TextDecoder().decode(value);
/** Written at once: what is said is said, also when the process is killed in the next moment. */
const say = (line: string) => writeSync(1, `${line}\n`);

const [path, given] = process.argv.slice(2);
const acknowledged = JSON.parse(given!) as number[];
const runtime = createSystemRuntime((name, error) => {
  console.error(`${name} failed`, error);
  process.exit(1);
});
const store = await openEmbedded(runtime, { path: path! });
const found = await examine(store);
found.forEach((number, client) => {
  say(`found ${client} ${number}`);
});
say("working");
await Promise.all(found.map((number, client) => work(client, number)));

/** The number of each client's last transaction: one that was acknowledged, or the one that was under way. */
async function examine(from: StoreBackend): Promise<number[]> {
  const { pairs } = await from.getRange(bytes(""), bytes("~"), await from.getReadVersion(), LIMITS);
  const values = new Map(pairs.map(({ key, value }) => [text(key), Number(text(value))]));
  return acknowledged.map((last, client) => {
    const parts = PARTS.map((part) => values.get(`${part}${client}`) ?? 0);
    if (new Set(parts).size !== 1 || (parts[0] !== last && parts[0] !== last + 1)) {
      throw new Error(`client ${client} finds ${parts}, and ${last} was the last to be acknowledged`);
    }
    return parts[0]!;
  });
}

async function work(client: number, done: number): Promise<never> {
  for (let number = done + 1; ; number++) {
    const value = bytes(String(number));
    const mutations = PARTS.map((part): Mutation => ({ type: "set", key: bytes(`${part}${client}`), value }));
    const nothing = { readVersion: undefined, reads: [], writes: [], idempotencyId: new Uint8Array(0) };
    await store.commit({ ...nothing, mutations });
    say(`${client} ${number}`);
  }
}
