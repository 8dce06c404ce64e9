/** Every operation of every service through the real SDK: its request read by our codecs, our answer read by it. */

import { describe, expect, test } from "bun:test";
import { decodeInput, encodeOutput, loadServiceModel, routeOperation, serviceNames } from "../index.ts";
import type { Member, OperationModel, ServiceModel, StructureShape } from "../model/shapes.ts";
import { answersEvents, comparable, comparableWithoutEmpty, type SampleOptions, sampleStructure } from "./samples.ts";
import { type SdkService, sdkService } from "./sdk-clients.ts";

/** 32 bytes: the SDK hashes customer keys. */
const customerKey = Buffer.alloc(32, 7).toString("base64");

/** Strings that the SDK itself looks into. */
function inputText(member: Member): string | undefined {
  if (member.name === "Bucket" && member.location.in === "label") return "the-bucket";
  if (member.name.endsWith("CustomerKey")) return customerKey;
  if (member.name === "LocationConstraint") return "eu-west-1";
  // Names that go into a host name.
  if (member.hostLabel === true) return "route";
  return undefined;
}

/** Input members that the SDK computes: checksums, the digest of customer keys. */
function isComputed(member: Member): boolean {
  return /^Checksum|^ContentMD5$|CustomerKeyMD5$|^ContentLength$|^Expires(String)?$/.test(member.name);
}

/** Members that clients add by themselves. */
const added: ReadonlySet<string> = new Set(["PresignedUrl", "DestinationRegion", "ChecksumAlgorithm", "ContentType"]);

async function roundTrip(
  sdk: SdkService,
  model: ServiceModel,
  operation: OperationModel,
  seed: number,
  minimal: boolean,
): Promise<void> {
  const skipInput = (structure: StructureShape, member: Member): boolean =>
    model.service === "s3" && structure === operation.input && isComputed(member);
  const inputFor = (side: SampleOptions["side"]) =>
    sampleStructure(operation.input, { skip: skipInput, text: inputText, maxDepth: 5, minimal, seed, side });
  const outputFor = (side: SampleOptions["side"]) =>
    sampleStructure(operation.output, {
      skip: (structure, member) => structure === operation.output && /^Expires(String)?$/.test(member.name),
      maxDepth: 5,
      minimal,
      seed,
      side,
    });
  const input = inputFor("client");
  const output = outputFor("server");
  let decoded: unknown;
  // A copy: the SDK adds to what it is given.
  const result = await sdk.call(operation.name, { ...input }, (request, body) => {
    const routed = routeOperation(model, request, { body });
    expect(routed.operation.name).toBe(operation.name);
    decoded = withoutAdded(operation, input, decodeInput(routed, request, body));
    return encodeOutput(routed, output, { requestId: "REQUEST", hostId: "HOST" });
  });
  const form = minimal || model.service === "ec2" ? comparableWithoutEmpty : comparable;
  expect(form(await collected(decoded))).toEqual(form(inputFor("server")));
  expect(form(await collected(result))).toEqual(form(outputFor("client")));
}

/** Leaves out what the client added to the input, and nothing else. */
function withoutAdded(
  operation: OperationModel,
  input: Readonly<Record<string, unknown>>,
  decoded: Readonly<Record<string, unknown>>,
): object {
  const tokens = new Set(operation.input.members.filter((member) => member.idempotencyToken).map(({ name }) => name));
  const isAdded = (name: string): boolean =>
    added.has(name) || tokens.has(name) || /^Checksum|MD5$|^ContentLength$/.test(name);
  return Object.fromEntries(Object.entries(decoded).filter(([name]) => name in input || !isAdded(name)));
}

/** Replaces streams by their bytes. */
async function collected(value: unknown): Promise<unknown> {
  if (typeof value !== "object" || value === null) return value;
  const entries = await Promise.all(
    Object.entries(value).map(async ([name, item]) => [name, isStream(item) ? await bytesOf(item) : item] as const),
  );
  return Object.fromEntries(entries);
}

function isStream(value: unknown): value is AsyncIterable<Uint8Array> {
  return typeof value === "object" && value !== null && Symbol.asyncIterator in value;
}

async function bytesOf(stream: AsyncIterable<Uint8Array>): Promise<Uint8Array> {
  const chunks: Uint8Array[] = [];
  for await (const chunk of stream) chunks.push(chunk);
  return new Uint8Array(Buffer.concat(chunks));
}

for (const service of serviceNames) {
  describe(service, async () => {
    const model = await loadServiceModel(service);
    const sdk = await sdkService(service);
    for (const [label, seed, minimal] of [
      ["all members", 1, false],
      ["other union members", 4, false],
      ["required members only", 2, true],
    ] as const) {
      test(`every operation round-trips through the SDK: ${label}`, async () => {
        const failures: string[] = [];
        let count = 0;
        for (const name of model.operationNames) {
          const operation = model.operation(name);
          if (operation === undefined) throw new Error(`no ${name}`);
          // Event streams have a test of their own.
          if (answersEvents(operation)) continue;
          count += 1;
          try {
            await roundTrip(sdk, model, operation, seed, minimal);
          } catch (error) {
            failures.push(`${name}: ${error instanceof Error ? error.message.slice(0, 1500) : String(error)}`);
          }
        }
        expect(failures).toEqual([]);
        expect(count).toBeGreaterThan(0);
      });
    }
  });
}
