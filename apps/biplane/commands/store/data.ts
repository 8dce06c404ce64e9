/** `biplane store get`, `set`, `clear`, `list`: for people who look; programs use the library. */
import { type Database, openDatabase } from "#data-plane/store/client";
import { connectCluster } from "#data-plane/store/cluster";
import { prefixRange } from "#data-plane/store/keys";
import type { CommandBody, CommandContext } from "../../cli/command.ts";
import { usageError } from "../../cli/errors.ts";
import { withCluster } from "./cluster.ts";

const TIMEOUT_MS = 10_000;

function withDatabase<T>(context: CommandContext, run: (db: Database) => Promise<T>): Promise<T> {
  return withCluster(context, async ({ runtime, rpc, addresses }) => {
    const db = openDatabase(connectCluster(runtime, { rpc, coordinators: addresses, patienceMs: TIMEOUT_MS }), {
      runtime,
      defaults: { timeoutMs: TIMEOUT_MS, idempotent: true },
    });
    try {
      return await run(db);
    } finally {
      await db.close();
    }
  });
}

export const get: CommandBody = (context) =>
  withDatabase(context, async (db) => {
    const key = bytesOf(context.arguments.positionals[0]!);
    const value = await db.transact((tx) => tx.get(key));
    if (context.json) context.terminal.json({ value: value === undefined ? null : textOf(value) });
    else if (value !== undefined) context.terminal.line(textOf(value));
    else context.terminal.note("There is no such key.");
    return value === undefined ? 4 : 0;
  });

export const set: CommandBody = (context) =>
  withDatabase(context, async (db) => {
    const [key, value] = context.arguments.positionals.map(bytesOf);
    await db.transact(async (tx) => tx.set(key!, value!));
    return 0;
  });

export const clear: CommandBody = (context) =>
  withDatabase(context, async (db) => {
    const key = bytesOf(context.arguments.positionals[0]!);
    await db.transact(async (tx) => tx.clear(key));
    return 0;
  });

export const list: CommandBody = (context) =>
  withDatabase(context, async (db) => {
    const prefix = bytesOf(context.arguments.positionals[0] ?? "");
    const limit = context.arguments.integer("limit", 1, 1_000_000) ?? 100;
    const { begin, end } = prefix.length === 0 ? { begin: prefix, end: Uint8Array.of(0xff) } : prefixRange(prefix);
    const pairs = await db.transact((tx) => tx.getRangeAll(begin, end, { limit }));
    const shown = pairs.map(({ key, value }) => ({ key: textOf(key), value: textOf(value) }));
    if (context.json) context.terminal.json(shown);
    else for (const { key, value } of shown) context.terminal.line(`${key}\t${value}`);
    return 0;
  });

/** Text in UTF-8; `\x` and two hexadecimal digits are a byte, two backslashes are one. @throws CodedError USAGE */
export function bytesOf(text: string): Uint8Array {
  const parts = text.split(/(\\x[0-9a-fA-F]{2}|\\\\|\\)/).map((part) => {
    if (part === "\\\\") return Buffer.from("\\");
    if (part === "\\")
      throw usageError(`"${text}" has a backslash without meaning; \\x and two digits, or \\\\, are expected.`);
    return part.startsWith("\\x") ? Buffer.from(part.slice(2), "hex") : Buffer.from(part, "utf8");
  });
  return new Uint8Array(Buffer.concat(parts));
}

/** As `bytesOf` reads it: printable ASCII as it is, everything else as bytes. */
export function textOf(value: Uint8Array): string {
  let text = "";
  for (const byte of value) {
    if (byte === 0x5c) text += "\\\\";
    else if (byte >= 0x20 && byte < 0x7f) text += String.fromCharCode(byte);
    else text += `\\x${byte.toString(16).padStart(2, "0")}`;
  }
  return text;
}
