/**
 * The witness of a simulated cluster: looks at every call where it is answered, and holds them all against what must be true at each moment.
 *
 * | invariant | what must be true |
 * |---|---|
 * | one-director | no two directors have the same epoch |
 * | one-recovery | an epoch goes on from one version |
 * | one-layout | an epoch has one layout, but for the members of its teams |
 * | layout-after-recovery | what is agreed to is what the proxies were given before |
 * | layout-after-agreement | clients know a layout only after it was agreed to |
 * | final-after-agreement | so do logs and storage servers that it is final |
 * | linearizable-view | a view that is read knows every epoch that anybody was told of before |
 * | epochs-rise | epochs rise at every log, storage server and host |
 * | locked | who was locked takes nothing of an older epoch, also after a restart |
 * | one-chain | within an epoch one version follows another: sequencer, resolvers and logs agree |
 * | one-content | no version ever has two contents, in whatever epochs |
 * | versions-rise | the versions of an epoch are above all that were pushed in those before it |
 * | log-content | logs give what was pushed, in its order |
 * | durable | a log still has what it acknowledged when it is locked |
 * | acknowledged-by-all | a commit is on all logs, then known to the sequencer, then acknowledged |
 * | old-epoch-silent | no epoch acknowledges what a later one has not taken over |
 * | nothing-lost | every later epoch goes on from at least what all logs of an agreed one have |
 * | read-version-fresh | who asks for a read version sees all that was acknowledged before |
 * | read-version-committed | and nothing that is not committed |
 * | rolled-back | no storage server shows a version between the recovery and the first one of its epoch |
 * | durable-after-commit | no storage server has on its disk what may still be taken back |
 * | kept-while-needed | nothing is removed that the layout has, and no old log before storage has caught up |
 */
import {
  COMMIT_PROXY,
  COORDINATOR,
  HOST,
  type Layout,
  LOG,
  RESOLVER,
  SEQUENCER,
  STORAGE,
} from "#foundation/store-protocol";
import type { Breach } from "./breach.ts";
import { Commits } from "./commits.ts";
import { Fences } from "./fences.ts";
import { Generations } from "./generations.ts";
import { Leftovers } from "./leftovers.ts";
import type { Observer, Place } from "./watch.ts";

export class Witness implements Observer {
  private readonly generations: Generations;
  private readonly fences: Fences;
  private readonly left: Leftovers;
  private readonly watches: ReadonlyMap<object, unknown>;

  /** Told of each call that is looked at. */
  onCall: Observer["onCall"] = () => undefined;

  constructor(breach: Breach) {
    this.generations = new Generations(breach);
    const commits = new Commits(this.generations, breach);
    this.fences = new Fences(this.generations, commits, breach);
    this.left = new Leftovers(this.generations);
    this.watches = new Map<object, unknown>([
      [COORDINATOR, this.generations.coordinatorWatch],
      [HOST, this.fences.hostWatch],
      [LOG, this.fences.logWatch],
      [STORAGE, this.fences.storageWatch],
      [SEQUENCER, commits.sequencerWatch],
      [RESOLVER, commits.resolverWatch],
      [COMMIT_PROXY, commits.proxyWatch],
    ]);
  }

  watchOf(service: object): ReturnType<Observer["watchOf"]> {
    return this.watches.get(service) as ReturnType<Observer["watchOf"]>;
  }

  /** A machine starts: what ran on it before is gone. */
  onStart(machine: string): void {
    this.fences.onStart(machine);
    this.left.onStart(machine);
  }

  onServe(service: object, place: Place): void {
    this.left.onServe(service, place);
  }

  onEnd(place: Place): void {
    this.left.onEnd(place);
  }

  /** A director begins, and is told what was agreed to last: nobody else may have heard of that yet. */
  onDirector(epoch: bigint, director: string, previous?: Layout): void {
    if (previous !== undefined) this.generations.agree(previous, "previous");
    this.generations.begin(epoch, director);
  }

  /** A director was told that its layout is agreed to. */
  onAgreed(layout: Layout): void {
    this.generations.agree(layout, "director");
  }

  /** Whether a layout was ever agreed to. */
  get hasBegun(): boolean {
    return this.generations.current !== undefined;
  }

  /** What still runs of attempts that were given up, and of generations before. */
  leftovers(): readonly string[] {
    return this.left.list();
  }
}
