/**
 * What DynamoDB says to requests about items that break a rule: the operation, the request, the sentence.
 *
 * The tables of the cases are those of `item-refusals.test.ts`. Sentences are AWS's (API reference; observed answers of the service).
 */

type Case = readonly [operation: string, request: object, message: string];

const key = { pk: { S: "a" } };
const pair = { pk: { S: "a" }, sk: { N: "1" } };
const INVALID = "One or more parameter values were invalid: ";
const EMPTY_UPDATED_INDEX_KEY =
  "One or more parameter values are not valid. The update expression attempted to update a secondary index key to a value that is not supported. The AttributeValue for a key attribute cannot contain an empty string value.";

/** Constraints of the model. */
export const CONSTRAINTS: readonly Case[] = [
  [
    "PutItem",
    { Item: key },
    "1 validation error detected: Value null at 'tableName' failed to satisfy constraint: Member must not be null",
  ],
  [
    "PutItem",
    { TableName: "", Item: key },
    "1 validation error detected: Value '' at 'tableName' failed to satisfy constraint: Member must have length greater than or equal to 1",
  ],
  [
    "PutItem",
    { TableName: "", Item: key, ReturnValues: "BOGUS" },
    "1 validation error detected: Value '' at 'tableName' failed to satisfy constraint: Member must have length greater than or equal to 1",
  ],
  [
    "PutItem",
    { TableName: "bad table!", Item: key },
    "1 validation error detected: Value 'bad table!' at 'tableName' failed to satisfy constraint: Member must satisfy regular expression pattern: [a-zA-Z0-9_.-]+",
  ],
  [
    "GetItem",
    { TableName: "a".repeat(256), Key: key },
    `1 validation error detected: Value '${"a".repeat(256)}' at 'tableName' failed to satisfy constraint: Member must have length less than or equal to 255`,
  ],
  [
    "UpdateItem",
    { TableName: "simple", Key: key, ReturnValues: "BOGUS", ReturnConsumedCapacity: "BOGUS" },
    "2 validation errors detected: Value 'BOGUS' at 'returnValues' failed to satisfy constraint: Member must satisfy enum value set: [ALL_NEW, UPDATED_OLD, ALL_OLD, NONE, UPDATED_NEW]; Value 'BOGUS' at 'returnConsumedCapacity' failed to satisfy constraint: Member must satisfy enum value set: [INDEXES, TOTAL, NONE]",
  ],
  [
    "Query",
    { TableName: "simple", KeyConditionExpression: "pk = :p", Limit: 0 },
    "1 validation error detected: Value at 'Limit' failed to satisfy constraint: Member must have value greater than or equal to 1",
  ],
  [
    "Query",
    { TableName: "simple", KeyConditionExpression: "pk = :p", Select: "BOGUS" },
    "1 validation error detected: Value 'BOGUS' at 'select' failed to satisfy constraint: Member must satisfy enum value set: [SPECIFIC_ATTRIBUTES, COUNT, ALL_ATTRIBUTES, ALL_PROJECTED_ATTRIBUTES]",
  ],
  [
    "Scan",
    { TableName: "simple", Limit: 0 },
    "1 validation error detected: Value '0' at 'limit' failed to satisfy constraint: Member must have value greater than or equal to 1",
  ],
  [
    "TransactWriteItems",
    { TransactItems: [] },
    "1 validation error detected: Value '[]' at 'transactItems' failed to satisfy constraint: Member must have length greater than or equal to 1",
  ],
  ["BatchGetItem", { RequestItems: {} }, "The requestItems parameter is required for BatchGetItem"],
  ["BatchWriteItem", { RequestItems: {} }, "The requestItems parameter is required for BatchWriteItem"],
  [
    "BatchGetItem",
    { RequestItems: { simple: { Keys: Array.from({ length: 101 }, (_, at) => ({ pk: { S: `${at}` } })) } } },
    "1 validation error detected: Value at 'RequestItems.simple.member.Keys' failed to satisfy constraint: Member must have length less than or equal to 100",
  ],
];

/** Keys and items. */
export const KEYS: readonly Case[] = [
  ["GetItem", { TableName: "simple", Key: {} }, "The provided key element does not match the schema"],
  ["GetItem", { TableName: "simple", Key: pair }, "The provided key element does not match the schema"],
  ["GetItem", { TableName: "pairs", Key: key }, "The provided key element does not match the schema"],
  ["GetItem", { TableName: "simple", Key: { pk: { N: "1" } } }, "The provided key element does not match the schema"],
  [
    "DeleteItem",
    { TableName: "simple", Key: { other: { S: "a" } } },
    "The provided key element does not match the schema",
  ],
  [
    "GetItem",
    { TableName: "simple", Key: { pk: { S: "" } } },
    "One or more parameter values are not valid. The AttributeValue for a key attribute cannot contain an empty string value. Key: pk",
  ],
  [
    "GetItem",
    { TableName: "simple", Key: { pk: { S: "a".repeat(2049) } } },
    `${INVALID}Size of hashkey has exceeded the maximum size limit of2048 bytes`,
  ],
  ["PutItem", { TableName: "simple", Item: {} }, `${INVALID}Missing the key pk in the item`],
  ["PutItem", { TableName: "pairs", Item: key }, `${INVALID}Missing the key sk in the item`],
  [
    "PutItem",
    { TableName: "simple", Item: { pk: { N: "1" } } },
    `${INVALID}Type mismatch for key pk expected: S actual: N`,
  ],
  [
    "PutItem",
    { TableName: "simple", Item: { pk: { S: "" } } },
    "One or more parameter values are not valid. The AttributeValue for a key attribute cannot contain an empty string value. Key: pk",
  ],
  [
    "PutItem",
    { TableName: "indexed", Item: { pk: { S: "a" }, sk: { S: "b" }, gpk: { N: "1" } } },
    `${INVALID}Type mismatch for Index Key gpk Expected: S Actual: N IndexName: by-gpk`,
  ],
  [
    "PutItem",
    { TableName: "indexed", Item: { pk: { S: "a" }, sk: { S: "b" }, gpk: { S: "" } } },
    "One or more parameter values are not valid. A value specified for a secondary index key is not supported. The AttributeValue for a key attribute cannot contain an empty string value. IndexName: by-gpk, IndexKey: gpk",
  ],
  [
    "PutItem",
    { TableName: "indexed", Item: { pk: { S: "a" }, sk: { S: "b" }, lsk: { S: "x".repeat(1025) } } },
    `${INVALID}Aggregated size of all range keys has exceeded the size limit of 1024 bytes`,
  ],
  [
    "UpdateItem",
    {
      TableName: "indexed",
      Key: { pk: { S: "a" }, sk: { S: "b" } },
      UpdateExpression: "SET gpk = :v",
      ExpressionAttributeValues: { ":v": { N: "1" } },
    },
    `${INVALID}Type mismatch for Index Key gpk Expected: S Actual: N IndexName: by-gpk`,
  ],
  [
    "UpdateItem",
    {
      TableName: "indexed",
      Key: { pk: { S: "a" }, sk: { S: "b" } },
      UpdateExpression: "SET gpk = if_not_exists(unseen, :v)",
      ExpressionAttributeValues: { ":v": { N: "1" } },
    },
    "The update expression attempted to update the secondary index key to unsupported type",
  ],
  ...["SET gpk = :v", "SET gpk = if_not_exists(unseen, :v)"].map(
    (UpdateExpression): Case => [
      "UpdateItem",
      {
        TableName: "indexed",
        Key: { pk: { S: "a" }, sk: { S: "b" } },
        UpdateExpression,
        ExpressionAttributeValues: { ":v": { S: "" } },
      },
      EMPTY_UPDATED_INDEX_KEY,
    ],
  ),
  [
    "UpdateItem",
    {
      TableName: "indexed",
      Key: { pk: { S: "a" }, sk: { S: "b" } },
      UpdateExpression: "SET lsk = :v",
      ExpressionAttributeValues: { ":v": { S: "x".repeat(1025) } },
    },
    "The update expression attempted to update the secondary index key beyond allowed size limits",
  ],
  [
    "UpdateItem",
    {
      TableName: "indexed",
      Key: { pk: { S: "a" }, sk: { S: "b" } },
      UpdateExpression: "SET gpk.deeper = :v",
      ExpressionAttributeValues: { ":v": { S: "x" } },
    },
    "Key attributes must be scalars; list random access '[]' and map lookup '.' are not allowed: IndexKey: gpk",
  ],
  [
    "UpdateItem",
    { TableName: "indexed", Key: { pk: { S: "a" }, sk: { S: "b" } }, AttributeUpdates: { gpk: { Value: { N: "1" } } } },
    `${INVALID}Type mismatch for Index Key gpk Expected: S Actual: N IndexName: by-gpk`,
  ],
  [
    "UpdateItem",
    { TableName: "simple", Key: key, UpdateExpression: "SET pk = :v", ExpressionAttributeValues: { ":v": { S: "b" } } },
    `${INVALID}Cannot update attribute pk. This attribute is part of the key`,
  ],
  [
    "UpdateItem",
    {
      TableName: "simple",
      Key: key,
      UpdateExpression: "SET pk.a = :v",
      ExpressionAttributeValues: { ":v": { S: "b" } },
    },
    `${INVALID}Cannot update attribute pk. This attribute is part of the key`,
  ],
  [
    "PutItem",
    { TableName: "simple", Item: { pk: { S: "a" }, big: { S: "x".repeat(410_000) } } },
    "Item size has exceeded the maximum allowed size",
  ],
  [
    "PutItem",
    { TableName: "simple", Item: { pk: { S: "a" }, ["n".repeat(66_000)]: { S: "x" } } },
    `${INVALID}Attribute name is too large, must be less than 65536 bytes`,
  ],
  [
    "PutItem",
    { TableName: "simple", Item: { pk: { S: "a" }, bad: { SS: [] } } },
    `${INVALID}An string set  may not be empty`,
  ],
  [
    "PutItem",
    { TableName: "simple", Item: { pk: { S: "a" }, bad: { SS: ["a", "a"] } } },
    `${INVALID}Input collection [a, a] contains duplicates.`,
  ],
  [
    "PutItem",
    { TableName: "simple", Item: { pk: { S: "a" }, bad: { NULL: false } } },
    `${INVALID}Null attribute value types must have the value of true`,
  ],
  [
    "PutItem",
    { TableName: "simple", Item: { pk: { S: "a" }, bad: {} } },
    "Supplied AttributeValue is empty, must contain exactly one of the supported datatypes",
  ],
  ["PutItem", { TableName: "simple", Item: key, ReturnValues: "ALL_NEW" }, "ReturnValues can only be ALL_OLD or NONE"],
  [
    "DeleteItem",
    { TableName: "simple", Key: key, ReturnValues: "UPDATED_OLD" },
    "ReturnValues can only be ALL_OLD or NONE",
  ],
];

/** Expressions and the older parameters. */
export const EXPRESSIONS: readonly Case[] = [
  [
    "PutItem",
    {
      TableName: "simple",
      Item: key,
      Expected: { pk: { Exists: false } },
      ConditionExpression: "attribute_not_exists(pk)",
    },
    "Can not use both expression and non-expression parameters in the same request: Non-expression parameters: {Expected} Expression parameters: {ConditionExpression}",
  ],
  [
    "UpdateItem",
    {
      TableName: "simple",
      Key: key,
      AttributeUpdates: { a: { Value: { S: "b" } } },
      Expected: {},
      UpdateExpression: "SET a = b",
    },
    "Can not use both expression and non-expression parameters in the same request: Non-expression parameters: {AttributeUpdates, Expected} Expression parameters: {UpdateExpression}",
  ],
  [
    "Query",
    { TableName: "simple", KeyConditions: {}, KeyConditionExpression: "pk = :p" },
    "Can not use both expression and non-expression parameters in the same request: Non-expression parameters: {KeyConditions} Expression parameters: {KeyConditionExpression}",
  ],
  [
    "GetItem",
    { TableName: "simple", Key: key, ExpressionAttributeNames: { "#a": "a" } },
    "ExpressionAttributeNames can only be specified when using expressions",
  ],
  [
    "PutItem",
    { TableName: "simple", Item: key, ExpressionAttributeValues: { ":v": { S: "x" } } },
    "ExpressionAttributeValues can only be specified when using expressions: ConditionExpression is null",
  ],
  [
    "UpdateItem",
    { TableName: "simple", Key: key, ExpressionAttributeValues: { ":v": { S: "x" } } },
    "ExpressionAttributeValues can only be specified when using expressions: UpdateExpression and ConditionExpression are null",
  ],
  [
    "UpdateItem",
    {
      TableName: "simple",
      Key: key,
      UpdateExpression: "SET a = :v",
      ExpressionAttributeValues: { ":v": { S: "x" }, ":w": { S: "y" } },
    },
    "Value provided in ExpressionAttributeValues unused in expressions: keys: {:w}",
  ],
  [
    "UpdateItem",
    { TableName: "simple", Key: key, UpdateExpression: "" },
    "Invalid UpdateExpression: The expression can not be empty;",
  ],
  [
    "GetItem",
    { TableName: "simple", Key: key, ProjectionExpression: "pk.a" },
    "Key attributes must be scalars; list random access '[]' and map lookup '.' are not allowed: Key: pk",
  ],
  [
    "GetItem",
    { TableName: "simple", Key: key, AttributesToGet: ["a", "a"] },
    `${INVALID}Duplicate value in attribute name: a`,
  ],
];

const NULL_VALUE = "The supplied Item contains a null AttributeValue";
const simple = { TableName: "simple" };
const update = { ...simple, Key: key };

/** A null where a value is due: refused, never left out, wherever values occur. */
export const NULLS: readonly Case[] = [
  ["PutItem", { ...simple, Item: { ...key, a: null } }, `${NULL_VALUE}: a is null`],
  ["PutItem", { ...simple, Item: { ...key, a: { M: { b: null } } } }, `${NULL_VALUE}: b is null`],
  ["PutItem", { ...simple, Item: { ...key, a: { L: [{ S: "x" }, null] } } }, NULL_VALUE],
  ["PutItem", { ...simple, Item: { ...key, a: { BS: [null] } } }, NULL_VALUE],
  [
    "PutItem",
    { ...simple, Item: { ...key, a: { SS: ["x", null] } } },
    `${INVALID}An string set may not have a null string as a member`,
  ],
  [
    "PutItem",
    { ...simple, Item: { ...key, a: { NS: [null] } } },
    "The parameter cannot be converted to a numeric value",
  ],
  [
    "PutItem",
    { ...simple, Item: { ...key, a: { N: null } } },
    "Supplied AttributeValue is empty, must contain exactly one of the supported datatypes",
  ],
  [
    "PutItem",
    { ...simple, Item: key, Expected: { a: null } },
    `${INVALID}ExpectedAttributeValue must not be null for Attribute: a`,
  ],
  [
    "PutItem",
    { ...simple, Item: key, Expected: { a: { ComparisonOperator: "IN", AttributeValueList: [null] } } },
    NULL_VALUE,
  ],
  ["GetItem", { ...simple, Key: { pk: null } }, `${NULL_VALUE}: pk is null`],
  ["DeleteItem", { ...simple, Key: { pk: null } }, `${NULL_VALUE}: pk is null`],
  [
    "UpdateItem",
    { ...update, UpdateExpression: "SET a = :v", ExpressionAttributeValues: { ":v": null } },
    `ExpressionAttributeValues contains invalid value: ${NULL_VALUE} for key :v`,
  ],
  [
    "UpdateItem",
    { ...update, UpdateExpression: "SET a = :v", ExpressionAttributeValues: { ":v": { M: { b: null } } } },
    `ExpressionAttributeValues contains invalid value: ${NULL_VALUE}: b is null for key :v`,
  ],
  [
    "UpdateItem",
    { ...update, AttributeUpdates: { a: null } },
    "Supplied AttributeValueUpdate is empty, must contain one of the supported actions: a is null",
  ],
  ["UpdateItem", { ...update, AttributeUpdates: { a: { Value: { M: { b: null } } } } }, `${NULL_VALUE}: b is null`],
  ["Query", { ...simple, KeyConditions: { pk: null } }, "The filter condition for an attribute cannot be null: pk"],
  ["Scan", { ...simple, ScanFilter: { a: null } }, "The filter condition for an attribute cannot be null: a"],
  ["Scan", { ...simple, ExclusiveStartKey: { pk: null } }, `${NULL_VALUE}: pk is null`],
  ["BatchGetItem", { RequestItems: { simple: { Keys: [{ pk: null }] } } }, `${NULL_VALUE}: pk is null`],
  [
    "BatchWriteItem",
    { RequestItems: { simple: [{ PutRequest: { Item: { ...key, a: null } } }] } },
    `${NULL_VALUE}: a is null`,
  ],
  [
    "TransactWriteItems",
    { TransactItems: [{ Put: { ...simple, Item: { ...key, a: null } } }] },
    `${NULL_VALUE}: a is null`,
  ],
  ["TransactGetItems", { TransactItems: [{ Get: { ...simple, Key: { pk: null } } }] }, `${NULL_VALUE}: pk is null`],
  ["ExecuteStatement", { Statement: "SELECT * FROM simple WHERE pk = ?", Parameters: [null] }, NULL_VALUE],
  [
    "ExecuteTransaction",
    { TransactStatements: [{ Statement: "INSERT INTO simple VALUE ?", Parameters: [{ M: { pk: null } }] }] },
    `${NULL_VALUE}: pk is null`,
  ],
];

/** Query and Scan. */
export const PAGES: readonly Case[] = [
  [
    "Query",
    { TableName: "simple" },
    "Either the KeyConditions or KeyConditionExpression parameter must be specified in the request.",
  ],
  [
    "Query",
    { TableName: "pairs", KeyConditionExpression: "sk = :v", ExpressionAttributeValues: { ":v": { N: "1" } } },
    "Query condition missed key schema element: pk",
  ],
  [
    "Query",
    { TableName: "pairs", KeyConditionExpression: "pk = :v", ExpressionAttributeValues: { ":v": { N: "1" } } },
    `${INVALID}Condition parameter type does not match schema type`,
  ],
  [
    "Query",
    {
      TableName: "simple",
      IndexName: "none",
      KeyConditionExpression: "pk = :v",
      ExpressionAttributeValues: { ":v": { S: "1" } },
    },
    "The table does not have the specified index: none",
  ],
  [
    "Query",
    {
      TableName: "indexed",
      IndexName: "by-gpk",
      ConsistentRead: true,
      KeyConditionExpression: "gpk = :v",
      ExpressionAttributeValues: { ":v": { S: "1" } },
    },
    "Consistent reads are not supported on global secondary indexes",
  ],
  [
    "Query",
    {
      TableName: "indexed",
      IndexName: "by-gpk",
      Select: "ALL_ATTRIBUTES",
      KeyConditionExpression: "gpk = :v",
      ExpressionAttributeValues: { ":v": { S: "1" } },
    },
    `${INVALID}Select type ALL_ATTRIBUTES is not supported for global secondary index by-gpk because its projection type is not ALL`,
  ],
  [
    "Query",
    {
      TableName: "indexed",
      IndexName: "by-gpk",
      ProjectionExpression: "gpk, veiled, shown",
      KeyConditionExpression: "gpk = :v",
      ExpressionAttributeValues: { ":v": { S: "1" } },
    },
    `${INVALID}Global secondary index by-gpk does not project [veiled]`,
  ],
  [
    "Query",
    {
      TableName: "pairs",
      KeyConditionExpression: "pk = :v",
      FilterExpression: "sk > :n",
      ExpressionAttributeValues: { ":v": { S: "1" }, ":n": { N: "1" } },
    },
    "Filter Expression can only contain non-primary key attributes: Primary key attribute: sk",
  ],
  [
    "Query",
    {
      TableName: "pairs",
      KeyConditions: { pk: { ComparisonOperator: "EQ", AttributeValueList: [{ S: "1" }] } },
      QueryFilter: { sk: { ComparisonOperator: "EQ", AttributeValueList: [{ N: "1" }] } },
    },
    "QueryFilter can only contain non-primary key attributes: Primary key attribute: sk",
  ],
  [
    "Query",
    {
      TableName: "pairs",
      ExclusiveStartKey: key,
      KeyConditionExpression: "pk = :v",
      ExpressionAttributeValues: { ":v": { S: "a" } },
    },
    "The provided starting key is invalid: The provided key element does not match the schema",
  ],
  [
    "Query",
    {
      TableName: "pairs",
      ExclusiveStartKey: pair,
      KeyConditionExpression: "pk = :v",
      ExpressionAttributeValues: { ":v": { S: "b" } },
    },
    "The provided starting key is outside query boundaries based on provided conditions",
  ],
  [
    "Query",
    {
      TableName: "pairs",
      ExclusiveStartKey: pair,
      KeyConditionExpression: "pk = :v AND sk > :n",
      ExpressionAttributeValues: { ":v": { S: "a" }, ":n": { N: "5" } },
    },
    "The provided starting key does not match the range key predicate",
  ],
  [
    "Scan",
    { TableName: "simple", Segment: 0 },
    "The TotalSegments parameter is required but was not present in the request when Segment parameter is present",
  ],
  [
    "Scan",
    { TableName: "simple", TotalSegments: 2 },
    "The Segment parameter is required but was not present in the request when parameter TotalSegments is present",
  ],
  [
    "Scan",
    { TableName: "simple", Segment: 5, TotalSegments: 5 },
    "The Segment parameter is zero-based and must be less than parameter TotalSegments: Segment: 5 is not less than TotalSegments: 5",
  ],
  [
    "Scan",
    { TableName: "simple", Select: "ALL_PROJECTED_ATTRIBUTES" },
    "ALL_PROJECTED_ATTRIBUTES can be used only when Scanning using an IndexName",
  ],
  [
    "Scan",
    { TableName: "simple", Select: "SPECIFIC_ATTRIBUTES" },
    "Must specify the AttributesToGet or ProjectionExpression when choosing to get SPECIFIC_ATTRIBUTES",
  ],
  [
    "Scan",
    { TableName: "simple", Select: "COUNT", AttributesToGet: ["a"] },
    "Cannot specify the AttributesToGet when choosing to get only the Count",
  ],
  [
    "Scan",
    { TableName: "indexed", IndexName: "by-gpk", ExclusiveStartKey: key },
    "The provided starting key is invalid",
  ],
  [
    "Query",
    {
      TableName: "indexed",
      IndexName: "by-lsk",
      KeyConditionExpression: "pk = :v",
      FilterExpression: "veiled = :v OR shown = :v",
      ExpressionAttributeValues: { ":v": { S: "1" } },
    },
    `${INVALID}Secondary index by-lsk does not project one or more filter attributes: [veiled]`,
  ],
];

const put = (pk: string) => ({ PutRequest: { Item: { pk: { S: pk } } } });

/** Several items at once. */
export const BATCHES: readonly Case[] = [
  ...[
    { Put: { TableName: "simple", Item: { pk: { S: "" } } } },
    { Delete: { TableName: "simple", Key: { pk: { S: "" } } } },
    {
      Update: {
        TableName: "simple",
        Key: { pk: { S: "" } },
        UpdateExpression: "SET a = :v",
        ExpressionAttributeValues: { ":v": { S: "x" } },
      },
    },
    {
      ConditionCheck: { TableName: "simple", Key: { pk: { S: "" } }, ConditionExpression: "attribute_exists(pk)" },
    },
  ].map(
    (action): Case => [
      "TransactWriteItems",
      { TransactItems: [{ Put: { TableName: "simple", Item: { other: { S: "x" } } } }, action] },
      "One or more parameter values are not valid. The AttributeValue for a key attribute cannot contain an empty string value. Key: pk",
    ],
  ),
  ...["SET gpk = :v", "SET gpk = if_not_exists(unseen, :v)"].map(
    (UpdateExpression): Case => [
      "TransactWriteItems",
      {
        TransactItems: [
          {
            Update: {
              TableName: "indexed",
              Key: { pk: { S: "a" }, sk: { S: "b" } },
              UpdateExpression,
              ExpressionAttributeValues: { ":v": { S: "" } },
            },
          },
        ],
      },
      EMPTY_UPDATED_INDEX_KEY,
    ],
  ),
  [
    "BatchWriteItem",
    { RequestItems: { simple: [put("a"), { DeleteRequest: { Key: key } }] } },
    "Provided list of item keys contains duplicates",
  ],
  [
    "BatchGetItem",
    { RequestItems: { simple: { Keys: [key, key] } } },
    "Provided list of item keys contains duplicates",
  ],
  [
    "BatchWriteItem",
    { RequestItems: { simple: [{}] } },
    "Supplied AttributeValue has more than one datatypes set, must contain exactly one of the supported datatypes",
  ],
  [
    "BatchWriteItem",
    {
      RequestItems: {
        simple: Array.from({ length: 13 }, (_, at) => put(`${at}`)),
        pairs: Array.from({ length: 13 }, (_, at) => put(`${at}`)),
      },
    },
    "Too many items requested for the BatchWriteItem call",
  ],
  [
    "TransactWriteItems",
    { TransactItems: [{ Put: { TableName: "simple", Item: key } }, { Delete: { TableName: "simple", Key: key } }] },
    "Transaction request cannot include multiple operations on one item",
  ],
  [
    "TransactGetItems",
    { TransactItems: [{ Get: { TableName: "simple", Key: key } }, { Get: { TableName: "simple", Key: key } }] },
    "Transaction request cannot include multiple operations on one item",
  ],
  ["TransactWriteItems", { TransactItems: [{}] }, "TransactItems can only contain one of Check, Put, Update or Delete"],
  [
    "TransactWriteItems",
    { TransactItems: [{ Put: { TableName: "simple", Item: key }, Delete: { TableName: "simple", Key: key } }] },
    "TransactItems can only contain one of Check, Put, Update or Delete",
  ],
];
