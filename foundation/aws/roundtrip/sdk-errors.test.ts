/** Every modelled error through the real SDK: it must arrive as its own class, with message, members, status and request id. */

import { describe, expect, test } from "bun:test";
import { AwsError, encodeError, loadServiceModel, protocolOf, serviceNames } from "../index.ts";
import type { ErrorModel, OperationModel, ServiceModel } from "../model/shapes.ts";
import { comparable, sampleStructure } from "./samples.ts";
import { sdkService } from "./sdk-clients.ts";

/** An operation that any input will do for. */
function anyOperation(model: ServiceModel): OperationModel {
  const name = model.operationNames.find((candidate) => {
    const operation = model.operation(candidate);
    return operation !== undefined && operation.method !== "HEAD" && !operation.input.members.some((m) => m.required);
  });
  const operation = name === undefined ? undefined : model.operation(name);
  if (operation === undefined) throw new Error(`every operation of ${model.service} needs input`);
  return operation;
}

/** An error's fields, without its message and without the members that the query envelope already uses. */
function sampleFields(error: ErrorModel, side: "client" | "server"): Record<string, unknown> {
  return sampleStructure(error.shape, {
    maxDepth: 3,
    minimal: false,
    seed: 1,
    side,
    skip: (structure, member) => structure === error.shape && /^(message|type|code)$/i.test(member.name),
  });
}

for (const service of serviceNames) {
  describe(service, async () => {
    const model = await loadServiceModel(service);
    const sdk = await sdkService(service);
    const operation = anyOperation(model);

    test("every modelled error arrives as its class", async () => {
      const failures: string[] = [];
      for (const name of model.errorNames) {
        const error = model.error(name);
        if (error === undefined) throw new Error(`no ${name}`);
        const fields = sampleFields(error, "server");
        const expectedFields = sampleFields(error, "client");
        const thrown = await failure(
          sdk.call(operation.name, {}, (request) =>
            encodeError(model, protocolOf(model, request), new AwsError(name, `about <${name}>`, { fields }), {
              requestId: "REQUEST",
              hostId: "HOST",
            }),
          ),
        );
        const expected = sdk.errorClass(name);
        if (expected === undefined) continue;
        if (!isA(thrown, expected)) failures.push(`${name} arrived as ${thrown.name}: ${thrown.message}`);
        else if (thrown.message !== `about <${name}>`) failures.push(`${name} says ${thrown.message}`);
        else {
          const arrived = Object.fromEntries(Object.keys(fields).map((key) => [key, Reflect.get(thrown, key)]));
          try {
            expect(comparable(arrived)).toEqual(comparable(expectedFields));
            expect(Reflect.get(thrown, "$metadata")).toMatchObject({ requestId: expect.stringMatching(/^REQUEST/) });
          } catch (problem) {
            failures.push(`${name}: ${problem instanceof Error ? problem.message : String(problem)}`);
          }
        }
      }
      expect(failures).toEqual([]);
    });

    test("an error outside the model keeps its code and status", async () => {
      const thrown = await failure(
        sdk.call(operation.name, {}, (request) =>
          encodeError(model, protocolOf(model, request), new AwsError("SlowDownPlease", "later", { statusCode: 503 }), {
            requestId: "REQUEST",
          }),
        ),
      );
      expect(thrown.name).toBe("SlowDownPlease");
      expect(thrown.message).toBe("later");
      expect(Reflect.get(thrown, "$metadata")).toMatchObject({
        httpStatusCode: 503,
        requestId: expect.stringMatching(/^REQUEST/),
      });
    });
  });
}

function isA(error: Error, type: new (options: object) => Error): boolean {
  return error instanceof type;
}

async function failure(call: Promise<unknown>): Promise<Error> {
  try {
    await call;
  } catch (error) {
    if (error instanceof Error) return error;
  }
  throw new Error("the call did not fail");
}
