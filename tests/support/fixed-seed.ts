/**
 * Preloaded before every test file by `npm test`: random tests then draw the same cases at each run, so that a run says something about the code and not about luck.
 *
 * `BIPLANE_SEED=random npm test` draws anew each time, `BIPLANE_SEED=<number>` repeats one draw. A failing case is printed with its seed either way.
 */
import fc from "fast-check";

const FIXED_SEED = 20_261_126;

const wanted = process.env.BIPLANE_SEED;
if (wanted !== "random") {
  const seed = wanted === undefined ? FIXED_SEED : Number(wanted);
  if (!Number.isSafeInteger(seed)) throw new Error(`BIPLANE_SEED must be a whole number or "random", not ${wanted}`);
  fc.configureGlobal({ ...fc.readConfigureGlobal(), seed });
}
