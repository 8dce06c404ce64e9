import { expect, test } from "bun:test";
import { simulate } from "#foundation/runtime/simulation";
import { clusterSimulation } from "./simulated-cluster.ts";

const bytes = (text: string): Uint8Array => new TextEncoder().encode(text);
const SINGLE = { logs: 1, replicas: 1, proxies: 1, resolvers: 1, splits: [] };

test.each([
  [1, SINGLE],
  [3, { logs: 3, replicas: 3, proxies: 2, resolvers: 2, splits: [] }],
])("a cluster of %d comes up, commits and reads", (machines, config) => {
  const { failure } = simulate(
    clusterSimulation({
      seed: 1,
      machines,
      config,
      virtualMsMax: 60_000,
      scenario: async ({ connect }) => {
        const backend = await connect(30_000);
        const set = { type: "set" as const, key: bytes("a"), value: bytes("1") };
        await backend.commit({
          readVersion: undefined,
          reads: [],
          writes: [{ begin: bytes("a"), end: bytes("a\0") }],
          mutations: [set],
          idempotencyId: new Uint8Array(),
        });
        const read = await backend.getReadVersion();
        expect(await backend.get(bytes("a"), read)).toEqual(bytes("1"));
        await backend.close();
      },
    }),
  );
  if (failure !== undefined) throw failure;
});
