import { afterEach, beforeEach, describe, expect, test } from "bun:test";
import { mkdtempSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { AccountId } from "#contracts";
import { MemoryCatalog } from "#data-plane/link/testing";
import type { Caller } from "#data-plane/service";
import { createVirtualTime, type VirtualTime } from "#foundation/runtime";
import { createLogger, memorySink } from "#foundation/telemetry";
import { createAccessKeyUses } from "./access-key-uses.ts";

const ACCOUNT = "760718915781" as AccountId;
const ROLE = "AROA3CHTBPDCZOZ25XC3C";
const NOW = Date.UTC(2026, 0, 31);

const base = { accountId: ACCOUNT, arn: "", userId: "", canonicalUserId: "" };
const userCaller = (accessKeyId: string): Caller => ({ ...base, type: "user", userName: "ada", accessKeyId });
const session = { issuedAt: 0, expiresAt: 1, policies: [] };
const roleCaller: Caller = {
  ...base,
  type: "role",
  accessKeyId: "ASIA1",
  roleArn: "",
  roleId: ROLE,
  sessionName: "s",
  session,
};

describe("last uses", () => {
  let directory: string;
  let time: VirtualTime;
  let catalog: MemoryCatalog;
  let sink: ReturnType<typeof memorySink>;
  const open = () =>
    createAccessKeyUses({
      directory: join(directory, "iam"),
      catalog,
      timers: time.timers,
      logger: createLogger({ level: "warn", sink }),
    });
  const file = () => join(directory, "iam", "key-uses.json");

  beforeEach(() => {
    directory = mkdtempSync(join(tmpdir(), "biplane-uses-"));
    time = createVirtualTime(NOW);
    catalog = new MemoryCatalog();
    sink = memorySink();
    for (const accessKeyId of ["AKIA1", "AKIA2"]) {
      const owner = { type: "user", userName: "ada" } as const;
      const key = { accessKeyId, accountId: ACCOUNT, owner, sealedSecret: "", createdAt: 0 };
      catalog.put({ kind: "accessKey", status: "Active", ...key });
    }
    const place = { entityId: ROLE, accountId: ACCOUNT, name: "r", path: "/" };
    catalog.put({ kind: "role", ...place, createdAt: 0, modifiedAt: 0, revision: 1, sections: {} });
  });
  afterEach(() => rmSync(directory, { recursive: true, force: true }));

  test("are those of keys and of roles, the last one each", async () => {
    const uses = open();
    uses.record(userCaller("AKIA1"), "s3", "eu-west-1", NOW);
    uses.record(userCaller("AKIA1"), "sqs", "us-east-1", NOW + 5);
    uses.record(roleCaller, "dynamodb", "us-east-1", NOW + 7);
    uses.record({ type: "anonymous" }, "s3", "us-east-1", NOW);
    uses.record({ ...userCaller("ASIA2"), session } as Caller, "s3", "us-east-1", NOW);
    expect(uses.lastUseOf("AKIA1")).toEqual({ service: "sqs", region: "us-east-1", at: NOW + 5 });
    expect(uses.lastUseOf(ROLE)).toEqual({ service: "dynamodb", region: "us-east-1", at: NOW + 7 });
    expect([uses.lastUseOf("ASIA1"), uses.lastUseOf("ASIA2"), uses.lastUseOf("AKIA2")]).toEqual([
      undefined,
      undefined,
      undefined,
    ]);
    await uses.close();
  });

  test("outlive the process, in a file for this user only", async () => {
    const before = open();
    before.record(userCaller("AKIA1"), "s3", "eu-west-1", NOW);
    before.record(roleCaller, "s3", "eu-west-1", NOW);
    await before.close();
    expect(statSync(file()).mode & 0o777).toBe(0o600);
    expect(readdirSync(join(directory, "iam"))).toEqual(["key-uses.json"]);
    const after = open();
    expect(after.lastUseOf("AKIA1")).toEqual({ service: "s3", region: "eu-west-1", at: NOW });
    expect(after.lastUseOf(ROLE)).toEqual({ service: "s3", region: "eu-west-1", at: NOW });
    await after.close();
  });

  test("are written once a minute at most, and not at all when nothing happens", async () => {
    const uses = open();
    expect(time.pendingTimers()).toBe(0);
    uses.record(userCaller("AKIA1"), "s3", "eu-west-1", NOW);
    uses.record(userCaller("AKIA2"), "s3", "eu-west-1", NOW);
    expect(time.pendingTimers()).toBe(1);
    time.advance(59_999);
    expect(readdirSync(join(directory, "iam"))).toEqual([]);
    time.advance(1);
    await uses.close();
    expect(Object.keys(JSON.parse(readFileSync(file(), "utf8")).uses)).toEqual(["AKIA1", "AKIA2"]);
    expect(time.pendingTimers()).toBe(0);
  });

  test("of what is gone are forgotten", async () => {
    const uses = open();
    uses.record(userCaller("AKIA1"), "s3", "eu-west-1", NOW);
    uses.record(userCaller("AKIA2"), "s3", "eu-west-1", NOW);
    uses.record(roleCaller, "s3", "eu-west-1", NOW);
    catalog.remove("accessKey", "AKIA2");
    catalog.remove("role", ROLE);
    await uses.close();
    expect(Object.keys(JSON.parse(readFileSync(file(), "utf8")).uses)).toEqual(["AKIA1"]);
  });

  test("a file that cannot be read is said and begun anew", async () => {
    await open().close();
    for (const text of ["", "{", "[]", '{"format":2,"uses":{}}', '{"format":1,"uses":null}']) {
      writeFileSync(file(), text);
      const uses = open();
      expect(uses.lastUseOf("AKIA1")).toBeUndefined();
      uses.record(userCaller("AKIA1"), "s3", "eu-west-1", NOW);
      await uses.close();
      expect(JSON.parse(readFileSync(file(), "utf8")).uses.AKIA1.at).toBe(NOW);
    }
    expect(sink.lines.length).toBe(5);
  });
});
