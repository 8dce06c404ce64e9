/** Requests all the time, of which none may fail. */

export interface LoadOutcome {
  readonly answered: number;
  /** What went wrong, with the address. */
  readonly failures: readonly string[];
  /** Every text that was answered, by address. */
  readonly seen: ReadonlyMap<string, ReadonlySet<string>>;
}

export interface Load {
  readonly answered: () => number;
  stop(): Promise<LoadOutcome>;
}

/**
 * @param workers that send one request after the other to each address
 * @param pauseMs between two requests of a worker, for loads that last
 */
export function startLoad(addresses: readonly string[], workers = 2, pauseMs = 0): Load {
  let isOver = false;
  let answered = 0;
  const failures: string[] = [];
  const seen = new Map(addresses.map((address) => [address, new Set<string>()]));
  const work = async (address: string): Promise<void> => {
    while (!isOver) {
      try {
        const answer = await fetch(address);
        const text = await answer.text();
        if (answer.status === 200) {
          answered++;
          seen.get(address)!.add(text);
        } else failures.push(`${address}: ${answer.status} ${text}`);
      } catch (error) {
        failures.push(`${address}: ${String(error)}`);
      }
      if (pauseMs > 0) await Bun.sleep(pauseMs);
    }
  };
  const working = addresses.flatMap((address) => Array.from({ length: workers }, () => work(address)));
  return {
    answered: () => answered,
    async stop() {
      isOver = true;
      await Promise.all(working);
      return { answered, failures, seen };
    },
  };
}
