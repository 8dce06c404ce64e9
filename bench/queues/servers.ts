/** Biplane's peers for queues, each started as its users start it, and how each is spoken to. */
import { join } from "node:path";
import type { PreparedRequest } from "../harness/http-load.ts";
import { freePort, measured, untilListening } from "../harness/server-process.ts";
import { prepare } from "../harness/signed-requests.ts";
import { type S3Server, startBiplane as startAll, startFauxqs as startFaux } from "../objects/servers.ts";

/** A server that speaks one of SQS's two protocols. */
export interface QueueServer extends S3Server {
  /** A signed request of an operation. `queueUrl` among the parameters names the queue. */
  request(operation: string, parameters: Readonly<Record<string, string | number>>): PreparedRequest;
  /** The value of a member in an answer's body. */
  member(answer: string, name: string): string | undefined;
}

const PEERS = join(import.meta.dir, "../peers/node_modules");

function overJson(server: S3Server): QueueServer {
  return {
    ...server,
    request: (operation, parameters) =>
      prepare(
        {
          method: "POST",
          path: "/",
          body: Buffer.from(JSON.stringify(parameters)),
          service: "sqs",
          headers: [
            ["content-type", "application/x-amz-json-1.0"],
            ["x-amz-target", `AmazonSQS.${operation}`],
          ],
        },
        server,
        server.credential,
      ),
    member: (answer, name) => new RegExp(`"${name}":"((?:[^"\\\\]|\\\\.)*)"`).exec(answer)?.[1],
  };
}

function overQuery(server: S3Server): QueueServer {
  return {
    ...server,
    request(operation, parameters) {
      const { QueueUrl, ...others } = parameters;
      const form = new URLSearchParams({ Action: operation, Version: "2012-11-05" });
      for (const [name, value] of Object.entries(others)) form.set(name, String(value));
      const path = QueueUrl === undefined ? "/" : new URL(String(QueueUrl)).pathname;
      const headers = [["content-type", "application/x-www-form-urlencoded"]] as const;
      const shape = { method: "POST", path, body: Buffer.from(form.toString()), service: "sqs", headers };
      return prepare(shape, server, server.credential);
    },
    member: (answer, name) => new RegExp(`<${name}>([^<]*)</${name}>`).exec(answer)?.[1],
  };
}

/** `biplane up`, over the JSON protocol, as today's SDKs speak. */
export async function startBiplane(): Promise<QueueServer> {
  return overJson(await startAll());
}

/** fauxqs: everything in memory, nothing checked. */
export async function startFauxqs(): Promise<QueueServer> {
  return overJson(await startFaux());
}

/** ElasticMQ, the version that is in npm (2014): in memory, over the Query protocol, the only one it knows. */
export async function startElasticMq(): Promise<QueueServer> {
  const port = await freePort();
  const child = Bun.spawn(
    [
      "java",
      // It is older than Java's modules, and looks into classes that are closed by now.
      "--add-opens=java.base/java.util.regex=ALL-UNNAMED",
      "-Dnode-address.host=127.0.0.1",
      `-Dnode-address.port=${port}`,
      `-Drest-sqs.bind-port=${port}`,
      "-Drest-sqs.bind-hostname=127.0.0.1",
      "-jar",
      join(PEERS, "elasticmq/elasticmq-server-0.7.1.jar"),
    ],
    { stdout: "ignore", stderr: "ignore" },
  );
  await untilListening(port);
  return overQuery({
    ...measured("elasticmq", child, port, () => undefined),
    credential: { accessKeyId: "x", secretAccessKey: "x" },
    note: "ElasticMQ 0.7.1 in memory, signatures not checked",
  });
}
