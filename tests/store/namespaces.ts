/**
 * A network for the nodes of a cluster on one machine, each in a namespace of its own (Linux, root): what one process sends to another can be lost on the
 * way, without either of them being told.
 *
 * All is within the namespace of this process, which has to be a new one: `unshare --net`. Nothing reaches the network of the machine.
 */
import { execFileSync } from "node:child_process";

const BRIDGE = "stores";
const OWN_ADDRESS = "10.77.0.1";

interface Host {
  readonly name: string;
  readonly namespace: string;
  readonly address: string;
  readonly mac: string;
}

export class Namespaces {
  private readonly hosts: readonly Host[];

  /** @throws Error when this process may not make namespaces */
  constructor(names: readonly string[]) {
    this.hosts = names.map((name, i) => ({
      name,
      namespace: `store-${process.pid}-${name}`,
      address: `10.77.0.${11 + i}`,
      mac: `02:00:00:00:00:${11 + i}`,
    }));
    ip("link", "set", "lo", "up");
    ip("link", "add", BRIDGE, "type", "bridge");
    ip("addr", "add", `${OWN_ADDRESS}/24`, "dev", BRIDGE);
    ip("link", "set", BRIDGE, "up");
    for (const host of this.hosts) {
      const { name, namespace, address, mac } = host;
      ip("netns", "add", namespace);
      ip("link", "add", name, "type", "veth", "peer", "name", "eth0", "netns", namespace);
      ip("link", "set", name, "master", BRIDGE, "up");
      within(host, "link", "set", "lo", "up");
      within(host, "link", "set", "eth0", "address", mac, "up");
      within(host, "addr", "add", `${address}/24`, "dev", "eth0");
    }
    for (const host of this.hosts) for (const other of this.others(host.name)) learn(host, other, other.mac);
  }

  addressOf(name: string): string {
    return this.host(name).address;
  }

  /** What a program is started with, to be in the namespace. */
  prefixOf(name: string): readonly string[] {
    return ["ip", "netns", "exec", this.host(name).namespace];
  }

  /** Loses what this one and the others send to each other. Who is outside, as clients are, still reaches all of them. */
  separate(name: string): void {
    this.teach(name, () => NOBODY);
  }

  /** Loses everything that goes to this one or comes from it. */
  cutOff(name: string): void {
    ip("link", "set", this.host(name).name, "down");
  }

  heal(name: string): void {
    ip("link", "set", this.host(name).name, "up");
    this.teach(name, ({ mac }) => mac);
  }

  close(): void {
    for (const { namespace } of this.hosts) ip("netns", "del", namespace);
    ip("link", "del", BRIDGE);
  }

  private teach(name: string, macOf: (host: Host) => string): void {
    const host = this.host(name);
    for (const other of this.others(name)) {
      learn(host, other, macOf(other));
      learn(other, host, macOf(host));
    }
  }

  private host(name: string): Host {
    const host = this.hosts.find((one) => one.name === name);
    if (host === undefined) throw new RangeError(`there is no host ${name}`);
    return host;
  }

  private others(name: string): readonly Host[] {
    return this.hosts.filter((host) => host.name !== name);
  }
}

/** Frames for it are taken by no host. */
const NOBODY = "02:00:00:00:00:99";

/** Where the host sends what is for another one. */
function learn(host: Host, other: Host, mac: string): void {
  within(host, "neigh", "replace", other.address, "lladdr", mac, "dev", "eth0", "nud", "permanent");
}

function within({ namespace }: Host, ...args: readonly string[]): void {
  ip("-n", namespace, ...args);
}

function ip(...args: readonly string[]): void {
  execFileSync("ip", args, { stdio: ["ignore", "ignore", "pipe"] });
}
