/** Items on a terminal: a table for people, a line of JSON each for programs. */
import type { CommandContext } from "../../cli/command.ts";
import { printable, type Terminal } from "../../cli/terminal.ts";
import { displayWidth, tableLines } from "../../cli/text-table.ts";
import { plainItem, plainValue, type WireItem } from "./plain-items.ts";

/** A value that is longer is cut. */
const CELL_WIDTH = 48;

/** Whether items are shown in DynamoDB's own JSON. */
export function isTyped({ arguments: { has } }: CommandContext): boolean {
  return has("dynamodb-json");
}

/** An item as JSON, one line. */
export function itemLine(item: WireItem, typed: boolean): string {
  return JSON.stringify(typed ? item : plainItem(item));
}

/** Shows one item: whole, for people over several lines. */
export function showItem(context: CommandContext, item: WireItem): void {
  const { terminal, json } = context;
  const shown = isTyped(context) ? item : plainItem(item);
  if (json) terminal.json(shown);
  else terminal.line(JSON.stringify(shown, null, 2).split("\n").map(printable).join("\n"));
}

/**
 * Shows items as a table as wide as the terminal.
 * @param first attributes that come first, for example those of the key
 */
export function showTable(terminal: Terminal, items: readonly WireItem[], first: readonly string[]): void {
  const names = columnNames(items, first);
  const columns = names.map((name) => ({
    title: printable(name),
    cell: (item: WireItem) => (Object.hasOwn(item, name) ? cellText(item, name) : ""),
  }));
  const shown: typeof columns = [];
  let width = 0;
  for (const column of columns) {
    const widest = Math.max(displayWidth(column.title), ...items.map((item) => displayWidth(column.cell(item))));
    width += widest + (shown.length === 0 ? 0 : 2);
    // The key is always there, however narrow the terminal.
    if (width > terminal.columns && shown.length >= Math.max(1, first.length)) break;
    shown.push(column);
  }
  for (const line of tableLines(shown, items, (text) => terminal.tone("bold", text))) terminal.line(line);
  const hidden = names.slice(shown.length);
  if (hidden.length > 0) {
    terminal.note(`Not shown: ${hidden.map(printable).join(", ")}. See whole items with --json.`);
  }
}

/** Those given, as far as any item has them; then the others, the most frequent first. */
function columnNames(items: readonly WireItem[], first: readonly string[]): readonly string[] {
  const counts = new Map<string, number>();
  for (const item of items) for (const name of Object.keys(item)) counts.set(name, (counts.get(name) ?? 0) + 1);
  const others = [...counts.keys()].filter((name) => !first.includes(name));
  others.sort((a, b) => counts.get(b)! - counts.get(a)!);
  return [...first.filter((name) => counts.has(name)), ...others];
}

function cellText(item: WireItem, name: string): string {
  const value = item[name]!;
  const text = "S" in value ? String(value.S) : JSON.stringify(plainValue(value));
  const shown = printable(text);
  return shown.length <= CELL_WIDTH ? shown : `${shown.slice(0, CELL_WIDTH - 1)}…`;
}
