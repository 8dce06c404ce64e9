import { test } from "bun:test";
import { expectEverythingAgrees } from "./testing/random-commands.ts";

test("whatever is commanded, in batches and again: the log is gapless, views equal a rebuild, retries repeat, mirrors follow", async () => {
  await expectEverythingAgrees(50);
}, 30_000);
