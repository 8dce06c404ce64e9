/** Statements (developer guide, "PartiQL statements for DynamoDB"). */
import { TableValidation } from "#data-plane/tables/values";
import { kindName } from "./kind-name.ts";
import { parseExpression } from "./parse-expression.ts";
import { parseSimplePath } from "./parse-path.ts";
import { malformed } from "./refusals.ts";
import type {
  Expression,
  OrderTerm,
  Path,
  Returning,
  Select,
  Source,
  Statement,
  Update,
  UpdateAction,
} from "./syntax.ts";
import { TokenReader } from "./token-reader.ts";

/** A statement, and how many parameters it takes. */
export interface ParsedStatement {
  readonly statement: Statement;
  readonly parameters: number;
}

/** @throws TableValidation in DynamoDB's words */
export function parseStatement(source: string): ParsedStatement {
  const reader = new TokenReader(source);
  const statement = readStatement(reader);
  reader.finish();
  if (statement.kind === "other") throw new TableValidation(`Unsupported operation: ${statement.operation}`);
  return Object.freeze({ statement, parameters: reader.parameters });
}

/** What can be read but is no statement that DynamoDB knows. */
interface OtherStatement {
  readonly kind: "other";
  readonly operation: string;
}

function readStatement(reader: TokenReader): Statement | OtherStatement {
  if (reader.accept("word", "select")) return parseSelect(reader);
  if (reader.is("word", "from")) return parseFromFirst(reader);
  if (reader.accept("word", "update")) return parseUpdate(reader);
  if (reader.accept("word", "delete")) return parseDelete(reader);
  if (reader.is("word", "insert") && reader.following.text === "into") return parseInsert(reader);
  if (reader.is("word", "exists") && reader.following.text === "(") return parseExists(reader);
  return { kind: "other", operation: kindName(parseExpression(reader)) };
}

function parseSelect(reader: TokenReader): Select {
  if (reader.accept("word", "distinct")) unsupportedClause(reader, "DISTINCT");
  else reader.accept("word", "all");
  if (reader.accept("word", "value")) unsupportedClause(reader, "VALUE");
  const projection = parseProjection(reader);
  if (!reader.accept("word", "from")) throw malformed("Expected FROM after SELECT list");
  const from = parseSource(reader);
  const where = parseWhere(reader);
  if (reader.is("word", "group")) {
    unsupportedClause(reader, "GROUP BY");
    skipToEnd(reader);
  }
  if (reader.is("word", "having")) {
    unsupportedClause(reader, "HAVING");
    skipToEnd(reader);
  }
  const orderBy = reader.accept("word", "order") ? parseOrder(reader) : NO_ORDER;
  if (reader.accept("word", "limit")) {
    unsupportedClause(reader, "LIMIT");
    parseExpression(reader);
  }
  return Object.freeze({ kind: "select", projection, from, ...(where === undefined ? {} : { where }), orderBy });
}

const NO_ORDER: readonly OrderTerm[] = Object.freeze([]);

function unsupportedClause(reader: TokenReader, clause: string): void {
  reader.unsupported(new TableValidation(`Unsupported clause: ${clause}`));
}

/** Clauses that are not supported are not worth a grammar. */
function skipToEnd(reader: TokenReader): void {
  while (!reader.is("end")) reader.take();
}

function parseProjection(reader: TokenReader): Select["projection"] {
  if (reader.is("word", "from")) throw malformed("Cannot have empty SELECT list");
  const columns: Expression[] = [];
  let whole = false;
  do {
    if (reader.accept("operator", "*")) {
      whole = true;
      continue;
    }
    columns.push(parseExpression(reader));
    skipAlias(reader);
  } while (reader.accept("mark", ","));
  if (!whole) return Object.freeze(columns);
  if (columns.length > 0) {
    throw malformed("Other expressions may not be present in the select list when '*' is used without dot notation.");
  }
  return "*";
}

/** `FROM "table"."index"`, where the grammar allows any expression, aliases and joins. */
function parseSource(reader: TokenReader): Source {
  const expression = parseExpression(reader);
  skipAlias(reader);
  while (reader.accept("mark", ",")) {
    reader.unsupported(new TableValidation("Only select from a single table or index is supported."));
    parseExpression(reader);
    skipAlias(reader);
  }
  if (expression.kind === "path") return sourceOf(reader, expression);
  reader.unsupported(reader.refusedAt("Unexpected from source", expression.span));
  return { table: "" };
}

function sourceOf(reader: TokenReader, path: Path): Source {
  const [index, ...more] = path.steps;
  if (more.length > 0)
    reader.unsupported(new TableValidation("A path may contain at most 2 components in the FROM clause"));
  if (index === undefined) return Object.freeze({ table: path.root });
  if (typeof index === "number") reader.unsupported(reader.refusedAt("Unexpected path component", path.span));
  return Object.freeze({ table: path.root, index: String(index) });
}

function skipAlias(reader: TokenReader): void {
  const named = reader.is("word", "as") || reader.is("word", "at") || reader.is("word", "by");
  if (!named && !reader.is("name")) return;
  if (named) reader.take();
  if (!reader.is("name")) throw malformed("Expected identifier for alias");
  reader.take();
  reader.unsupported(new TableValidation("Aliasing is not supported"));
}

function parseWhere(reader: TokenReader): Expression | undefined {
  return reader.accept("word", "where") ? parseExpression(reader) : undefined;
}

function parseOrder(reader: TokenReader): readonly OrderTerm[] {
  if (!reader.accept("word", "by")) throw malformed("Expected BY");
  const terms: OrderTerm[] = [];
  do {
    const expression = parseExpression(reader);
    const descending = reader.accept("word", "desc");
    if (!descending) reader.accept("word", "asc");
    if (expression.kind === "path") terms.push(Object.freeze({ path: expression, descending }));
    else reader.unsupported(reader.refusedAt("Unexpected expression in ORDER BY clause", expression.span));
  } while (reader.accept("mark", ","));
  return Object.freeze(terms);
}

function parseInsert(reader: TokenReader): Statement | OtherStatement {
  reader.take();
  reader.take();
  const into = sourceOf(reader, parseSimplePath(reader, parseExpression));
  if (!reader.accept("word", "value")) {
    // A bag of items, as PartiQL elsewhere inserts it.
    parseExpression(reader);
    return { kind: "other", operation: "Insert" };
  }
  return Object.freeze({ kind: "insert", into, value: parseExpression(reader) });
}

function parseUpdate(reader: TokenReader): Update {
  const table = sourceOf(reader, parseSimplePath(reader, parseExpression));
  skipAlias(reader);
  const actions = parseActions(reader);
  const where = parseWhere(reader);
  return update(reader, table, actions, where);
}

/** `FROM table WHERE … SET …`: an update in the order in which it is carried out. */
function parseFromFirst(reader: TokenReader): Update {
  reader.take();
  const table = parseSource(reader);
  const where = parseWhere(reader);
  return update(reader, table, parseActions(reader), where);
}

function update(
  reader: TokenReader,
  table: Source,
  actions: readonly UpdateAction[],
  where: Expression | undefined,
): Update {
  const returning = parseReturning(reader);
  return Object.freeze({
    kind: "update",
    table,
    actions,
    ...(where === undefined ? {} : { where }),
    ...(returning === undefined ? {} : { returning }),
  });
}

function parseActions(reader: TokenReader): readonly UpdateAction[] {
  const actions: UpdateAction[] = [];
  for (;;) {
    if (reader.accept("word", "set")) {
      do {
        const path = parseSimplePath(reader, parseExpression);
        if (!reader.accept("operator", "=")) throw malformed("Expected '='");
        actions.push(Object.freeze({ kind: "set", path, value: parseExpression(reader) }));
      } while (reader.accept("mark", ","));
    } else if (reader.accept("word", "remove")) {
      actions.push(Object.freeze({ kind: "remove", path: parseSimplePath(reader, parseExpression) }));
    } else if (actions.length === 0) {
      throw malformed("Expected data manipulation");
    } else {
      return Object.freeze(actions);
    }
  }
}

function parseDelete(reader: TokenReader): Statement {
  if (!reader.accept("word", "from")) throw malformed("Expected FROM after DELETE");
  const from = sourceOf(reader, parseSimplePath(reader, parseExpression));
  skipAlias(reader);
  const where = parseWhere(reader);
  const returning = parseReturning(reader);
  return Object.freeze({
    kind: "delete",
    from,
    ...(where === undefined ? {} : { where }),
    ...(returning === undefined ? {} : { returning }),
  });
}

function parseReturning(reader: TokenReader): Returning | undefined {
  if (!reader.accept("word", "returning")) return undefined;
  const which = looseWord(reader, ["ALL", "MODIFIED"]);
  const version = looseWord(reader, ["OLD", "NEW"]);
  if (!reader.accept("operator", "*")) throw malformed("Expected * in RETURNING clause");
  return Object.freeze({ which, version });
}

function looseWord<Word extends string>(reader: TokenReader, words: readonly Word[]): Word {
  const found = words.find((word) => reader.acceptLoose(word.toLowerCase()));
  if (found === undefined) throw malformed(`Expected ${words.join(" or ")} in RETURNING clause`);
  return found;
}

function parseExists(reader: TokenReader): Statement | OtherStatement {
  const { kind, text } = reader.peek(2);
  if (kind !== "word" || text !== "select") return { kind: "other", operation: kindName(parseExpression(reader)) };
  reader.take();
  reader.take();
  reader.take();
  const select = parseSelect(reader);
  reader.expectMark(")");
  return Object.freeze({ kind: "exists", select });
}
