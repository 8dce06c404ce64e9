/**
 * Writes a document in its canonical form: fields in the order of the schema, tables as sections with an empty line before each, one space around `=`,
 * strings in double quotes. Keys that the user chose (processes, variables) stay in the order of the file, comments with what they belong to.
 * The same tree gives the same text however it was written, and the text reads as the same tree.
 */
import { basicString, type Comments, type DocumentNode, type DocumentTable, type TomlDocument } from "./document.ts";
import type { Rule } from "./rules.ts";
import { MANIFEST_SCHEMA } from "./schema.ts";

/** Longer lists have a line for each item. */
const LINE_MAX = 100;

export function writeDocument({ root, end }: TomlDocument): string {
  const lines: string[] = [];
  writeTable(lines, root, [], MANIFEST_SCHEMA);
  if (end.length > 0 && lines.length > 0) lines.push("");
  lines.push(...end);
  // Texts of several lines are one element here, so that empty lines in them are left alone.
  const kept = lines.filter((line, index) => line !== "" || (index > 0 && lines[index - 1] !== ""));
  return kept.length === 0 ? "" : `${kept.join("\n")}\n`;
}

type Named = readonly [key: string, node: DocumentNode];

function writeTable(lines: string[], table: DocumentTable, path: readonly string[], rule: Rule | undefined): void {
  const entries = ordered(table, rule);
  for (const [key, node] of entries) if (!isSection(node)) writeEntry(lines, key, node);
  for (const [key, node] of entries) {
    const inner = [...path, key];
    const innerRule = ruleOf(rule, key);
    if (node.kind === "table") writeSection(lines, node, inner, innerRule);
    else if (node.kind === "list" && isSection(node)) {
      const of = innerRule?.kind === "list" ? innerRule.of : undefined;
      for (const [index, item] of (node.items as readonly DocumentTable[]).entries()) {
        const outer = index === 0 ? node.comments : undefined;
        writeHeader(lines, `[[${inner.map(keyText).join(".")}]]`, merged(outer, item.comments));
        writeTable(lines, item, inner, of);
      }
    }
  }
}

function writeSection(lines: string[], table: DocumentTable, path: readonly string[], rule: Rule | undefined): void {
  const values = [...table.entries.values()].map(({ node }) => node);
  const { before, after } = table.comments;
  // A table that only holds other tables is said by their headers.
  const silent = values.length > 0 && values.every(isSection) && before.length === 0 && after === undefined;
  if (!silent) writeHeader(lines, `[${path.map(keyText).join(".")}]`, table.comments);
  writeTable(lines, table, path, rule);
}

function writeHeader(lines: string[], header: string, { before, after }: Comments): void {
  if (lines.length > 0) lines.push("");
  lines.push(...before, after === undefined ? header : `${header} ${after}`);
}

function writeEntry(lines: string[], key: string, node: DocumentNode): void {
  const { before, after } = node.comments;
  const start = `${keyText(key)} = `;
  lines.push(...before);
  const inline = inlineText(node);
  const split = node.kind === "list" && (holdsComments(node) || start.length + inline.length > LINE_MAX);
  if (split && node.items.length > 0) {
    lines.push(`${start}[`, ...node.items.flatMap(itemLines), "]");
    if (after !== undefined) lines.push(`${lines.pop()} ${after}`);
  } else lines.push(`${start}${inline}${after === undefined ? "" : ` ${after}`}`);
}

function itemLines(item: DocumentNode): readonly string[] {
  const own = merged(item.comments, ...innerComments(item));
  const text = `  ${inlineText(item)},${own.after === undefined ? "" : ` ${own.after}`}`;
  return [...own.before.map((line) => (line === "" ? line : `  ${line}`)), text];
}

/** Comments deep in an item, which is written on one line: they go before it. */
function innerComments(node: DocumentNode): readonly Comments[] {
  return childrenOf(node).flatMap((inner) => {
    const { before, after } = inner.comments;
    return [{ before: after === undefined ? before : [...before, after] }, ...innerComments(inner)];
  });
}

function merged(...all: readonly (Comments | undefined)[]): Comments {
  const after = all.flatMap((one) => one?.after ?? []);
  return { before: all.flatMap((one) => one?.before ?? []), ...(after.length === 0 ? {} : { after: after.join(" ") }) };
}

function holdsComments(node: DocumentNode): boolean {
  return childrenOf(node).some(
    (inner) => inner.comments.before.length > 0 || inner.comments.after !== undefined || holdsComments(inner),
  );
}

function childrenOf(node: DocumentNode): readonly DocumentNode[] {
  if (node.kind === "list") return node.items;
  return node.kind === "table" ? [...node.entries.values()].map((entry) => entry.node) : [];
}

function inlineText(node: DocumentNode): string {
  if (node.kind === "scalar") return node.text;
  if (node.kind === "list") return `[${node.items.map(inlineText).join(", ")}]`;
  const entries = [...node.entries].map(([key, entry]) => `${keyText(key)} = ${inlineText(entry.node)}`);
  return entries.length === 0 ? "{}" : `{ ${entries.join(", ")} }`;
}

/** Whether something is written with headers of its own. */
function isSection(node: DocumentNode): boolean {
  if (node.kind === "table") return true;
  return node.kind === "list" && node.items.length > 0 && node.items.every((item) => item.kind === "table");
}

/** Known fields in the order of the schema, then the others in the order of the file. */
function ordered(table: DocumentTable, rule: Rule | undefined): readonly Named[] {
  const entries = [...table.entries].map(([key, { node }]): Named => [key, node]);
  if (rule?.kind !== "table") return entries;
  const order = Object.keys(rule.fields);
  const rank = ([key]: Named): number => (order.includes(key) ? order.indexOf(key) : order.length);
  return entries.sort((left, right) => rank(left) - rank(right));
}

function ruleOf(rule: Rule | undefined, key: string): Rule | undefined {
  if (rule?.kind === "map") return rule.of;
  return rule?.kind === "table" && Object.hasOwn(rule.fields, key) ? rule.fields[key]!.rule : undefined;
}

function keyText(key: string): string {
  return /^[A-Za-z0-9_-]+$/.test(key) ? key : basicString(key);
}
