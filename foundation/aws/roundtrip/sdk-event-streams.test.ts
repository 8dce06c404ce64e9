/** Event streams through the real SDK: our frames, its reader. */

import { expect, test } from "bun:test";
import {
  AwsError,
  encodeOutput,
  loadServiceModel,
  routeOperation,
  type ServiceName,
  type WireRequest,
} from "../index.ts";
import { comparable } from "./samples.ts";
import { sdkService } from "./sdk-clients.ts";

async function* from<T>(...events: readonly T[]): AsyncGenerator<T> {
  yield* events;
}

/** Calls an operation, answers with the events, and returns what the SDK reads from the named member. */
async function readEvents(
  service: ServiceName,
  operation: string,
  input: object,
  output: (request: WireRequest) => object,
  member: string,
): Promise<unknown[]> {
  const model = await loadServiceModel(service);
  const sdk = await sdkService(service);
  const result = await sdk.call(operation, input, (request, body) => {
    const routed = routeOperation(model, request, { body });
    expect(routed.operation.name).toBe(operation);
    return encodeOutput(routed, output(request), { requestId: "REQUEST" });
  });
  const stream = result[member];
  if (typeof stream !== "object" || stream === null || !(Symbol.asyncIterator in stream)) throw new Error("no stream");
  const events: unknown[] = [];
  for await (const event of stream as AsyncIterable<unknown>) events.push(event);
  return events;
}

const bytes = (text: string): Uint8Array => new TextEncoder().encode(text);

test("SelectObjectContent sends records, progress, statistics and the end", async () => {
  const events = [
    { Records: { Payload: bytes("a,b\n1,2\n") } },
    { Cont: {} },
    { Progress: { Details: { BytesScanned: 1, BytesProcessed: 2, BytesReturned: 3 } } },
    { Stats: { Details: { BytesScanned: 4, BytesProcessed: 5, BytesReturned: 6 } } },
    { End: {} },
  ];
  const input = {
    Bucket: "b",
    Key: "k",
    Expression: "select * from s3object",
    ExpressionType: "SQL",
    InputSerialization: { CSV: {} },
    OutputSerialization: { CSV: {} },
  };
  const read = await readEvents("s3", "SelectObjectContent", input, () => ({ Payload: from(...events) }), "Payload");
  expect(comparable(read)).toEqual(comparable(events));
});

test("InvokeWithResponseStream sends chunks and the completion", async () => {
  const events = [
    { PayloadChunk: { Payload: bytes("one") } },
    { PayloadChunk: { Payload: bytes("two") } },
    { InvokeComplete: { ErrorCode: "Unhandled", ErrorDetails: "why", LogResult: "bG9n" } },
  ];
  const read = await readEvents(
    "lambda",
    "InvokeWithResponseStream",
    { FunctionName: "f" },
    () => ({ StatusCode: 200, ExecutedVersion: "1", EventStream: from(...events) }),
    "EventStream",
  );
  expect(comparable(read)).toEqual(comparable(events));
});

test("StartLiveTail sends its initial response and updates", async () => {
  const events = [
    { sessionStart: { requestId: "r", sessionId: "s" } },
    { sessionUpdate: { sessionMetadata: { sampled: false }, sessionResults: [{ message: "hello", timestamp: 5 }] } },
  ];
  const read = await readEvents(
    "logs",
    "StartLiveTail",
    { logGroupIdentifiers: ["g"] },
    () => ({ responseStream: from(...events) }),
    "responseStream",
  );
  expect(comparable(read)).toEqual(comparable(events));
});

test("a modelled error in the middle of a stream reaches the client as that error", async () => {
  const failing = async function* () {
    yield { sessionStart: { requestId: "r", sessionId: "s" } };
    throw new AwsError("SessionTimeoutException", "too long");
  };
  const reading = readEvents(
    "logs",
    "StartLiveTail",
    { logGroupIdentifiers: ["g"] },
    () => ({ responseStream: failing() }),
    "responseStream",
  );
  await expect(reading).rejects.toMatchObject({ name: "SessionTimeoutException", message: "too long" });
});

test("an error outside the model ends the stream with its code", async () => {
  const failing = async function* () {
    yield { Cont: {} };
    throw new AwsError("InternalError", "broken");
  };
  const input = {
    Bucket: "b",
    Key: "k",
    Expression: "x",
    ExpressionType: "SQL",
    InputSerialization: {},
    OutputSerialization: {},
  };
  const reading = readEvents("s3", "SelectObjectContent", input, () => ({ Payload: failing() }), "Payload");
  await expect(reading).rejects.toMatchObject({ name: "InternalError", message: "broken" });
});
