/** What S3 accepts as encryption and website configuration. Pure. */
import type { S3 } from "#foundation/aws";
import { invalidArgument, invalidRequest, malformedXml, notImplemented } from "../../errors.ts";

/**
 * One rule, with SSE-S3 as the default. Keys of KMS are refused: there is no key service.
 * @throws AwsError MalformedXML, NotImplemented
 */
export function validateEncryption(
  configuration: S3.ServerSideEncryptionConfiguration | undefined,
): S3.ServerSideEncryptionConfiguration {
  const rules = configuration?.Rules;
  const byDefault = rules?.[0]?.ApplyServerSideEncryptionByDefault;
  if (rules?.length !== 1) throw malformedXml();
  if (byDefault !== undefined && byDefault.SSEAlgorithm !== "AES256") {
    if (byDefault.SSEAlgorithm?.startsWith("aws:kms")) {
      throw notImplemented("Encryption with keys of a key management service is not available; use AES256.");
    }
    throw malformedXml();
  }
  if (byDefault?.KMSMasterKeyID !== undefined) {
    throw invalidArgument(
      "a KMSMasterKeyID is not applicable if the default sse algorithm is not aws:kms or aws:kms:dsse",
    );
  }
  return {
    Rules: [
      {
        ApplyServerSideEncryptionByDefault: { SSEAlgorithm: "AES256" },
        BucketKeyEnabled: rules[0]?.BucketKeyEnabled === true,
      },
    ],
  };
}

const ROUTING_RULES_MAX = 50;

/** @throws AwsError InvalidArgument, InvalidRequest, MalformedXML (S3 API Reference, PutBucketWebsite) */
export function validateWebsite(configuration: S3.WebsiteConfiguration | undefined): S3.WebsiteConfiguration {
  if (configuration === undefined) throw malformedXml();
  const {
    RedirectAllRequestsTo: redirect,
    IndexDocument: index,
    ErrorDocument: error,
    RoutingRules: rules,
  } = configuration;
  if (redirect !== undefined) {
    if (index !== undefined || error !== undefined || rules !== undefined) {
      throw invalidRequest("RedirectAllRequestsTo cannot be provided in conjunction with other Routing Rules.");
    }
    if (!redirect.HostName) throw malformedXml();
    checkProtocol(redirect.Protocol);
    return { RedirectAllRequestsTo: redirect };
  }
  if (index === undefined) {
    throw invalidArgument(
      "A value for IndexDocument Suffix must be provided if RedirectAllRequestsTo is empty",
      "IndexDocument",
      "null",
    );
  }
  if (!index.Suffix || index.Suffix.includes("/"))
    throw invalidArgument("The IndexDocument Suffix is not well formed", "IndexDocument", index.Suffix);
  if (error !== undefined && !error.Key) throw malformedXml();
  if ((rules?.length ?? 0) > ROUTING_RULES_MAX) {
    throw invalidRequest(`The number of website routing rules must not exceed ${ROUTING_RULES_MAX}.`);
  }
  for (const rule of rules ?? []) checkRoutingRule(rule);
  return configuration;
}

function checkRoutingRule(rule: S3.RoutingRule): void {
  const { Redirect, Condition } = rule;
  if (Redirect === undefined) throw malformedXml();
  if (Redirect.ReplaceKeyWith !== undefined && Redirect.ReplaceKeyPrefixWith !== undefined) {
    throw invalidRequest("You can only define ReplaceKeyPrefix or ReplaceKey but not both.");
  }
  checkProtocol(Redirect.Protocol);
  const code = Redirect.HttpRedirectCode;
  if (code !== undefined && !/^3\d\d$/.test(code)) {
    throw invalidRequest(`The provided HTTP redirect code (${code}) is not valid. Valid codes are 3XX except 300.`);
  }
  if (
    Condition !== undefined &&
    Condition.KeyPrefixEquals === undefined &&
    Condition.HttpErrorCodeReturnedEquals === undefined
  ) {
    throw invalidRequest(
      "Condition cannot be empty. To redirect all requests without a condition, the condition element shouldn't be present.",
    );
  }
  const error = Condition?.HttpErrorCodeReturnedEquals;
  if (error !== undefined && !/^[45]\d\d$/.test(error)) {
    throw invalidRequest(`The provided HTTP error code (${error}) is not valid. Valid codes are 4XX or 5XX.`);
  }
}

function checkProtocol(protocol: string | undefined): void {
  if (protocol !== undefined && protocol !== "http" && protocol !== "https") {
    throw invalidRequest(
      "Invalid protocol, protocol can be http or https. If not defined the protocol will be selected automatically.",
    );
  }
}
