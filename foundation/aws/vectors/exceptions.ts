/**
 * Published protocol cases that cannot be inverted, each with its reason. A case listed here that passes fails the test.
 *
 * The 54 cases of `smithy-rpc-v2-cbor` are not run: no service here speaks that protocol.
 */

const compressed = "the case gives no body: it is about the client's compression of it";
const token = "the client makes up the idempotency token that the request carries";
const noTarget = "the case gives no X-Amz-Target: it is about the client's host name";
const hostPath = "the case has a path in front of the operation's: it is about the client's endpoint";
const emptyIsAbsent = "nothing on the wire tells an empty collection from an absent one";
const emptyStructure = "clients send {} for an absent payload structure, which reads as an empty one";
const mapOfParameters = "clients leave parameters of other members out of the map; servers put all into it";
const spelling = "another spelling of the error's type, which clients must read and servers need not write";
const tolerance = "the response holds what no server should send and clients must pass over";

/** Ways to name a JSON error, without the one that we write. */
const errorSpellings = (protocol: string, prefix: string, names: readonly string[]): Record<string, string> =>
  Object.fromEntries(names.map((name) => [`output/${protocol}/${prefix}FooError${name}`, spelling]));

const typeHeader = ["UsingXAmznErrorTypeWithUri", "UsingXAmznErrorTypeWithUriAndNamespace"];
const codeMember = ["UsingCode", "UsingCodeAndNamespace", "UsingCodeUriAndNamespace"];
const typeMember = ["WithDunderType", "WithDunderTypeAndNamespace"];
const typeUri = ["WithDunderTypeUriAndNamespace"];

export const exceptions: Readonly<Record<string, string>> = {
  "input/ec2/SDKAppliedContentEncoding_ec2Query": compressed,
  "input/ec2/SDKAppendsGzipAndIgnoresHttpProvidedEncoding_ec2Query": compressed,
  "input/json/SDKAppliedContentEncoding_awsJson1_1": compressed,
  "input/json/SDKAppendsGzipAndIgnoresHttpProvidedEncoding_awsJson1_1": compressed,
  "input/json_1_0/SDKAppliedContentEncoding_awsJson1_0": compressed,
  "input/json_1_0/SDKAppendsGzipAndIgnoresHttpProvidedEncoding_awsJson1_0": compressed,
  "input/query/SDKAppliedContentEncoding_awsQuery": compressed,
  "input/query/SDKAppendsGzipAndIgnoresHttpProvidedEncoding_awsQuery": compressed,
  "input/rest-json/SDKAppliedContentEncoding_restJson1": compressed,
  "input/rest-json/SDKAppendedGzipAfterProvidedEncoding_restJson1": compressed,
  "input/rest-xml/SDKAppliedContentEncoding_restXml": compressed,
  "input/rest-xml/SDKAppendedGzipAfterProvidedEncoding_restXml": compressed,
  "input/ec2/Ec2ProtocolIdempotencyTokenAutoFill": token,
  "input/query/QueryProtocolIdempotencyTokenAutoFill": token,
  "input/rest-json/RestJsonQueryIdempotencyTokenAutoFill": token,
  "input/rest-xml/QueryIdempotencyTokenAutoFill": token,
  "input/json_1_0/AwsJson10EndpointTrait": noTarget,
  "input/json_1_0/AwsJson10EndpointTraitWithHostLabel": noTarget,
  "input/json_1_0/AwsJson10HostWithPath": noTarget,
  "input/rest-json/RestJsonHostWithPath": hostPath,
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
  "output/json/handles_unexpected_json_output": tolerance,
  "output/json/AwsJson11IntEnums": tolerance,
  "output/json/AwsJson11DeserializeIgnoreType": tolerance,
  "output/json_1_0/AwsJson10DeserializeIgnoreType": tolerance,
  "output/json_1_0/AwsJson10HandlesUnexpectedJsonOutput": tolerance,
  "output/rest-json/RestJsonDeserializeIgnoreType": tolerance,
  "output/rest-xml/InvalidGreetingError": tolerance,
  "output/rest-xml/RestXmlHttpResponseCode": "an answer without a body has no content type",
};
