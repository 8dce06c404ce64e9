/** Clients that each ask again as soon as they are answered. */

export interface LoopResult {
  readonly perSecond: number;
  readonly p50Ms: number;
  readonly p99Ms: number;
}

/** Runs `clients` of them for `seconds`; `run` is told which client asks, and for the how manieth time. */
export async function closedLoop(
  clients: number,
  seconds: number,
  run: (client: number, turn: number) => unknown,
): Promise<LoopResult> {
  const endsAt = performance.now() + seconds * 1000;
  const times: number[] = [];
  const began = performance.now();
  await Promise.all(
    Array.from({ length: clients }, async (_, client) => {
      for (let turn = 0; performance.now() < endsAt; turn++) {
        const asked = performance.now();
        await run(client, turn);
        times.push(performance.now() - asked);
      }
    }),
  );
  const elapsed = (performance.now() - began) / 1000;
  times.sort((a, b) => a - b);
  const at = (share: number): number => times[Math.min(times.length - 1, Math.floor(times.length * share))] ?? 0;
  return { perSecond: times.length / elapsed, p50Ms: at(0.5), p99Ms: at(0.99) };
}
