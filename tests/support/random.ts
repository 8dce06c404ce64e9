/** A seeded generator for tests: a failing run can be repeated. */

/** Numbers in [0, 1) (a linear congruential generator; Numerical Recipes, 3rd edition, §7.1). */
export function randomFrom(seed: number): () => number {
  let state = seed >>> 0;
  return () => {
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0;
    return state / 2 ** 32;
  };
}
