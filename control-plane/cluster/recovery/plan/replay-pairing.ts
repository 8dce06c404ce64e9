/**
 * Which old log each new one is filled from first.
 */

/** The sources of each of `targets` new logs: another one is first for each, so that they share the work, and the rest may stand in for it. */
export function pairSources<Source>(targets: number, sources: readonly Source[]): readonly (readonly Source[])[] {
  return Array.from({ length: targets }, (_, target) =>
    sources.map((_source, place) => sources[(target + place) % sources.length]!),
  );
}
