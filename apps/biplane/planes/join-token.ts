/** The token with which a node joins: given once, remembered by the node, so that it restarts without the control plane's files. */
import { closeSync, fsyncSync, mkdirSync, openSync, readFileSync, renameSync, writeSync } from "node:fs";
import { join } from "node:path";
import { readCredentials } from "#apps/biplane/state";

/** Nobody said with which token to join. */
export class JoinTokenMissing extends Error {
  override readonly name = "JoinTokenMissing";
}

/**
 * In order: the given token, the one in the cloud's credentials file, the one this node has joined with before.
 * @throws JoinTokenMissing
 */
export function rememberedJoinToken(dataDirectory: string, nodeDirectory: string, given: string | undefined): string {
  const path = join(nodeDirectory, "join-token");
  const remembered = readOrUndefined(path);
  const token = given ?? readCredentials(dataDirectory)?.joinToken ?? remembered;
  if (token === undefined || token === "") {
    throw new JoinTokenMissing(
      "this node has never joined a control plane: give it the join token (--join-token, or the control plane's --data directory on the same machine)",
    );
  }
  if (token !== remembered) remember(nodeDirectory, path, token);
  return token;
}

function readOrUndefined(path: string): string | undefined {
  try {
    return readFileSync(path, "utf8").trim();
  } catch (error) {
    if (error instanceof Error && "code" in error && error.code === "ENOENT") return undefined;
    throw error;
  }
}

function remember(directory: string, path: string, token: string): void {
  mkdirSync(directory, { recursive: true, mode: 0o700 });
  const file = openSync(`${path}.tmp`, "w", 0o600);
  try {
    writeSync(file, `${token}\n`);
    fsyncSync(file);
  } finally {
    closeSync(file);
  }
  renameSync(`${path}.tmp`, path);
}
