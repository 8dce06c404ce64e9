import { afterEach, describe, expect, test } from "bun:test";
import { ANSWERS_HIGH_WATER_BYTES, SMALL_ANSWER_BYTES } from "./limits.ts";
import { type RawClient, rawClient } from "./testing/raw-client.ts";
import { get, testServers } from "./testing/server-fixture.ts";
import { answerGoesOn, answersPress, answerWaits, type UnreadAnswer, unreadAnswerBytes } from "./unread-answers.ts";

const QUARTER = ANSWERS_HIGH_WATER_BYTES / 4;

describe("what waits", () => {
  const answers: UnreadAnswer[] = [];
  const cut: string[] = [];
  function waits(name: string, bytes: number): UnreadAnswer {
    const answer = { cut: () => void cut.push(name) };
    answers.push(answer);
    answerWaits(answer, bytes);
    return answer;
  }
  afterEach(() => {
    for (const answer of answers.splice(0)) answerGoesOn(answer);
    cut.length = 0;
    expect(unreadAnswerBytes()).toBe(0);
  });

  test("counts until it is taken, once", () => {
    const answer = waits("a", QUARTER);
    answerWaits(answer, 2 * QUARTER);
    expect([unreadAnswerBytes(), answersPress()]).toEqual([2 * QUARTER, false]);
    waits("b", QUARTER);
    expect(answersPress()).toBe(true);
    answerGoesOn(answer);
    answerGoesOn(answer);
    expect([unreadAnswerBytes(), answersPress()]).toEqual([QUARTER, false]);
  });

  test("is cut where it has waited longest when more comes than fits", () => {
    const first = waits("first", QUARTER);
    for (const name of ["second", "third", "fourth"]) waits(name, QUARTER);
    // Its client takes something: it is the last now.
    answerWaits(first, QUARTER);
    expect(cut).toEqual([]);
    waits("fifth", QUARTER + 1);
    expect(cut).toEqual(["second", "third"]);
  });

  test("stays when it is the only one, however large, and for ever when it is small", () => {
    waits("small", SMALL_ANSWER_BYTES);
    expect(unreadAnswerBytes()).toBe(0);
    waits("large", QUARTER);
    waits("huge", 5 * QUARTER);
    expect(cut).toEqual(["large"]);
  });
});

describe("over sockets", () => {
  const { start, close } = testServers();
  const clients: RawClient[] = [];
  afterEach(async () => {
    for (const client of clients.splice(0)) client.destroy();
    await close();
    expect(unreadAnswerBytes()).toBe(0);
  });

  test("a crowd that reads nothing pushes itself out; who reads gets everything", async () => {
    const LARGE = QUARTER / 2;
    const server = await start(() => ({ status: 200, body: new Uint8Array(LARGE) }));
    const ask = async (): Promise<RawClient> => {
      const client = await rawClient(server.port);
      clients.push(client);
      client.send(get("/"));
      return client;
    };
    const crowd: RawClient[] = [];
    for (let count = 0; count < 12; count++) {
      const client = await ask();
      client.socket.pause();
      crowd.push(client);
      const reader = await ask();
      await reader.until((received) => received.length > LARGE);
      reader.destroy();
    }
    expect(unreadAnswerBytes()).toBeLessThanOrEqual(ANSWERS_HIGH_WATER_BYTES);
    for (const { socket } of crowd) socket.resume();
    const lengths = await Promise.all(crowd.map(async (client) => (await readAll(client, LARGE)) > LARGE));
    // In the order in which they came, save that the latest are whole.
    expect(lengths.indexOf(true)).toBeGreaterThanOrEqual(crowd.length - ANSWERS_HIGH_WATER_BYTES / LARGE);
    expect(lengths.slice(lengths.indexOf(true))).not.toContain(false);
    expect(lengths).toContain(false);
  }, 30_000);
});

/** Bytes until the answer is whole or the connection is closed. */
async function readAll(client: RawClient, length: number): Promise<number> {
  await Promise.race([client.until((received) => received.length > length).catch(() => ""), client.closed()]);
  return client.received().length;
}
