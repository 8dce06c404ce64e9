/**
 * The histories that Porcupine publishes with its checker, as operations of ours. They come in one compressed tar file.
 */
import { readFileSync } from "node:fs";
import { gunzipSync } from "node:zlib";
import type {
  Operation,
  Outcome,
  RegisterInput,
  RegisterOutput,
  RegisterValue,
  TextMapInput,
  TextMapOutput,
} from "../index.ts";

export type PorcupineHistory =
  | { readonly type: "register"; readonly operations: readonly Operation<RegisterInput, RegisterOutput>[] }
  | { readonly type: "text-map"; readonly operations: readonly Operation<TextMapInput, TextMapOutput>[] };

export interface PorcupineCase {
  readonly name: string;
  readonly linearizable: boolean;
  readonly history: PorcupineHistory;
}

/** @param folder the folder of published vectors */
export function readPorcupineCases(folder: string): readonly PorcupineCase[] {
  const root = `${folder}/histories/porcupine`;
  const verdicts = JSON.parse(readFileSync(`${root}/verdicts.json`, "utf8")) as Record<
    string,
    { linearizable: boolean; lines: number }
  >;
  const files = tarFiles(gunzipSync(readFileSync(`${root}/test_data.tar.gz`)));
  return Object.entries(verdicts).map(([name, { linearizable, lines }]) => {
    const text = files.get(`test_data/${name}`);
    if (text === undefined) throw new Error(`There is no history ${name}.`);
    const events = text.split("\n").filter((line) => !line.startsWith("#") && line !== "");
    const history = name.startsWith("kv/") ? textMapHistory(events) : registerHistory(events);
    if (history.lines !== lines) throw new Error(`${name}: ${history.lines} of ${lines} lines were understood.`);
    return { name, linearizable, history: history.history };
  });
}

/** The texts of the files in a tar archive (POSIX.1-1988, ustar: blocks of 512 bytes, name at 0, size in octal at 124, type at 156). */
function tarFiles(archive: Buffer): Map<string, string> {
  const files = new Map<string, string>();
  for (let at = 0; at + 512 <= archive.length; ) {
    const name = archive.toString("latin1", at, at + 100).replace(/\0.*$/s, "");
    if (name === "") break;
    const size = Number.parseInt(archive.toString("latin1", at + 124, at + 136).replace(/\0.*$/s, ""), 8);
    const type = archive.toString("latin1", at + 156, at + 157);
    if (type === "0" || type === "\0") files.set(name, archive.toString("utf8", at + 512, at + 512 + size));
    at += 512 + Math.ceil(size / 512) * 512;
  }
  return files;
}

interface Read<History> {
  readonly history: History;
  readonly lines: number;
}

/** Collects calls and returns; the time of each is its line. */
class Pairing<Input, Output> {
  readonly operations: Operation<Input, Output>[] = [];
  readonly #open = new Map<string, { input: Input; called: number }>();
  lines = 0;

  call(client: string, input: Input): void {
    if (this.#open.has(client)) throw new Error(`Client ${client} calls while it waits.`);
    this.#open.set(client, { input, called: this.lines++ });
  }

  end(client: string, outcome: (input: Input) => Outcome<Output>): void {
    const open = this.#open.get(client);
    if (open === undefined) throw new Error(`Client ${client} got an answer to nothing.`);
    this.#open.delete(client);
    this.operations.push({ client, ...open, returned: this.lines++, outcome: outcome(open.input) });
  }

  /** What was never answered is of unknown outcome. */
  finish(): readonly Operation<Input, Output>[] {
    for (const [client, open] of this.#open) {
      this.operations.push({ client, ...open, returned: Number.POSITIVE_INFINITY, outcome: { type: "unknown" } });
    }
    return this.operations;
  }
}

/** `INFO jepsen.util - <process> :<type> :<function> <value>`; a failed compare-and-set is one that did not match. */
const REGISTER_LINE = /^INFO\s+jepsen\.util\s+-\s+(\d+)\s+:(invoke|ok|fail|info)\s+:(read|write|cas)\s+(.+?)\s*$/;

function registerHistory(events: readonly string[]): Read<PorcupineHistory> {
  const pairing = new Pairing<RegisterInput, RegisterOutput>();
  for (const event of events) {
    const match = REGISTER_LINE.exec(event);
    if (match === null) continue;
    const [, client = "", type, name, value = ""] = match;
    if (type === "invoke") pairing.call(client, registerInput(name!, value));
    else pairing.end(client, (input) => registerOutcome(type!, input, value));
  }
  return { history: { type: "register", operations: pairing.finish() }, lines: pairing.lines };
}

function registerInput(name: string, value: string): RegisterInput {
  if (name === "read") return { type: "read" };
  if (name === "write") return { type: "write", value: registerValue(value) };
  const [, expected = "", next = ""] = /^\[(\d+) (\d+)\]$/.exec(value) ?? [];
  return { type: "cas", expected: registerValue(expected), value: registerValue(next) };
}

function registerOutcome(type: string, input: RegisterInput, value: string): Outcome<RegisterOutput> {
  if (value === ":timed-out") return { type: "unknown" };
  if (type === "info") return { type: "unknown" };
  switch (input.type) {
    case "read":
      return { type: "ok", output: { type: "read", value: registerValue(value) } };
    case "write":
      return type === "ok" ? { type: "ok", output: { type: "write" } } : { type: "failed" };
    case "cas":
      return { type: "ok", output: { type: "cas", done: type === "ok" } };
  }
}

function registerValue(text: string): RegisterValue {
  if (text === "nil") return null;
  if (!/^\d+$/.test(text)) throw new Error(`Not a value of a register: ${text}`);
  return Number(text);
}

/** `{:process 0, :type :invoke, :f :append, :key "0", :value "x"}` */
const TEXT_MAP_LINE =
  /^\{:process (\d+), :type :(invoke|ok), :f :(get|put|append), :key ("(?:[^"\\]|\\.)*"), :value (nil|"(?:[^"\\]|\\.)*")\}$/;

function textMapHistory(events: readonly string[]): Read<PorcupineHistory> {
  const pairing = new Pairing<TextMapInput, TextMapOutput>();
  for (const event of events) {
    const match = TEXT_MAP_LINE.exec(event);
    if (match === null) continue;
    const [, client = "", type, name, key = "", value = ""] = match;
    const text = value === "nil" ? "" : (JSON.parse(value) as string);
    if (type === "invoke") {
      const parsed = JSON.parse(key) as string;
      pairing.call(
        client,
        name === "get" ? { type: "get", key: parsed } : { type: name as "put" | "append", key: parsed, value: text },
      );
    } else pairing.end(client, ({ type }) => ({ type: "ok", output: type === "get" ? text : undefined }));
  }
  return { history: { type: "text-map", operations: pairing.finish() }, lines: pairing.lines };
}
