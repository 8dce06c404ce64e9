/** The change stream cut, delayed and torn; a control plane that comes back from a backup; names that many want at once. */
import { afterAll, beforeAll, describe, expect, test } from "bun:test";
import { cpSync, mkdtempSync, rmSync } from "node:fs";
import { connect, createServer, type Server, type Socket } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { type Cloud, type CloudEnvironment, type CloudProcess, createCloud } from "../support/cloud.ts";
import { randomFrom } from "../support/random.ts";
import { type SignedClient, signedClientFor } from "../support/signed-client.ts";
import { until } from "../support/until.ts";

const seed = Number(process.env.BIPLANE_SEED ?? Date.now() % 1_000_000);
const TROUBLE_MS = Number(process.env.BIPLANE_SECONDS ?? 6) * 1000;

/** How bad the way between the planes is: shares of pieces and connections, milliseconds of delay. */
interface Trouble {
  cut: number;
  tear: number;
  refuse: number;
  delayMs: number;
}

/** A proxy before the control plane that does what networks do. */
class BadWay {
  readonly trouble: Trouble = { cut: 0, tear: 0, refuse: 0, delayMs: 0 };
  readonly #random = randomFrom(seed);
  readonly #open = new Set<() => void>();
  readonly #server: Server;

  constructor(target: URL) {
    this.#server = createServer((client) => {
      if (this.#random() < this.trouble.refuse) {
        client.destroy();
        return;
      }
      const upstream = connect(Number(target.port), target.hostname);
      const close = () => {
        this.#open.delete(close);
        client.destroy();
        upstream.destroy();
      };
      this.#open.add(close);
      this.#carry(client, upstream, close);
      this.#carry(upstream, client, close);
    });
  }

  #carry(from: Socket, to: Socket, close: () => void): void {
    let before = Promise.resolve();
    from.on("data", (piece: Buffer) => {
      before = before.then(async () => {
        const { cut, tear, delayMs } = this.trouble;
        if (delayMs > 0) await Bun.sleep(this.#random() * delayMs);
        if (this.#random() < cut) close();
        else if (this.#random() < tear) to.write(piece.subarray(0, Math.floor(this.#random() * piece.length)), close);
        else to.write(piece);
      });
    });
    from.on("error", close);
    from.on("close", close);
  }

  /** @returns the URL of the proxy */
  async listen(): Promise<string> {
    await new Promise<void>((resolve) => this.#server.listen(0, "127.0.0.1", resolve));
    const address = this.#server.address();
    if (address === null || typeof address === "string") throw new Error("no port");
    return `http://127.0.0.1:${address.port}`;
  }

  cutAll(): void {
    for (const close of [...this.#open]) close();
  }

  close(): void {
    this.cutAll();
    this.#server.close();
  }
}

describe("two planes", () => {
  let cloud: Cloud;
  let control: CloudProcess;
  let node: CloudProcess;
  let way: BadWay;
  let environment: CloudEnvironment;
  let apiUrl: string;
  let s3: SignedClient;

  const startControl = (port: string) => cloud.start("control", "--api-port", port);
  const connected = (client: SignedClient) =>
    until("control operations work", async () => (await client.send("PUT", "/probe-bucket")).status === 200);

  beforeAll(async () => {
    cloud = createCloud();
    control = await startControl("0");
    apiUrl = (await cloud.environment()).BIPLANE_API_URL!;
    way = new BadWay(new URL(apiUrl));
    node = await cloud.start("node", "--control-plane", await way.listen(), "--port", "0");
    environment = await cloud.environment();
    s3 = signedClientFor(environment);
    await connected(s3);
  }, 60_000);
  afterAll(async () => {
    expect(await node.stop()).toBe(0);
    expect(await control.stop()).toBe(0);
    way.close();
    await cloud.dispose();
  });

  test("what was created can be written to at once, 200 times, by another connection", async () => {
    const other = signedClientFor(environment);
    for (let turn = 0; turn < 200; turn++) {
      expect((await s3.send("PUT", `/at-once-${turn}`)).status).toBe(200);
      expect((await other.send("PUT", `/at-once-${turn}/k`, { body: "x" })).status).toBe(200);
    }
  }, 30_000);

  test("of two accounts that want the same name at once exactly one gets it; a deleted key ends at once", async () => {
    const command = async (body: object) => {
      const headers = { authorization: `Bearer ${environment.BIPLANE_TOKEN}`, "content-type": "application/json" };
      const answer = await fetch(`${apiUrl}/v1/commands`, { method: "POST", headers, body: JSON.stringify(body) });
      expect(answer.status).toBe(200);
      return (await answer.json()) as { readonly result: Readonly<Record<string, string>> };
    };
    const { accountId } = (await command({ type: "account.create", name: "rival" })).result;
    const key = (await command({ type: "accessKey.create", accountId, owner: { type: "root" } })).result;
    const credential = { accessKeyId: key.accessKeyId!, secretAccessKey: key.secretAccessKey! };
    const rival = signedClientFor(environment, credential);
    await until("the key is known", async () => (await rival.send("GET", "/")).status === 200);
    for (let round = 0; round < 5; round++) {
      const answers = await Promise.all(
        Array.from({ length: 40 }, async (_, index) => {
          const client = index % 2 === 0 ? s3 : rival;
          return { client, answer: await client.send("PUT", `/wanted-${round}`) };
        }),
      );
      const winners = new Set(answers.filter(({ answer }) => answer.status === 200).map(({ client }) => client));
      expect(winners.size).toBe(1);
      for (const { client, answer } of answers) {
        if (!winners.has(client)) expect([answer.status, answer.code]).toEqual([409, "BucketAlreadyExists"]);
      }
    }
    await command({ type: "accessKey.delete", accountId, accessKeyId: credential.accessKeyId });
    await until("the key is refused", async () => (await rival.send("GET", "/")).code === "InvalidAccessKeyId");
  }, 30_000);

  test(
    "over a bad way every control operation is done or 503, what was answered holds, nothing that was written is lost",
    async () => {
      Object.assign(way.trouble, { cut: 0.01, tear: 0.005, refuse: 0.05, delayMs: 6 } satisfies Trouble);
      const deadline = Date.now() + TROUBLE_MS;
      const written = new Map<string, string>();
      let created = 0;
      let refused = 0;
      const worker = async (id: number) => {
        for (let turn = 0; Date.now() < deadline; turn++) {
          const bucket = `/bad-way-${id}-${turn}`;
          const creation = await s3.send("PUT", bucket);
          if (creation.status !== 200) {
            expect([creation.status, creation.code]).toEqual([503, "ServiceUnavailable"]);
            refused++;
            await Bun.sleep(20);
            continue;
          }
          created++;
          expect((await s3.send("PUT", `${bucket}/k`, { body: bucket })).status).toBe(200);
          written.set(`${bucket}/k`, bucket);
          if (turn % 3 !== 0) continue;
          expect((await s3.send("DELETE", `${bucket}/k`)).status).toBe(204);
          written.delete(`${bucket}/k`);
          const deletion = await s3.send("DELETE", bucket);
          if (deletion.status === 204) {
            expect((await s3.send("PUT", `${bucket}/k`, { body: "late" })).status).toBe(404);
            continue;
          }
          expect([deletion.status, deletion.code]).toEqual([503, "ServiceUnavailable"]);
          // Nobody knows whether it was deleted; a write that is accepted now has to stay.
          if ((await s3.send("PUT", `${bucket}/k`, { body: "late" })).status === 200)
            written.set(`${bucket}/k`, "late");
        }
      };
      const cuts = setInterval(() => way.cutAll(), 2000);
      await Promise.all(Array.from({ length: 8 }, (_, id) => worker(id)));
      clearInterval(cuts);
      Object.assign(way.trouble, { cut: 0, tear: 0, refuse: 0, delayMs: 0 } satisfies Trouble);
      await connected(s3);
      for (const [path, body] of written) expect([path, (await s3.send("GET", path)).text()]).toEqual([path, body]);
      expect(created).toBeGreaterThan(5);
      console.log(`seed ${seed}: ${created} buckets created, ${refused} refused, ${written.size} objects checked`);
    },
    60_000 + 2 * TROUBLE_MS,
  );

  test("a second data plane is told that there is one, and ends", async () => {
    const other = createCloud();
    try {
      const token = environment.BIPLANE_JOIN_TOKEN ?? (await joinTokenOf(cloud.dataDirectory));
      const { code, stderr } = await other.cli(
        "node",
        "--data",
        other.dataDirectory,
        "--control-plane",
        apiUrl,
        "--port",
        "0",
        "--join-token",
        token,
      );
      expect(code).toBe(5);
      expect(stderr).toMatch(/a cloud has one\..*biplane nodes forget dp-[0-9a-f-]{36}/s);
      const [enrolled] = JSON.parse((await cloud.cli("nodes", "list", "--json")).stdout) as readonly {
        readonly dataPlaneId: string;
      }[];
      expect(await cloud.cli("nodes", "forget", enrolled!.dataPlaneId)).toMatchObject({ code: 5 });
      expect((await s3.send("PUT", "/still-here")).status).toBe(200);
    } finally {
      await other.dispose();
    }
  }, 30_000);

  test("a control plane that was put back and has moved on gives its data planes what is the case", async () => {
    const backup = mkdtempSync(join(tmpdir(), "biplane-backup-"));
    const directory = join(cloud.dataDirectory, "control");
    const apiPort = new URL(apiUrl).port;
    const awsPort = new URL(environment.AWS_ENDPOINT_URL!).port;
    const other = createCloud();
    try {
      await control.stop();
      cpSync(directory, backup, { recursive: true });
      control = await startControl(apiPort);
      await connected(s3);
      for (let index = 0; index < 5; index++) expect((await s3.send("PUT", `/lost-${index}`)).status).toBe(200);
      expect((await s3.send("PUT", "/lost-0/k", { body: "kept on disk" })).status).toBe(200);
      await node.stop();
      await control.kill();
      rmSync(directory, { recursive: true });
      cpSync(backup, directory, { recursive: true });
      control = await startControl(apiPort);

      // Another data plane takes the place of the first, and the log past the point where the first one stands.
      await replaceNode(cloud);
      const token = environment.BIPLANE_JOIN_TOKEN ?? (await joinTokenOf(cloud.dataDirectory));
      const second = await other.start("node", "--control-plane", apiUrl, "--port", "0", "--join-token", token);
      const secondUrl = /AWS endpoint\s+(http:\S+)/.exec(second.output())![1]!;
      const elsewhere = signedClientFor({ ...environment, AWS_ENDPOINT_URL: secondUrl });
      await connected(elsewhere);
      for (let index = 0; index < 20; index++) expect((await elsewhere.send("PUT", `/new-${index}`)).status).toBe(200);

      await second.stop();
      await replaceNode(cloud);
      node = await cloud.start("node", "--control-plane", apiUrl, "--port", awsPort);
      await connected(s3);
      for (let index = 0; index < 5; index++) expect((await s3.send("GET", `/lost-${index}`)).status).toBe(404);
      for (let index = 0; index < 20; index++) expect((await s3.send("GET", `/new-${index}`)).status).toBe(200);
      await until("it is said", () => node.output().includes("a bucket that holds objects is gone"));
      expect(node.output()).toContain('"bucket":"lost-0"');
    } finally {
      await other.dispose();
      rmSync(backup, { recursive: true, force: true });
    }
  }, 60_000);
});

/** Has the control plane forget its data plane, once that is no longer connected: the next one that registers takes its place. */
async function replaceNode(cloud: Cloud): Promise<void> {
  const listed = await cloud.cli("nodes", "list", "--json");
  const [enrolled] = JSON.parse(listed.stdout) as readonly { readonly dataPlaneId: string }[];
  await until(
    "the data plane is forgotten",
    async () => (await cloud.cli("nodes", "forget", enrolled!.dataPlaneId)).code === 0,
  );
}

async function joinTokenOf(dataDirectory: string): Promise<string> {
  const credentials = (await Bun.file(join(dataDirectory, "credentials.json")).json()) as {
    readonly joinToken: string;
  };
  return credentials.joinToken;
}
