/** Channels to nodes: the control plane asks for one, the agent dials back. Nobody connects to a node. */
import type { ChannelEnd, ChannelPurpose, MessageToAgent } from "#contracts";
import { channelPair } from "#foundation/channel";
import { equalInConstantTime } from "#foundation/crypto";
import type { Random, Timers } from "#foundation/runtime";

/** The node is not connected, or does not answer. */
export class NodeUnreachable extends Error {
  override readonly name = "NodeUnreachable";
}

/** How long an agent may take to dial back. */
const DIAL_TIMEOUT_MS = 10_000;

/** Channels that wait for their agent at once. */
const WAITING_MAX = 1_000;

interface Waiting {
  readonly nodeId: string;
  readonly secret: string;
  settle(end: ChannelEnd): void;
  fail(error: NodeUnreachable): void;
}

export class Channels {
  readonly #timers: Timers;
  readonly #random: Random;
  readonly #agents = new Map<string, (message: MessageToAgent) => void>();
  readonly #waiting = new Map<string, Waiting>();

  constructor({ timers, random }: { readonly timers: Timers; readonly random: Random }) {
    this.#timers = timers;
    this.#random = random;
  }

  /** An agent has connected; the function that is returned says that it is gone. */
  add(nodeId: string, send: (message: MessageToAgent) => void): () => void {
    this.#agents.set(nodeId, send);
    return () => {
      if (this.#agents.get(nodeId) !== send) return;
      this.#agents.delete(nodeId);
      for (const waiting of [...this.#waiting.values()]) {
        if (waiting.nodeId === nodeId) waiting.fail(new NodeUnreachable("the node has lost its connection"));
      }
    };
  }

  /** @throws NodeUnreachable */
  open(nodeId: string, purpose: ChannelPurpose): Promise<ChannelEnd> {
    const send = this.#agents.get(nodeId);
    if (send === undefined) return Promise.reject(new NodeUnreachable("the node is not connected"));
    if (this.#waiting.size >= WAITING_MAX) {
      return Promise.reject(new NodeUnreachable(`${WAITING_MAX} channels wait for their nodes already`));
    }
    const draw = (bytes: number): string => Buffer.from(this.#random.bytes(bytes)).toString("base64url");
    const channelId = draw(12);
    const secret = draw(32);
    return new Promise((resolve, reject) => {
      const timer = this.#timers.after(DIAL_TIMEOUT_MS, () =>
        waiting.fail(new NodeUnreachable("the node did not answer in time")),
      );
      const end = (): void => {
        timer.cancel();
        this.#waiting.delete(channelId);
      };
      const waiting: Waiting = {
        nodeId,
        secret,
        settle(channel) {
          end();
          resolve(channel);
        },
        fail(error) {
          end();
          reject(error);
        },
      };
      this.#waiting.set(channelId, waiting);
      send({ type: "openChannel", channelId, secret, purpose });
    });
  }

  /** Takes the end that has come for a channel; false when nobody waits for it, or its secret is another. */
  take(channelId: string, secret: string, end: ChannelEnd): boolean {
    if (!this.expects(channelId, secret)) return false;
    this.#waiting.get(channelId)!.settle(end);
    return true;
  }

  /** Whether such a channel is waited for. */
  expects(channelId: string, secret: string): boolean {
    const waiting = this.#waiting.get(channelId);
    return waiting !== undefined && equalInConstantTime(waiting.secret, secret);
  }

  /** For an agent in this process. */
  dial(channelId: string, secret: string): ChannelEnd | undefined {
    const [ours, theirs] = channelPair();
    return this.take(channelId, secret, ours) ? theirs : undefined;
  }
}
