/**
 * Epochs: who directs them, from which version they go on, and which layouts were agreed to.
 */
import { encode } from "#foundation/binary";
import {
  type COORDINATOR,
  type Epoch,
  type Layout,
  layout as layoutCodec,
  type Version,
} from "#foundation/store-protocol";
import type { Breach } from "./breach.ts";
import type { Watch } from "./watch.ts";

/** A layout without the teams, which alone may change within its epoch. */
const fixedPart = (layout: Layout): string =>
  Buffer.from(encode(layoutCodec, { ...layout, teams: [] })).toString("latin1");

export class Generations {
  private readonly directors = new Map<Epoch, string>();
  private readonly recoveries = new Map<Epoch, Version>();
  private readonly made = new Map<Epoch, Layout>();
  private readonly agreed = new Map<Epoch, Layout>();
  private newestEpoch = 0n;
  private newestRecovery = 0n;
  /** Told of each epoch that is agreed to, or goes on from a version, for the first time. */
  onNews: () => void = () => undefined;

  constructor(private readonly breach: Breach) {}

  /** The layout that holds, as far as anybody has been told. */
  get current(): Layout | undefined {
    return this.agreed.get(this.newestEpoch);
  }

  /** The highest epoch that goes on from a known version. */
  get lastRecovered(): Epoch {
    return this.newestRecovery;
  }

  /** The layout that the proxies of an epoch work with; clients know of it only once it is agreed to. */
  layoutOf(epoch: Epoch): Layout | undefined {
    return this.made.get(epoch);
  }

  isAgreed(epoch: Epoch): boolean {
    return this.agreed.has(epoch);
  }

  recoveryOf(epoch: Epoch): Version | undefined {
    return this.recoveries.get(epoch);
  }

  /** Epochs with the version they go on from. */
  get allRecoveries(): ReadonlyMap<Epoch, Version> {
    return this.recoveries;
  }

  describe(epoch: Epoch): string {
    return `epoch ${epoch} goes on from ${this.recoveries.get(epoch)} with ${this.made.get(epoch)?.firstVersion}`;
  }

  /** Every storage server that was ever in a layout that was agreed to. */
  readonly everMembers = new Set<string>();

  begin(epoch: Epoch, director: string): void {
    const other = this.directors.get(epoch);
    if (other !== undefined) this.breach("one-director", `epoch ${epoch} has the directors ${other} and ${director}`);
    this.directors.set(epoch, director);
  }

  /** Logs or storage servers of the epoch are told that it goes on after `version`. */
  recover(epoch: Epoch, version: Version): void {
    const other = this.recoveries.get(epoch);
    if (other === version) return;
    if (other !== undefined) this.breach("one-recovery", `epoch ${epoch} goes on from ${other} and from ${version}`);
    this.recoveries.set(epoch, version);
    if (epoch > this.newestRecovery) this.newestRecovery = epoch;
    this.onNews();
  }

  /** Proxies of the epoch are given a layout. */
  make(layout: Layout): void {
    const other = this.made.get(layout.epoch);
    if (other !== undefined && fixedPart(other) !== fixedPart(layout)) {
      this.breach("one-layout", `two layouts of epoch ${layout.epoch} are given to proxies`);
    }
    this.made.set(layout.epoch, layout);
  }

  /** A layout is known to be agreed to. @param tell where that was seen */
  agree(layout: Layout, tell: string): void {
    const { epoch } = layout;
    for (const member of layout.teams.flatMap(({ members }) => members)) this.everMembers.add(member.storage.id);
    const other = this.agreed.get(epoch);
    if (other !== undefined && fixedPart(other) !== fixedPart(layout)) {
      this.breach("one-layout", `two layouts of epoch ${epoch} are agreed to (${tell})`);
    }
    const made = this.made.get(epoch);
    if (made === undefined || fixedPart(made) !== fixedPart(layout)) {
      this.breach(
        "layout-after-recovery",
        `the layout of epoch ${epoch} was agreed to (${tell}); its proxies have another`,
      );
    }
    if (layout.director !== this.directors.get(epoch)) {
      this.breach("one-director", `${layout.director}, which does not direct epoch ${epoch}, made its layout`);
    }
    // What is seen may be an older form of the teams; what directors are told is the last one.
    if (other === undefined || tell !== "view") this.agreed.set(epoch, layout);
    if (epoch > this.newestEpoch) this.newestEpoch = epoch;
    if (other === undefined) this.onNews();
  }

  /** The newest epoch that somebody was told to be agreed to. */
  get toldEpoch(): Epoch {
    return this.newestEpoch;
  }

  readonly coordinatorWatch: Watch<typeof COORDINATOR> = {
    view: () => (reply) => {
      if (reply.layout !== undefined) this.agree(reply.layout, "view");
    },
    readView: (_, { machine }) => {
      const told = this.newestEpoch;
      return (reply) => {
        if (reply.epoch < told) {
          this.breach(
            "linearizable-view",
            `${machine} says that epoch ${reply.epoch} is the newest; ${told} was agreed to before`,
          );
        }
        if (reply.layout !== undefined) this.agree(reply.layout, "view");
      };
    },
  };
}
