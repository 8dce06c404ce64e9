/** DynamoDB Streams: ListStreams, DescribeStream, GetShardIterator, GetRecords (DynamoDB Streams API Reference). */
import type { CallContext } from "#data-plane/service";
import { AwsError, type DynamoDBStreams, jsonText } from "#foundation/aws";
import type { StreamDescription, StreamPosition, StreamRecord, StreamShard } from "../engine/port.ts";
import { resourceNotFound, validationError } from "../errors.ts";
import { parseTableArn, streamArn, type TablePlace, tableArn } from "../rules/arns.ts";
import { isTableArn } from "../rules/table-name.ts";
import { accountQuestion, streamQuestion } from "../service/access.ts";
import type { StreamOperations } from "../service/define.ts";
import { accountOf } from "../service/tables.ts";
import type { Toolbox } from "../service/toolbox.ts";
import { ITERATOR_LIFETIME_MS, iteratorText, parseIterator, type ShardIterator } from "./shard-iterator.ts";

/** Largest pages, given when nothing is asked for; who asks for more is refused (API Reference, `Limit` of each operation). */
const STREAMS_MAX = 100;
const SHARDS_MAX = 100;
const RECORDS_MAX = 1000;

export function streamOperations(tools: Toolbox): Required<StreamOperations> {
  const { engine, tables } = tools;

  const question = (action: string, arn: string, { region }: CallContext) => {
    const place = placeOf(arn);
    return streamQuestion(action, arn, place, tables.at(place, region));
  };
  /** @throws AwsError ResourceNotFoundException */
  const find = (arn: string, { region }: CallContext): StreamDescription => {
    const { label, ...place } = placeOf(arn);
    const found =
      place.region === region
        ? engine
            .streams({ accountId: place.accountId, region: place.region, tableName: place.name })
            .find((stream) => stream.label === label)
        : undefined;
    if (found === undefined) throw resourceNotFound(`Stream: ${arn} not found`);
    return found;
  };

  return {
    ListStreams: {
      check: ({ Limit }) => checkLimit(Limit, STREAMS_MAX),
      access({ TableName }, context) {
        const accountId = accountOf(context);
        const name = TableName === undefined ? "*" : tables.placeOf(TableName, context).name;
        const streams = `${tableArn({ accountId, region: context.region, name })}/stream/*`;
        return [accountQuestion("ListStreams", context, streams)];
      },
      handle(input, context) {
        const { ExclusiveStartStreamArn: after, TableName } = input;
        const place =
          TableName === undefined
            ? { accountId: accountOf(context), region: context.region }
            : tablePlace(tables.placeOf(TableName, context), context);
        const all = place === undefined ? [] : engine.streams(place);
        const from = after === undefined ? 0 : firstBehind(all, after);
        const limit = input.Limit ?? STREAMS_MAX;
        const page = all.slice(from, from + limit);
        return {
          Streams: page.map((stream) => ({
            StreamArn: arnOf(stream),
            TableName: stream.tableName,
            StreamLabel: stream.label,
          })),
          ...(from + limit < all.length && { LastEvaluatedStreamArn: arnOf(page.at(-1)!) }),
        };
      },
    },

    DescribeStream: {
      check: ({ Limit }) => checkLimit(Limit, SHARDS_MAX),
      access: (input, context) => [question("DescribeStream", input.StreamArn, context)],
      handle(input, context) {
        const stream = find(input.StreamArn, context);
        const shards = filterShards(stream.shards, input.ShardFilter);
        const after = input.ExclusiveStartShardId;
        const from = after === undefined ? 0 : shards.findIndex(({ shardId }) => shardId > after);
        const limit = input.Limit ?? SHARDS_MAX;
        const page = from < 0 ? [] : shards.slice(from, from + limit);
        return {
          StreamDescription: {
            StreamArn: arnOf(stream),
            StreamLabel: stream.label,
            StreamStatus: stream.status,
            StreamViewType: stream.viewType,
            CreationRequestDateTime: new Date(stream.createdAt),
            TableName: stream.tableName,
            KeySchema: [
              ...stream.keys.hash.map(({ name }) => ({ AttributeName: name, KeyType: "HASH" as const })),
              ...stream.keys.range.map(({ name }) => ({ AttributeName: name, KeyType: "RANGE" as const })),
            ],
            Shards: page.map(describeShard),
            ...(from >= 0 && from + limit < shards.length && { LastEvaluatedShardId: page.at(-1)?.shardId }),
          },
        };
      },
    },

    GetShardIterator: {
      access: (input, context) => [question("GetShardIterator", input.StreamArn, context)],
      handle(input, context) {
        const stream = find(input.StreamArn, context);
        const { tableId, label } = stream;
        const { ShardId: shardId } = input;
        if (!stream.shards.some((shard) => shard.shardId === shardId)) {
          throw resourceNotFound(`Shard: ${shardId} in Stream: ${input.StreamArn} not found`);
        }
        const position = engine.streamPosition({ tableId, label }, shardId, askedPosition(input));
        return {
          ShardIterator: iteratorText({
            streamArn: input.StreamArn,
            tableId,
            label,
            shardId,
            position,
            givenAt: context.now,
          }),
        };
      },
    },

    GetRecords: {
      check: ({ Limit }) => checkLimit(Limit, RECORDS_MAX),
      access: (input, context) => [question("GetRecords", iteratorOf(input.ShardIterator).streamArn, context)],
      handle(input, context) {
        const iterator = iteratorOf(input.ShardIterator);
        expectFresh(iterator, context.now);
        const { tableId, label, shardId, position } = iterator;
        // The table's id comes from the iterator; that it is the table of the ARN is for us to see.
        const stream = engine.stream({ tableId, label });
        if (stream === undefined || arnOf(stream) !== iterator.streamArn) {
          throw resourceNotFound(`Stream: ${iterator.streamArn} not found`);
        }
        const limit = input.Limit ?? RECORDS_MAX;
        const { records, next } = engine.readStream({ tableId, label }, shardId, position, limit);
        return {
          Records: records.map((record) => describeRecord(record, stream)),
          ...(next !== undefined && {
            NextShardIterator: iteratorText({ ...iterator, position: next, givenAt: context.now }),
          }),
        };
      },
    },
  };
}

/** The model knows the lower end only. @throws AwsError ValidationException */
function checkLimit(limit: number | undefined, max: number): void {
  if (limit === undefined || limit <= max) return;
  throw validationError(
    `1 validation error detected: Value '${limit}' at 'limit' failed to satisfy constraint: Member must have value less than or equal to ${max}`,
  );
}

const arnOf = (stream: StreamDescription): string =>
  streamArn({ accountId: stream.accountId, region: stream.region, name: stream.tableName }, stream.label);

/** @throws AwsError ValidationException */
function placeOf(arn: string): TablePlace & { readonly label: string } {
  const resource = parseTableArn(arn);
  if (resource?.kind === "stream") return { ...resource.place, label: resource.label };
  throw validationError(`Invalid StreamArn: ${arn.slice(0, 1024)}`);
}

/** Where a list goes on behind a stream. @throws AwsError ValidationException */
function firstBehind(streams: readonly StreamDescription[], arn: string): number {
  const { label } = placeOf(arn);
  const at = streams.findIndex((stream) => arnOf(stream) === arn);
  if (at >= 0) return at + 1;
  // It is gone since the last page. Streams are listed in the order in which they were made, which is what labels say.
  const behind = streams.findIndex((stream) => stream.label > label);
  return behind < 0 ? streams.length : behind;
}

/** Streams of one table; undefined for tables that are out of reach. */
function tablePlace(place: TablePlace, context: CallContext) {
  if (place.accountId !== accountOf(context) || place.region !== context.region || isTableArn(place.name))
    return undefined;
  return { accountId: place.accountId, region: place.region, tableName: place.name };
}

/** @throws AwsError ValidationException */
function filterShards(
  shards: readonly StreamShard[],
  filter: DynamoDBStreams.ShardFilter | undefined,
): readonly StreamShard[] {
  if (filter === undefined) return shards;
  if (filter.Type !== "CHILD_SHARDS" || filter.ShardId === undefined) {
    throw validationError("ShardFilter needs Type CHILD_SHARDS and the ShardId of the parent");
  }
  return shards.filter(({ parentShardId }) => parentShardId === filter.ShardId);
}

const describeShard = (shard: StreamShard): DynamoDBStreams.Shard => ({
  ShardId: shard.shardId,
  SequenceNumberRange: {
    StartingSequenceNumber: shard.startingSequenceNumber,
    ...(shard.endingSequenceNumber !== undefined && { EndingSequenceNumber: shard.endingSequenceNumber }),
  },
  ...(shard.parentShardId !== undefined && { ParentShardId: shard.parentShardId }),
});

/** @throws AwsError ValidationException */
function askedPosition({ ShardIteratorType, SequenceNumber }: DynamoDBStreams.GetShardIteratorInput): StreamPosition {
  switch (ShardIteratorType) {
    case "TRIM_HORIZON":
    case "LATEST":
      if (SequenceNumber === undefined) return { from: ShardIteratorType };
      throw validationError(`SequenceNumber cannot be used with ShardIteratorType ${ShardIteratorType}`);
    case "AT_SEQUENCE_NUMBER":
    case "AFTER_SEQUENCE_NUMBER":
      if (SequenceNumber !== undefined) return { from: ShardIteratorType, sequenceNumber: SequenceNumber };
      throw validationError(`ShardIteratorType ${ShardIteratorType} needs a SequenceNumber`);
  }
}

/** @throws AwsError ValidationException */
function iteratorOf(text: string): ShardIterator {
  const iterator = parseIterator(text);
  if (iterator === undefined) throw validationError("Invalid ShardIterator");
  return iterator;
}

/** @throws AwsError ExpiredIteratorException */
function expectFresh({ givenAt }: ShardIterator, now: number): void {
  if (now - givenAt <= ITERATOR_LIFETIME_MS) return;
  throw new AwsError(
    "ExpiredIteratorException",
    `Iterator expired: The iterator was created at time ${new Date(givenAt).toISOString()} while right now it is ${new Date(now).toISOString()}`,
  );
}

type Image = DynamoDBStreams.StreamRecord["Keys"];

function describeRecord(record: StreamRecord, stream: StreamDescription): DynamoDBStreams._Record {
  return {
    eventID: record.eventId,
    eventName: record.eventName,
    eventVersion: "1.1",
    eventSource: "aws:dynamodb",
    awsRegion: stream.region,
    dynamodb: {
      // Streams tell whole seconds.
      ApproximateCreationDateTime: new Date(Math.floor(record.createdAt / 1000) * 1000),
      Keys: jsonText<Image>(record.keys),
      ...(record.newImage !== undefined && { NewImage: jsonText<Image>(record.newImage) }),
      ...(record.oldImage !== undefined && { OldImage: jsonText<Image>(record.oldImage) }),
      SequenceNumber: record.sequenceNumber,
      SizeBytes: record.sizeBytes,
      StreamViewType: stream.viewType,
    },
    ...(record.expired && { userIdentity: { PrincipalId: "dynamodb.amazonaws.com", Type: "Service" } }),
  };
}
