/**
 * What majorities decide, and how memberships change: published cases, and a second implementation that is too simple to be wrong.
 */

import { describe, expect, test } from "bun:test";
import { vectorsDirectory, vectorTest } from "../../../tests/support/skips.ts";
import { progressFor } from "../core/configuration.ts";
import { changeSimply, enterJoint, isVoter, leaveJoint, NO_MEMBERS } from "../core/membership.ts";
import type { Progress } from "../core/progress.ts";
import { majorityIndex, majorityVote, quorumIndex, quorumVote } from "../core/quorum.ts";
import type { NodeId } from "../core/types.ts";
import { describeMembership, describeProgress } from "./describe.ts";
import { parseChanges } from "./parse-changes.ts";
import { argument, readVectors, type VectorCase } from "./read-vectors.ts";

/** Values are given for each member, in the order in which it is first named. */
function playQuorum(one: VectorCase): string {
  const numbers = (key: string): NodeId[] => (argument(one, key) ?? []).filter((text) => text !== "zero").map(Number);
  const voters = numbers("cfg");
  const outgoing = numbers("cfgj");
  // "zero" stands for a joint configuration whose other half is empty, which is the same as none.
  const members = [...new Set([...voters, ...outgoing])];
  const values = argument(one, one.cmd === "vote" ? "votes" : "idx") ?? [];
  const value = (node: NodeId): string | undefined => {
    const text = values[members.indexOf(node)];
    return text === "_" ? undefined : text;
  };
  const quorums = { voters, outgoing };
  if (one.cmd === "vote") {
    const result = quorumVote(quorums, (node) => (value(node) === undefined ? undefined : value(node) === "y"));
    return { won: "VoteWon", lost: "VoteLost", pending: "VotePending" }[result];
  }
  const index = quorumIndex(quorums, (node) => (value(node) === undefined ? undefined : Number(value(node))));
  return index === Number.POSITIVE_INFINITY ? "∞" : String(index);
}

describe("published cases", () => {
  vectorTest("quorum", () => {
    let cases = 0;
    for (const [file, list] of readVectors(vectorsDirectory, "quorum")) {
      for (const one of list) {
        const last = one.expected.split("\n").at(-1)!.replace("<empty majority quorum>", "");
        expect({ at: `${file}:${one.line}`, result: playQuorum(one) }).toEqual({
          at: `${file}:${one.line}`,
          result: last,
        });
        cases++;
      }
    }
    expect(cases).toBe(127);
  });

  vectorTest("membership changes", () => {
    let cases = 0;
    for (const [file, list] of readVectors(vectorsDirectory, "confchange")) {
      let membership = NO_MEMBERS;
      let progress: Map<NodeId, Progress> = new Map();
      list.forEach((one, lastIndex) => {
        const changes = parseChanges(one.input);
        const result =
          one.cmd === "simple"
            ? changeSimply(membership, changes)
            : one.cmd === "enter-joint"
              ? enterJoint(membership, changes, argument(one, "autoleave")?.[0] === "true")
              : leaveJoint(membership);
        let text: string;
        if (result.ok) {
          membership = result.membership;
          progress = progressFor(membership, progress, lastIndex, { messagesMax: 10, bytesMax: 1e9 });
          const members = [...progress.values()];
          const lines = members.map((each) => describeProgress(each, membership.learners.includes(each.node), false));
          text = [describeMembership(membership), ...lines].join("\n");
        } else text = result.reason;
        expect({ at: `${file}:${one.line}`, text }).toEqual({ at: `${file}:${one.line}`, text: one.expected });
        cases++;
      });
    }
    expect(cases).toBe(58);
  });
});

describe("majorities", () => {
  const groups: NodeId[][] = [[1], [1, 2], [1, 2, 3], [1, 2, 3, 4], [1, 2, 3, 4, 5]];

  test("the index of a majority is the highest that more than half have reached", () => {
    for (const voters of groups) {
      for (let code = 0; code < 4 ** voters.length; code++) {
        const reached = (node: NodeId): number => Math.floor(code / 4 ** (node - 1)) % 4;
        const naive = [3, 2, 1, 0].find(
          (index) => voters.filter((node) => reached(node) >= index).length * 2 > voters.length,
        );
        expect(majorityIndex(voters, reached)).toBe(naive!);
      }
    }
  });

  test("an election is won by more than half, and lost when that is impossible", () => {
    for (const voters of groups) {
      for (let code = 0; code < 3 ** voters.length; code++) {
        const vote = (node: NodeId): boolean | undefined =>
          [true, false, undefined][Math.floor(code / 3 ** (node - 1)) % 3];
        const count = (value: boolean | undefined): number => voters.filter((node) => vote(node) === value).length;
        const won = count(true) * 2 > voters.length;
        const possible = (count(true) + count(undefined)) * 2 > voters.length;
        expect(majorityVote(voters, vote)).toBe(won ? "won" : possible ? "pending" : "lost");
      }
    }
  });

  test("one who is in neither set of a joint configuration decides nothing", () => {
    expect(isVoter({ ...NO_MEMBERS, voters: [1], outgoing: [2], learners: [3] }, 3)).toBe(false);
    expect(quorumVote({ voters: [1], outgoing: [2] }, (node) => node === 1 || node === 3)).toBe("lost");
  });
});
