/** The words of the grammar. */
import type { ValueType } from "#data-plane/tables/values";

/**
 * Words that are no names unless they stand in double quotes: those of SQL-92 (ISO/IEC 9075:1992, 5.2) and those that PartiQL adds (PartiQL
 * specification, appendix on keywords).
 */
export const RESERVED_WORDS: ReadonlySet<string> = new Set(
  `absolute action add all allocate alter and any are as asc assertion at authorization avg
  begin between bit bit_length both by
  cascade cascaded case cast catalog char character character_length char_length check close coalesce collate collation column commit connect
  connection constraint constraints continue convert corresponding count create cross current current_date current_time current_timestamp
  current_user cursor
  date day deallocate dec decimal declare default deferrable deferred delete desc describe descriptor diagnostics disconnect distinct domain double
  drop
  else end escape except exception exec execute exists external extract
  false fetch first float for foreign found from full
  get global go goto grant group
  having hour
  identity immediate in indicator initially inner input insensitive insert int integer intersect interval into is isolation
  join key language last leading left level like local lower
  match max min minute module month
  names national natural nchar next no not null nullif numeric
  octet_length of on only open option or order outer output overlaps
  pad partial position precision prepare preserve primary prior privileges procedure public
  read real references relative restrict revoke right rollback rows
  schema scroll second section select session session_user set size smallint some space sql sqlcode sqlerror sqlstate substring sum system_user
  table temporary then time timestamp timezone_hour timezone_minute to trailing transaction translate translation trim true
  union unique unknown update upper usage user using
  value values varchar varying view
  when whenever where with work write year zone
  missing pivot unpivot limit tuple remove index returning
  bool boolean string symbol clob blob struct list sexp bag int2 int4 int8 smallint`.split(/\s+/),
);

/** Reserved words that are function names where a parenthesis follows. */
export const FUNCTION_WORDS: ReadonlySet<string> = new Set(
  "exists count avg max min sum substring char_length character_length octet_length bit_length upper lower size nullif coalesce sexp list bag".split(
    " ",
  ),
);

/** Reserved words that are operators, and as such never the beginning of a term. */
export const OPERATOR_WORDS: ReadonlySet<string> = new Set(
  "and or not is in between like union except intersect".split(" "),
);

/** What a type's name behind `IS` says about a value: the attribute types that it stands for. */
export const TYPE_WORDS: ReadonlyMap<string, readonly ValueType[]> = new Map(
  typeWords([
    [["null"], ["NULL"]],
    [["bool", "boolean"], ["BOOL"]],
    [["smallint", "int", "int2", "int4", "int8", "integer"], ["N"]],
    [["float", "real", "double precision", "dec", "decimal", "numeric"], ["N"]],
    [["string", "symbol", "char", "character", "varchar", "character varying"], ["S"]],
    [["clob", "blob"], ["B"]],
    [["struct", "tuple"], ["M"]],
    [["list"], ["L"]],
    [["bag"], ["SS", "NS", "BS"]],
    // No value of DynamoDB has these types; `missing` is no type of a value at all.
    [["missing", "timestamp", "date", "time", "sexp"], []],
  ]),
);

function typeWords(
  groups: readonly (readonly [words: readonly string[], types: readonly ValueType[]])[],
): readonly (readonly [string, readonly ValueType[]])[] {
  return groups.flatMap(([words, types]) => words.map((word) => [word, types] as const));
}
