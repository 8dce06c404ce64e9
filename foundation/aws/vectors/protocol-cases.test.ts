/**
 * The published protocol cases, inverted: the request text must decode to the case's parameters, and the case's result must encode to a
 * response that says the same as the case's. Cases that say different things about the two ends run with
 * the differences of `adjustments.ts`; those that cannot be inverted are in `exceptions.ts`, each with its reason.
 */

import { describe, expect } from "bun:test";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { vectorsDirectory, vectorTest } from "../../../tests/support/skips.ts";
import { AwsError, decodeInput, encodeError, encodeOutput, routeOperation, type WireRequest } from "../index.ts";
import { comparable } from "../roundtrip/samples.ts";
import { type Adjustment, adjustments } from "./adjustments.ts";
import { canonicalLeaf, fromCase } from "./case-values.ts";
import { canonicalJson, canonicalXml } from "./compare-bodies.ts";
import { type Case, describedModel, protocolOfSuite, type Suite } from "./described-model.ts";
import { exceptions } from "./exceptions.ts";

const folder = join(vectorsDirectory ?? "", "aws-protocols/tests/unit/protocols");
const protocols = ["ec2", "json", "json_1_0", "json_1_0-query-compatible", "query", "rest-json", "rest-xml"];

function suites(direction: "input" | "output", protocol: string): readonly Suite[] {
  if (vectorsDirectory === undefined) return [];
  return JSON.parse(readFileSync(join(folder, direction, `${protocol}.json`), "utf8"));
}

function request(
  serialized: NonNullable<Case["serialized"]>,
  leftOut: Readonly<Record<string, string>> = {},
): WireRequest {
  const [path = "/", query = ""] = serialized.uri.split("?", 2);
  const raw = Object.entries({ ...leftOut, ...serialized.headers }).flat();
  return {
    method: serialized.method,
    path,
    query,
    headers: {
      raw,
      get(lowerName) {
        const index = raw.findIndex((text, at) => at % 2 === 0 && text.toLowerCase() === lowerName);
        return index < 0 ? undefined : raw[index + 1];
      },
    },
  };
}

async function decodeCase(suite: Suite, item: Case, adjustment?: Adjustment): Promise<void> {
  const serialized = item.serialized;
  if (serialized === undefined) throw new Error("no request");
  const model = describedModel(suite, item);
  const wire = request(serialized, adjustment?.headers?.(item, String(suite.metadata.targetPrefix)));
  const body = Buffer.from(serialized.body ?? "", "utf8");
  const routed = routeOperation(model, wire, { body });
  expect(routed.operation.name).toBe(item.given.name);
  const decoded: Record<string, unknown> = { ...decodeInput(routed, wire, body) };
  for (const [name, value] of Object.entries(decoded)) {
    if (typeof value === "object" && value !== null && Symbol.asyncIterator in value) {
      const chunks = await Array.fromAsync(value as AsyncIterable<Uint8Array>);
      if (chunks.length > 0) decoded[name] = new Uint8Array(Buffer.concat(chunks));
      else delete decoded[name];
    }
  }
  const { input } = routed.operation;
  const sent = item.params ?? {};
  const params = adjustment?.params?.(sent, input, wire.query) ?? sent;
  expect(comparable(decoded)).toEqual(comparable(fromCase(input, params)));
}

function encodeCase(suite: Suite, item: Case, adjustment?: Adjustment): void {
  const expected = item.response;
  if (expected === undefined) throw new Error("no response");
  const model = describedModel(suite, item);
  const operation = model.operation(item.given.name);
  if (operation === undefined) throw new Error("no operation");
  const protocol = protocolOfSuite(suite);
  const context = { requestId: "REQUEST" };
  const actual = (() => {
    if (item.errorCode === undefined) {
      const output = fromCase(operation.output, item.result ?? {});
      const routed = { service: model, operation, protocol, labels: {} };
      return encodeOutput(routed, Object(output), context);
    }
    const shape = item.given.errors?.[0]?.shape ?? item.errorCode;
    const error = model.error(shape);
    const fields = error === undefined ? (item.error ?? {}) : (fromCase(error.shape, item.error ?? {}) as object);
    const message =
      item.errorMessage ?? String(item.error?.message ?? item.error?.Message ?? bodyMessage(expected.body));
    return encodeError(model, protocol, new AwsError(shape, message, { fields: { ...fields } }), context);
  })();
  expect(actual.status).toBe(expected.status_code);
  if (adjustment?.errorByName === true) {
    const headers = new Headers(actual.headers.map(([name, value]): [string, string] => [name, value]));
    expect(jsonErrorForm(headers, textOf(actual.body))).toEqual(
      jsonErrorForm(new Headers(expected.headers), expected.body ?? ""),
    );
    return;
  }
  for (const [name, value] of Object.entries(expected.headers ?? {})) {
    if (/^(x-amzn-requestid|content-length)$/i.test(name)) continue;
    if (adjustment?.ignoredHeaders?.includes(name.toLowerCase()) === true) continue;
    const found = actual.headers
      .filter(([other]) => other.toLowerCase() === name.toLowerCase())
      .map(([, text]) => text);
    if (name.toLowerCase() === "content-type") expect(mediaType(found[0])).toBe(mediaType(value));
    else expect({ [name]: headerForm(found.join(", ")) }).toEqual({ [name]: headerForm(value) });
  }
  expect(bodyForm(protocol, expected.headers, textOf(actual.body))).toEqual(
    bodyForm(protocol, expected.headers, expected.body ?? ""),
  );
}

/**
 * A JSON error as clients read it: the name from the header, `code` or `__type`, without its URI and namespace ("Operation error serialization" of the
 * protocols), and the other members.
 */
function jsonErrorForm(headers: Headers, body: string): unknown {
  const members = canonicalJson(body) as Readonly<Record<string, unknown>>;
  const { code, __type, message: _, Message: __, ...others } = members;
  const written = headers.get("x-amzn-errortype") ?? code ?? __type;
  const name = String(written).replace(/:.*$/s, "").replace(/^.*#/s, "");
  return { name, others };
}

/** The message of an XML error whose model has no member for it. */
function bodyMessage(body: string | undefined): string {
  return /<Message>([^<]*)<\/Message>/.exec(body ?? "")?.[1] ?? "";
}

/** `text/xml` and `application/xml` are the same to every client. */
function mediaType(value: string | undefined): string {
  return (value ?? "").split(";", 1)[0]?.replace("text/xml", "application/xml") ?? "";
}

/** Header lists may or may not have spaces and quotes where both mean the same; error types may be bare. */
function headerForm(value: string): string {
  return value
    .split(",")
    .map((part) => canonicalLeaf(part.replace(/^\s*"(.*)"\s*$/, "$1")))
    .join(",");
}

function textOf(body: unknown): string {
  if (body === null || body === undefined) return "";
  return body instanceof Uint8Array ? Buffer.from(body).toString("utf8") : String(body);
}

function bodyForm(protocol: string, headers: Readonly<Record<string, string>> | undefined, text: string): unknown {
  if (text.trim() === "") return {};
  // An answer without members may be left out altogether.
  if (protocol === "awsQuery" && /^<(\w+)Response[^>]*>(<\1Result><\/\1Result>)?<ResponseMetadata>/.test(text))
    return {};
  const type = Object.entries(headers ?? {}).find(([name]) => name.toLowerCase() === "content-type")?.[1] ?? "";
  if (/json/.test(type) || (type === "" && protocol === "restJson1")) {
    // A blob may call itself JSON.
    if (!/^\s*[[{"\d]/.test(text)) return text;
    const value = canonicalJson(text);
    if (typeof value === "object" && value !== null && "__type" in value) {
      return { ...value, __type: String(value.__type).replace(/^.*#/, "") };
    }
    return value;
  }
  return /xml/.test(type) || text.startsWith("<") ? canonicalXml(text) : text;
}

let run = 0;
for (const direction of ["input", "output"] as const) {
  for (const protocol of protocols) {
    describe(`${direction} ${protocol}`, () => {
      for (const suite of suites(direction, protocol)) {
        for (const [index, item] of suite.cases.entries()) {
          const name = `${direction}/${protocol}/${item.id}`;
          const reason = exceptions[name];
          const adjustment = adjustments[name];
          vectorTest(`${name} #${index}`, async () => {
            run += 1;
            const check = async (difference?: Adjustment): Promise<void> =>
              direction === "input" ? decodeCase(suite, item, difference) : encodeCase(suite, item, difference);
            // What passes as it is needs neither an exception nor an adjustment.
            if (reason !== undefined || adjustment !== undefined) await expect(check()).rejects.toThrow();
            if (reason === undefined) await check(adjustment);
          });
        }
      }
    });
  }
}

vectorTest("all cases of the six protocols ran", () => {
  expect(run).toBe(678);
});
