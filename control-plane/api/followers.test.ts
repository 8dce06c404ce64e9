import { expect, test } from "bun:test";
import { ProblemError } from "#foundation/http";
import type { ApiCaller } from "./authentication/caller.ts";
import { Followers } from "./followers.ts";
import { FOLLOWERS_MAX, FOLLOWERS_OF_CALLER_MAX } from "./limits.ts";

const personCaller = (personId: string): ApiCaller => ({
  type: "subject",
  subject: { type: "person", personId },
  credential: { type: "session", sessionId: "ses_1" },
  scopes: [],
});
const OPERATOR: ApiCaller = { type: "operator" };

function hasPlace(followers: Followers, caller: ApiCaller): boolean {
  try {
    followers.expectPlace(caller);
    return true;
  } catch (error) {
    if (error instanceof ProblemError && error.problem.code === "TOO_MANY_FOLLOWERS") return false;
    throw error;
  }
}

test("one caller does not take the places of all", () => {
  const followers = new Followers();
  const [ada, eve] = [personCaller("prs_1"), personCaller("prs_2")];
  const leaves = Array.from({ length: FOLLOWERS_OF_CALLER_MAX }, () => followers.enter(eve));
  expect([eve, ada, OPERATOR].map((caller) => hasPlace(followers, caller))).toEqual([false, true, true]);
  leaves[0]!();
  expect(hasPlace(followers, eve)).toBe(true);
});

test("there are so many in all", () => {
  const followers = new Followers();
  const leaves = Array.from({ length: FOLLOWERS_MAX }, () => followers.enter(OPERATOR));
  expect([OPERATOR, personCaller("prs_1")].map((caller) => hasPlace(followers, caller))).toEqual([false, false]);
  for (const leave of leaves) leave();
  expect(hasPlace(followers, OPERATOR)).toBe(true);
});
