/**
 * Which keys each resolver judges. Resolvers remember nothing across epochs: their ranges are free to choose.
 */

/** One more and two ranges would begin with the same byte. */
const RESOLVERS_MAX = 256;

/**
 * The first keys of the ranges of `count` resolvers, in order: taken evenly from the splits of the teams when there are enough of them, otherwise
 * from the first byte.
 */
export function resolverBegins(count: number, splits: readonly Uint8Array[]): readonly Uint8Array[] {
  const ranges = Math.min(Math.max(1, count), RESOLVERS_MAX);
  return Array.from({ length: ranges }, (_, place) => {
    if (place === 0) return new Uint8Array(0);
    if (splits.length >= ranges - 1) return splits[Math.floor((place * (splits.length + 1)) / ranges) - 1]!;
    return Uint8Array.of(Math.floor((place * 256) / ranges));
  });
}
