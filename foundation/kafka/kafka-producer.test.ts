import { afterEach, describe, expect, test } from "bun:test";
import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { systemClock, systemRandom, systemTimers } from "#foundation/runtime";
import { kafkaTest, startKafka } from "../../tests/support/kafka-cluster.ts";
import { skipUnless } from "../../tests/support/skips.ts";
import { until } from "../../tests/support/until.ts";
import {
  createKafkaProducer,
  type KafkaProducer,
  KafkaRefused,
  KafkaUnavailable,
  KafkaUncertain,
  parseBrokers,
} from "./index.ts";
import { type FakeBroker, fakeBroker } from "./testing/fake-broker.ts";

const open: { close?(): unknown; kill?(): unknown }[] = [];
afterEach(async () => {
  for (const one of open.splice(0)) await (one.kill?.() ?? one.close?.());
});

function producerOf(brokers: string, more: object = {}): KafkaProducer {
  const producer = createKafkaProducer({
    brokers: parseBrokers(brokers),
    timeoutMs: 10_000,
    clock: systemClock,
    timers: systemTimers,
    random: systemRandom,
    ...more,
  });
  open.push(producer);
  return producer;
}

const message = (value: string, key?: string) => ({
  topic: "t",
  value: Buffer.from(value),
  ...(key === undefined ? {} : { key: Buffer.from(key) }),
});

const failureOf = (sent: Promise<unknown>): Promise<Error> =>
  sent.then(
    () => new Error("it was acknowledged"),
    (error: Error) => error,
  );

describe("with a cluster of librdkafka", () => {
  kafkaTest("what is acknowledged is consumed, once, in order, at the place that was told", async () => {
    const cluster = await startKafka("t");
    open.push(cluster);
    const producer = producerOf(cluster.brokers);
    const count = 2_000;
    const places = await Promise.all(
      Array.from({ length: count }, (_, index) =>
        producer.publish({
          ...message(`é${index}`, `key ${index % 7}`),
          headers: [
            ["number", String(index)],
            ["ü", ""],
          ],
        }),
      ),
    );
    await until("all are consumed", () => cluster.consumed.length === count);
    const consumed = new Map(cluster.consumed.map((one) => [one.payload, one]));
    for (const [index, { partition, offset }] of places.entries()) {
      expect(consumed.get(`é${index}`)).toMatchObject({
        key: `key ${index % 7}`,
        partition,
        offset: Number(offset),
        headers: ["number", String(index), "ü", ""],
      });
    }
    for (let partition = 0; partition < 4; partition++) {
      const numbers = cluster.consumed
        .filter((one) => one.partition === partition)
        .map(({ headers }) => Number(headers![1]));
      expect(numbers).toEqual([...numbers].sort((left, right) => left - right));
    }
  });

  kafkaTest("messages without a key, octets of any kind, and ones larger than a batch", async () => {
    const cluster = await startKafka("t");
    open.push(cluster);
    const producer = producerOf(cluster.brokers);
    const texts = ["", "x".repeat(950_000), "a\nb", "y".repeat(500_000), "z".repeat(500_000)];
    await Promise.all(texts.map((text) => producer.publish(message(text))));
    await until("all are consumed", () => cluster.consumed.length === texts.length);
    const shown = (key: string | null, text: string | null): string => `${key} ${text?.length ?? 0}`;
    expect(cluster.consumed.map(({ payload, key }) => shown(key, payload)).sort()).toEqual(
      texts.map((text) => shown(null, text)).sort(),
    );
  });

  kafkaTest("a cluster that is gone is told of at once", async () => {
    const cluster = await startKafka("t");
    const producer = producerOf(cluster.brokers, { timeoutMs: 1_000 });
    await producer.publish(message("a"));
    await cluster.kill();
    // The first one may have been sent before anybody noticed; it is waited for.
    await until(
      "it is noticed",
      async () => (await failureOf(producer.publish(message("b")))) instanceof KafkaUnavailable,
    );
  });
});

interface Fakes {
  readonly brokers: readonly FakeBroker[];
  readonly producer: KafkaProducer;
  /** Node that leads, as all of them say. */
  lead(node: number): void;
}

async function fakes(count = 1, more: object = {}): Promise<Fakes> {
  const peers = new Map<number, number>();
  const brokers = await Promise.all(Array.from({ length: count }, (_, index) => fakeBroker(index + 1, peers)));
  open.push(...brokers);
  const lead = (node: number): void => {
    for (const broker of brokers) broker.leader = node;
  };
  lead(1);
  return { brokers, producer: producerOf(`127.0.0.1:${brokers[0]!.port}`, more), lead };
}

/** Answers by number of the request, the last one for all that follow. */
const inTurn = <Outcome>(...outcomes: readonly Outcome[]): (() => Outcome) => {
  let next = 0;
  return () => outcomes[Math.min(next++, outcomes.length - 1)]!;
};

describe("with brokers that fail", () => {
  test("a batch goes to the new leader when the old one says that it is none", async () => {
    const { brokers, producer, lead } = await fakes(2);
    brokers[0]!.onProduce = () => {
      lead(2);
      return 6;
    };
    expect(await producer.publish(message("a"))).toEqual({ partition: 0, offset: 0n });
    expect([brokers[0]!.produced.length, brokers[1]!.produced.length]).toEqual([1, 1]);
  });

  test("a batch whose answer is lost is sent again as the same one, and the next has the next number", async () => {
    const { brokers, producer } = await fakes();
    brokers[0]!.onProduce = inTurn<0 | "drop">("drop", 0);
    expect(await producer.publish(message("a"))).toEqual({ partition: 0, offset: 0n });
    await producer.publish(message("b"));
    const { producerId } = brokers[0]!.produced[0]!;
    expect(brokers[0]!.produced.map((one) => [one.producerId, one.sequence])).toEqual([
      [producerId, 0],
      [producerId, 0],
      [producerId, 1],
    ]);
  });

  test("one that the broker has already is acknowledged", async () => {
    const { brokers, producer } = await fakes();
    brokers[0]!.onProduce = inTurn<46 | "drop">("drop", 46);
    expect(await producer.publish(message("a"))).toEqual({ partition: 0, offset: undefined });
  });

  test("without numbers, what may be there is not sent again", async () => {
    for (const more of [{ idempotent: false }, { acks: "leader" }]) {
      const { brokers, producer } = await fakes(1, more);
      brokers[0]!.onProduce = () => "drop";
      expect(await failureOf(producer.publish(message("a")))).toBeInstanceOf(KafkaUncertain);
      expect(brokers[0]!.produced.map(({ producerId, sequence }) => [producerId, sequence])).toEqual([[-1n, -1]]);
    }
  });

  test("what was given up is never taken for the next message: that one has another session", async () => {
    const { brokers, producer } = await fakes(1, { timeoutMs: 300 });
    const [broker] = brokers;
    broker!.onProduce = () => "silent";
    const failure = await failureOf(producer.publish(message("a")));
    expect([failure instanceof KafkaUncertain, (failure as KafkaUncertain).isLate]).toEqual([true, true]);
    broker!.onProduce = () => 0;
    await until(
      "it is taken again",
      async () => (await failureOf(producer.publish(message("b")))).message === "it was acknowledged",
    );
    const [first, last] = [broker!.produced[0]!, broker!.produced.at(-1)!];
    expect(last.producerId).not.toBe(first.producerId);
    expect(last.sequence).toBe(0);
  });

  test("a session that the broker has forgotten is begun anew where nothing can be there twice", async () => {
    const { brokers, producer } = await fakes();
    brokers[0]!.onProduce = inTurn(59, 0);
    await producer.publish(message("a"));
    const [first, second] = brokers[0]!.produced;
    expect(second!.producerId).not.toBe(first!.producerId);
    const other = await fakes();
    other.brokers[0]!.onProduce = inTurn<45 | "drop">("drop", 45);
    expect(await failureOf(other.producer.publish(message("a")))).toBeInstanceOf(KafkaUncertain);
  });

  test("of a batch that is too large, those are refused that are too large alone", async () => {
    const { brokers, producer } = await fakes();
    brokers[0]!.onProduce = ({ count }) => (count > 1 ? 10 : 0);
    await producer.publish(message("first"));
    expect(await Promise.all(["a", "b", "c"].map((text) => producer.publish(message(text))))).toHaveLength(3);
    brokers[0]!.onProduce = () => 10;
    const failure = await failureOf(producer.publish(message("d")));
    expect([failure instanceof KafkaRefused, (failure as KafkaRefused).isTooLarge]).toEqual([true, true]);
  });

  test("what the cluster never takes is refused at once; what it has too few replicas for is tried again", async () => {
    const { brokers, producer } = await fakes();
    brokers[0]!.onProduce = () => 29;
    expect((await failureOf(producer.publish(message("a")))).message).toBe("TOPIC_AUTHORIZATION_FAILED");
    brokers[0]!.onProduce = inTurn(19, 19, 0);
    expect(await producer.publish(message("b"))).toMatchObject({ partition: 0 });
    const other = await fakes();
    other.brokers[0]!.topicError = 3;
    expect(await failureOf(other.producer.publish(message("a")))).toBeInstanceOf(KafkaRefused);
    expect(await failureOf(other.producer.publish({ ...message("a"), topic: "no topic" }))).toBeInstanceOf(
      KafkaRefused,
    );
  });

  test("while there is no leader a message waits, and no longer than it may", async () => {
    const { producer, lead } = await fakes(1, { timeoutMs: 300 });
    lead(-1);
    expect(await failureOf(producer.publish(message("a")))).toBeInstanceOf(KafkaUnavailable);
    lead(1);
    expect(await producer.publish(message("b"))).toMatchObject({ partition: 0 });
  });

  test.each([
    ["speaks something else", Buffer.from("HTTP/1.1 400 Bad Request\r\n\r\n")],
    ["answers what nobody has asked", Buffer.from("0000000600000bad0000", "hex")],
    ["says nothing", Buffer.alloc(0)],
  ])("one that %s has nothing, and the message may be sent elsewhere", async (_, garbage) => {
    const { brokers, producer } = await fakes(1, { timeoutMs: 300 });
    brokers[0]!.garbage = garbage;
    expect(await failureOf(producer.publish(message("a")))).toBeInstanceOf(KafkaUnavailable);
  });

  test("one that says nothing does not use up the time in which another answers", async () => {
    const { brokers } = await fakes(2);
    const silent = await fakeBroker(9, new Map());
    open.push(silent);
    silent.garbage = Buffer.alloc(0);
    const producer = producerOf(`127.0.0.1:${silent.port},127.0.0.1:${brokers[0]!.port}`, { timeoutMs: 3_000 });
    expect(await producer.publish(message("a"))).toMatchObject({ partition: 0 });
  });

  test("a bound of what waits holds, and nothing is left after the end", async () => {
    const { brokers, producer } = await fakes(1, { waitingMax: 2 });
    brokers[0]!.garbage = Buffer.alloc(0);
    const waiting = [failureOf(producer.publish(message("a"))), failureOf(producer.publish(message("b")))];
    expect((await failureOf(producer.publish(message("c")))).message).toBe("too many messages are waiting");
    producer.close();
    expect((await Promise.all(waiting)).map(({ message }) => message)).toEqual([
      "the producer is closed",
      "the producer is closed",
    ]);
  });
});

describe("who logs in", () => {
  const login = { username: "a=n,n", password: "secret" };
  test.each(["PLAIN", "SCRAM-SHA-256", "SCRAM-SHA-512"] as const)(
    "by %s, is let in with the right password",
    async (mechanism) => {
      const broker = await fakeBroker(1, new Map(), { sasl: { mechanism, ...login } });
      open.push(broker);
      const to = (sasl: object | undefined) =>
        producerOf(`127.0.0.1:${broker.port}`, { timeoutMs: 3_000, ...(sasl === undefined ? {} : { sasl }) });
      expect(await to({ mechanism, ...login }).publish(message("a"))).toMatchObject({ partition: 0 });
      const wrong = await failureOf(to({ mechanism, ...login, password: "wrong" }).publish(message("a")));
      expect([wrong instanceof KafkaUnavailable, wrong.message]).toEqual([
        true,
        "SASL_AUTHENTICATION_FAILED: who is that",
      ]);
      const other = mechanism === "PLAIN" ? "SCRAM-SHA-256" : "PLAIN";
      const unspoken = await failureOf(to({ mechanism: other, ...login }).publish(message("a")));
      expect(unspoken.message).toBe(`the broker does not take ${other}; it takes ${mechanism}`);
      expect(await failureOf(to(undefined).publish(message("a")))).toBeInstanceOf(KafkaUnavailable);
    },
  );

  test("a broker that does not know the password itself gets no message", async () => {
    const sasl = { mechanism: "SCRAM-SHA-512", ...login } as const;
    const broker = await fakeBroker(1, new Map(), { sasl: { ...sasl, isImpostor: true } });
    open.push(broker);
    const failure = await failureOf(producerOf(`127.0.0.1:${broker.port}`, { sasl }).publish(message("a")));
    expect(failure.message).toBe("the broker does not know the password");
    expect(broker.produced).toEqual([]);
  });
});

skipUnless(Bun.which("openssl") !== null, "openssl is not installed; it makes the test's certificate")(
  "TLS is spoken with whom it trusts, and with nobody else",
  async () => {
    const folder = mkdtempSync(join(tmpdir(), "biplane-kafka-tls-"));
    open.push({ close: () => rmSync(folder, { recursive: true, force: true }) });
    const made =
      "openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:prime256v1 -nodes -keyout key.pem -out cert.pem -days 2 -subj /CN=localhost -addext subjectAltName=DNS:localhost";
    expect(await Bun.spawn(made.split(" "), { cwd: folder, stdout: "ignore", stderr: "ignore" }).exited).toBe(0);
    const [cert, key] = ["cert.pem", "key.pem"].map((name) => readFileSync(join(folder, name), "utf8")) as [
      string,
      string,
    ];
    const broker = await fakeBroker(1, new Map(), { tls: { cert, key } });
    open.push(broker);
    const to = (host: string, tls: object) => producerOf(`${host}:${broker.port}`, { timeoutMs: 3_000, tls });
    expect(await to("localhost", { ca: cert }).publish(message("a"))).toMatchObject({ partition: 0 });
    expect(await to("127.0.0.1", { ca: cert, serverName: "localhost" }).publish(message("b"))).toMatchObject({
      partition: 0,
    });
    for (const refused of [to("localhost", {}), to("127.0.0.1", { ca: cert })]) {
      expect(await failureOf(refused.publish(message("c")))).toBeInstanceOf(KafkaUnavailable);
    }
    expect(broker.produced).toHaveLength(2);
  },
);
