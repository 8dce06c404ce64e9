/** The conformance suite of the port: every engine passes it. */

import { afterAll, beforeAll, describe } from "bun:test";
import { deadLetterCases } from "./dead-letters.ts";
import { fifoCases } from "./fifo.ts";
import type { QueueFixture } from "./fixture.ts";
import { lifeCycleCases } from "./life-cycle.ts";
import { longPollingCases } from "./long-polling.ts";
import { moveCases } from "./moves.ts";
import { receiptCases } from "./receipts.ts";
import { standardCases } from "./standard.ts";
import { timeCases } from "./time.ts";

export type { QueueFixture } from "./fixture.ts";

/** Registers all cases for an engine. Cases share one engine and take queues of their own. */
export function describeQueueEngine(name: string, open: () => Promise<QueueFixture>): void {
  describe(`queue engine: ${name}`, () => {
    let opened: QueueFixture | undefined;
    const fixture = (): QueueFixture => {
      if (opened === undefined) throw new Error("the engine is not open");
      return opened;
    };
    beforeAll(async () => {
      opened = await open();
    });
    afterAll(() => opened?.close());
    describe("standard queues", () => standardCases(fixture));
    describe("receipts", () => receiptCases(fixture));
    describe("time", () => timeCases(fixture));
    describe("long polling", () => longPollingCases(fixture));
    describe("FIFO queues", () => fifoCases(fixture));
    describe("dead letters", () => deadLetterCases(fixture));
    describe("moves", () => moveCases(fixture));
    describe("life cycle", () => lifeCycleCases(fixture));
  });
}
