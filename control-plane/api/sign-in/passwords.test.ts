import { describe, expect, test } from "bun:test";
import { ProblemError } from "#foundation/http";
import { createPasswords, passwordProblem } from "./passwords.ts";

describe("passwords", () => {
  test("are hashed with Argon2id and its parameters, and verified", async () => {
    const passwords = createPasswords();
    const hash = await passwords.hash("correct horse battery");
    expect(hash).toStartWith("$argon2id$v=19$m=19456,t=2,p=1$");
    expect(await passwords.verify("correct horse battery", hash)).toBe(true);
    expect(await passwords.verify("correct horse batterx", hash)).toBe(false);
    expect(await passwords.verify("correct horse battery", undefined)).toBe(false);
    expect(await passwords.verify("x".repeat(2_000), hash)).toBe(false);
  });

  test("wait for their turn, and are refused when too many wait", async () => {
    const passwords = createPasswords();
    const outcomes = await Promise.allSettled(
      Array.from({ length: 80 }, () => passwords.hash("correct horse battery")),
    );
    const refused = outcomes.filter((outcome) => outcome.status === "rejected");
    // Two at once and 64 waiting.
    expect(refused.length).toBe(80 - 66);
    for (const { reason } of refused) {
      expect(reason instanceof ProblemError && [reason.problem.status, reason.problem.code]).toEqual([503, "BUSY"]);
    }
    expect(await passwords.hash("correct horse battery")).toStartWith("$argon2id$");
  }, 30_000);

  test.each([
    ["elevenchars", false],
    ["twelve chars", true],
    ["💡".repeat(6), false],
    ["aaaaaaaaaaaaaaaa", false],
    ["паролькакпароль", true],
    ["x y".repeat(400), false],
  ])("%j is accepted: %p", (password, accepted) => {
    expect(passwordProblem(password) === undefined).toBe(accepted);
  });
});
