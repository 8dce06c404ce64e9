import { describe, expect, test } from "bun:test";
import {
  assert,
  assertNever,
  CodedError,
  commonErrors,
  defineErrors,
  EXIT,
  errorObject,
  exitCodeOf,
  exitCodeOfStatus,
  InvariantViolation,
  invariant,
  isCancellation,
  normaliseError,
} from "./index.ts";

const errors = defineErrors({
  APP_NOT_FOUND: { status: 404, retryable: false, message: "No such app." },
  BUSY: { status: 503, retryable: true, message: "Try again." },
  BAD_FLAG: { status: 400, retryable: false, message: "Wrong flag.", exit: EXIT.usage },
});

describe("defineErrors", () => {
  test("an error carries what the registry says and what the occurrence adds", () => {
    const cause = new Error("row missing");
    const error = errors.error("APP_NOT_FOUND", { details: { app: "web" }, cause });
    expect({ ...error, message: error.message, cause: error.cause }).toEqual({
      name: "CodedError",
      code: "APP_NOT_FOUND",
      status: 404,
      retryable: false,
      exit: undefined,
      details: { app: "web" },
      message: "No such app.",
      cause,
    });
    expect(errors.error("BUSY", "Later.").message).toBe("Later.");
  });

  test("is() knows its own codes only", () => {
    const foreign = defineErrors({ OTHER: { status: 400, retryable: false, message: "x" } }).error("OTHER");
    expect(errors.is(errors.error("BUSY"))).toBe(true);
    expect(errors.is(errors.error("BUSY"), "APP_NOT_FOUND")).toBe(false);
    expect(errors.is(foreign)).toBe(false);
    expect(errors.is(new Error("BUSY"))).toBe(false);
  });

  test("refuses malformed tables when the program starts", () => {
    expect(() => defineErrors({ "no good": { status: 400, retryable: false, message: "x" } })).toThrow("plain word");
    expect(() => defineErrors({ OK: { status: 200, retryable: false, message: "x" } })).toThrow("400 to 599");
  });
});

describe("assertions", () => {
  test("assert, invariant and assertNever throw violations", () => {
    expect(() => assert(1 + 1 === 3, "sums hold")).toThrow(new InvariantViolation("sums hold"));
    expect(() => assert(false, () => "built late")).toThrow("built late");
    expect(invariant(0, "present")).toBe(0);
    expect(() => invariant(undefined, "present")).toThrow(InvariantViolation);
    expect(() => assertNever("x" as never, "colour")).toThrow('Unexpected colour: "x"');
  });
});

describe("normaliseError", () => {
  test("hides messages of unknown errors and keeps them as cause", () => {
    const secret = new Error("password=hunter2");
    const error = normaliseError(secret);
    expect(error.code).toBe("INTERNAL");
    expect(error.message).not.toContain("hunter2");
    expect(error.cause).toBe(secret);
    expect(JSON.stringify(errorObject(secret))).not.toContain("hunter2");
  });

  test("passes coded errors unchanged and names system errors", () => {
    const coded = errors.error("BUSY");
    expect(normaliseError(coded)).toBe(coded);
    expect(normaliseError(Object.assign(new Error("x"), { code: "ENOSPC" })).code).toBe("DISK_FULL");
    expect(normaliseError(Object.assign(new Error("x"), { code: "ECONNREFUSED" })).code).toBe("UNREACHABLE");
    expect(normaliseError("a string").code).toBe("INTERNAL");
  });

  test("recognises cancellation", () => {
    const abort = new DOMException("stop", "AbortError");
    expect(isCancellation(abort)).toBe(true);
    expect(normaliseError(abort).code).toBe("CANCELLED");
    expect(isCancellation(commonErrors.error("CANCELLED"))).toBe(true);
    expect(isCancellation(new Error("stop"))).toBe(false);
  });
});

describe("exit codes", () => {
  test.each([
    [200, false, 0],
    [400, false, 1],
    [401, false, 3],
    [403, false, 3],
    [404, false, 4],
    [409, false, 5],
    [412, false, 5],
    [429, false, 6],
    [503, false, 6],
    [507, true, 6],
    [500, false, 7],
  ] as const)("status %d (retryable %p) ends with %d", (status, retryable, exit) => {
    expect(exitCodeOfStatus(status, retryable)).toBe(exit);
  });

  test("an error's own exit code wins", () => {
    expect(exitCodeOf(errors.error("BAD_FLAG"))).toBe(EXIT.usage);
    expect(exitCodeOf(new CodedError("X", { status: 404, retryable: false, message: "" }))).toBe(EXIT.notFound);
    expect(exitCodeOf(new Error("boom"))).toBe(EXIT.internal);
  });
});
