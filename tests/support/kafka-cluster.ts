/** A cluster that speaks Kafka's protocol, as kcat's library makes one for tests; the same process consumes what is produced to it. */
import { skipUnless } from "./skips.ts";
import { until } from "./until.ts";

const program = Bun.which("kcat");

/** `test` where kcat is installed; a named skip elsewhere. */
export const kafkaTest = skipUnless(program !== null, "kcat is not installed");

export interface ConsumedMessage {
  readonly topic: string;
  readonly partition: number;
  readonly offset: number;
  readonly key: string | null;
  readonly payload: string | null;
  /** Name, value, name, value … */
  readonly headers?: readonly string[];
}

export interface KafkaCluster {
  /** `host:port,host:port`. */
  readonly brokers: string;
  /** Of the topic that was named. */
  readonly consumed: readonly ConsumedMessage[];
  /** Leader by partition. */
  leaders(topic: string): Promise<ReadonlyMap<number, number>>;
  kill(): Promise<void>;
}

/** Resolves when the topic is there, with four partitions. @param properties of the library, such as `test.mock.broker.rtt=10` */
export async function startKafka(
  topic: string,
  brokerCount = 3,
  properties: readonly string[] = [],
): Promise<KafkaCluster> {
  const more = properties.flatMap((one) => ["-X", one]);
  const options = ["-C", "-J", "-u", "-q", "-t", topic, "-o", "beginning", "-b", "none", "-d", "mock"];
  const child = Bun.spawn([program!, ...options, "-X", `test.mock.num.brokers=${brokerCount}`, ...more], {
    stdin: "ignore",
    stdout: "pipe",
    stderr: "pipe",
  });
  const consumed: ConsumedMessage[] = [];
  let brokers: string | undefined;
  void lines(child.stdout, (line) => consumed.push(JSON.parse(line) as ConsumedMessage));
  void lines(child.stderr, (line) => {
    brokers ??= /Mock cluster \S+ bootstrap\.servers=([0-9.:,]+)/.exec(line)?.[1];
  });
  const cluster: KafkaCluster = {
    get brokers() {
      return brokers!;
    },
    consumed,
    async leaders(name) {
      const listing = Bun.spawn([program!, "-L", "-J", "-b", brokers!, "-t", name], {
        stdout: "pipe",
        stderr: "ignore",
      });
      const { topics } = JSON.parse(await new Response(listing.stdout).text()) as {
        readonly topics: readonly { readonly partitions: readonly { partition: number; leader: number }[] }[];
      };
      return new Map((topics[0]?.partitions ?? []).map(({ partition, leader }) => [partition, leader]));
    },
    async kill() {
      child.kill("SIGKILL");
      await child.exited;
    },
  };
  await until("the cluster says where it is", () => brokers !== undefined);
  // Asked for, it is made.
  await until("the topic is there", async () => (await cluster.leaders(topic)).size > 0, 20_000, 100);
  return cluster;
}

async function lines(stream: ReadableStream<Uint8Array>, each: (line: string) => void): Promise<void> {
  let rest = "";
  const decoder = new TextDecoder();
  for await (const bytes of stream) {
    const found = (rest + decoder.decode(bytes, { stream: true })).split("\n");
    rest = found.pop()!;
    for (const line of found) if (line !== "") each(line);
  }
}
