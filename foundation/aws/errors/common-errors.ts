/**
 * Common errors whose name depends on the protocol.
 *
 * A service that speaks awsJson and was moved there from awsQuery (SQS) keeps the code of its errors as the query protocol writes it, and names them in `__type` as the JSON
 * services do. For errors of the model the model knows both; these come from the layers in front of the service.
 */

/** Query code and JSON name. */
const NAMES: readonly (readonly [queryCode: string, jsonName: string])[] = [
  ["AccessDenied", "AccessDeniedException"],
  ["IncompleteSignature", "IncompleteSignatureException"],
  ["InvalidAction", "UnknownOperationException"],
  ["InvalidClientTokenId", "UnrecognizedClientException"],
  ["InvalidParameterValue", "InvalidParameterValueException"],
  ["MalformedInput", "SerializationException"],
  ["MissingAuthenticationToken", "MissingAuthenticationTokenException"],
  ["MissingParameter", "MissingRequiredParameterException"],
  ["ServiceUnavailable", "ServiceUnavailableException"],
  ["SignatureDoesNotMatch", "InvalidSignatureException"],
];

const jsonNames = new Map(NAMES);
const queryCodes = new Map(NAMES.map(([queryCode, jsonName]) => [jsonName, queryCode]));

/** @param code in either form */
export const jsonNameOf = (code: string): string => jsonNames.get(code) ?? code;

/** @param code in either form */
export const queryCodeOf = (code: string): string => queryCodes.get(code) ?? code;
