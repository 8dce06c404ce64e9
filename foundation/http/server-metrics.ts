/** What a server counts. Handles are bound once per method and status class: counting an exchange allocates nothing. */

import type { Counter, Gauge, Histogram, MetricsRegistry } from "#foundation/telemetry";
import { unreadBodyBytes } from "./body-queue.ts";
import { unreadAnswerBytes } from "./unread-answers.ts";

const METHODS = ["GET", "HEAD", "PUT", "POST", "DELETE", "PATCH", "OPTIONS"];
const OTHER = METHODS.length;

export interface ServerMetrics {
  started(): void;
  finished(method: string, status: number, seconds: number, bytesIn: number, bytesOut: number): void;
  connection(change: 1 | -1): void;
}

export function createServerMetrics(registry: MetricsRegistry, server: string): ServerMetrics {
  const requests = registry.counter({
    name: "biplane_http_requests_total",
    help: "Finished HTTP exchanges by method and status class.",
    labels: ["server", "method", "status"],
  });
  const duration: Histogram = registry
    .histogram({ name: "biplane_http_request_seconds", help: "Duration of HTTP exchanges.", labels: ["server"] })
    .labels(server);
  const inFlight: Gauge = registry
    .gauge({ name: "biplane_http_requests_in_flight", help: "HTTP exchanges being handled.", labels: ["server"] })
    .labels(server);
  const connections: Gauge = registry
    .gauge({ name: "biplane_http_connections", help: "Open HTTP connections.", labels: ["server"] })
    .labels(server);
  const bytes = registry.counter({
    name: "biplane_http_body_bytes_total",
    help: "HTTP body bytes received and sent.",
    labels: ["server", "direction"],
  });
  // Of the whole process: several servers set the same.
  const unreadBodies = registry
    .gauge({
      name: "biplane_http_unread_body_bytes",
      help: "Bytes of request bodies in memory that nobody has read.",
    })
    .labels();
  const unreadAnswers = registry
    .gauge({
      name: "biplane_http_unread_answer_bytes",
      help: "Bytes in memory for answers that their clients do not read.",
    })
    .labels();
  registry.onCollect(() => {
    unreadBodies.set(unreadBodyBytes());
    unreadAnswers.set(unreadAnswerBytes());
  });
  const bytesReceived = bytes.labels(server, "in");
  const bytesSent = bytes.labels(server, "out");
  const handles: (Counter | undefined)[] = [];
  return {
    started: () => inFlight.inc(),
    connection: (change) => connections.inc(change),
    finished(method, status, seconds, bytesIn, bytesOut) {
      inFlight.dec();
      const known = METHODS.indexOf(method);
      const slot = known < 0 ? OTHER : known;
      const statusClass = Math.floor(status / 100);
      const index = slot * 10 + statusClass;
      let handle = handles[index];
      if (handle === undefined) {
        handle = requests.labels(server, METHODS[slot] ?? "other", statusClass === 0 ? "none" : `${statusClass}xx`);
        handles[index] = handle;
      }
      handle.inc();
      duration.observe(seconds);
      if (bytesIn > 0) bytesReceived.inc(bytesIn);
      if (bytesOut > 0) bytesSent.inc(bytesOut);
    },
  };
}
