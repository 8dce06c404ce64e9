/**
 * Places of commits, compared and said.
 */
import type { CommitPlace } from "#data-plane/store/backend";

export function compareBigInts(left: bigint, right: bigint): number {
  return left < right ? -1 : left > right ? 1 : 0;
}

export function comparePlaces(left: CommitPlace, right: CommitPlace): number {
  return compareBigInts(left.version, right.version) || left.index - right.index;
}

export function sayPlace({ version, index }: CommitPlace): string {
  return `${version}/${index}`;
}
