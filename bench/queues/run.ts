/**
 * `npm run bench -- queues [--seconds 3] [--rounds 3] [--only biplane]`: sends, receives with deletions, and how soon a waiting consumer has a message, on Biplane
 * and its peers in turn.
 *
 * All servers run on this machine, one at a time, beside the load; a server's own CPU seconds tell what a core of it would do. A pair of a receive and a
 * deletion counts as one.
 */
import { parseArgs } from "node:util";
import { type PreparedRequest, runLoad } from "../harness/http-load.ts";
import { installPeers } from "../harness/peers.ts";
import { median } from "../harness/statistics.ts";
import { converse, type Talker } from "./dialogue.ts";
import { type QueueServer, startBiplane, startElasticMq, startFauxqs } from "./servers.ts";

const { values } = parseArgs({
  options: {
    seconds: { type: "string", default: "3" },
    rounds: { type: "string", default: "3" },
    only: { type: "string" },
  },
});
const seconds = Number(values.seconds);
const rounds = Number(values.rounds);

const CONNECTIONS = 64;
const BODY = "x".repeat(500);
/** By number, not by time: on a busy machine the compilers would else still be at work in what is measured. */
const WARM_UP_REQUESTS = 30_000;
const WARM_UP_SECONDS_MAX = 30;
const POLLS = 200;

interface Figure {
  readonly server: string;
  readonly scenario: string;
  /** Times per second, and per CPU second of the server. */
  readonly rate: number;
  readonly perCore: number;
  /** Least and most of the rounds: how much the machine was disturbed. */
  readonly perCoreRange: readonly [number, number];
  readonly more: string;
}

/** One consumer: receives, deletes, and so on until nothing is left or the time is over. */
function consumer(
  server: QueueServer,
  queueUrl: string,
  receive: PreparedRequest,
  done: () => boolean,
): Talker & { pairs: number } {
  let deleting = false;
  const talker = {
    pairs: 0,
    next(answer: string | undefined): PreparedRequest | undefined {
      if (deleting) talker.pairs++;
      const handle = answer === undefined || deleting ? undefined : server.member(answer, "ReceiptHandle");
      deleting = handle !== undefined;
      if (handle !== undefined) return server.request("DeleteMessage", { QueueUrl: queueUrl, ReceiptHandle: handle });
      // An empty answer is the end; the answer to a deletion is not.
      if (answer?.includes("ReceiveMessage") === true || answer === "{}" || done()) return undefined;
      return receive;
    },
  };
  return talker;
}

async function drain(server: QueueServer, queueUrl: string, limitSeconds: number): Promise<number> {
  const receive = server.request("ReceiveMessage", {
    QueueUrl: queueUrl,
    MaxNumberOfMessages: 1,
    VisibilityTimeout: 600,
  });
  const until = performance.now() + limitSeconds * 1000;
  const done = () => performance.now() > until;
  const consumers = Array.from({ length: CONNECTIONS }, () => consumer(server, queueUrl, receive, done));
  await converse(server, consumers);
  return consumers.reduce((sum, one) => sum + one.pairs, 0);
}

async function makeQueue(server: QueueServer, name: string): Promise<string> {
  let answer = "";
  const create = server.request("CreateQueue", { QueueName: name });
  await converse(server, [
    {
      next(before) {
        answer = before ?? "";
        return before === undefined ? create : undefined;
      },
    },
  ]);
  const url = server.member(answer, "QueueUrl");
  if (url === undefined) throw new Error(`no queue was made: ${answer}`);
  return url;
}

/** Milliseconds from the beginning of a send to the answer of the receive that waited for it. */
async function pollLatencies(server: QueueServer): Promise<readonly number[]> {
  const queueUrl = await makeQueue(server, "bench-poll");
  const receive = server.request("ReceiveMessage", { QueueUrl: queueUrl, WaitTimeSeconds: 20 });
  const send = server.request("SendMessage", { QueueUrl: queueUrl, MessageBody: BODY });
  const latencies: number[] = [];
  for (let poll = 0; poll < POLLS; poll++) {
    let began = 0;
    let handle: string | undefined;
    const waiting = converse(server, [
      {
        next(answer) {
          if (answer === undefined) return receive;
          if (handle !== undefined) return undefined;
          latencies.push(performance.now() - began);
          handle = server.member(answer, "ReceiptHandle") ?? "";
          return server.request("DeleteMessage", { QueueUrl: queueUrl, ReceiptHandle: handle });
        },
      },
    ]);
    // Long enough for the receive to wait in the server, whichever it is.
    await Bun.sleep(15);
    began = performance.now();
    await converse(server, [{ next: (answer) => (answer === undefined ? send : undefined) }]);
    await waiting;
  }
  return latencies.sort((left, right) => left - right);
}

async function measure(server: QueueServer): Promise<Figure[]> {
  const queueUrl = await makeQueue(server, "bench");
  const send = server.request("SendMessage", { QueueUrl: queueUrl, MessageBody: BODY });
  const samples = { send: [] as number[][], consume: [] as number[][] };
  let latency = "";
  const fill = async (limit: number, requests = Number.POSITIVE_INFINITY): Promise<void> => {
    const cpu = server.cpuSeconds();
    const result = await runLoad(server, CONNECTIONS, () => send, { seconds: limit, requests });
    if (result.failures.size > 0) throw new Error(`it answers ${[...result.failures.keys()].join(", ")}`);
    samples.send.push([result.requests / result.seconds, result.requests / (server.cpuSeconds() - cpu)]);
    latency = `p50 ${result.p50.toFixed(1)} ms  p99 ${result.p99.toFixed(1)} ms`;
  };
  const consume = async (limit: number): Promise<void> => {
    const cpu = server.cpuSeconds();
    const began = performance.now();
    const pairs = await drain(server, queueUrl, limit);
    samples.consume.push([(pairs * 1000) / (performance.now() - began), pairs / (server.cpuSeconds() - cpu)]);
  };
  await fill(WARM_UP_SECONDS_MAX, WARM_UP_REQUESTS);
  await consume(WARM_UP_SECONDS_MAX);
  samples.send = [];
  samples.consume = [];
  for (let round = 0; round < rounds; round++) {
    await fill(seconds);
    await consume(seconds);
  }
  const figure = (scenario: string, of: readonly number[][], more: string): Figure => {
    const perCore = of.map(([, each]) => each!);
    const range = [Math.min(...perCore), Math.max(...perCore)] as const;
    const rate = median(of.map(([each]) => each!));
    return { server: server.name, scenario, rate, perCore: median(perCore), perCoreRange: range, more };
  };
  const figures = [
    figure(`send ${BODY.length} B, ${CONNECTIONS} connections`, samples.send, latency),
    figure(`receive and delete, ${CONNECTIONS} connections`, samples.consume, ""),
  ];
  const polls = await pollLatencies(server);
  const at = (share: number) => polls[Math.min(polls.length - 1, Math.floor(polls.length * share))]!.toFixed(1);
  console.log(`${server.name}: from a send to the consumer that waits: p50 ${at(0.5)} ms, p99 ${at(0.99)} ms`);
  return figures;
}

installPeers("elasticmq");

const starters = [startBiplane, startElasticMq, startFauxqs].filter(
  (start) => values.only === undefined || start.name.toLowerCase().includes(values.only),
);
const figures: Figure[] = [];
for (const start of starters) {
  let server: QueueServer | undefined;
  try {
    server = await start();
    console.log(`${server.name}: ${server.note}`);
    figures.push(...(await measure(server)));
  } catch (error) {
    const problem = error instanceof Error ? error.message : error;
    console.log(`${server?.name ?? start.name} does not stand it: ${problem}`);
  }
  await server?.stop();
}

const format = (value: number) => Math.round(value).toLocaleString("en");
for (const scenario of new Set(figures.map((each) => each.scenario))) {
  console.log(`\n${scenario}`);
  const rows = figures.filter((each) => each.scenario === scenario);
  const ours = rows.find((row) => row.server === "biplane");
  for (const row of rows) {
    const ratio =
      ours === undefined || row === ours
        ? ""
        : `   biplane is ${(ours.rate / row.rate).toFixed(2)} ×, per core ${(ours.perCore / row.perCore).toFixed(2)} ×`;
    console.log(
      `  ${row.server.padEnd(9)} ${format(row.rate).padStart(8)} /s ${format(row.perCore).padStart(8)} /cpu-s (${row.perCoreRange.map(format).join(" to ")})   ${row.more}${ratio}`,
    );
  }
}
