/** Writes syntax trees as statements again: what the parser must read back. */
import type { Expression, Path, Returning, Select, Source, Statement, UpdateAction } from "./syntax.ts";

export function printStatement(statement: Statement): string {
  switch (statement.kind) {
    case "select":
      return printSelect(statement);
    case "insert":
      return `INSERT INTO ${printSource(statement.into)} VALUE ${print(statement.value)}`;
    case "update": {
      const actions = statement.actions.map(printAction).join(" ");
      return `UPDATE ${printSource(statement.table)} ${actions}${printWhere(statement.where)}${printReturning(statement.returning)}`;
    }
    case "delete":
      return `DELETE FROM ${printSource(statement.from)}${printWhere(statement.where)}${printReturning(statement.returning)}`;
    case "exists":
      return `EXISTS(${printSelect(statement.select)})`;
  }
}

function printSelect({ projection, from, where, orderBy }: Select): string {
  const columns = projection === "*" ? "*" : projection.map(print).join(", ");
  const order = orderBy.map(({ path, descending }) => `${print(path)} ${descending ? "DESC" : "ASC"}`).join(", ");
  return `SELECT ${columns} FROM ${printSource(from)}${printWhere(where)}${order === "" ? "" : ` ORDER BY ${order}`}`;
}

function printSource({ table, index }: Source): string {
  return index === undefined ? name(table) : `${name(table)}.${name(index)}`;
}

function printWhere(where: Expression | undefined): string {
  return where === undefined ? "" : ` WHERE ${print(where)}`;
}

function printReturning(returning: Returning | undefined): string {
  return returning === undefined ? "" : ` RETURNING ${returning.which} ${returning.version} *`;
}

function printAction(action: UpdateAction): string {
  return action.kind === "remove"
    ? `REMOVE ${print(action.path)}`
    : `SET ${print(action.path)} = ${print(action.value)}`;
}

/** With parentheses around everything that has an operator. */
function print(expression: Expression): string {
  switch (expression.kind) {
    case "literal":
      if (expression.type === "string") return `'${expression.text.replaceAll("'", "''")}'`;
      if (expression.type === "number") return expression.text;
      return expression.type === "boolean" ? String(expression.value) : expression.type.toUpperCase();
    case "parameter":
      return "?";
    case "path":
      return printPath(expression);
    case "list":
      return `[${expression.elements.map(print).join(", ")}]`;
    case "bag":
      return `<<${expression.elements.map(print).join(", ")}>>`;
    case "tuple":
      return `{${expression.members.map((member) => `${print(member.name)}: ${print(member.value)}`).join(", ")}}`;
    case "call":
      return `${expression.name}(${expression.arguments === "*" ? "*" : expression.arguments.map(print).join(", ")})`;
    case "unary":
      return `(${expression.operator} ${print(expression.operand)})`;
    case "binary":
      return `(${print(expression.left)} ${expression.operator} ${print(expression.right)})`;
    case "between":
      return `(${print(expression.value)} ${expression.negated ? "NOT " : ""}BETWEEN ${print(expression.low)} AND ${print(expression.high)})`;
    case "in":
      return `(${print(expression.value)} ${expression.negated ? "NOT " : ""}IN ${print(expression.set)})`;
    case "is":
      return `(${print(expression.value)} IS ${expression.negated ? "NOT " : ""}${expression.type})`;
  }
}

function printPath({ root, steps }: Path): string {
  return name(root) + steps.map((step) => (typeof step === "number" ? `[${step}]` : `.${name(step)}`)).join("");
}

function name(text: string): string {
  return `"${text.replaceAll('"', '""')}"`;
}
