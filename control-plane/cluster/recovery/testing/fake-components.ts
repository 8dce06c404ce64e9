/**
 * Sequencer, resolver and proxy: as much of them as a recovery needs to be real.
 */
import { encode, u64 } from "#foundation/binary";
import { type Handlers, RpcError } from "#foundation/rpc";
import {
  type COMMIT_PROXY,
  type Layout,
  LOG,
  layout as layoutCodec,
  type RESOLVER,
  SEQUENCER,
  type StartComponent,
  SYSTEM_KEYS,
} from "#foundation/store-protocol";
import type { ClientOf } from "../recovery-view.ts";
import { notRunning } from "./fake-log.ts";
import type { AnyHandlers } from "./fake-network.ts";

export function fakeComponent(component: StartComponent, epoch: bigint, clientOf: ClientOf): AnyHandlers {
  if (component.type === "sequencer") return fakeSequencer(component.recoveryVersion, component.firstVersion);
  if (component.type === "resolver") return fakeResolver();
  return new FakeProxy(component.token, epoch, clientOf).handlers;
}

function fakeSequencer(recoveryVersion: bigint, firstVersion: bigint): Handlers<typeof SEQUENCER> {
  let last = recoveryVersion;
  let committed = recoveryVersion;
  return {
    readVersion: async () => ({ version: committed }),
    nextCommitVersion: async () => {
      const previous = last;
      last = previous < firstVersion ? firstVersion : previous + 1000n;
      return { previous, version: last };
    },
    reportCommitted: async ({ version }) => {
      if (version > committed) committed = version;
    },
  };
}

function fakeResolver(): Handlers<typeof RESOLVER> {
  return {
    resolve: async ({ transactions }) => ({ verdicts: transactions.map(() => "free" as const) }),
  };
}

class FakeProxy {
  private layout: Layout | undefined;
  private known = 0n;
  private requests = 0;
  private turn: Promise<unknown> = Promise.resolve();

  constructor(
    private readonly token: Uint8Array,
    private readonly epoch: bigint,
    private readonly clientOf: ClientOf,
  ) {}

  readonly handlers: Handlers<typeof COMMIT_PROXY> = {
    unlock: async ({ token, layout }) => {
      this.authorise(token);
      this.layout = layout;
      this.known = layout.recoveryVersion;
    },
    writeLayout: async ({ token }) => {
      this.authorise(token);
      const layout = this.running();
      return this.inTurn(() =>
        this.write({
          [hex(SYSTEM_KEYS.epoch)]: hex(encode(u64, this.epoch)),
          [hex(SYSTEM_KEYS.layout)]: hex(encode(layoutCodec, layout)),
        }),
      );
    },
    readVersion: async () => this.clientOf(SEQUENCER, this.running().sequencer).readVersion({ epoch: this.epoch }),
    commit: async ({ transaction }) => {
      this.running();
      const writes = JSON.parse(new TextDecoder().decode(transaction));
      return { ...(await this.inTurn(() => this.write(writes))), index: 0 };
    },
  };

  /** One after the other, so that pushes are in order. */
  private inTurn<T>(run: () => Promise<T>): Promise<T> {
    const next = this.turn.then(run, run);
    this.turn = next.catch(() => undefined);
    return next;
  }

  private async write(writes: Record<string, string>): Promise<{ version: bigint }> {
    const layout = this.running();
    const { epoch } = this;
    const sequencer = this.clientOf(SEQUENCER, layout.sequencer);
    const request = this.requests++;
    const { previous, version } = await sequencer.nextCommitVersion({ epoch, proxy: "p", request });
    const data = new TextEncoder().encode(JSON.stringify(writes));
    const knownCommitted = this.known;
    const pushes = layout.logs.map((log) =>
      this.clientOf(LOG, log).push({ epoch, previous, version, knownCommitted, data }),
    );
    const results = await Promise.allSettled(pushes);
    if (results.some(({ status }) => status === "rejected")) {
      throw new RpcError("commit_unknown_result", "a log has not taken it");
    }
    this.known = version;
    await sequencer.reportCommitted({ epoch, version });
    return { version };
  }

  private authorise(token: Uint8Array): void {
    if (hex(token) !== hex(this.token)) throw new RpcError("unauthorized", "another token");
  }

  private running(): Layout {
    if (this.layout === undefined) throw notRunning();
    return this.layout;
  }
}

export function hex(bytes: Uint8Array): string {
  return Buffer.from(bytes).toString("hex");
}
