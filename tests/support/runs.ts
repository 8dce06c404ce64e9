/**
 * How many cases a random test draws: with a fixed seed (`fixed-seed.ts`) they are the same at each run of `npm test`, so that a few hundred do; others, and
 * `BIPLANE_RUNS` times as many, are drawn by `tests/soak/properties.ts`.
 *
 * @param count of `npm test`
 */
export const runs = (count: number): number => count * Number(process.env.BIPLANE_RUNS ?? 1);
