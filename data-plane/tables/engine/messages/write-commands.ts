/** Writes on their way to the thread that keeps the tables. */
import type { Condition, Update } from "#data-plane/tables/expressions";
import type { ItemAction, TransactToken, WriteWishes } from "../port.ts";
import { bytesToText, packText, TextReader, textToBytes } from "./packed-text.ts";

/** `expire`: a deletion by the engine itself, because the item's time has come. */
export type ActionKind = ItemAction["kind"] | "check" | "expire";

/** One action as the other side sees it. */
export interface ActionCommand {
  /** Number of the table. */
  readonly table: number;
  readonly kind: ActionKind;
  readonly wishes: WriteWishes;
  readonly key: Uint8Array;
  /** The new item (put). */
  readonly text: string;
  readonly size: number;
  readonly update?: Update;
  readonly condition?: Condition;
}

/** Several actions that are done all or not at all; a plain write is one action without a token. */
export interface WriteCommand {
  readonly plain: boolean;
  readonly actions: readonly ActionCommand[];
  readonly token?: TransactToken;
}

export interface WriteBatch {
  readonly now: number;
  readonly commands: readonly WriteCommand[];
}

/** A command that was turned into text already, when it was submitted. */
export interface PackedCommand {
  readonly header: PackedHeader;
  readonly texts: string;
}

type PackedAction = readonly [
  table: number,
  kind: number,
  wishes: number,
  keyLength: number,
  bodyLength: number,
  size: number,
  conditionLength: number,
];
type PackedTransaction = readonly [actions: readonly PackedAction[], token?: readonly [string, string, string]];
type PackedHeader = PackedAction | PackedTransaction;

const KINDS: readonly ActionKind[] = ["put", "update", "delete", "check", "expire"];
const KIND_NUMBERS = Object.fromEntries(KINDS.map((kind, number) => [kind, number])) as Record<ActionKind, number>;
const WISHES = [
  "old",
  "new",
  "oldOnFailure",
  "indexes",
  "collection",
] as const satisfies readonly (keyof WriteWishes)[];
/** Decoded wishes by their bits. */
const WISH_SETS: readonly WriteWishes[] = Array.from({ length: 1 << WISHES.length }, (_, bits) =>
  Object.fromEntries(WISHES.map((wish, at) => [wish, (bits & (1 << at)) !== 0])),
);

export interface OutgoingAction {
  readonly table: number;
  readonly kind: ActionKind;
  readonly wishes: WriteWishes | undefined;
  readonly key: Uint8Array;
  /** The new item's JSON. */
  readonly text?: string;
  readonly size?: number;
  readonly update?: Update;
  readonly condition?: Condition;
}

export function packWrite(action: OutgoingAction): PackedCommand {
  const parts: string[] = [];
  const header = packAction(action, parts);
  return { header, texts: parts.join("") };
}

export function packTransaction(actions: readonly OutgoingAction[], token?: TransactToken): PackedCommand {
  const parts: string[] = [];
  const packed = actions.map((action) => packAction(action, parts));
  const header: PackedTransaction = token === undefined ? [packed] : [packed, [token.scope, token.token, token.digest]];
  return { header, texts: parts.join("") };
}

export function packBatch(now: number, commands: readonly PackedCommand[]): string {
  let texts = "";
  for (const command of commands) texts += command.texts;
  return packText([now, commands.map(({ header }) => header)], texts);
}

/** The receiving side. It remembers expressions. */
export function createBatchReader(): (packed: string) => WriteBatch {
  const conditions = createMemory(conditionOf);
  const updates = createMemory(updateOf);

  const readAction = (
    reader: TextReader,
    [table, kindNumber, wishes, keyLength, bodyLength, size, conditionLength]: PackedAction,
  ): ActionCommand => {
    const kind = KINDS[kindNumber]!;
    const key = textToBytes(reader.take(keyLength));
    const body = reader.take(bodyLength);
    return {
      table,
      kind,
      wishes: WISH_SETS[wishes]!,
      key,
      text: kind === "put" ? body : "",
      size,
      update: kind === "update" ? updates(body) : undefined,
      condition: conditionLength === 0 ? undefined : conditions(reader.take(conditionLength)),
    };
  };
  const readCommand = (reader: TextReader, header: PackedHeader): WriteCommand => {
    if (!isTransaction(header)) return { plain: true, actions: [readAction(reader, header)] };
    const actions = header[0].map((action) => readAction(reader, action));
    const token = header[1];
    if (token === undefined) return { plain: false, actions };
    return { plain: false, actions, token: { scope: token[0], token: token[1], digest: token[2] } };
  };
  return (packed) => {
    const reader = new TextReader(packed);
    const [now, headers] = reader.header as [number, readonly PackedHeader[]];
    return { now, commands: headers.map((header) => readCommand(reader, header)) };
  };
}

function packAction(action: OutgoingAction, parts: string[]): PackedAction {
  const key = bytesToText(action.key);
  const body = action.text ?? (action.update === undefined ? "" : updateText(action.update));
  // What a condition mentions was of interest to the caller only.
  const condition = action.condition === undefined ? "" : JSON.stringify(action.condition.root);
  parts.push(key, body, condition);
  return [
    action.table,
    KIND_NUMBERS[action.kind],
    wishBits(action.wishes),
    key.length,
    body.length,
    action.size ?? 0,
    condition.length,
  ];
}

function wishBits(wishes: WriteWishes | undefined): number {
  if (wishes === undefined) return 0;
  let bits = 0;
  for (let at = 0; at < WISHES.length; at++) if (wishes[WISHES[at]!] === true) bits |= 1 << at;
  return bits;
}

function isTransaction(header: PackedHeader): header is PackedTransaction {
  return Array.isArray(header[0]);
}

type PackedUpdate = readonly [
  actions: Update["actions"],
  tree: Update["tree"],
  onlyTakesAway: boolean,
  origin: Update["origin"],
];

/** What applying an update needs; the rest of it is for the caller. */
function updateText({ actions, tree, onlyTakesAway, origin }: Update): string {
  return JSON.stringify([actions, tree, onlyTakesAway, origin] satisfies PackedUpdate);
}

function updateOf(text: string): Update {
  const [actions, tree, onlyTakesAway, origin] = JSON.parse(text) as PackedUpdate;
  return { actions, tree, onlyTakesAway, origin, touched: [], updated: [], attributes: [], documents: [] };
}

function conditionOf(text: string): Condition {
  return { root: JSON.parse(text) as Condition["root"], attributes: [], documents: [] };
}

/** Expressions come again and again with the same values (`attribute_not_exists(id)`); long ones hardly do. At most 1 MB of text. */
const REMEMBERED_MAX = 500;
const REMEMBERED_LENGTH_MAX = 1_000;

function createMemory<Expression>(parse: (text: string) => Expression): (text: string) => Expression {
  const remembered = new Map<string, Expression>();
  return (text) => {
    const known = remembered.get(text);
    if (known !== undefined) return known;
    const parsed = parse(text);
    if (text.length > REMEMBERED_LENGTH_MAX) return parsed;
    if (remembered.size >= REMEMBERED_MAX) remembered.clear();
    remembered.set(text, parsed);
    return parsed;
  };
}
