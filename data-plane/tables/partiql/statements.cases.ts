/**
 * What DynamoDB answers to statements, as observed by others against the service and published in test suites of emulators. The table `T` has the key
 * (pk S, sk S); `H` has the key (pk S).
 */

/** Message behind `Statement wasn't well formed, can't be processed: `. */
export const MALFORMED: readonly (readonly [statement: string, detail: string])[] = [
  [`SELECT * FROM "H" WHERE pk = 1 foo`, "Unexpected token after expression"],
  [`SELECT * FROM "H" WHERE pk = 1 e5`, "Unexpected token after expression"],
  [`INSERT INTO "H" VALUE {'pk': 970001} foo`, "Unexpected token after expression"],
  [`UPDATE "H" SET a = 9 WHERE pk = 970002 foo`, "Unexpected token after expression"],
  [`DELETE FROM "H" WHERE pk = 970003 foo`, "Unexpected token after expression"],
  [`SELECT * FROM "H" WHERE pk = 1)`, "Unexpected token after expression"],
  [`DELETE FROM "H" WHERE pk = 970004 ORDER BY pk`, "Unexpected token after expression"],
  [`SELECT * FROM "H" ORDER BY pk WHERE pk = 1`, "Unexpected token after expression"],
  [`INSERT INTO "H" t VALUE {'pk': 'x'}`, "Unexpected token after expression"],
  [`FROM "H" SET c = 1 WHERE pk = 'x'`, "Unexpected token after expression"],
  [`FROM "H" SET c = 1 WHERE pk = 'x' SET d = 2`, "Unexpected token after expression"],
  [`SELECTT * FROMM "H"`, "Unexpected token after expression"],
  [`SELECT * FROM "H"; SELECT * FROM "H"`, "Unexpected token after semicolon. (Only one query is allowed.)"],
  [`SELECT * FROM "H" WHERE pk = 1e2147483648`, ""],
  [`SELECT * FROM "H" WHERE pk = 1e99999999999`, ""],
  [`SELECT * FROM "H" WHERE pk = 1.5e-2147483647`, ""],
  [`SELECT * FROM "H" WHERE pk = 1 # note`, ""],
  [`SELECT * FROM "H" WHERE pk = 1 /* note`, ""],
  [`SELECT * FROM "H" WHERE pk = 'x`, ""],
  [`SELECT * FROM "H" WHERE`, "Unexpected term"],
  [`SELECT * FROM "H" WHERE;`, "Unexpected term"],
  [`SELECT * FROM "H" WHERE   `, "Unexpected term"],
  [`SELECT pk FROM "H" WHERE`, "Unexpected term"],
  [`UPDATE "H" SET a = 1 WHERE`, "Unexpected term"],
  [`DELETE FROM "H" WHERE`, "Unexpected term"],
  [`SELECT * FROM "H" WHERE NOT`, "Unexpected term"],
  [`SELECT * FROM "H" WHERE (`, "Unexpected term"],
  [`SELECT * FROM`, "Unexpected term"],
  [`SELECT * FROM "H" WHERE pk = 'p1' AND`, "Missing right-hand side expression of infix operator"],
  [`SELECT * FROM "H" WHERE pk = 'p1' OR`, "Missing right-hand side expression of infix operator"],
  [`SELECT * FROM "H" WHERE ORDER BY pk`, "Unexpected keyword"],
  [`SELECT * FROM "H" WHERE pk = 'a' AND x IS FOO`, "Expected type name"],
  [`SELECT * FROM "H" WHERE IS NULL`, "Unexpected operator"],
  [`SELECT * FROM "H" WHERE pk = LIKE`, "Unexpected operator"],
  [`DELETE FROM`, "Expected identifier for simple path"],
  [`DELETE FROM   `, "Expected identifier for simple path"],
  [`DELETE FROM;`, "Expected identifier for simple path"],
  [`DELETE FROM WHERE pk = 'a'`, "Expected identifier for simple path"],
  [`SLECT * FROM "H" WHERE pk = 'x'`, "Expected data manipulation"],
  [`UPDATE "H" WHERE pk = 'x'`, "Expected data manipulation"],
  [`UPDATE "H" SET a 1 WHERE pk = 'x'`, "Expected '='"],
  [`SELECT * FROM "H" WHERE attribute_exists(m.inner)`, "Invalid path dot component"],
  [`SELECT * FROM "H" WHERE size = 3`, "Unexpected keyword"],
  [`SELECT * FROM "H" WHERE pk IN ['a'`, "Expected RIGHT_BRACKET"],
  [`INSERT INTO "H" VALUE {'pk' 1}`, "Expected COLON"],
];

/** Whole messages of statements that can be read, but not planned. */
export const REFUSED: readonly (readonly [statement: string, message: string])[] = [
  [`SELECT * FROM "H" t WHERE pk = 'x'`, "Aliasing is not supported"],
  [`SELECT * FROM "H" AS t WHERE pk = 'x'`, "Aliasing is not supported"],
  [`UPDATE "H" t SET a = 3 WHERE pk = 'x'`, "Aliasing is not supported"],
  [`DELETE FROM "H" t WHERE pk = 'x'`, "Aliasing is not supported"],
  [`x IS INT4`, "Unsupported operation: IsType"],
  [`x IS DOUBLE PRECISION`, "Unsupported operation: IsType"],
  [`x IS CHARACTER VARYING`, "Unsupported operation: IsType"],
  [`SELECT * FROM "H" LIMIT 3`, "Unsupported clause: LIMIT"],
  [
    `SELECT * FROM "H" WHERE pk = 1e126`,
    "Number overflow. Attempting to store a number with magnitude larger than supported range under root",
  ],
  [
    `UPDATE "H" SET a = 1e-131 WHERE pk = 'x'`,
    "Number underflow. Attempting to store a number with magnitude smaller than supported range under root",
  ],
  [
    `INSERT INTO "H" VALUE {'pk': 'x', 'm': {'x': 123456789012345678901234567890123456789}}`,
    "Attempting to store more than 38 significant digits in a Number under root.x",
  ],
  [
    `INSERT INTO "H" VALUE {'pk': 'x', 'l': [1, 1e126]}`,
    "Number overflow. Attempting to store a number with magnitude larger than supported range under root[1]",
  ],
  [`FROM "H" SET c = 1`, "Where clause does not contain a mandatory equality on all key attributes"],
  [`FROM "H" REMOVE a`, "Where clause does not contain a mandatory equality on all key attributes"],
  [`FROM "H" WHERE a = 1 SET c = 1`, "Where clause does not contain a mandatory equality on all key attributes"],
  [`DELETE FROM "T" WHERE pk = 'p1'`, "Where clause does not contain a mandatory equality on all key attributes"],
  [
    `UPDATE "T" SET a=1 WHERE pk='x' AND sk='1' AND pk='other'`,
    "Multiple conditions on same key pk. Only single item Update/Insert/Delete are supported",
  ],
  [
    `DELETE FROM "H" WHERE pk = 'x' RETURNING MODIFIED OLD *`,
    "Invalid returning clause: RETURNING MODIFIED OLD *. Only RETURNING ALL OLD * is allowed in DELETE statements.",
  ],
  [
    `SELECT * FROM "H" WHERE pk = 'x' AND attribute_exists('ss')`,
    "Operator or function requires a document path; operator or function: attribute_exists",
  ],
  [
    `SELECT * FROM "H" WHERE pk = 'x' AND attribute_exists()`,
    "Incorrect number of operands for operator or function; operator or function: attribute_exists, number of operands: 0",
  ],
  [
    `SELECT * FROM "H" WHERE pk = 'x' AND attribute_exists(ss, ns)`,
    "Incorrect number of operands for operator or function; operator or function: attribute_exists, number of operands: 2",
  ],
  [`SELECT attribute_exists(ss) FROM "H" WHERE pk = 'x'`, "Unexpected path component at 1:8:16"],
  [`SELECT COUNT(*) FROM "H"`, "Unexpected path component at 1:8:5"],
  [`SELECT * FROM "H" WHERE EXISTS(ss)`, "Unrecognized function: exists at 1:25:6"],
  [`SELECT * FROM "H" WHERE set_add(ss, <<'x'>>) = ss`, "Unrecognized function: set_add at 1:25:7"],
  [
    `INSERT INTO "H" VALUE {'pk': 'x', 'ss': set_add(<<'a'>>, <<'b'>>)}`,
    "Unsupported data type: set_add under key root at 1:41:7",
  ],
  [`UPDATE "H" SET x = [?] WHERE pk='x'`, "Unsupported data type: Parameter under key root[0] at 1:21:1"],
  [`INSERT INTO "H" VALUE {'pk':'x','m':{'k':?}}`, "Unsupported data type: Parameter under key root.k at 1:42:1"],
  [
    `UPDATE "H" SET t = set_add(ss, <<'x'>>) WHERE pk='x'`,
    "The first argument to SET_ADD must equal the assignment value at 1:20:7",
  ],
  [
    `UPDATE "H" SET ss = set_delete(<<'a'>>, <<'x'>>) WHERE pk='x'`,
    "The first argument to SET_DELETE must equal the assignment value at 1:21:10",
  ],
  [
    `UPDATE "H"\nSET BandMembers = set_add(BandMembers, 'x')\nWHERE pk='x'`,
    "The second argument to SET_ADD must be a value with type SET at 2:27:11",
  ],
  [
    `UPDATE "H" SET "ss" = set_delete("ss", ['x']) WHERE pk='x'`,
    "The second argument to SET_DELETE must be a value with type SET at 1:34:4",
  ],
  [`UPDATE "H" SET ss = set_add(ss) WHERE pk='x'`, "SET_ADD must have exactly two arguments at 1:21:7"],
  [
    `UPDATE "H" SET ss = set_add(ss, <<'x', 'x'>>) WHERE pk='x'`,
    "One or more parameter values were invalid: Input collection [x, x] contains duplicates.",
  ],
  [
    `UPDATE "H" SET ss = set_add(ss, <<2, 2.0>>) WHERE pk='x'`,
    "One or more parameter values were invalid: Input collection [2, 2.0] contains duplicates! under root",
  ],
  [`UPDATE "H" SET ss = set_add(ss, <<>>) WHERE pk='x'`, "Empty bags are not supported"],
  [
    `INSERT INTO "H" VALUE {'pk':'bag', 's':<<1, 'a'>>}`,
    "Unsupported data type in Bag. DynamoDB only supports either numbers or strings in bags",
  ],
  [`SELECT l[-1] FROM "H" WHERE pk='x'`, "List index is not within the allowable range; index: [-1] at 1:11:1"],
  [
    `SELECT l[2147483648] FROM "H" WHERE pk='x'`,
    "List index is not within the allowable range; index: [2147483648] at 1:10:10",
  ],
  [
    `SELECT pk FROM "H" WHERE pk='x' AND attribute_type(l, 1)`,
    "Incorrect operand type for operator or function; operator or function: attribute_type, operand type: N",
  ],
  [
    `SELECT pk FROM "H" WHERE pk='x' AND attribute_type(l, 'X')`,
    "Invalid attribute type name found; type: X, valid types: {N,BS,L,B,NULL,M,S,SS,NS,BOOL}",
  ],
  [
    `UPDATE "H" SET n = 'a' + 1 WHERE pk='x' AND nope='x'`,
    "Incorrect operand type for operator or function; operator or function: +, operand type: S",
  ],
  [
    `UPDATE "H" SET n = n - null WHERE pk='x'`,
    "Incorrect operand type for operator or function; operator or function: -, operand type: NULL",
  ],
  [
    `UPDATE "H" SET n = n + [1] WHERE pk='x'`,
    "Incorrect operand type for operator or function; operator or function: +, operand type: L",
  ],
  [
    `SELECT * FROM "H" WHERE pk='x' AND attribute_exists(n) > false`,
    "Incorrect operand type for operator or function; operator or function: >, operand type: BOOL",
  ],
  [
    `SELECT * FROM "H" WHERE pk='x' AND v BETWEEN true AND false`,
    "Incorrect operand type for operator or function; operator or function: BETWEEN, operand type: BOOL",
  ],
  [
    `SELECT * FROM "H" WHERE pk='x' AND v <= null`,
    "Incorrect operand type for operator or function; operator or function: <=, operand type: NULL",
  ],
  [`SELECT m.z, z FROM "H"`, "Duplicate identifiers in select clause: z"],
  [`SELECT pk FROM "H" ORDER BY pk`, "Must have WHERE clause in the statement when using ORDER BY clause."],
  [
    `SELECT sk FROM "T" WHERE pk = 'o' ORDER BY Total DESC`,
    "Attribute Total in ORDER BY clause must be part of the primary key",
  ],
  [
    `SELECT sk FROM "T" WHERE pk > 'a' ORDER BY sk`,
    "Must have at least one non-optional hash key condition in WHERE clause when using ORDER BY clause.",
  ],
  [
    `SELECT sk FROM "T" WHERE pk IN ['o', 'p'] ORDER BY sk DESC`,
    "Must have hash key in ORDER BY clause when more than one hash key condition specified in WHERE clause.",
  ],
  [
    `SELECT sk FROM "T" WHERE pk = 1 OR pk = 'r'`,
    "Key attribute's data type should match its data type in table's schema: Key pk",
  ],
  [
    `SELECT sk FROM "T" WHERE pk = 'r' AND sk IN ['1', 2]`,
    "Key attribute's data type should match its data type in table's schema: Key sk",
  ],
  ...[
    `pk IN ['r','r']`,
    `pk='r' OR pk='r'`,
    `pk='r' AND (sk > '0' OR sk < '5')`,
    `pk='r' AND (sk='1' OR flag='two')`,
    `(pk='r' AND flag='one') OR (pk='r' AND flag='two')`,
    `pk = 'a' AND x = '1' OR pk = 'a' AND sk = '2'`,
    `pk = 'a' AND x <> '1' OR pk = 'a' AND sk = '2'`,
  ].map(
    (where) =>
      [
        `SELECT sk FROM "T" WHERE ${where}`,
        "Overlapping conditions with range keys are not supported in where clause",
      ] as const,
  ),
  ...[`pk IN [${values(51)}]`, `pk='r' AND sk IN [${values(51)}]`, `pk IN [${values(26)}] AND sk IN ['1','2']`].map(
    (where) => [`SELECT sk FROM "T" WHERE ${where}`, "Too many decomposed read operations for a given query."] as const,
  ),
  [
    `SELECT sk FROM "T" WHERE pk='r' AND flag IN [${values(101)}]`,
    "The IN operator is provided with too many operands; number of operands: 101",
  ],
  [`SELECT * FROM "T"."nope" WHERE pk = 'x'`, "The table does not have the specified index: nope"],
  [
    `SELECT * FROM "T"."multi" WHERE pk = 5`,
    "PartiQL statements cannot be executed on tables with multi-attribute HASH keys or multi-attribute RANGE keys.",
  ],
  [
    `SELECT COUNT(*) FROM "T"."multi"`,
    "PartiQL statements cannot be executed on tables with multi-attribute HASH keys or multi-attribute RANGE keys.",
  ],
  [
    `SELECT alternate, mymap FROM "T"."gsi" WHERE g = 'a'`,
    "One or more parameter values were invalid: Global secondary index gsi does not project [alternate, mymap]",
  ],
  [
    `SELECT alternate FROM "T"."gsi"`,
    "One or more parameter values were invalid: Global secondary index gsi does not project [alternate]",
  ],
  ...(
    [
      [`NOT (nonproj='np1' OR shown='x')`, "[nonproj]"],
      [`b='1' AND (a='2' OR shown='3')`, "[a, b]"],
      [`(zz='1' OR aa='2' OR mm='3')`, "[zz, aa, mm]"],
    ] as const
  ).map(
    ([where, list]) =>
      [
        `SELECT pk FROM "T"."gsi" WHERE g='y' AND ${where}`,
        `One or more parameter values were invalid: Secondary index gsi does not project one or more filter attributes: ${list}`,
      ] as const,
  ),
  [
    `UPDATE "H" SET d = ${"{'a':".repeat(32)}1${"}".repeat(32)} WHERE pk='x'`,
    `Nesting Levels have exceeded supported limits under root${".a".repeat(32)}`,
  ],
  [
    `UPDATE "H" SET d = {'a':${"[".repeat(31)}1${"]".repeat(31)}} WHERE pk='x'`,
    `Nesting Levels have exceeded supported limits under root.a${"[0]".repeat(31)}`,
  ],
  [
    `UPDATE "H" SET pk = 'y' WHERE pk = 'x'`,
    "One or more parameter values were invalid: Cannot update attribute pk. This attribute is part of the key",
  ],
  [`EXISTS(SELECT * FROM "H" WHERE pk = 'x')`, "EXISTS() must contain a single item read with additional condition"],
];

/** Statements that are planned. */
export const ACCEPTED: readonly string[] = [
  `SELECT * FROM "H" WHERE pk = 'x' -- a note`,
  `SELECT * FROM "H" -- a note\nWHERE pk = 'x'`,
  `-- a note\nSELECT * FROM "H" WHERE pk = 'x'`,
  `SELECT/**/* FROM "H" /* a note */ WHERE pk/* key */='x' /* end ** */;-- done`,
  `SELECT sk FROM "T" WHERE pk IN [${values(50)}] AND flag IN [${values(100)}]`,
  `SELECT sk FROM "T" WHERE pk IN [${values(51)}] OR flag='one'`,
  `SELECT sk FROM "T" WHERE pk > 1`,
  `SELECT sk FROM "T" WHERE pk='r' OR sk='1'`,
  `SELECT pk FROM "T"."gsi" WHERE (g='y' AND shown='1') OR g > 'b'`,
  `SELECT pk FROM "T"."gsi" WHERE g > 'a' AND zz='1'`,
  `SELECT pk FROM "T"."gsi" WHERE g='y' AND (g='z' OR zz='1')`,
  `SELECT pk FROM "T"."gsi" WHERE (g='y' AND zz='1') OR aa='1'`,
  `SELECT pk FROM "T"."gsi" WHERE g='y' AND (shown='a' OR shown='b')`,
  `SELECT data FROM "T"."lsi" WHERE pk = 'x' AND l = 'b'`,
  `UPDATE "T" SET a=2 WHERE (pk='x' AND sk='1') AND flag='x'`,
  `UPDATE "T" SET a=2 WHERE pk='x' AND sk='1' AND pk='x'`,
  `update "H" set n=n-1 where pk='x'`,
  `UPDATE "H" SET n = n - - 2, l = [- 1] WHERE pk='x'`,
  `UPDATE "H" SET a = list_append(a, [4, <<'s'>>]) SET b = LIST_APPEND([1], b) REMOVE c[1] REMOVE d.e WHERE pk = 'x'`,
  `INSERT INTO "H" value {'pk':'x', 'd':${"{'a':".repeat(31)}1${"}".repeat(31)}}`,
  `INSERT INTO H VALUE {'pk': 'it''s', 'a': 1E3, 'b': -1.5e-3, 'c': .5, 'd': -0, 'e': true, 'f': NULL, 'g': <<1, 2>>}`,
  `FROM "H" WHERE pk = 'x' SET c = 2 REMOVE a RETURNING ALL NEW *`,
  `DELETE FROM "H" WHERE pk = 'x' AND NOT begins_with("name", 'al') RETURNING ALL OLD *`,
  `SELECT * FROM "H" WHERE pk='x' AND n BETWEEN - 2 AND +5 AND n IN [- 1, 1] AND n>-5`,
  `SELECT l[-0], m.k[0], "m.z" FROM "H" WHERE pk='x'`,
  `SELECT * FROM "H" WHERE "size" = 3 AND size(s) = 3 AND flag IS BOOL AND s IS NOT NULL AND t IS NOT MISSING`,
  `EXISTS(SELECT * FROM "T" WHERE (pk='x' AND sk='1') AND nope IS MISSING)`,
];

function values(count: number): string {
  return Array.from({ length: count }, (_, index) => `'v${index}'`).join(",");
}
