/**
 * The network between all simulated machines: who is reachable, what is in flight, and what goes wrong on the way.
 */

import type { MessageHandler, NetworkAddress } from "../../ports/network.ts";
import { type LinkConditions, LOOPBACK_LINK } from "../conditions.ts";
import type { FaultCounts } from "../fault-counts.ts";
import type { EventOwner, Scheduler, SimulatedTask } from "../scheduler.ts";
import type { SeededRandom } from "../seeded-random.ts";
import type { LabelId, Trace } from "../trace.ts";
import { Link } from "./link.ts";
import type { SimulatedStream } from "./stream.ts";

/** The first port given out when 0 is asked for (RFC 6335 §6: dynamic ports). */
const FIRST_DYNAMIC_PORT = 49_152;
const LAST_PORT = 65_535;
/** A lost segment is sent again after this long (RFC 6298 §2.4 asks for a second at first; systems use 200 ms). */
export const RETRANSMIT_US = 200_000;

/** Something that holds a port. */
export type PortHolder =
  | {
      readonly kind: "listener";
      readonly owner: EventOwner;
      readonly task: SimulatedTask | undefined;
      readonly accept: (stream: SimulatedStream) => void;
    }
  | {
      readonly kind: "endpoint";
      readonly owner: EventOwner;
      readonly task: SimulatedTask | undefined;
      readonly onMessage: MessageHandler;
    };

/** A machine as the network sees it. */
export class Host {
  readonly name: string;
  /** Whether its system answers: false from a power failure until the next start. */
  powered = false;
  readonly ports = new Map<number, PortHolder>();
  readonly streams = new Set<SimulatedStream>();
  private nextPort = FIRST_DYNAMIC_PORT;

  constructor(name: string) {
    this.name = name;
  }

  /** A port that nobody holds. Ports come in order and wrap round, as from a system that avoids reuse. */
  takePort(): number {
    for (;;) {
      const port = this.nextPort;
      this.nextPort = port === LAST_PORT ? FIRST_DYNAMIC_PORT : port + 1;
      if (!this.ports.has(port)) return port;
    }
  }
}

/** The network. Scenarios reach it as `world.network`. */
export class NetworkFabric {
  readonly scheduler: Scheduler;
  readonly counts: FaultCounts;
  readonly labels: Readonly<Record<"message" | "segment" | "connect" | "reset" | "window" | "read", LabelId>>;
  private readonly hosts = new Map<string, Host>();
  private readonly links = new Map<string, Map<string, Link>>();
  private readonly random: SeededRandom;
  private conditions: LinkConditions;

  constructor(
    scheduler: Scheduler,
    trace: Trace,
    random: SeededRandom,
    counts: FaultCounts,
    conditions: LinkConditions,
  ) {
    this.scheduler = scheduler;
    this.random = random;
    this.counts = counts;
    this.conditions = conditions;
    const label = (name: string): LabelId => trace.label(`network.${name}`);
    this.labels = {
      message: label("message"),
      segment: label("segment"),
      connect: label("connect"),
      reset: label("reset"),
      window: label("window"),
      read: label("read"),
    };
  }

  addHost(name: string): Host {
    const host = new Host(name);
    this.hosts.set(name, host);
    return host;
  }

  hostNames(): Iterable<string> {
    return this.hosts.keys();
  }

  host(name: string): Host | undefined {
    return this.hosts.get(name);
  }

  /** The direction from one machine to another. */
  link(from: string, to: string): Link {
    let outgoing = this.links.get(from);
    if (outgoing === undefined) {
      outgoing = new Map();
      this.links.set(from, outgoing);
    }
    let link = outgoing.get(to);
    if (link === undefined) {
      link = new Link(from === to ? LOOPBACK_LINK : this.conditions, this.random.fork(`${from}>${to}`));
      outgoing.set(to, link);
    }
    return link;
  }

  /** Replaces the conditions of every link between different machines, present and future. */
  setConditions(conditions: LinkConditions): void {
    this.conditions = conditions;
    for (const [from, to] of this.pairs()) this.link(from, to).conditions = conditions;
  }

  /** Cuts the machines into groups that cannot reach each other; machines in no group are alone. */
  partition(groups: readonly (readonly string[])[]): void {
    const groupOf = new Map<string, number>();
    groups.forEach((group, index) => {
      for (const name of group) groupOf.set(name, index);
    });
    for (const [from, to] of this.pairs()) {
      const group = groupOf.get(from);
      this.link(from, to).blocked = group === undefined || group !== groupOf.get(to);
    }
    this.counts.add("network.partition");
  }

  /** Nothing passes from one machine to the other; the opposite direction is untouched. */
  block(from: string, to: string): void {
    this.link(from, to).blocked = true;
    this.counts.add("network.block");
  }

  unblock(from: string, to: string): void {
    this.link(from, to).blocked = false;
  }

  /** Nothing arrives for `forMs` milliseconds of what one machine sends to the other; then everything does. */
  clog(from: string, to: string, forMs: number): void {
    this.link(from, to).clog(this.scheduler.nowUs + forMs * 1000);
    this.counts.add("network.clog");
  }

  /** Lifts every partition, block and clog. Conditions stay. */
  heal(): void {
    for (const [from, to] of this.pairs()) {
      const link = this.link(from, to);
      link.blocked = false;
      link.unclog();
    }
  }

  /** Sends a message from a machine, which calls itself `from`; keeps `bytes`. */
  sendMessage(machine: string, from: NetworkAddress, to: NetworkAddress, bytes: Uint8Array): void {
    const link = this.link(machine, to.host);
    if (link.drops()) {
      this.counts.add("network.drop");
      return;
    }
    const ordered = !link.reorders();
    if (!ordered) this.counts.add("network.reorder");
    this.deliverMessage(link, ordered, from, to, bytes);
    if (link.duplicates()) {
      this.counts.add("network.duplicate");
      this.deliverMessage(link, false, from, to, bytes.slice());
    }
  }

  /**
   * Carries a packet of the connection machinery: calls `arrive` on the other side, trying again while nothing passes or the other machine is
   * off, and calls `giveUp` instead once `untilUs` has passed.
   */
  carry(link: Link, to: Host, untilUs: number, arrive: () => void, giveUp: () => void, waitUs = RETRANSMIT_US): void {
    const lost = link.drops();
    const dueUs = link.arrivalUs(this.scheduler.nowUs) + (lost ? RETRANSMIT_US : 0);
    this.scheduler.schedule(dueUs, this.labels.connect, undefined, () => {
      if (!link.blocked && to.powered) arrive();
      else if (this.scheduler.nowUs >= untilUs) giveUp();
      else {
        const retryUs = Math.min(this.scheduler.nowUs + waitUs, untilUs);
        this.scheduler.schedule(retryUs, this.labels.connect, undefined, () =>
          // Waits double, as those of a TCP handshake do.
          this.carry(link, to, untilUs, arrive, giveUp, waitUs * 2),
        );
      }
    });
  }

  private deliverMessage(
    link: Link,
    ordered: boolean,
    from: NetworkAddress,
    to: NetworkAddress,
    bytes: Uint8Array,
  ): void {
    const dueUs = link.messageArrivalUs(this.scheduler.nowUs, ordered);
    const tie = link.messageTie(dueUs, ordered);
    this.scheduler.scheduleInOrder(dueUs, tie, this.labels.message, undefined, () => {
      if (link.blocked) {
        this.counts.add("network.blocked-message");
        return;
      }
      const holder = this.hosts.get(to.host)?.ports.get(to.port);
      if (holder?.kind !== "endpoint") return;
      this.scheduler.runOwned(holder.owner, this.labels.message, holder.task, () => holder.onMessage(from, bytes));
    });
  }

  /** Every ordered pair of different machines. */
  private *pairs(): Iterable<readonly [string, string]> {
    for (const from of this.hosts.keys()) for (const to of this.hosts.keys()) if (from !== to) yield [from, to];
  }
}
