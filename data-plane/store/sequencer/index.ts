/**
 * The sequencer of an epoch: one per cluster, gives the versions of commits and says what can be read. It holds nothing but memory.
 *
 * Every handler runs from its first line to its last without waiting for anything: one call after the other, whoever calls.
 *
 * A version that was given and is never pushed stops everybody behind it. The sequencer does not watch for that: the proxy that has taken it fails, and
 * its failure ends the epoch.
 */
import type { Handlers } from "#foundation/rpc";
import { RpcError } from "#foundation/rpc";
import type { Clock } from "#foundation/runtime";
import type { Epoch, SEQUENCER, Version } from "#foundation/store-protocol";
import { ChainError, type ChainStart, VersionChain } from "./version-chain.ts";

export type { ChainStart } from "./version-chain.ts";

export interface SequencerOptions extends ChainStart {
  readonly epoch: Epoch;
  readonly clock: Clock;
}

export function createSequencer(options: SequencerOptions): Handlers<typeof SEQUENCER> {
  const { epoch, clock } = options;
  const micros = () => BigInt(Math.floor(clock.monotonicMs() * 1000));
  const chain = new VersionChain(options, micros());

  /** Runs one step, for callers of this epoch alone. */
  const step = <T>(of: Epoch, run: () => T): T => {
    if (of !== epoch) throw new RpcError("wrong_epoch", `This sequencer is of epoch ${epoch}, not ${of}.`, epoch);
    try {
      return run();
    } catch (error) {
      if (error instanceof ChainError) throw new RpcError("invalid_request", error.message);
      throw error;
    }
  };

  return {
    readVersion: async (request): Promise<{ version: Version }> =>
      step(request.epoch, () => ({ version: chain.knownCommitted })),
    nextCommitVersion: async (request) =>
      step(request.epoch, () => chain.next(request.proxy, request.request, micros())),
    reportCommitted: async (request) => step(request.epoch, () => chain.report(request.version)),
  };
}
