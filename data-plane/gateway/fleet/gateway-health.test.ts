import { expect, test } from "bun:test";
import { createVirtualTime } from "#foundation/runtime";
import { measureHealth } from "./gateway-health.ts";

test("the greatest lag is told for one to two minutes, and numbers as they are", () => {
  const time = createVirtualTime(0);
  let late = 0;
  const meter = measureHealth({
    numbers: { requests: 7, errors: 2, percentiles: () => [1, 9] },
    timers: time.timers,
    now: () => time.clock.now() + late,
    memoryBytes: () => 4096,
  });
  late = 80;
  time.advance(500);
  expect(meter.read()).toEqual({
    requests_total: 7,
    errors_total: 2,
    p50_ms: 1,
    p99_ms: 9,
    memory_bytes: 4096,
    event_loop_lag_ms: 80,
  });
  time.advance(60_000);
  expect(meter.read().event_loop_lag_ms).toBe(80);
  time.advance(60_000);
  expect(meter.read().event_loop_lag_ms).toBe(0);
  meter.close();
});
