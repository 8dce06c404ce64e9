/** The conformance suite of the port: every engine passes it. */

import { afterAll, beforeAll, describe } from "bun:test";
import { bucketCases } from "./buckets.ts";
import { encryptionCases } from "./encryption.ts";
import type { EngineFixture } from "./fixture.ts";
import { listingCases } from "./listings.ts";
import { objectCases } from "./objects.ts";
import { outboxCases } from "./outbox.ts";
import { uploadCases } from "./uploads.ts";
import { versionCases } from "./versions.ts";

export type { EngineFixture } from "./fixture.ts";

/** Registers all cases for an engine. Cases share one engine and take buckets of their own. */
export function describeObjectEngine(name: string, open: () => Promise<EngineFixture>): void {
  describe(`object engine: ${name}`, () => {
    let opened: EngineFixture | undefined;
    const fixture = (): EngineFixture => {
      if (opened === undefined) throw new Error("the engine is not open");
      return opened;
    };
    beforeAll(async () => {
      opened = await open();
    });
    afterAll(() => opened?.close());
    describe("objects", () => objectCases(fixture));
    describe("versions", () => versionCases(fixture));
    describe("listings", () => listingCases(fixture));
    describe("uploads", () => uploadCases(fixture));
    describe("encryption", () => encryptionCases(fixture));
    describe("outbox", () => outboxCases(fixture));
    describe("buckets", () => bucketCases(fixture));
  });
}
