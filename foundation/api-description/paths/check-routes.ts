/** What can only be seen when all operations of all documents are looked at together. */
import type { Diagnostics, Place } from "../diagnostics/diagnostic.ts";
import type { Operation } from "../model.ts";
import { shown } from "../references/resolver.ts";
import { overlapOf } from "./overlap.ts";
import { RouteTree } from "./route-tree.ts";

export function checkRoutes(operations: readonly Operation[], diagnostics: Diagnostics): void {
  checkIds(operations, diagnostics);
  checkSame(operations, diagnostics);
  checkOverlaps(operations, diagnostics);
}

function checkIds(operations: readonly Operation[], diagnostics: Diagnostics): void {
  const first = new Map<string, Operation>();
  for (const operation of operations) {
    const { operationId: id, at } = operation;
    if (id === undefined) continue;
    const other = first.get(id);
    if (other === undefined) {
      first.set(id, operation);
      continue;
    }
    const place =
      at.document.slotAt(`${at.pointer}/operationId`) === undefined
        ? at
        : { ...at, pointer: `${at.pointer}/operationId` };
    diagnostics.report(
      "E1055",
      place,
      `The operationId ${shown(id)} is that of ${named(other)} too, ${where(other.at)}.`,
    );
  }
}

function checkSame(operations: readonly Operation[], diagnostics: Diagnostics): void {
  const paths = new Map<string, Operation>();
  const routes = new Map<string, Operation>();
  for (const operation of operations) {
    const { template, method, path, at } = operation;
    const first = paths.get(template.structure);
    if (first === undefined) paths.set(template.structure, operation);
    else if (first.template.parameters.join("/") !== template.parameters.join("/")) {
      const message = `${shown(path)} matches the same requests as ${shown(first.path)}, ${where(first.at)}: only names of parameters differ.`;
      diagnostics.report("E1050", pathPlace(operation), message, { at: "key" });
      continue;
    }
    const route = `${method} ${template.structure}`;
    const other = routes.get(route);
    if (other === undefined) routes.set(route, operation);
    else diagnostics.report("E1010", at, `${method} ${path} is there already, ${where(other.at)}.`, { at: "key" });
  }
}

/** Paths against each other that match some of the same requests, method by method. */
function checkOverlaps(operations: readonly Operation[], diagnostics: Diagnostics): void {
  for (const group of Map.groupBy(operations, ({ method }) => method).values()) {
    const tree = new RouteTree();
    for (const operation of group) {
      const other = tree.unclear(operation);
      if (other !== undefined) reportOverlap(other, operation, diagnostics);
      tree.add(operation);
      if (tree.isExhausted) {
        const message = "The paths are too many, and too much alike, to compare all of them.";
        diagnostics.report("E1006", pathPlace(operation), message, { at: "key" });
        return;
      }
    }
  }
}

function reportOverlap(left: Operation, right: Operation, diagnostics: Diagnostics): void {
  const isAmbiguous = overlapOf(left.template, right.template) === "ambiguous";
  const message = `${shown(right.path)} and ${shown(left.path)}, ${where(left.at)}, match some of the same requests${isAmbiguous ? ", and no rule says which one is meant" : ""}.`;
  diagnostics.report(isAmbiguous ? "E1057" : "W1016", pathPlace(right), message, { at: "key" });
}

/** Where the path is written: above the operation. */
function pathPlace({ at, path }: Operation): Place {
  const pointer = at.pointer.slice(0, at.pointer.lastIndexOf("/"));
  return at.document.slotAt(pointer) !== undefined && pointer.includes(path.replaceAll("~", "~0").replaceAll("/", "~1"))
    ? { document: at.document, pointer }
    : at;
}

const named = ({ method, path }: Operation): string => `${method} ${path}`;

/** `in api.yaml, line 3` */
function where({ document, pointer }: Place): string {
  return `in ${document.file}, line ${document.positionOf(pointer, "key").line}`;
}
