/** What proves to a data plane that somebody may read its data directory: a token in a file there, fresh at every start. */
import { join } from "node:path";
import { systemRandom } from "#foundation/runtime";
import { memberReader, readStateFile, writeStateFile } from "./state-file.ts";

/** 256 bits. */
const TOKEN_BYTES = 32;

const tokenPath = (dataDirectory: string): string => join(dataDirectory, "run", "operator.json");

/** Makes the token of this run, mode 0600. */
export function writeOperatorToken(dataDirectory: string): string {
  const operatorToken = `bpo_${Buffer.from(systemRandom.bytes(TOKEN_BYTES)).toString("base64url")}`;
  writeStateFile(tokenPath(dataDirectory), { operatorToken });
  return operatorToken;
}

/** The token of the data plane that runs (or last ran) here; undefined when there is none. */
export function readOperatorToken(dataDirectory: string): string | undefined {
  const path = tokenPath(dataDirectory);
  const object = readStateFile(path);
  return object === undefined ? undefined : memberReader(path, object).text("operatorToken");
}
