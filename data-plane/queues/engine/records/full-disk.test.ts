/** A disk that is full refuses, keeps what it has, and takes again when there is room. */

import { expect, test } from "bun:test";
import type { ResourceId } from "#contracts";
import { createVirtualTime } from "#foundation/runtime";
import { type Database, hostEngine } from "#foundation/sql";
import { createCourier } from "../courier/courier.ts";
import { isQueueEngineError } from "../engine-error.ts";
import { createRecords, type RecordOperations, type RecordSettings } from "./create-records.ts";
import { HANDLE_KEY_BYTES } from "./receipt-handles.ts";

const QUEUE = "queue" as ResourceId;
const ENVELOPE = "{}";

test("what does not fit is refused, counts stay true, and later it fits", async () => {
  let database: Database | undefined;
  const host = await hostEngine<RecordOperations, RecordSettings>({
    kind: "inline",
    createEngine(opened, settings) {
      database = opened;
      return createRecords(opened, settings);
    },
    database: { path: ":memory:" },
    settings: { newHandleKey: new Uint8Array(HANDLE_KEY_BYTES), inFlightMax: 100 },
  });
  const courier = createCourier(host, createVirtualTime(1_000_000).clock);
  const send = (body: string) =>
    courier.send({
      name: "send",
      ask: { queue: QUEUE, messages: [{ envelope: ENVELOPE.length, body: body.length }] },
      texts: [ENVELOPE, body],
      read: () => "sent",
    });
  const counts = () => courier.send({ name: "counts", ask: { queue: QUEUE }, read: ({ visible }) => visible });
  const code = (error: unknown) => (isQueueEngineError(error) ? error.code : String(error));

  const settings = { queueId: QUEUE, fifo: false, visibilityMs: 1000, delayMs: 0, retentionMs: 60_000 };
  await courier.send({ name: "ensure", ask: { settings }, read: () => true });
  await send("small");
  const pages = database!.prepare<{ page_count: number }>("PRAGMA page_count").get()!.page_count;
  database!.exec(`PRAGMA max_page_count = ${pages + 2}`);
  const large = "x".repeat(100_000);
  // One letter: what would have fitted is refused along with it, or kept; never one half of both.
  const outcomes = await Promise.all([send("beside").catch(code), send(large).catch(code)]);
  expect(outcomes[1]).toBe("InsufficientStorage");
  expect(await counts()).toBe(outcomes[0] === "sent" ? 2 : 1);
  expect(await send(large).catch(code)).toBe("InsufficientStorage");
  database!.exec("PRAGMA max_page_count = 1000000");
  const before = await counts();
  expect(await send(large)).toBe("sent");
  expect(await counts()).toBe(before + 1);
  await courier.close();
  await host.close();
});
