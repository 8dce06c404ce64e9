import { afterAll } from "bun:test";
import { startTestPostgres, whyNoPostgres } from "#foundation/sql/postgres/testing";
import { skipUnless } from "../../../tests/support/skips.ts";
import { eventStoreConformance } from "./conformance.ts";
import { createPostgresLog } from "./testing/postgres-world.ts";

const missing = whyNoPostgres();
const server = missing === undefined ? await startTestPostgres() : undefined;
afterAll(() => server?.stop());

if (server === undefined) {
  skipUnless(false, missing!)("event store: PostgreSQL keeps what every store must", () => undefined);
} else {
  eventStoreConformance("PostgreSQL", async () => {
    const log = await createPostgresLog(server);
    return { open: () => log.open(), dispose: () => log.close() };
  });
}
