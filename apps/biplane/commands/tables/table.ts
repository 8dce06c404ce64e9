/** Commands for tables and the items in them. They speak DynamoDB like any other client. */
import { AWS_ENDPOINT_OPTIONS, type Command, type CommandOption } from "../../cli/command.ts";

const TYPED: CommandOption = { name: "dynamodb-json", help: 'Items in DynamoDB\'s JSON: {"id": {"S": "a"}}' };
const NAMES: CommandOption = {
  name: "names",
  value: "JSON",
  help: 'What #names in expressions stand for: {"#n": "name"}',
};
const VALUES: CommandOption = {
  name: "values",
  value: "JSON",
  help: 'What :values in expressions stand for: {":v": 5}',
};
const CONDITION: CommandOption = {
  name: "condition",
  value: "EXPRESSION",
  help: "Only if this holds for the item as it is",
};
const READING: readonly CommandOption[] = [
  { name: "index", value: "INDEX", help: "Read this index instead of the table" },
  { name: "filter", value: "EXPRESSION", help: "Show only items for which this holds" },
  NAMES,
  VALUES,
];
const PAGING: readonly CommandOption[] = [
  { name: "limit", value: "N", help: "Most items to show (100)" },
  { name: "all", help: "Show all items" },
  { name: "consistent", help: "See everything that was written before" },
  TYPED,
  ...AWS_ENDPOINT_OPTIONS,
];
const PLAIN_JSON =
  'Items are plain JSON: {"id": "a", "n": 1.50, "tags": {"SS": ["x", "y"]}, "raw": {"B": "AQID"}}. Sets and binary values, which JSON has no word for, are written as DynamoDB does.';
const KEY_NOTE =
  "KEY and RANGE are the values of the key's attributes; KEY may instead be a JSON object with all of them.";

export const TABLES_COMMAND: Command = {
  name: "tables",
  summary: "Tables and the items in them",
  commands: [
    {
      name: "list",
      summary: "List your tables",
      options: AWS_ENDPOINT_OPTIONS,
      load: async () => (await import("./tables.ts")).listTables,
    },
    {
      name: "create",
      summary: "Make a table",
      parameters: ["NAME"],
      options: [
        { name: "hash-key", value: "ATTRIBUTE", help: "The partition key; ATTRIBUTE:N for a number, :B for binary" },
        { name: "range-key", value: "ATTRIBUTE", help: "The sort key" },
        { name: "global-index", value: "INDEXES", help: "NAME=HASH,RANGE; several with semicolons between them" },
        { name: "local-index", value: "INDEXES", help: "NAME=RANGE, likewise" },
        { name: "stream", value: "VIEW", help: "KEYS_ONLY, NEW_IMAGE, OLD_IMAGE or NEW_AND_OLD_IMAGES" },
        { name: "ttl", value: "ATTRIBUTE", help: "Delete items at the time that this attribute says" },
        { name: "protect", help: "Refuse to delete the table" },
        { name: "definition", value: "JSON", help: "All parameters of CreateTable instead; @FILE for a file" },
        ...AWS_ENDPOINT_OPTIONS,
      ],
      examples: [
        ["biplane tables create music --hash-key artist --range-key title", "a table with a sort key"],
        [
          "biplane tables create jobs --hash-key id --global-index 'by-owner=owner,at:N'",
          "with an index to look things up",
        ],
        ["biplane tables create sessions --hash-key id --ttl expires", "items disappear when their time has come"],
      ],
      load: async () => (await import("./tables.ts")).createTable,
    },
    {
      name: "show",
      summary: "Show how a table is configured",
      parameters: ["NAME"],
      options: AWS_ENDPOINT_OPTIONS,
      load: async () => (await import("./show.ts")).showTable,
    },
    {
      name: "delete",
      summary: "Delete a table",
      parameters: ["NAME"],
      options: [{ name: "force", help: "Also when there are items in it" }, ...AWS_ENDPOINT_OPTIONS],
      load: async () => (await import("./delete-table.ts")).deleteTable,
    },
    {
      name: "put",
      summary: "Put an item, or replace it",
      parameters: ["NAME", "ITEM"],
      options: [
        { name: "if-absent", help: "Only if there is no item with this key" },
        CONDITION,
        NAMES,
        VALUES,
        TYPED,
        ...AWS_ENDPOINT_OPTIONS,
      ],
      notes: [PLAIN_JSON, "ITEM may be @FILE, or - for standard input."],
      examples: [[`biplane tables put music '{"artist": "Nina", "title": "Sinnerman", "year": 1965}'`, "put an item"]],
      load: async () => (await import("./items.ts")).putItem,
    },
    {
      name: "get",
      summary: "Show an item",
      parameters: ["NAME", "KEY", "[RANGE]"],
      options: [TYPED, ...AWS_ENDPOINT_OPTIONS],
      notes: [KEY_NOTE],
      examples: [["biplane tables get music Nina Sinnerman", "by the two parts of its key"]],
      load: async () => (await import("./items.ts")).getItem,
    },
    {
      name: "update",
      summary: "Change attributes of an item",
      parameters: ["NAME", "KEY", "[RANGE]"],
      options: [
        { name: "set", value: "JSON", help: 'Attributes to set: {"year": 1965}' },
        { name: "add", value: "JSON", help: 'Numbers to add, elements to put into sets: {"plays": 1}' },
        { name: "remove", value: "NAMES", help: "Attributes to remove, with commas between them" },
        { name: "expression", value: "EXPRESSION", help: "An update expression instead, with --names and --values" },
        CONDITION,
        NAMES,
        VALUES,
        TYPED,
        ...AWS_ENDPOINT_OPTIONS,
      ],
      notes: [KEY_NOTE, "An item that is not there is made, as DynamoDB does it."],
      examples: [[`biplane tables update music Nina Sinnerman --add '{"plays": 1}'`, "count"]],
      load: async () => (await import("./items.ts")).updateItem,
    },
    {
      name: "rm",
      summary: "Delete an item",
      parameters: ["NAME", "KEY", "[RANGE]"],
      options: [CONDITION, NAMES, VALUES, TYPED, ...AWS_ENDPOINT_OPTIONS],
      notes: [KEY_NOTE],
      load: async () => (await import("./items.ts")).removeItem,
    },
    {
      name: "query",
      summary: "Show the items with one partition key",
      parameters: ["NAME", "KEY", "[RANGE]"],
      options: [
        { name: "begins-with", value: "TEXT", help: "Only range keys that begin with this" },
        { name: "from", value: "VALUE", help: "Only range keys from this one on" },
        { name: "to", value: "VALUE", help: "Only range keys up to this one" },
        { name: "descending", help: "The largest range key first" },
        ...READING,
        { name: "columns", value: "NAMES", help: "Only these attributes, with commas between them" },
        ...PAGING,
      ],
      notes: [KEY_NOTE, "With --json, each item is a line."],
      examples: [
        ["biplane tables query music Nina", "everything by Nina"],
        [
          "biplane tables query jobs ada --index by-owner --from 1700000000 --descending",
          "by an index, the latest first",
        ],
      ],
      load: async () => (await import("./read-items.ts")).query,
    },
    {
      name: "scan",
      summary: "Show the items of a table",
      parameters: ["NAME"],
      options: [
        ...READING,
        { name: "columns", value: "NAMES", help: "Only these attributes, with commas between them" },
        ...PAGING,
      ],
      notes: ["With --json, each item is a line."],
      examples: [[`biplane tables scan music --filter 'plays > :n' --values '{"n": 10}'`, "look at every item"]],
      load: async () => (await import("./read-items.ts")).scan,
    },
    {
      name: "sql",
      summary: "Execute a PartiQL statement",
      parameters: ["STATEMENT", "[PARAMETERS]"],
      options: PAGING,
      notes: ["PARAMETERS is a JSON array of what the question marks stand for. STATEMENT may be @FILE, or -."],
      examples: [
        [`biplane tables sql "SELECT title FROM music WHERE artist = ?" '["Nina"]'`, "ask"],
        [
          `biplane tables sql "UPDATE music SET plays = plays + 1 WHERE artist = 'Nina' AND title = 'Sinnerman'"`,
          "change",
        ],
      ],
      load: async () => (await import("./read-items.ts")).sql,
    },
    {
      name: "count",
      summary: "Count items by looking at all of them",
      parameters: ["NAME"],
      options: [...READING, TYPED, ...AWS_ENDPOINT_OPTIONS],
      load: async () => (await import("./count.ts")).countItems,
    },
    {
      name: "export",
      summary: "Write all items to a file, a line of JSON each",
      parameters: ["NAME", "[FILE]"],
      options: [{ name: "quiet", short: "q", help: "Do not show progress" }, TYPED, ...AWS_ENDPOINT_OPTIONS],
      notes: [
        "Without FILE, or with -, to standard output. Items come in no particular order.",
        "Plain JSON loses nothing: import reads back what export writes. --dynamodb-json writes lines as AWS's exports have them.",
      ],
      examples: [["biplane tables export music music.jsonl", "keep a copy"]],
      load: async () => (await import("./export.ts")).exportTable,
    },
    {
      name: "import",
      summary: "Put the items of a file, a line of JSON each",
      parameters: ["NAME", "[FILE]"],
      options: [
        { name: "keep-going", help: "Leave out lines that are wrong instead of stopping there" },
        { name: "quiet", short: "q", help: "Do not show progress" },
        TYPED,
        ...AWS_ENDPOINT_OPTIONS,
      ],
      notes: [
        PLAIN_JSON,
        "Items that are there are replaced; of two lines with one key the later one counts. What was put before a mistake stays.",
      ],
      examples: [["biplane tables export music - | biplane tables import copy -", "copy a table"]],
      load: async () => (await import("./import.ts")).importTable,
    },
  ],
};
