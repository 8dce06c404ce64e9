/**
 * Membership changes as the published cases write them.
 */

import type { MemberChange } from "../core/types.ts";

const KINDS: Readonly<Record<string, MemberChange["kind"] | undefined>> = {
  v: "add-voter",
  l: "add-learner",
  r: "remove",
};

/** `v1 l2 r3`; `u` changes nothing but an address, which is no concern of ours. */
export function parseChanges(text: string): MemberChange[] {
  return text
    .split(/\s+/)
    .filter((word) => word !== "" && !word.startsWith("u"))
    .map((word) => ({ kind: KINDS[word[0]!]!, node: Number(word.slice(1)) }));
}
