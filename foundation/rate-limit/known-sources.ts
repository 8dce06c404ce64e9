/** From where each identity has proved who it is. */
import type { Clock } from "#foundation/runtime";
import { AgingMap } from "./aging-map.ts";

export interface KnownSources {
  has(identity: string, source: string): boolean;
  add(identity: string, source: string): void;
}

/** Of one identity: the machines of a team or a fleet. The one that has been known for longest leaves when there is one more. */
const SOURCES_MAX = 64;

/** Only those who can prove an identity add to this, so a stranger cannot push anything out. Beyond it nothing new is learnt until something ages. */
export function createKnownSources(clock: Clock, lifeMs: number, identitiesMax: number): KnownSources {
  const known = new AgingMap<Set<string>>({ clock, lifeMs, entriesMax: identitiesMax });
  return {
    has: (identity, source) => known.get(identity)?.has(source) === true,
    add(identity, source) {
      const sources = known.get(identity) ?? new Set();
      if (!sources.has(source) && sources.size >= SOURCES_MAX) sources.delete(sources.values().next().value!);
      sources.add(source);
      known.set(identity, sources);
    },
  };
}
