/** What DynamoDB says to requests about tables that break a rule: the operation, the request, the sentence. */

type Case = readonly [operation: string, request: object, message: string];

const INVALID = "One or more parameter values were invalid: ";

export const attribute = (AttributeName: string, AttributeType = "S") => ({ AttributeName, AttributeType });
export const hash = (AttributeName: string) => ({ AttributeName, KeyType: "HASH" });
export const range = (AttributeName: string) => ({ AttributeName, KeyType: "RANGE" });

/** A table that would be made. */
export const GOOD = {
  TableName: "good",
  AttributeDefinitions: [attribute("pk"), attribute("sk")],
  KeySchema: [hash("pk"), range("sk")],
  BillingMode: "PAY_PER_REQUEST",
};
const UNITS = { ReadCapacityUnits: 5, WriteCapacityUnits: 5 };
const ALL = { ProjectionType: "ALL" };
const local = (more: object = {}) => ({
  IndexName: "local",
  KeySchema: [hash("pk"), range("lsk")],
  Projection: ALL,
  ...more,
});
const global = (more: object = {}) => ({ IndexName: "global", KeySchema: [hash("gpk")], Projection: ALL, ...more });
const withLocal = (more: object) => ({
  ...GOOD,
  AttributeDefinitions: [...GOOD.AttributeDefinitions, attribute("lsk")],
  LocalSecondaryIndexes: [local(more)],
});
const withGlobal = (more: object, table: object = {}) => ({
  ...GOOD,
  AttributeDefinitions: [...GOOD.AttributeDefinitions, attribute("gpk")],
  GlobalSecondaryIndexes: [global(more)],
  ...table,
});

export const CREATIONS: readonly Case[] = [
  [
    "CreateTable",
    { ...GOOD, TableName: undefined },
    "The parameter 'TableName' is required but was not present in the request",
  ],
  [
    "CreateTable",
    { ...GOOD, TableName: "ab" },
    "1 validation error detected: Value 'ab' at 'tableName' failed to satisfy constraint: Member must have length greater than or equal to 3",
  ],
  [
    "CreateTable",
    { ...GOOD, KeySchema: undefined },
    "1 validation error detected: Value null at 'keySchema' failed to satisfy constraint: Member must not be null",
  ],
  [
    "CreateTable",
    { ...GOOD, KeySchema: [{ AttributeName: "pk", KeyType: "BOGUS" }] },
    "1 validation error detected: Value 'BOGUS' at 'keySchema.1.member.keyType' failed to satisfy constraint: Member must satisfy enum value set: [HASH, RANGE]",
  ],
  [
    "CreateTable",
    { ...GOOD, AttributeDefinitions: [attribute("pk", "BOGUS")] },
    "1 validation error detected: Value 'BOGUS' at 'attributeDefinitions.1.member.attributeType' failed to satisfy constraint: Member must satisfy enum value set: [B, N, S]",
  ],
  [
    "CreateTable",
    {
      ...GOOD,
      AttributeDefinitions: [...GOOD.AttributeDefinitions, attribute("x")],
      KeySchema: [hash("pk"), range("sk"), range("x")],
    },
    "1 validation error detected: Value '[KeySchemaElement(attributeName=pk, keyType=HASH), KeySchemaElement(attributeName=sk, keyType=RANGE), KeySchemaElement(attributeName=x, keyType=RANGE)]' at 'keySchema' failed to satisfy constraint: Member must have length less than or equal to 2",
  ],
  [
    "CreateTable",
    { ...GOOD, AttributeDefinitions: [attribute("pk")] },
    "Invalid KeySchema: Some index key attribute have no definition",
  ],
  [
    "CreateTable",
    { ...GOOD, AttributeDefinitions: [attribute("pk"), attribute("other")] },
    `${INVALID}Some index key attributes are not defined in AttributeDefinitions. Keys: [pk, sk], AttributeDefinitions: [pk, other]`,
  ],
  [
    "CreateTable",
    { ...GOOD, KeySchema: [hash("pk"), range("pk")] },
    "Both the Hash Key and the Range Key element in the KeySchema have the same name",
  ],
  [
    "CreateTable",
    { ...GOOD, KeySchema: [range("pk"), hash("sk")] },
    "Invalid KeySchema: The first KeySchemaElement is not a HASH key type",
  ],
  [
    "CreateTable",
    { ...GOOD, KeySchema: [hash("pk"), hash("sk")] },
    "Invalid KeySchema: The second KeySchemaElement is not a RANGE key type",
  ],
  [
    "CreateTable",
    { ...GOOD, AttributeDefinitions: [...GOOD.AttributeDefinitions, attribute("unused")] },
    `${INVALID}Number of attributes in KeySchema does not exactly match number of attributes defined in AttributeDefinitions`,
  ],
  [
    "CreateTable",
    { ...withGlobal({}), AttributeDefinitions: [...GOOD.AttributeDefinitions, attribute("gpk"), attribute("unused")] },
    `${INVALID}Some AttributeDefinitions are not used. AttributeDefinitions: [pk, sk, gpk, unused], keys used: [pk, sk, gpk]`,
  ],
  [
    "CreateTable",
    { ...GOOD, BillingMode: "PROVISIONED" },
    `${INVALID}ReadCapacityUnits and WriteCapacityUnits must both be specified when BillingMode is PROVISIONED`,
  ],
  [
    "CreateTable",
    { ...GOOD, ProvisionedThroughput: UNITS },
    `${INVALID}Neither ReadCapacityUnits nor WriteCapacityUnits can be specified when BillingMode is PAY_PER_REQUEST`,
  ],
  [
    "CreateTable",
    { ...GOOD, BillingMode: "PROVISIONED", ProvisionedThroughput: { ...UNITS, ReadCapacityUnits: 1_000_000_000_001 } },
    "Given value 1000000000001 for ReadCapacityUnits is out of bounds",
  ],
  ["CreateTable", { ...GOOD, LocalSecondaryIndexes: [] }, `${INVALID}List of LocalSecondaryIndexes is empty`],
  ["CreateTable", { ...GOOD, GlobalSecondaryIndexes: [] }, `${INVALID}List of GlobalSecondaryIndexes is empty`],
  [
    "CreateTable",
    { ...withLocal({}), AttributeDefinitions: [attribute("pk"), attribute("lsk")], KeySchema: [hash("pk")] },
    `${INVALID}Table KeySchema does not have a range key, which is required when specifying a LocalSecondaryIndex`,
  ],
  [
    "CreateTable",
    withLocal({ KeySchema: [hash("pk")] }),
    `${INVALID}Index KeySchema does not have a range key for index: local`,
  ],
  [
    "CreateTable",
    withLocal({ KeySchema: [hash("sk"), range("lsk")] }),
    `${INVALID}Index KeySchema does not have the same leading hash key as table KeySchema for index: local. index hash key: sk, table hash key: pk`,
  ],
  ["CreateTable", withLocal({ Projection: {} }), `${INVALID}Unknown ProjectionType: null`],
  [
    "CreateTable",
    withLocal({ Projection: { ProjectionType: "ALL", NonKeyAttributes: ["a"] } }),
    `${INVALID}ProjectionType is ALL, but NonKeyAttributes is specified`,
  ],
  [
    "CreateTable",
    withLocal({ Projection: { ProjectionType: "INCLUDE" } }),
    `${INVALID}ProjectionType is INCLUDE, but NonKeyAttributes is not specified`,
  ],
  [
    "CreateTable",
    { ...withGlobal({}), GlobalSecondaryIndexes: [global(), global()] },
    `${INVALID}Duplicate index name: global`,
  ],
  [
    "CreateTable",
    {
      ...withGlobal({}),
      GlobalSecondaryIndexes: Array.from({ length: 21 }, (_, at) => global({ IndexName: `global${at}` })),
    },
    `${INVALID}GlobalSecondaryIndex count exceeds the per-table limit of 20`,
  ],
  [
    "CreateTable",
    withGlobal({ ProvisionedThroughput: UNITS }),
    `${INVALID}ProvisionedThroughput should not be specified for index: global when BillingMode is PAY_PER_REQUEST`,
  ],
  [
    "CreateTable",
    withGlobal({}, { BillingMode: "PROVISIONED", ProvisionedThroughput: UNITS }),
    `${INVALID}ProvisionedThroughput must be specified for index: global`,
  ],
  [
    "CreateTable",
    { ...GOOD, SSESpecification: { Enabled: true, SSEType: "KMS" } },
    `${INVALID}Encryption with keys of AWS KMS is not available here; create the table without SSESpecification`,
  ],
  [
    "CreateTable",
    { ...GOOD, StreamSpecification: { StreamEnabled: true } },
    `${INVALID}StreamViewType is required when StreamEnabled is true`,
  ],
  [
    "CreateTable",
    { ...GOOD, Tags: [{ Key: "aws:mine", Value: "" }] },
    `${INVALID}Tag keys that begin with aws: are reserved for system use`,
  ],
  ["CreateTable", { ...GOOD, ResourcePolicy: "{}" }, "Invalid policy document: "],
];

/** Of the table `pairs`, which exists. */
export const CHANGES: readonly Case[] = [
  ["UpdateTable", {}, "The parameter 'TableName' is required but was not present in the request"],
  [
    "UpdateTable",
    { TableName: "pairs" },
    "At least one of ProvisionedThroughput, BillingMode, UpdateStreamEnabled, GlobalSecondaryIndexUpdates or SSESpecification or ReplicaUpdates is required",
  ],
  [
    "UpdateTable",
    { TableName: "pairs", BillingMode: "PROVISIONED" },
    `${INVALID}ProvisionedThroughput must be specified when BillingMode is PROVISIONED`,
  ],
  [
    "UpdateTable",
    { TableName: "pairs", ProvisionedThroughput: UNITS },
    `${INVALID}Neither ReadCapacityUnits nor WriteCapacityUnits can be specified when BillingMode is PAY_PER_REQUEST`,
  ],
  [
    "UpdateTable",
    { TableName: "pairs", StreamSpecification: { StreamEnabled: false } },
    "Table doesn't have a stream to disable: TableName: pairs",
  ],
  [
    "UpdateTable",
    { TableName: "pairs", ReplicaUpdates: [{ Create: { RegionName: "eu-west-1" } }] },
    `${INVALID}ReplicaUpdates is not supported: this cloud has no global tables`,
  ],
  [
    "UpdateTable",
    { TableName: "pairs", GlobalSecondaryIndexUpdates: [{}] },
    `${INVALID}One of GlobalSecondaryIndexUpdate.Update, GlobalSecondaryIndexUpdate.Create, GlobalSecondaryIndexUpdate.Delete must not be null`,
  ],
  [
    "UpdateTable",
    { TableName: "pairs", GlobalSecondaryIndexUpdates: [{ Create: global() }] },
    `${INVALID}Some index key attributes are not defined in AttributeDefinitions. Keys: [gpk], AttributeDefinitions: [pk, sk]`,
  ],
  [
    "UpdateTable",
    {
      TableName: "pairs",
      AttributeDefinitions: [attribute("gpk"), attribute("no")],
      GlobalSecondaryIndexUpdates: [{ Create: global() }],
    },
    `${INVALID}Some AttributeDefinitions are not used. AttributeDefinitions: [gpk, no], keys used: [pk, sk, gpk]`,
  ],
  [
    "UpdateTimeToLive",
    { TableName: "pairs", TimeToLiveSpecification: { Enabled: false, AttributeName: "ttl" } },
    "TimeToLive is already disabled",
  ],
  [
    "TagResource",
    { ResourceArn: "not-an-arn", Tags: [{ Key: "a", Value: "b" }] },
    "Invalid TableArn: Invalid ResourceArn provided as input not-an-arn",
  ],
  [
    "TagResource",
    { ResourceArn: "arn:aws:dynamodb:us-east-1:111122223333:table/pairs", Tags: [] },
    "Atleast one Tag needs to be provided as Input.",
  ],
];
