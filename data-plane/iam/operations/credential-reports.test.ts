import { expect, test } from "bun:test";
import type { AccountId } from "#contracts";
import { MemoryCatalog } from "#data-plane/link/testing";
import type { CallContext } from "#data-plane/service";
import { systemTimers } from "#foundation/runtime";
import { credentialReports } from "./credential-reports.ts";

const HOUR_MS = 3_600_000;

const contextOf = (accountId: string, now: number) =>
  ({ caller: { type: "root", accountId: accountId as AccountId }, now }) as unknown as CallContext;

const open = () =>
  credentialReports({
    catalog: new MemoryCatalog(),
    control: { connected: false, execute: () => Promise.reject(new Error("nothing is changed here")) },
    timers: systemTimers,
    uses: { lastUseOf: () => undefined },
  });

test("a report is good for four hours, and then another one is made", async () => {
  const { GenerateCredentialReport, GetCredentialReport } = open();
  const at = (hours: number) => contextOf("111122223333", hours * HOUR_MS);
  const get = (hours: number) => GetCredentialReport.handle({}, at(hours));
  const generate = async (hours: number) => (await GenerateCredentialReport.handle({}, at(hours))).State;
  expect(() => get(0)).toThrow("The credential report does not exist.");
  expect(await generate(0)).toBe("STARTED");
  expect(await generate(3.9)).toBe("COMPLETE");
  expect((await get(3.9)).GeneratedTime).toEqual(new Date(0));
  expect(() => get(4)).toThrow("The most recent credential report has expired.");
  expect(await generate(4)).toBe("STARTED");
  expect((await get(4)).GeneratedTime).toEqual(new Date(4 * HOUR_MS));
});

test("every account has its own; those that nobody asked for lately make room", async () => {
  const { GenerateCredentialReport, GetCredentialReport } = open();
  const accounts = Array.from({ length: 51 }, (_, index) => String(100_000_000_000 + index));
  for (const account of accounts) GenerateCredentialReport.handle({}, contextOf(account, 0));
  const text = async (account: string) =>
    new TextDecoder().decode((await GetCredentialReport.handle({}, contextOf(account, 0))).Content);
  expect(await text(accounts[50]!)).toContain(`arn:aws:iam::${accounts[50]}:root`);
  expect(await text(accounts[1]!)).toContain(`arn:aws:iam::${accounts[1]}:root`);
  expect(text(accounts[0]!)).rejects.toThrow("does not exist");
});
