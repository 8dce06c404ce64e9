/** The conformance suite of the port: every engine passes it. */

import { afterAll, beforeAll, describe } from "bun:test";
import type { TableFixture } from "../testing/fixture.ts";
import { backupCases } from "./backups.ts";
import { expiryCases } from "./expiry.ts";
import { indexCases } from "./indexes.ts";
import { lifeCycleCases } from "./life-cycle.ts";
import { pageCases } from "./pages.ts";
import { streamCases } from "./streams.ts";
import { transactionCases } from "./transactions.ts";
import { writeCases } from "./writes.ts";

/** Registers all cases for an engine. Cases share one engine and take tables of their own. */
export function describeTableEngine(name: string, open: () => Promise<TableFixture>): void {
  describe(`table engine: ${name}`, () => {
    let opened: TableFixture | undefined;
    const fixture = (): TableFixture => {
      if (opened === undefined) throw new Error("the engine is not open");
      return opened;
    };
    beforeAll(async () => {
      opened = await open();
    });
    afterAll(() => opened?.close());
    describe("writes", () => writeCases(fixture));
    describe("pages", () => pageCases(fixture));
    describe("indexes", () => indexCases(fixture));
    describe("transactions", () => transactionCases(fixture));
    describe("streams", () => streamCases(fixture));
    describe("expiry", () => expiryCases(fixture));
    describe("backups", () => backupCases(fixture));
    describe("life cycle", () => lifeCycleCases(fixture));
  });
}
