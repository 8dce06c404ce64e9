/**
 * Step 3: finds workers for the new generation, idle ones first, and makes those that are lacking; each is locked with the epoch.
 */
import type { CallOptions, Ref } from "#foundation/rpc";
import { type Attempt, hostAt, type LiveHost, newId, type Placed } from "../attempt.ts";
import { callAll, causeOf, type Outcome } from "../calls.ts";
import { choosePlaces, type Place, type TooFewPlaces } from "../plan/choose-places.ts";
import { type Stall, Stalled } from "../stalls.ts";

export interface Recruitment {
  readonly kind: "log" | "storage";
  readonly desired: number;
  readonly minimum: number;
  /** With the capability, in order of preference. */
  readonly hosts: readonly LiveHost[];
  /** Workers that are not idle, although no layout that is to come has them. */
  readonly notIdle: ReadonlySet<string>;
  /** Locks the worker; false when it is no use. */
  readonly lock: (ref: Ref, call: CallOptions) => Promise<boolean>;
  readonly tooFew: (few: TooFewPlaces) => Stall;
}

export async function recruit(attempt: Attempt, wanted: Recruitment): Promise<readonly Placed[]> {
  const { kind, hosts, lock, tooFew } = wanted;
  const found: Placed[] = [];
  const refused = new Set<string>();
  let last: Stall | undefined;
  // Each round either fills what is lacking, or refuses an idle worker or a node for good.
  for (;;) {
    const nodes = hosts
      .filter(({ node }) => !refused.has(node))
      .map(({ node, workers }) => ({
        node,
        idle: workers
          .filter((worker) => worker.kind === kind && !wanted.notIdle.has(worker.id) && !refused.has(worker.id))
          .map(({ id }) => id)
          .filter((id) => !found.some(({ ref }) => ref.id === id)),
      }));
    const places = choosePlaces({
      ...wanted,
      nodes,
      taken: found.map(({ node }) => node),
      mayShareNodes: mayShare(attempt),
    });
    if ("needed" in places) throw new Stalled(last ?? tooFew(places));
    if (places.length === 0) return found;
    const { engaged, failure } = await engage(attempt, hosts, kind, places, lock, refused);
    found.push(...engaged);
    last = failure ?? last;
  }
}

/** The nodes of a new cluster come one after the other. */
function mayShare({ options, view, memory, runtime }: Attempt): boolean {
  const waitedMs = runtime.clock.monotonicMs() - memory.beganMs;
  return options.mayShareNodes && (view.layout !== undefined || waitedMs >= options.shareAfterMs);
}

async function engage(
  attempt: Attempt,
  hosts: readonly LiveHost[],
  kind: Recruitment["kind"],
  places: readonly Place[],
  lock: Recruitment["lock"],
  refused: Set<string>,
): Promise<{ engaged: readonly Placed[]; failure: Stall | undefined }> {
  const { scope, options, memory } = attempt;
  let failure: Stall | undefined;
  const candidates = places.map(({ node, idle }) => {
    const { address } = hosts.find((host) => host.node === node)!;
    return { node, idle: idle !== undefined, ref: { address, id: idle ?? newId(attempt, kind) } };
  });
  type Candidate = (typeof candidates)[number];
  const refuse = ({ node, idle, ref }: Candidate): void => {
    // A node that cannot give an idle worker may still be able to make one.
    refused.add(idle ? ref.id : node);
    if (!idle) memory.suspects.add(node);
  };

  const made = await callAll(scope, candidates, { timeoutMs: options.createMs }, async (candidate, call) =>
    candidate.idle ? candidate.ref : await create(attempt, kind, candidate.ref, call),
  );
  const there: Candidate[] = [];
  for (const outcome of made) {
    if (outcome.ok) {
      there.push({ ...outcome.item, ref: outcome.reply });
      continue;
    }
    refuse(outcome.item);
    failure = { reason: "recruited_unavailable", id: outcome.item.ref.id, cause: causeOf(outcome.error) };
  }
  const locked: readonly Outcome<Candidate, boolean>[] = await callAll(
    scope,
    there,
    { timeoutMs: options.lockMs },
    ({ ref }, call) => lock(ref, call),
  );
  const engaged: Placed[] = [];
  for (const outcome of locked) {
    const { node, ref } = outcome.item;
    if (outcome.ok && outcome.reply) {
      engaged.push({ node, ref });
      continue;
    }
    refuse(outcome.item);
    if (!outcome.ok) failure = { reason: "lock_failed", id: ref.id, cause: causeOf(outcome.error) };
  }
  return { engaged, failure };
}

function create(attempt: Attempt, kind: Recruitment["kind"], { address, id }: Ref, call: CallOptions): Promise<Ref> {
  const { epoch, director, undo } = attempt;
  const host = hostAt(attempt, address);
  undo.push({
    name: `createWorker ${id}`,
    host: address,
    kind: "worker",
    run: (options) => host.removeWorker({ epoch, director, id }, options),
  });
  return host.createWorker({ epoch, director, id, kind }, call);
}
