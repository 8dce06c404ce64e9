/**
 * Step 6: starts what has no disk: sequencer, resolvers, and proxies that take nothing yet.
 */
import type { ResolverRange, StartComponent, Version } from "#foundation/store-protocol";
import { type Attempt, hostAt, type LiveHost, newId, type Placed } from "../attempt.ts";
import { callAll, causeOf, replies } from "../calls.ts";
import { KEYS_END } from "../plan/key-order.ts";
import { placeComponents } from "../plan/place-components.ts";
import { resolverBegins } from "../plan/resolver-ranges.ts";
import { Stalled } from "../stalls.ts";
import type { Watch } from "../watch/watch.ts";
import { hostsThatCan } from "./survey-hosts.ts";

export interface Components {
  readonly sequencer: Placed;
  readonly proxies: readonly Placed[];
  readonly resolvers: readonly (Placed & Pick<ResolverRange, "begin">)[];
  /** Proxies obey who has it. */
  readonly token: Uint8Array;
}

interface Start {
  readonly node: string;
  readonly address: string;
  readonly id: string;
  readonly component: StartComponent;
}

export async function startComponents(
  attempt: Attempt,
  hosts: readonly LiveHost[],
  versions: { readonly recoveryVersion: Version; readonly firstVersion: Version },
  watch: Watch,
): Promise<Components> {
  const { view, runtime, scope, options, memory } = attempt;
  const able = hostsThatCan(hosts, "transaction");
  const trusted = able.filter(({ node }) => !memory.suspects.has(node));
  const nodes = trusted.length > 0 ? trusted : able;
  const begins = resolverBegins(view.config.resolvers, view.config.splits);
  const places = placeComponents(
    nodes.map(({ node }) => node),
    { proxies: view.config.proxies, resolvers: begins.length },
  );
  if (places === undefined) throw new Stalled({ reason: "no_coordination_nodes" });

  const token = runtime.random.bytes(16);
  const { recoveryVersion } = versions;
  const start = (node: string, component: StartComponent): Start => {
    const { address } = nodes.find((host) => host.node === node)!;
    return { node, address, id: newId(attempt, component.type), component };
  };
  const starts = [
    start(places.sequencer, { type: "sequencer", ...versions }),
    ...places.proxies.map((node) => start(node, { type: "proxy", token })),
    ...places.resolvers.map((node, place) => {
      const range = { begin: begins[place]!, end: begins[place + 1] ?? KEYS_END };
      return start(node, { type: "resolver", ...range, recoveryVersion });
    }),
  ];
  const outcomes = await callAll(scope, starts, { timeoutMs: options.startMs }, (one, call) =>
    startOne(attempt, one, watch, call),
  );
  const failed = outcomes.find((outcome) => !outcome.ok);
  if (failed !== undefined && !failed.ok) {
    for (const outcome of outcomes) if (!outcome.ok) memory.suspects.add(outcome.item.node);
    const { node, component } = failed.item;
    throw new Stalled({ reason: "start_failed", kind: component.type, node, cause: causeOf(failed.error) });
  }
  const placed = replies(outcomes).map(({ item, reply }) => ({ node: item.node, ref: reply }));
  const proxies = places.proxies.length;
  return {
    sequencer: placed[0]!,
    proxies: placed.slice(1, 1 + proxies),
    resolvers: placed.slice(1 + proxies).map((one, place) => ({ ...one, begin: begins[place]! })),
    token,
  };
}

async function startOne(attempt: Attempt, start: Start, watch: Watch, call: { signal?: AbortSignal }) {
  const { epoch, director, undo, options } = attempt;
  const { node, address, id, component } = start;
  const host = hostAt(attempt, address);
  undo.push({
    name: `startComponent ${id}`,
    host: address,
    kind: "component",
    run: (limits) => host.stopComponent({ epoch, director, id }, limits),
  });
  // The lease begins with the component: it is renewed from before, so that slow steps do not let it run out.
  watch.renewHost({ node, address });
  const ref = await host.startComponent({ epoch, director, id, leaseMs: options.leaseMs, component }, call);
  watch.expectComponent({ node, ref }, component.type);
  return ref;
}
