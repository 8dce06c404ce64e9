/** What the process itself uses: memory, CPU, event loop lag. */

import type { MetricsRegistry } from "./metric-types.ts";

const LAG_SAMPLE_MS = 500;

/** Adds the process metrics to a registry. Returns a function that stops the lag sampling. */
export function observeProcess(registry: MetricsRegistry): () => void {
  const resident = registry
    .gauge({ name: "process_resident_memory_bytes", help: "Resident memory in bytes." })
    .labels();
  const heap = registry.gauge({ name: "process_heap_bytes", help: "JavaScript heap in use in bytes." }).labels();
  const cpu = registry
    .gauge({ name: "process_cpu_seconds_total", help: "User and system CPU time spent in seconds." })
    .labels();
  const started = registry
    .gauge({ name: "process_start_time_seconds", help: "Start time of the process since the epoch in seconds." })
    .labels();
  const lag = registry
    .histogram({
      name: "process_event_loop_lag_seconds",
      help: "How late a timer fires: time during which nothing else could run.",
    })
    .labels();
  started.set(Date.now() / 1000 - process.uptime());

  registry.onCollect(() => {
    const { rss, heapUsed } = process.memoryUsage();
    const { user, system } = process.cpuUsage();
    resident.set(rss);
    heap.set(heapUsed);
    cpu.set((user + system) / 1e6);
  });

  let due = performance.now() + LAG_SAMPLE_MS;
  const timer = setInterval(() => {
    const now = performance.now();
    lag.observe(Math.max(0, now - due) / 1000);
    due = now + LAG_SAMPLE_MS;
  }, LAG_SAMPLE_MS);
  timer.unref();
  return () => clearInterval(timer);
}
