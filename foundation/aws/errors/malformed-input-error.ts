/** The error that each service gives for a request that does not parse. */

import { AwsError } from "../aws-error.ts";
import type { RoutedOperation } from "../model/shapes.ts";
import type { MalformedInput } from "../values/malformed-input.ts";

/** Turns a decoder's complaint into the service's error. */
export function malformedInputError(routed: RoutedOperation, fault: MalformedInput): AwsError {
  switch (routed.protocol) {
    case "restXml":
      return restXmlError(fault);
    case "restJson1":
      return restJsonError(routed, fault);
    case "awsJson1_0":
    case "awsJson1_1":
      // A body that is no JSON gets no message at all: so does AWS.
      return new AwsError("SerializationException", fault.syntax ? "" : fault.message, {
        statusCode: 400,
        cause: fault,
      });
    case "awsQuery":
      if (fault.syntax) {
        return new AwsError("MalformedQueryString", "The query string contains a syntax error.", {
          statusCode: 400,
          cause: fault,
        });
      }
      return new AwsError("MalformedInput", located(fault), { statusCode: 400, cause: fault });
    case "ec2Query":
      if (fault.argument === undefined || fault.value === undefined) {
        return new AwsError("MalformedQueryString", located(fault), { statusCode: 400, cause: fault });
      }
      return new AwsError(
        "InvalidParameterValue",
        `Value (${shortened(fault.value)}) for parameter ${fault.argument} is invalid: ${fault.message}.`,
        { statusCode: 400, cause: fault },
      );
  }
}

function restXmlError(fault: MalformedInput): AwsError {
  if (fault.place === "body") {
    return new AwsError(
      "MalformedXML",
      "The XML you provided was not well-formed or did not validate against our published schema",
      { statusCode: 400, cause: fault },
    );
  }
  if (fault.syntax) {
    return new AwsError("InvalidURI", "Couldn't parse the specified URI.", {
      statusCode: 400,
      fields: { URI: fault.value === undefined ? undefined : shortened(fault.value) },
      cause: fault,
    });
  }
  const integer = fault.message.endsWith("an integer");
  return new AwsError(
    "InvalidArgument",
    integer
      ? `Provided ${fault.argument} not an integer or within integer range`
      : `Invalid argument: ${fault.message}`,
    {
      statusCode: 400,
      fields: { ArgumentName: fault.argument, ArgumentValue: shortened(fault.value ?? "") },
      cause: fault,
    },
  );
}

function restJsonError(routed: RoutedOperation, fault: MalformedInput): AwsError {
  if (routed.service.error("InvalidRequestContentException") !== undefined && fault.place === "body") {
    return new AwsError("InvalidRequestContentException", `Could not parse request body into json: ${fault.message}`, {
      cause: fault,
    });
  }
  return new AwsError("SerializationException", located(fault), { statusCode: 400, cause: fault });
}

function located(fault: MalformedInput): string {
  return fault.argument === undefined ? fault.message : `${fault.argument}: ${fault.message}`;
}

/** What an error repeats of a client's value, in characters. */
const maxEchoedLength = 256;

function shortened(text: string): string {
  return text.length > maxEchoedLength ? `${text.slice(0, maxEchoedLength)}…` : text;
}
