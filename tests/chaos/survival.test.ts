/** The promise of the two planes: the data plane keeps doing what it was last told when the control plane is gone. */
import { afterAll, beforeAll, describe, expect, test } from "bun:test";
import {
  CreateBucketCommand,
  DeleteObjectCommand,
  GetObjectCommand,
  HeadBucketCommand,
  ListObjectsV2Command,
  PutBucketTaggingCommand,
  PutObjectCommand,
  type S3Client,
} from "@aws-sdk/client-s3";
import { type Cloud, type CloudEnvironment, type CloudProcess, createCloud } from "../support/cloud.ts";
import { refusal, s3ClientFor } from "../support/s3.ts";
import { until } from "../support/until.ts";

const WORKERS = 8;

/** Puts, gets, lists and deletes in a loop; every answer is checked against what this worker wrote. */
function startLoad(
  s3: S3Client,
  bucket: string,
): { readonly done: () => number; readonly failures: string[]; stop(): Promise<void> } {
  let running = true;
  let done = 0;
  const failures: string[] = [];
  const worker = async (id: number) => {
    for (let turn = 0; running; turn += 1) {
      const Key = `w${id}/${turn % 20}`;
      const text = `${id}:${turn}`;
      try {
        await s3.send(new PutObjectCommand({ Bucket: bucket, Key, Body: text }));
        const got = await s3.send(new GetObjectCommand({ Bucket: bucket, Key }));
        const back = await got.Body!.transformToString();
        if (back !== text) failures.push(`${Key}: wrote ${text}, read ${back}`);
        const listed = await s3.send(new ListObjectsV2Command({ Bucket: bucket, Prefix: `w${id}/` }));
        if (listed.Contents?.every((entry) => entry.Key !== Key) !== false)
          failures.push(`${Key} is not in the listing`);
        if (turn % 5 === 4) await s3.send(new DeleteObjectCommand({ Bucket: bucket, Key }));
        done += 1;
      } catch (error) {
        failures.push(`${Key}: ${error}`);
      }
    }
  };
  const workers = Array.from({ length: WORKERS }, (_, id) => worker(id));
  return {
    done: () => done,
    failures,
    async stop() {
      running = false;
      await Promise.all(workers);
    },
  };
}

describe("a data plane without its control plane", () => {
  let cloud: Cloud;
  let control: CloudProcess;
  let node: CloudProcess;
  let environment: CloudEnvironment;
  let apiUrl: string;
  let awsPort: string;

  const startNode = (port: string) => cloud.start("node", "--control-plane", apiUrl, "--port", port);

  beforeAll(async () => {
    cloud = createCloud();
    control = await cloud.start("control", "--api-port", "0");
    apiUrl = (await cloud.environment()).BIPLANE_API_URL!;
    node = await startNode("0");
    environment = await cloud.environment();
    awsPort = new URL(environment.AWS_ENDPOINT_URL!).port;
  }, 60_000);
  afterAll(async () => {
    await cloud.dispose();
  });

  test("goes on with zero failures, restarts from its own disk, and converges when the control plane is back", async () => {
    const s3 = s3ClientFor(environment);
    await s3.send(new CreateBucketCommand({ Bucket: "survivor" }));
    await s3.send(new PutObjectCommand({ Bucket: "survivor", Key: "before", Body: "kept" }));

    // The control plane dies under load; the load does not notice.
    const load = startLoad(s3, "survivor");
    await until("the load runs", () => load.done() > 50);
    await control.kill();
    const atKill = load.done();
    await until(
      "the load has gone on for a while",
      () => load.done() > atKill + 300 || load.failures.length > 0,
      60_000,
    );
    const refused = await refusal(s3.send(new CreateBucketCommand({ Bucket: "too-late" })));
    expect(refused).toMatchObject({ name: "ServiceUnavailable", status: 503 });
    expect(
      (await refusal(s3.send(new PutBucketTaggingCommand({ Bucket: "survivor", Tagging: { TagSet: [] } })))).status,
    ).toBe(503);
    await load.stop();
    expect(load.failures).toEqual([]);

    // The data plane dies as well, and comes back alone.
    await node.kill();
    node = await startNode(awsPort);
    const again = s3ClientFor(environment);
    const kept = await again.send(new GetObjectCommand({ Bucket: "survivor", Key: "before" }));
    expect(await kept.Body!.transformToString()).toBe("kept");
    await again.send(
      new PutObjectCommand({ Bucket: "survivor", Key: "alone", Body: "written without a control plane" }),
    );
    expect((await refusal(again.send(new CreateBucketCommand({ Bucket: "still-too-late" })))).status).toBe(503);

    // The control plane returns on its old port; decisions can be made again.
    control = await cloud.start("control", "--api-port", new URL(apiUrl).port);
    await until("a bucket can be created again", async () => {
      try {
        await again.send(new CreateBucketCommand({ Bucket: "after" }));
        return true;
      } catch {
        return false;
      }
    });
    await again.send(new HeadBucketCommand({ Bucket: "after" }));
    expect((await refusal(again.send(new HeadBucketCommand({ Bucket: "too-late" })))).status).toBe(404);
    const status = await cloud.cli("status", "--json");
    expect(status.code).toBe(0);
  }, 180_000);
});
