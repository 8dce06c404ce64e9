/**
 * What the audit log costs: appends by 64 concurrent callers, the latency of one alone, what a caller's thread spends on each, and verification.
 *
 *     scripts/bun bench/audit/run.ts [--hosting worker|inline] [--seconds 4]
 *
 * Numbers are of one run on one machine: compare only what was measured side by side.
 */
import { mkdtempSync, rmSync, statSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { parseArgs } from "node:util";
import { type AuditEvent, type AuditLog, openAuditLog } from "#foundation/audit";
import { systemClock, systemRandom, systemTimers } from "#foundation/runtime";

const { values } = parseArgs({
  options: { hosting: { type: "string", default: "worker" }, seconds: { type: "string", default: "4" } },
});

const CONCURRENCY = 64;
const hosting = values.hosting === "inline" ? "inline" : "worker";
let told = 0;

/** As an allowed mutation of the data plane would be. */
function event(): AuditEvent {
  told++;
  return {
    category: "mutation",
    actor: {
      type: "user",
      id: `arn:aws:iam::111111111111:user/user-${told % 100}`,
      accountId: "111111111111",
      accessKeyId: `AKIAIOSFODNN7EXAM${told % 100}`,
    },
    action: ["s3:PutBucketPolicy", "sqs:CreateQueue", "dynamodb:CreateTable", "iam:PutUserPolicy"][told % 4]!,
    resource: `arn:aws:s3:::bucket-${told % 1000}`,
    resourceAccount: "111111111111",
    decision: "allowed",
    reason: "Statement 1 of the identity policy AdministratorAccess allows it.",
    requestId: crypto.randomUUID(),
    sourceIp: "192.0.2.1",
    userAgent: "aws-sdk-js/3.1169.0 os/linux lang/js md/nodejs#24.1.0 api/s3#3.1169.0",
  };
}

async function load(log: AuditLog, callers: number): Promise<void> {
  const until = performance.now() + Number(values.seconds) * 1000;
  const latencies: number[] = [];
  const before = process.cpuUsage();
  const began = performance.now();
  const loop = async (): Promise<void> => {
    while (performance.now() < until) {
      const start = performance.now();
      await log.append(event());
      latencies.push(performance.now() - start);
    }
  };
  await Promise.all(Array.from({ length: callers }, loop));
  const seconds = (performance.now() - began) / 1000;
  const { user, system } = process.cpuUsage(before);
  latencies.sort((a, b) => a - b);
  const at = (share: number) => latencies[Math.floor((latencies.length - 1) * share)]!.toFixed(2);
  console.log(
    `${String(callers).padStart(3)} callers: ${Math.round(latencies.length / seconds)} appends/s, latency p50 ${at(0.5)} ms, p99 ${at(0.99)} ms, ` +
      `${((user + system) / latencies.length).toFixed(1)} µs of CPU each (all threads)`,
  );
}

/** What the calling thread alone spends: a burst that is not waited for until it is told. */
async function burst(log: AuditLog): Promise<void> {
  const count = 2000;
  const all: Promise<void>[] = [];
  const began = performance.now();
  for (let one = 0; one < count; one++) all.push(log.append(event()));
  const spent = performance.now() - began;
  await Promise.all(all);
  console.log(`the caller spends ${((spent * 1000) / count).toFixed(1)} µs to hand a record over`);
}

async function flood(log: AuditLog): Promise<void> {
  const count = 200_000;
  const denied = { ...event(), decision: "denied" } as const;
  const began = performance.now();
  for (let one = 0; one < count; one++) log.note(denied);
  console.log(`a repeated refusal costs ${(((performance.now() - began) * 1000) / count).toFixed(2)} µs`);
}

const directory = mkdtempSync(join(tmpdir(), "biplane-bench-audit-"));
try {
  const path = join(directory, "audit.sqlite");
  const log = await openAuditLog({
    path,
    plane: "data",
    clock: systemClock,
    timers: systemTimers,
    random: systemRandom,
    hosting,
  });
  console.log(`hosting ${hosting}`);
  await load(log, CONCURRENCY);
  await load(log, 1);
  await burst(log);
  await flood(log);
  const { sequence } = await log.head();
  const bytes = statSync(path).size + statSync(`${path}-wal`).size;
  console.log(
    `${sequence} records, ${Math.round(bytes / sequence)} bytes each with their indexes and the write-ahead log`,
  );
  for (const [name, query] of Object.entries({
    "the newest": { limit: 100 },
    "of an actor": { actor: "arn:aws:iam::111111111111:user/user-7", limit: 100 },
    "of a prefix": { action: "iam:*", limit: 100 },
    "of nobody": { actor: "nobody", decision: "denied", limit: 100 },
  } as const)) {
    const began = performance.now();
    const { items } = await log.query(query);
    console.log(`query ${name}: ${items.length} records in ${(performance.now() - began).toFixed(2)} ms`);
  }
  const began = performance.now();
  const verdict = await log.verify();
  const ms = performance.now() - began;
  if (!verdict.sound) throw new Error(verdict.message);
  console.log(
    `verified ${verdict.checked} records in ${ms.toFixed(0)} ms, ${Math.round((verdict.checked / ms) * 1000)}/s`,
  );
  await log.close();
} finally {
  rmSync(directory, { recursive: true, force: true });
}
