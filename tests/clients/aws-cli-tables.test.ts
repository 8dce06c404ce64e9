/** The AWS CLI, unmodified, with tables. */
import { afterAll, beforeAll, describe, expect } from "bun:test";
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { type AwsCli, hasAwsCli, NO_AWS_CLI, startAwsCli } from "../support/aws-cli.ts";
import { type ClientCloud, startClientCloud } from "../support/client-cloud.ts";
import { skipUnless } from "../support/skips.ts";

const cliTest = skipUnless(hasAwsCli, NO_AWS_CLI);
const MINUTE = 60_000;

describe("AWS CLI: tables", () => {
  let here: ClientCloud;
  let cli: AwsCli;
  const dynamodb = async (...args: string[]) => {
    const printed = await cli.must(["dynamodb", ...args, "--output", "json"]);
    return (printed.trim() === "" ? {} : JSON.parse(printed)) as Record<string, unknown>;
  };

  beforeAll(async () => {
    if (!hasAwsCli) return;
    here = await startClientCloud();
    cli = await startAwsCli(here);
  });
  afterAll(async () => {
    if (!hasAwsCli) return;
    await cli.close();
    await here.dispose();
  });

  cliTest(
    "create-table, wait, put-item, get-item, update-item, query, scan, delete-table",
    async () => {
      await dynamodb(
        ...["create-table", "--table-name", "cli-music", "--billing-mode", "PAY_PER_REQUEST"],
        ...["--attribute-definitions", "AttributeName=artist,AttributeType=S", "AttributeName=song,AttributeType=S"],
        ...["--key-schema", "AttributeName=artist,KeyType=HASH", "AttributeName=song,KeyType=RANGE"],
      );
      await cli.must(["dynamodb", "wait", "table-exists", "--table-name", "cli-music"]);
      const item = JSON.stringify({ artist: { S: "a" }, song: { S: "1" }, plays: { N: "1" } });
      await dynamodb("put-item", "--table-name", "cli-music", "--item", item);
      const key = JSON.stringify({ artist: { S: "a" }, song: { S: "1" } });
      expect(await dynamodb("get-item", "--table-name", "cli-music", "--key", key)).toEqual({ Item: JSON.parse(item) });
      const updated = await dynamodb(
        ...["update-item", "--table-name", "cli-music", "--key", key, "--return-values", "UPDATED_NEW"],
        ...["--update-expression", "ADD plays :n", "--expression-attribute-values", '{":n":{"N":"2"}}'],
      );
      expect(updated).toEqual({ Attributes: { plays: { N: "3" } } });
      // A file of requests, as people keep them.
      const requests = Array.from({ length: 20 }, (_, at) => ({
        PutRequest: { Item: { artist: { S: "b" }, song: { S: String(at) } } },
      }));
      writeFileSync(join(here.home, "requests.json"), JSON.stringify({ "cli-music": requests }));
      await dynamodb("batch-write-item", "--request-items", "file://requests.json");
      const queried = await dynamodb(
        ...["query", "--table-name", "cli-music", "--key-condition-expression", "artist = :a", "--page-size", "6"],
        ...[
          "--expression-attribute-values",
          '{":a":{"S":"b"}}',
          "--max-items",
          "15",
          "--return-consumed-capacity",
          "TOTAL",
        ],
      );
      expect(queried.Items).toHaveLength(15);
      expect(await dynamodb("scan", "--table-name", "cli-music", "--select", "COUNT")).toMatchObject({ Count: 21 });
      const statement = ["--statement", `SELECT plays FROM "cli-music" WHERE artist='a' AND song='1'`];
      expect((await dynamodb("execute-statement", ...statement)).Items).toEqual([{ plays: { N: "3" } }]);
      await dynamodb("delete-table", "--table-name", "cli-music");
      await cli.must(["dynamodb", "wait", "table-not-exists", "--table-name", "cli-music"]);
      expect(await dynamodb("list-tables")).toEqual({ TableNames: [] });
    },
    2 * MINUTE,
  );

  cliTest(
    "errors end with the service's words",
    async () => {
      const { code, stderr } = await cli.run(["dynamodb", "describe-table", "--table-name", "nowhere"]);
      expect(code).not.toBe(0);
      expect(stderr).toContain(
        "(ResourceNotFoundException) when calling the DescribeTable operation: Requested resource not found: Table: nowhere not found",
      );
    },
    MINUTE,
  );
});
