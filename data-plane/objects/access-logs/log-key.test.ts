import { expect, test } from "bun:test";
import type { AccountId, Region } from "#contracts";
import { logKey } from "./log-key.ts";

const time = Date.UTC(2026, 0, 2, 3, 4, 5);
const partitioned = (dateSource: "EventTime" | "DeliveryTime") =>
  ({
    kind: "partitioned",
    dateSource,
    accountId: "111122223333" as AccountId,
    region: "eu-west-1" as Region,
    bucket: "photos",
  }) as const;

test("logKey() names log objects as S3 does", () => {
  expect(logKey("logs/", { kind: "simple" }, time, "U")).toBe("logs/2026-01-02-03-04-05-U");
  expect(logKey("", { kind: "simple" }, time, "U")).toBe("2026-01-02-03-04-05-U");
  expect(logKey("logs/", partitioned("DeliveryTime"), time, "U")).toBe(
    "logs/111122223333/eu-west-1/photos/2026/01/02/2026-01-02-03-04-05-U",
  );
  expect(logKey("logs/", partitioned("EventTime"), time, "U")).toBe(
    "logs/111122223333/eu-west-1/photos/2026/01/02/2026-01-02-00-00-00-U",
  );
});
