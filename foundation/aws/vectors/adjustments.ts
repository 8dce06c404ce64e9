/**
 * Published protocol cases that say something about both ends, but not the same: what a server reads, or writes, where the case tells what the client has, or
 * understands. They run with the stated difference. A case listed here that passes without it fails the test.
 */
import type { Shape } from "../model/shapes.ts";
import type { Case } from "./described-model.ts";

type Members = Readonly<Record<string, unknown>>;

export interface Adjustment {
  readonly reason: string;
  /** Headers that the case leaves out and every client sends. */
  readonly headers?: (item: Case, targetPrefix: string) => Readonly<Record<string, string>>;
  /** What the server has of the parameters that the client had. */
  readonly params?: (params: Members, input: Shape, query: string) => Members;
  /** Response headers, in lower case, that are not part of what the case is about. */
  readonly ignoredHeaders?: readonly string[];
  /** The same error, written in another of the ways that clients must read. */
  readonly errorByName?: true;
}

const membersOf = (input: Shape) => (input.kind === "structure" ? input.members : []);

/** The value that the cases have clients make up. */
const MADE_UP_TOKEN = "00000000-0000-4000-8000-000000000000";

const token: Adjustment = {
  reason: "the client makes up the idempotency token, and the server reads it",
  params: (params, input) => {
    const tokens = membersOf(input).filter(({ name, idempotencyToken }) => idempotencyToken && !(name in params));
    return { ...params, ...Object.fromEntries(tokens.map(({ name }) => [name, MADE_UP_TOKEN])) };
  },
};

const target: Adjustment = {
  reason: "the case is about the client's host name and leaves out X-Amz-Target, without which no request is routed",
  headers: (item, targetPrefix) => ({ "X-Amz-Target": `${targetPrefix}.${item.given.name}` }),
};

const emptyIsAbsent: Adjustment = {
  reason: "nothing on the wire tells an empty collection from an absent one: the server has none",
  params: (params) =>
    Object.fromEntries(
      Object.entries(params).filter(
        ([, value]) => typeof value !== "object" || value === null || Object.keys(value).length > 0,
      ),
    ),
};

const emptyStructure: Adjustment = {
  reason: "clients send {} for an absent payload structure, which a server reads as an empty one",
  params: (params, input) => {
    const payload = membersOf(input).find(({ location }) => location.in === "payload");
    return payload === undefined ? params : { ...params, [payload.name]: {} };
  },
};

const mapOfParameters: Adjustment = {
  reason: "clients leave parameters of other members out of the map; servers put all into it",
  params(params, input, query) {
    const map = membersOf(input).find(({ location }) => location.in === "queryParams");
    if (map === undefined || map.shape.kind !== "map") return params;
    const isList = map.shape.value.shape.kind === "list";
    const parameters = new URLSearchParams(query);
    const names = [...new Set(parameters.keys())];
    const parameter = (name: string) => (isList ? parameters.getAll(name) : parameters.get(name));
    return { ...params, [map.name]: Object.fromEntries(names.map((name) => [name, parameter(name)])) };
  },
};

const spelling: Adjustment = {
  reason: "another spelling of the error's type: the server writes the one of its protocol, with the same name",
  errorByName: true,
};

/** Ways to name a JSON error, without the one that we write. */
const errorSpellings = (protocol: string, prefix: string, names: readonly string[]): Record<string, Adjustment> =>
  Object.fromEntries(names.map((name) => [`output/${protocol}/${prefix}FooError${name}`, spelling]));

const typeHeader = ["UsingXAmznErrorTypeWithUri", "UsingXAmznErrorTypeWithUriAndNamespace"];
const codeMember = ["UsingCode", "UsingCodeAndNamespace", "UsingCodeUriAndNamespace"];
const typeMember = ["WithDunderType", "WithDunderTypeAndNamespace"];
const typeUri = ["WithDunderTypeUriAndNamespace"];

export const adjustments: Readonly<Record<string, Adjustment>> = {
  "input/ec2/Ec2ProtocolIdempotencyTokenAutoFill": token,
  "input/query/QueryProtocolIdempotencyTokenAutoFill": token,
  "input/rest-json/RestJsonQueryIdempotencyTokenAutoFill": token,
  "input/rest-xml/QueryIdempotencyTokenAutoFill": token,
  "input/json_1_0/AwsJson10EndpointTrait": target,
  "input/json_1_0/AwsJson10EndpointTraitWithHostLabel": target,
  "input/json_1_0/AwsJson10HostWithPath": target,
  "input/ec2/Ec2EmptyQueryLists": emptyIsAbsent,
  "input/query/QueryEmptyQueryMaps": emptyIsAbsent,
  "input/rest-json/RestJsonHttpPrefixHeadersAreNotPresent": emptyIsAbsent,
  "input/rest-xml/HttpPrefixHeadersAreNotPresent": emptyIsAbsent,
  "input/rest-json/RestJsonOmitsEmptyListQueryValues": emptyIsAbsent,
  "input/rest-json/RestJsonHttpWithEmptyStructurePayload": emptyStructure,
  "input/rest-json/RestJsonHttpWithHeadersButNoPayload": emptyStructure,
  "input/rest-json/RestJsonQueryPrecedence": mapOfParameters,
  "input/rest-xml/RestXmlQueryPrecedence": mapOfParameters,
  "input/rest-json/RestJsonQueryParamsStringListMap": mapOfParameters,
  "input/rest-xml/RestXmlQueryParamsStringListMap": mapOfParameters,
  "input/rest-xml/AllQueryStringTypes": mapOfParameters,
  "input/rest-xml/RestXmlQueryStringEscaping": mapOfParameters,
  "input/rest-xml/RestXmlSupportsNaNFloatQueryValues": mapOfParameters,
  "input/rest-xml/RestXmlSupportsInfinityFloatQueryValues": mapOfParameters,
  "input/rest-xml/RestXmlSupportsNegativeInfinityFloatQueryValues": mapOfParameters,
  "input/rest-xml/RestXmlZeroAndFalseQueryValues": mapOfParameters,
  ...errorSpellings("json", "AwsJson11", ["UsingXAmznErrorType", ...typeHeader, ...codeMember, ...typeUri]),
  ...errorSpellings("json_1_0", "AwsJson10", ["UsingXAmznErrorType", ...typeHeader, ...codeMember, ...typeUri]),
  ...errorSpellings("rest-json", "RestJson", [...typeHeader, ...codeMember, ...typeMember, ...typeUri]),
  "output/json/AwsJson11IntEnums": {
    reason: "the case's response repeats a header of the request",
    ignoredHeaders: ["x-amz-target"],
  },
  "output/rest-xml/RestXmlHttpResponseCode": {
    reason: "an answer without a body has no content type",
    ignoredHeaders: ["content-type"],
  },
};
