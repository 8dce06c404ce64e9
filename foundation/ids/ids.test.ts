import { describe, expect, test } from "bun:test";
import { type Random, systemRandom } from "#foundation/runtime";
import { BASE32, toBase32 } from "./base32.ts";
import {
  type AccountId,
  accountOfKey,
  createUlid,
  createUuidV7,
  isAccessKeyId,
  isAccountId,
  isUlid,
  isUuidV7,
  newAccessKeyId,
  newAccountId,
  newDynamoRequestId,
  newHostId,
  newRequestId,
  newResourceId,
  newSecretAccessKey,
  newUniqueId,
  uuidV7Time,
} from "./index.ts";

/** All ones (or all of one byte): the edge of every counter. */
function constant(byte: number): Random {
  return {
    uint32: () => byte * 0x01010101,
    float: () => byte / 256,
    bytes: (length) => new Uint8Array(length).fill(byte),
    fork: () => constant(byte),
  };
}

describe("base 32", () => {
  test.each([
    ["", ""],
    ["f", "MY"],
    ["foo", "MZXW6"],
    ["foobar", "MZXW6YTBOI"],
  ])("RFC 4648 §10: %p is %p", (text, encoded) => {
    expect(toBase32(Buffer.from(text), encoded.length, BASE32)).toBe(encoded);
  });
});

describe("sortable ids", () => {
  test("UUID v7 has the RFC 9562 shape and its time", () => {
    const next = createUuidV7(constant(0xff), () => 0x017f22e279b0);
    const id = next();
    expect(id).toBe("017f22e2-79b0-77ff-bfff-ffffffffffff" as typeof id);
    expect(uuidV7Time(id)).toBe(0x017f22e279b0);
  });

  test.each(["uuid", "ulid"] as const)(
    "%s ascends within a millisecond, over the counter's end, and when the clock steps back",
    (kind) => {
      let time = 1_700_000_000_000;
      const random = kind === "uuid" ? systemRandom : constant(0xff);
      const next: () => string = kind === "uuid" ? createUuidV7(random, () => time) : createUlid(random, () => time);
      let previous = "";
      for (let i = 0; i < 10_000; i++) {
        if (i === 9_000) time -= 5_000;
        if (i % 2_500 === 0) time++;
        const id = next();
        expect(id > previous).toBe(true);
        expect(kind === "uuid" ? isUuidV7(id) : isUlid(id)).toBe(true);
        previous = id;
      }
    },
  );

  test("ULID encodes its time as the specification's example does", () => {
    expect(createUlid(constant(0), () => 1469918176385)()).toBe("01ARYZ6S410000000000000000" as never);
  });
});

describe("AWS ids", () => {
  test("shapes", () => {
    const account = newAccountId(systemRandom);
    expect(isAccountId(account)).toBe(true);
    expect(account).not.toStartWith("0");
    expect(isAccessKeyId(newAccessKeyId("AKIA", account, systemRandom))).toBe(true);
    expect(newUniqueId("role", account, systemRandom)).toMatch(/^AROA[A-Z2-7]{17}$/);
    expect(newSecretAccessKey(systemRandom)).toMatch(/^[A-Za-z0-9+/]{40}$/);
    expect(newRequestId(systemRandom)).toMatch(/^[0-9A-F]{16}$/);
    expect(newHostId(systemRandom)).toMatch(/^[A-Za-z0-9+/]{75}=$/);
    expect(newDynamoRequestId(systemRandom)).toMatch(/^[0-9A-V]{52}$/);
    expect(newResourceId("vpc", systemRandom)).toMatch(/^vpc-[0-9a-f]{17}$/);
  });

  test.each(["000000000000", "123456789012", "999999999999"])("the account %s can be read from ids", (text) => {
    const account = text as AccountId;
    for (const random of [systemRandom, constant(0), constant(0xff)]) {
      expect(accountOfKey(newAccessKeyId("ASIA", account, random))).toBe(account);
      expect(accountOfKey(newUniqueId("user", account, random))).toBe(account);
    }
  });

  test("a published pair of key and account decodes", () => {
    expect(accountOfKey("ASIAQNZGKIQY56JQ7WML")).toBe("029608264753" as AccountId);
    expect(accountOfKey("AKIAIOSFODNN7EXAMPLE")).toBeUndefined();
    expect(accountOfKey("short")).toBeUndefined();
    expect(accountOfKey("AKIA0000000000000000")).toBeUndefined();
  });

  test("account ids from all of chance differ", () => {
    expect(new Set(Array.from({ length: 1000 }, () => newAccountId(systemRandom))).size).toBe(1000);
  });
});
