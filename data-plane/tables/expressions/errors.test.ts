/** AWS's refusals of expressions, as a table: text, names, values, message. Sources: what AWS answers to test suites that are run against it. */

import { describe, expect, test } from "bun:test";
import { TableValidation } from "../values/index.ts";
import { Bindings, compileCondition, compileKeyCondition, compileProjection, compileUpdate } from "./index.ts";

type Names = Record<string, string>;
type Values = Record<string, unknown>;
type Refusal = readonly [text: string, message: string, names?: Names, values?: Values];

/** Rows of a table as `test.each` takes them, whatever their length. */
const rows = (table: readonly Refusal[]): [string, Refusal][] => table.map((row) => [row[0].slice(0, 120), row]);

function refusalOf(compile: (bindings: Bindings) => unknown, names?: Names, values?: Values): string {
  try {
    compile(new Bindings(names, values));
  } catch (error) {
    if (error instanceof TableValidation) return error.message;
    throw error;
  }
  return "(accepted)";
}

const operands = (operator: string, count: number): string =>
  `Incorrect number of operands for operator or function; operator or function: ${operator}, number of operands: ${count}`;
const operandType = (operator: string, type: string): string =>
  `Incorrect operand type for operator or function; operator or function: ${operator}, operand type: ${type}`;
const distinct = (operator: string, path: string): string =>
  `The first operand must be distinct from the remaining operands for this operator or function; operator: ${operator}, first operand: ${path}`;
const undefinedName = (name: string): string =>
  `An expression attribute name used in the document path is not defined; attribute name: ${name}`;
const undefinedValue = (name: string): string =>
  `An expression attribute value used in expression is not defined; attribute value: ${name}`;
const misused = (name: string): string =>
  `The function is not allowed to be used this way in an expression; function: ${name}`;
const reserved = (word: string): string => `Attribute name is a reserved keyword; reserved keyword: ${word}`;
const syntax = (token: string, near: string): string => `Syntax error; token: "${token}", near: "${near}"`;
const clash = (kind: string, one: string, two: string): string =>
  `Two document paths ${kind} with each other; must remove or rewrite one of these paths; path one: ${one}, path two: ${two}`;

const samples: Readonly<Record<string, unknown>> = {
  S: "1",
  N: "1",
  B: "YQ==",
  BOOL: true,
  NULL: true,
  L: [],
  M: {},
  SS: ["1"],
  NS: ["1"],
  BS: ["YQ=="],
};
const typed = (type: string): Values => ({ ":a": { [type]: samples[type] } });

const PARENTHESES = "The expression has redundant parentheses;";

const conditions: readonly Refusal[] = [
  ["", "The expression can not be empty;"],
  ["a = a".padEnd(4097), "Expression size has exceeded the maximum allowed size; expression size: 4097"],
  [`${"ü".repeat(2049)} = a`, "Expression size has exceeded the maximum allowed size; expression size: 4102"],
  [
    Array.from({ length: 151 }, () => "a<b").join(" OR "),
    "The expression contains too many operators; operator count: 301",
  ],

  // Syntax: the token with its neighbours as written, at the end only what comes before.
  ["things are not gonna be ok", syntax("are", "things are not")],
  ["a", syntax("<EOF>", "a")],
  ["(a)", syntax("<EOF>", ")")],
  ["a  ", syntax("<EOF>", "a")],
  ["a = :v AND", syntax("<EOF>", "AND")],
  ["attribute_not_exists(", syntax("<EOF>", "(")],
  ["a > 4", syntax("4", "> 4")],
  ["[object Object]", syntax("[", "[object")],
  ["a=:v and __typename=:t", syntax("_", "and __")],
  [":hashId a b", syntax("a", ":hashId a b")],
  ["attribute_exists(Pictures-RearView)", syntax("-", "Pictures-RearView")],
  ['attribute_exists("Pictures.RearView")', syntax('"', '("Pictures')],
  ["attribute_exists(Pictures..RearView)", syntax(".", "..RearView")],
  ["attribute_exists(Pi#ctures.RearView)", syntax("#ctures", "Pi#ctures.")],
  ["attribute_exists(asdf[a])", syntax("a", "[a]")],
  ["a.:a < b", syntax(":a", ".:a <")],
  ["a in b, c", syntax("b", "in b,")],
  ["a > between", syntax("between", "> between")],
  ["a in b", syntax("b", "in b")],
  ["a in (b,c,)", syntax(")", ",)")],
  ["a in ()", syntax(")", "()")],
  ["(a)between(b.(c.d))and(c)", syntax("(", ".(c")],
  ["(a)between(b.c.d)and((c)", syntax("<EOF>", ")")],
  ["#$.b > a", syntax("#", "#$")],
  ["a > :things.stuff", syntax(".", ":things.stuff")],
  ["b[:a] > a", syntax(":a", "[:a]")],
  ["b[#_] > a", syntax("#_", "[#_]")],
  ["ü > a", syntax("ü", "ü >")],
  ["😀 > a", syntax("😀", "😀 >")],
  ["(a)between(b.c[4.5].#d)and(:a)", syntax(".", "4.5")],
  ["b[-1] = a", syntax("-", "[-1")],
  ["size(a).b > a", syntax(".", ").b")],
  ["(size(a)).b > a", syntax(".", ").b")],
  ["size(a)[0] > a", syntax("[", ")[0")],
  ["(size(a))[0] > a", syntax("[", ")[0")],
  ["size() > a", syntax(")", "() >")],
  ["a = b = c", syntax("=", "b = c")],
  ["a = (b = c)", syntax("=", "b = c")],
  ["a AND b = c", syntax("AND", "a AND b")],
  ["a OR b", syntax("OR", "a OR b")],
  ["NOT a", syntax("<EOF>", "a")],
  ["a and = b", syntax("and", "a and =")],
  ["not.a = b", syntax(".", "not.a")],
  ["a == b", syntax("=", "== b")],
  ["a != b", syntax("!", "a !=")],
  [")", syntax(")", ")")],
  ["a = b)", syntax(")", "b)")],

  // Parentheses.
  ["a=a and a > ((views))", PARENTHESES],
  ["(a)between(((b.c)).d)and(c)", PARENTHESES],
  ["a > whatever((:things), ((a)))", PARENTHESES],
  ["a=a AND ((a=a AND a=a)) AND a=a", PARENTHESES],
  ["a=a OR ((a=a OR a=a)) OR a=a", PARENTHESES],
  ["a=a AND ((a=a AND (a=a AND a=a)))", PARENTHESES],
  ["((a = b))", PARENTHESES],
  [`${"(".repeat(2000)}a = b${")".repeat(2000)}`, PARENTHESES],

  // Functions, by name and by place; reserved words. In the order of writing.
  ["a=b and whatever((:things)) > a", "Invalid function name; function: whatever"],
  ["attRIbute_exIsts((views), #a)", "Invalid function name; function: attRIbute_exIsts"],
  ["a = if_not_exists(b, c)", "The function is not allowed in a condition expression; function: if_not_exists"],
  ["a=a and attribute_exists((views), (#a)) > b", misused("attribute_exists")],
  ["attribute_not_exists(things) > b", misused("attribute_not_exists")],
  ["(attribute_not_exists(things)) > b", misused("attribute_not_exists")],
  ["attribute_type(things, :a) > b", misused("attribute_type")],
  ["begins_with(things, a) > b", misused("begins_with")],
  ["contains(:things, c) > b", misused("contains")],
  ["size(contains(a, b)) > a", misused("contains")],
  ["size(things)", misused("size")],
  ["a between b and attribute_exists(things)", misused("attribute_exists")],
  ["a in (b, attribute_exists(things))", misused("attribute_exists")],
  ["attribute_exists(views, #a)", reserved("views")],
  [":a < abOrT", reserved("abOrT")],
  ["a.b.Name = c", reserved("Name")],
  ["a[2147483648] = b", "List index is not within the allowable range; index: [2147483648]"],
  ["a[999999999999999999999] = b", "List index is not within the allowable range; index: [999999999999999999999]"],
  [
    `${Array.from({ length: 33 }, () => "a").join(".")} = b`,
    "The document path has too many nesting levels; nesting levels: 33",
  ],

  // Placeholders before everything else of the same comparison.
  ["attribute_exists(#Pictures.RearView, :a) and a=a", undefinedName("#Pictures")],
  ["begins_with(Pictures.#RearView)", undefinedName("#RearView")],
  ["(#P between :lo and :hi) and (#PC in (:cat1, :cat2))", undefinedName("#P")],
  ["#4g > a", undefinedName("#4g")],
  ["#_ > a", undefinedName("#_")],
  ["(a)between(b.c[45].#d)and(:a)", undefinedName("#d")],
  ["begins_with(:hello, #a, #b)", undefinedValue(":hello")],
  [":a < :b", undefinedValue(":a")],
  [":_ > a", undefinedValue(":_")],

  // Numbers of operands.
  ["attribute_exists(things, a) and a=a", operands("attribute_exists", 2)],
  ["attribute_not_exists(things, b)", operands("attribute_not_exists", 2)],
  ["attribute_type(things)", operands("attribute_type", 1)],
  ["begins_with(things)", operands("begins_with", 1)],
  ["begins_with(things, size(a), b)", operands("begins_with", 3)],
  ["contains(things)", operands("contains", 1)],
  ["size(things, a) > b", operands("size", 2)],
  [
    `a IN (${Array.from({ length: 101 }, (_, i) => `b${i}`).join()})`,
    "The IN operator is provided with too many operands; number of operands: 101",
  ],

  // Equal operands.
  ["a = a AND #a = b AND :views > a", distinct("=", "[a]"), { "#a": "a" }],
  ["#a <> a", distinct("<>", "[a]"), { "#a": "a" }],
  ["a > #a", distinct(">", "[a]"), { "#a": "a" }],
  ["((a=a) OR (a=a))", distinct("=", "[a]")],
  ["((a=a) AND (a=a))", distinct("=", "[a]")],
  ["contains(ab.bc[1].a, ab.bc[1].#a)", distinct("contains", "[ab, bc, [1], a]"), { "#a": "a" }],
  ["attribute_type(ab.bc[1].#a, ab.bc[1].a)", distinct("attribute_type", "[ab, bc, [1], a]"), { "#a": "a" }],
  ["begins_with(ab.bc[1].a, ab.bc[1].#a)", distinct("begins_with", "[ab, bc, [1], a]"), { "#a": "a" }],
  ["a IN (b, a)", distinct("IN", "[a]")],

  // Types.
  ["attribute_type(ab.bc[1].a, SS)", operandType("attribute_type", "{NS,SS,L,BS,N,M,B,BOOL,NULL,S}")],
  ["attribute_type(a, size(a)) and a=a and a=:a", operandType("attribute_type", "N"), {}, typed("N")],
  ["begins_with(a, size(a)) and a=:a", operandType("begins_with", "N"), {}, typed("N")],
  ["size(size(a)) > :a", operandType("size", "N"), {}, typed("N")],
  ["attribute_not_exists(size(:a))", operandType("size", "N"), {}, typed("N")],
  ...["N", "BOOL", "NULL"].map((type): Refusal => ["size(:a) > a", operandType("size", type), {}, typed(type)]),
  ...["N", "B", "BOOL", "NULL", "L", "M", "SS", "NS", "BS"].map(
    (type): Refusal => ["attribute_type(a, :a)", operandType("attribute_type", type), {}, typed(type)],
  ),
  ...["N", "BOOL", "NULL", "L", "M", "SS", "NS", "BS"].flatMap((type): Refusal[] => [
    ["begins_with(a, :a)", operandType("begins_with", type), {}, typed(type)],
    ["begins_with(:a, a)", operandType("begins_with", type), {}, typed(type)],
  ]),
  ...["BOOL", "NULL", "L", "M", "SS", "NS", "BS"].flatMap((type): Refusal[] => [
    ["a < :a", operandType("<", type), {}, typed(type)],
    [":a >= a", operandType(">=", type), {}, typed(type)],
    ["a BETWEEN :a AND :a", operandType("BETWEEN", type), {}, typed(type)],
  ]),
  [
    "attribute_type(a, :a)",
    "Invalid attribute type name found; type: 1, valid types: {B,NULL,SS,BOOL,L,BS,N,NS,S,M}",
    {},
    typed("S"),
  ],
  [
    "attribute_exists(:a) and a=a",
    "Operator or function requires a document path; operator or function: attribute_exists",
    {},
    typed("S"),
  ],
  [
    "attribute_not_exists(size(:a))",
    "Operator or function requires a document path; operator or function: attribute_not_exists",
    {},
    typed("S"),
  ],
  [
    "a between :b and :a",
    "The BETWEEN operator requires same data type for lower and upper bounds; lower bound operand: AttributeValue: {N:1}, upper bound operand: AttributeValue: {S:a}",
    {},
    { ":a": { S: "a" }, ":b": { N: "1.0" } },
  ],
  [
    "a between :b and :a",
    "The BETWEEN operator requires upper bound to be greater than or equal to lower bound; lower bound operand: AttributeValue: {S:b}, upper bound operand: AttributeValue: {S:a}",
    {},
    { ":a": { S: "a" }, ":b": { S: "b" } },
  ],
];

const given = <T extends object>(map: T | undefined): T | undefined =>
  map === undefined || Object.keys(map).length === 0 ? undefined : map;

describe("conditions that AWS refuses", () => {
  test.each(rows(conditions))("%s", (_, [text, message, names, values]) => {
    const compile = (bindings: Bindings) => compileCondition(text, bindings, "FilterExpression");
    expect(refusalOf(compile, given(names), given(values))).toBe(`Invalid FilterExpression: ${message}`);
  });

  test("the message names the parameter", () => {
    const compile = (bindings: Bindings) => compileCondition("a", bindings, "ConditionExpression");
    expect(refusalOf(compile)).toBe('Invalid ConditionExpression: Syntax error; token: "<EOF>", near: "a"');
  });
});

describe("conditions that AWS takes", () => {
  test.each([
    "(a) = (b)",
    "((a) = b)",
    "((a = b) AND (c = d))",
    "(a=b AND (c=d AND (e=f)))",
    "(b.c).d = a",
    "(attribute_exists(a))",
    "NOT NOT a = b",
    "NOT(a=b)",
    "size((a)) > b",
    "a IN ((b), c)",
    "a\tBETWEEN\nb\rAND c",
    "Set = b",
    "set1 = b",
    "a[0][2147483647].b > c",
    "size (a) = b",
    Array.from({ length: 150 }, () => "a<b").join(" OR "),
  ])("%s", (text) => {
    const expected = text.startsWith("Set =")
      ? "Invalid FilterExpression: Attribute name is a reserved keyword; reserved keyword: Set"
      : "(accepted)";
    expect(refusalOf((bindings) => compileCondition(text, bindings, "FilterExpression"))).toBe(expected);
  });

  test("4096 bytes", () => {
    const text = `${"a".repeat(4092)} = b`;
    expect(refusalOf((bindings) => compileCondition(text, bindings, "FilterExpression"))).toBe("(accepted)");
  });
});

const listed = { ":a": { S: "a" }, ":b": { N: "1" }, ":c": { B: "YQ==" }, ":d": { BOOL: true }, ":e": { NULL: true } };
const more = { ":f": { SS: ["a"] }, ":g": { NS: ["1"] }, ":h": { BS: ["YQ=="] }, ":i": { M: {} }, ":j": { L: [] } };
const all: Values = { ...listed, ...more };
const addable = (operator: string, type: string): string =>
  `Incorrect operand type for operator or function; operator: ${operator}, operand type: ${type}, typeSet: ALLOWED_FOR_${operator}_OPERAND`;
const twice = (section: string): string => `The "${section}" section can only be used once in an update expression;`;

const updates: readonly Refusal[] = [
  ["", "The expression can not be empty;"],
  ["INVALID SYNTAX HERE", syntax("INVALID", "INVALID SYNTAX")],
  ["whatever", syntax("whatever", "whatever")],
  ["set a", syntax("<EOF>", "a")],
  ["add a", syntax("<EOF>", "a")],
  ["set a=set", syntax("set", "=set")],
  ["remove a = b", syntax("=", "a = b")],
  ["add a = b", syntax("=", "a = b")],
  ["delete a b", syntax("b", "a b")],
  ["delete a if_not_exist(b)", syntax("if_not_exist", "a if_not_exist(")],
  ["remove a b", syntax("b", "a b")],
  ["set a b", syntax("b", "a b")],
  ["set :a = b", syntax(":a", "set :a =")],
  ["remove :a", syntax(":a", "remove :a")],
  ["set a = b / c", syntax("/", "b / c")],
  ["set a = b * c", syntax("*", "b * c")],
  ['set a[1] = "eight"', syntax('"', '= "eight')],
  ["set a[1] = 1", syntax("1", "= 1")],
  ["SET path = VALUE 1", syntax("1", "VALUE 1")],
  ["SET a = if_not_exist(a, 100)", syntax("100", ", 100)")],
  ["SET if_not_exist(a, b) = a", syntax("(", "if_not_exist(a")],
  ["set (a = (b + c))", syntax("(", "set (a")],
  ["set a = (b.c).d + e", syntax(".", ").d")],
  ["set a = (b.c)[0] + e", syntax("[", ")[0")],
  ["set a = b + c + d", syntax("+", "c + d")],
  ["set a = (b + c) + d", syntax("+", ") + d")],
  ["set a = if_not_exists(b, c + d)", syntax("+", "c + d")],
  ["SET a = b,", syntax("<EOF>", ",")],
  ["ADD hits : incr", syntax(":", "hits : incr")],
  ["set {0} = b", syntax("{", "set {0")],
  ["SET _123 = b", syntax("_", "SET _123")],
  ["SET #, = b", syntax("#", "SET #,")],
  ["set a = ((b))", PARENTHESES],

  [" set #c = :c set abOrt = true ", reserved("abOrt")],
  [" remove Absolute ", reserved("Absolute")],
  ["set #c = if_not_exist(:c) set c = d", "Invalid function name; function: if_not_exist"],
  ["set a = LIST_APPEND(b, c)", "Invalid function name; function: LIST_APPEND"],
  ["set a = size(b)", "The function is not allowed in an update expression; function: size"],
  ["set a = list_append(list_append(b, c), d)", misused("list_append")],
  ["set a = #c set c = :d", twice("SET")],
  ["remove #d set a = b remove e", twice("REMOVE")],
  ["add #d :e set a = b add e :f", twice("ADD")],
  ["delete #d :e set a = b delete #e :f", twice("DELETE")],

  ["SET #c = if_not_exists(:c)", undefinedName("#c"), { "#a": "a" }, all],
  ["SET a = :x, #c = b", undefinedName("#c"), { "#a": "a" }, all],
  ["SET #a = if_not_exists(:x)", undefinedValue(":x"), { "#a": "a" }, all],

  ["set d[1] = a, d.b = a, c[1].a = a, #c = if_not_exists(a)", clash("overlap", "[c, [1], a]", "[c]"), { "#c": "c" }],
  ["set #c[3].#d = a, #c[3] = a", clash("overlap", "[c, [3], [3]]", "[c, [3]]"), { "#c": "c", "#d": "[3]" }],
  ["SET a = b REMOVE a", clash("overlap", "[a]", "[a]")],
  ["SET a.b = c, a.b.c = d", clash("overlap", "[a, b]", "[a, b, c]")],
  ["SET a[1][1] = c, a[1] = d", clash("overlap", "[a, [1], [1]]", "[a, [1]]")],
  [
    "set #c[3].#d = a, #c.#d[3] = if_not_exists(a)",
    clash("conflict", "[c, [3], [3]]", "[c, [3], [3]]"),
    { "#c": "c", "#d": "[3]" },
  ],
  ["remove a.#c set a[1] = #d", clash("conflict", "[a, c]", "[a, [1]]"), { "#c": "c", "#d": "[3]" }],

  ["set b = list_append(:a, a), c = if_not_exists(a) add a.b :a", addable("ADD", "STRING"), {}, all],
  ["delete a.b :a", addable("DELETE", "STRING"), {}, all],
  ["add a.b :e", addable("ADD", "NULL"), {}, all],
  ["add a.b :d", addable("ADD", "BOOLEAN"), {}, all],
  ["delete a.b :c", addable("DELETE", "BINARY"), {}, all],
  ["add a.b :i", addable("ADD", "MAP"), {}, all],
  ["add a.b :j", addable("ADD", "LIST"), {}, all],
  ["delete a.b :b", addable("DELETE", "NUMBER"), {}, all],

  ["set a = if_not_exists(c)", operands("if_not_exists", 1)],
  ["set a = list_append(c)", operands("list_append", 1)],
  ["set a = list_append(c, d, e)", operands("list_append", 3)],
  [
    "set a = if_not_exists(:a, c)",
    "Operator or function requires a document path; operator or function: if_not_exists",
    {},
    all,
  ],
  [
    "set a = if_not_exists(if_not_exists(a, b), c)",
    "Operator or function requires a document path; operator or function: if_not_exists",
  ],
  ["set a = list_append(:a, a)", operandType("list_append", "S"), {}, all],
  ["set a = list_append(a, :b)", operandType("list_append", "N"), {}, all],
  ["set a = list_append(:f, a)", operandType("list_append", "SS"), {}, all],
  ["set a = list_append(:i, a)", operandType("list_append", "M"), {}, all],
  ["set a = a + :a", operandType("+", "S"), {}, all],
  ["set a = :a + :c", operandType("+", "S"), {}, all],
  ["set a = :c + a", operandType("+", "B"), {}, all],
  ["set a = a - :g", operandType("-", "NS"), {}, all],
  ["set a = a - :j", operandType("-", "L"), {}, all],
];

test.each(rows(updates))("the update %s", (_, [text, message, names, values]) => {
  const compile = (bindings: Bindings) => compileUpdate(text, bindings);
  expect(refusalOf(compile, given(names), given(values))).toBe(`Invalid UpdateExpression: ${message}`);
});

test.each([
  "set a[1] = b",
  "set a.b = b",
  "SET a = if_not_exists(a, b) + b",
  "SET a = if_not_exists(a, if_not_exists(a, b))",
  "SET a = list_append(if_not_exists(a, b), c)",
  "set a = (b + c)",
  "set a = ((b.c.d)+(e))",
  "set a = (b)",
  "sEt a=b ReMoVe c",
  "SET alnum = b, Alpha_Numeric_123 = c, A123_ = d",
  "SET a.b = c, a.c.d = e, b.x = f REMOVE a.x, b.y",
  "SET a[1] = b, a[2] = b, a[0].c = d",
  "SET b1 = a1, and1 = b2",
])("AWS takes the update %s", (text) => {
  expect(refusalOf((bindings) => compileUpdate(text, bindings))).toBe("(accepted)");
});

const projections: readonly Refusal[] = [
  ["", "The expression can not be empty;"],
  ["whatever(stuff)", syntax("(", "whatever(stuff")],
  [":a", syntax(":a", ":a")],
  ["abort,", syntax("<EOF>", ",")],
  ["a,,b", syntax(",", ",,b")],
  ["a..b", syntax(".", "..b")],
  ["a[b]", syntax("b", "[b]")],
  ["(a.b).c", syntax("(", "(a")],
  ["(a)", syntax("(", "(a")],
  ["a-b", syntax("-", "a-b")],
  ["a b", syntax("b", "a b")],
  ["a.abORt", reserved("abORt")],
  ["#a,ABSoLUTE", reserved("ABSoLUTE")],
  ["a, and", reserved("and")],
  ["a,b,a,#a", undefinedName("#a")],
  ["b[1], b.a, #a.b, a", clash("overlap", "[a, b]", "[a]"), { "#a": "a" }],
  ["a, #a[1]", clash("overlap", "[a]", "[a, [1]]"), { "#a": "a" }],
  ["a,a", clash("overlap", "[a]", "[a]")],
  ["b,a,c,a", clash("overlap", "[a]", "[a]")],
  ["a.b, #a[1], #b", clash("conflict", "[a, b]", "[a, [1]]"), { "#a": "a", "#b": "[3]" }],
  ["a.b[1], #a[1], #b", clash("conflict", "[a, b, [1]]", "[a, [1]]"), { "#a": "a", "#b": "[3]" }],
  ["a[3].b, #a.#b.b", clash("conflict", "[a, [3], b]", "[a, [3], b]"), { "#a": "a", "#b": "[3]" }],
];

test.each(rows(projections))("the projection %s", (_, [text, message, names]) => {
  const compile = (bindings: Bindings) => compileProjection(text, bindings);
  expect(refusalOf(compile, given(names))).toBe(`Invalid ProjectionExpression: ${message}`);
});

const OPERATOR = (operator: string): string => `Invalid operator used in KeyConditionExpression: ${operator}`;
const FIRST = (operator: string): string =>
  `Invalid condition in KeyConditionExpression: ${operator} operator must have the key attribute as its first operand`;
const SCHEMA = "One or more parameter values were invalid: Condition parameter type does not match schema type";
const SEVERAL = "Invalid condition in KeyConditionExpression: Multiple attribute names used in one condition";
const NESTED = "KeyConditionExpressions cannot contain nested operations";
const DEEP = "KeyConditionExpressions cannot have conditions on nested attributes";
const NONE = "Invalid condition in KeyConditionExpression: No key attribute specified";
const TWICE = "Invalid KeyConditionExpression: KeyConditionExpressions must only contain one condition per key";
const one: Values = { ":a": { S: "1" }, ":b": { S: "1" } };
const kinds: Values = { ":p": { S: "q" }, ":n": { N: "1" }, ":m": { N: "5" }, ":s": { S: "a" }, ":t": { BOOL: true } };
const bad = (operator: string, type: string): string =>
  `Invalid KeyConditionExpression: ${operandType(operator, type)}`;

const keyConditions: readonly Refusal[] = [
  ["", "Invalid KeyConditionExpression: The expression can not be empty;"],
  ["a > 4", `Invalid KeyConditionExpression: ${syntax("4", "> 4")}`],
  ["attribute_type(a, :a)", OPERATOR("attribute_type"), {}, { ":a": { S: "S" } }],
  ["a > b and size(b) > c or a > c", OPERATOR("OR")],
  ["a in (b, size(c), d)", OPERATOR("IN")],
  ["attribute_exists(a)", OPERATOR("attribute_exists")],
  ["attribute_not_exists(a)", OPERATOR("attribute_not_exists")],
  ["contains(a.d, b)", OPERATOR("contains")],
  ["not a > b", OPERATOR("NOT")],
  ["a <> b", OPERATOR("<>")],
  [":a between size(b) and size(a) and b > :b", FIRST("BETWEEN"), {}, one],
  ["begins_with(:a, b) and a > :b", FIRST("begins_with"), {}, one],
  ["size(b) > a AND a.b > b AND b > c", NESTED],
  ["a > size(b.d)", NESTED],
  ["a between size(b) and size(a)", NESTED],
  ["b > a.b", SEVERAL],
  ["b between c[1] and d", SEVERAL],
  ["a between b and size(a)", SEVERAL],
  ["begins_with(a, b)", SEVERAL],
  ["b.d > a AND c.d > e.f", DEEP],
  ["a.d > c", DEEP],
  ["b[0] > a", DEEP],
  [":b > :a AND a < :b", NONE, {}, one],
  [":a > b AND :a < :b", NONE, {}, one],
  ["b > :a AND b < :a and c = :a and d = :a", TWICE, {}, one],
  ["(a > :a and b > :a) and (b > :a and c > :a)", TWICE, {}, one],
  ["pk = :p AND sk > :n AND sk < :m", TWICE, {}, kinds],
  [
    "pk = :p AND sk > :n AND extra = :m",
    "The number of query conditions (3) exceeds the number of key attributes defined in the schema (2)",
    {},
    kinds,
  ],
  ["sk = :n", "Query condition missed key schema element: pk", {}, kinds],
  ["attr1 = :p", "Query condition missed key schema element: pk", {}, kinds],
  ["pk = :p AND attr1 = :p", "Query condition missed key schema element: sk", {}, kinds],
  ["pk > :p", "Query key condition not supported", {}, kinds],
  [":p <= pk AND sk = :n", "Query key condition not supported", {}, kinds],
  ["begins_with(pk, :p)", "Query key condition not supported", {}, kinds],
  ["pk BETWEEN :p AND :p", "Query key condition not supported", {}, kinds],
  ["pk = :n", SCHEMA, {}, kinds],
  ["pk = :p AND sk = :s", SCHEMA, {}, kinds],
  ["pk = :p AND sk = :t", SCHEMA, {}, kinds],
  ["pk = :p AND begins_with(sk, :s)", SCHEMA, {}, kinds],
  ["pk = :p AND begins_with(sk, :n)", bad("begins_with", "N"), {}, kinds],
  ["pk = :p AND begins_with(sk, :t)", bad("begins_with", "BOOL"), {}, kinds],
  ["pk = :p AND sk < :t", bad("<", "BOOL"), {}, kinds],
  ["pk = :p AND :t >= sk", bad(">=", "BOOL"), {}, kinds],
  ["pk = :p AND sk BETWEEN :t AND :t", bad("BETWEEN", "BOOL"), {}, kinds],
  ["pk = :missing AND begins_with(sk, :n)", `Invalid KeyConditionExpression: ${undefinedValue(":missing")}`, {}, kinds],
  ["begins_with(sk, :n) AND pk = :missing", bad("begins_with", "N"), {}, kinds],
  [
    "pk = :p",
    "One or more parameter values are not valid. The AttributeValue for a key attribute cannot contain an empty string value. Key: pk",
    {},
    { ":p": { S: "" } },
  ],
];

test.each(rows(keyConditions))("the key condition %s", (_, [text, message, names, values]) => {
  const keys = { hash: [{ name: "pk", type: "S" as const }], range: [{ name: "sk", type: "N" as const }] };
  const compile = (bindings: Bindings) => compileKeyCondition(text, bindings, keys);
  expect(refusalOf(compile, given(names), given(values))).toBe(message);
});

const INVALID_VALUE = "One or more parameter values were invalid: ";
const bindingRefusals: readonly (readonly [Names | undefined, Values | undefined, string])[] = [
  [{}, undefined, "ExpressionAttributeNames must not be empty"],
  [undefined, {}, "ExpressionAttributeValues must not be empty"],
  [{}, {}, "ExpressionAttributeNames must not be empty"],
  [{ a: "a" }, {}, 'ExpressionAttributeNames contains invalid key: Syntax error; key: "a"'],
  [{ "#": "a" }, {}, 'ExpressionAttributeNames contains invalid key: Syntax error; key: "#"'],
  [{ "#a-b": "a" }, {}, 'ExpressionAttributeNames contains invalid key: Syntax error; key: "#a-b"'],
  [{ "#a": "" }, {}, "ExpressionAttributeNames contains invalid value: Empty attribute name for key #a"],
  [
    { [`#${"a".repeat(255)}`]: "a" },
    {},
    "ExpressionAttributeNames contains invalid key: The expression attribute map contains a key that is too long; size of key: 256",
  ],
  [undefined, { a: { S: "b" } }, 'ExpressionAttributeValues contains invalid key: Syntax error; key: "a"'],
  [undefined, { ":a": {}, b: {} }, 'ExpressionAttributeValues contains invalid key: Syntax error; key: "b"'],
  [undefined, { ":a": {} }, "Supplied AttributeValue is empty, must contain exactly one of the supported datatypes"],
  [undefined, { ":a": { SS: [] } }, `${INVALID_VALUE}An string set  may not be empty`],
];

test.each(bindingRefusals)("the placeholders %j and %j", (names, values, message) => {
  expect(refusalOf(() => undefined, names, values)).toBe(message);
});

test("an invalid value has an older message that names its placeholder", () => {
  expect.assertions(1);
  try {
    new Bindings(undefined, { ":a": { N: "x" } });
  } catch (error) {
    expect((error as { olderMessage?: string }).olderMessage).toBe(
      "ExpressionAttributeValues contains invalid value: The parameter cannot be converted to a numeric value: x for key :a",
    );
  }
});

test("placeholders that no expression of the request uses", () => {
  const bindings = new Bindings({ "#a": "a", "#b": "b" }, { ":a": { S: "a" }, ":b": { S: "b" }, ":c": { S: "c" } });
  compileCondition("#a = :a", bindings, "ConditionExpression");
  expect(() => bindings.assertAllUsed()).toThrow(
    new TableValidation("Value provided in ExpressionAttributeNames unused in expressions: keys: {#b}"),
  );
  compileCondition("#a <> :a", bindings, "ConditionExpression");
  expect(() => bindings.assertAllUsed()).toThrow("keys: {#b}");
  compileProjection("#b", bindings);
  expect(() => bindings.assertAllUsed()).toThrow(
    new TableValidation("Value provided in ExpressionAttributeValues unused in expressions: keys: {:b, :c}"),
  );
  compileUpdate("SET x = :b, y = :c", bindings);
  bindings.assertAllUsed();
});
