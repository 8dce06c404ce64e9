/** CORS configurations as S3 accepts them (Amazon S3 user guide, "Elements of a CORS configuration"). */
import type { S3 } from "#foundation/aws";
import { invalidRequest, malformedXml } from "../../errors.ts";

const CORS_RULES_MAX = 100;
const METHODS: ReadonlySet<string> = new Set(["GET", "PUT", "POST", "DELETE", "HEAD"]);

const wildcards = (text: string): number => text.split("*").length - 1;

function checkRule(rule: S3.CORSRule): void {
  const { AllowedMethods, AllowedOrigins, AllowedHeaders = [], ExposeHeaders = [] } = rule;
  // Required members of the model: still checked, because a document may leave them out.
  if (!AllowedMethods?.length || !AllowedOrigins?.length) throw malformedXml();
  for (const method of AllowedMethods) {
    if (!METHODS.has(method)) {
      throw invalidRequest(`Found unsupported HTTP method in CORS config. Unsupported method is ${method}`);
    }
  }
  for (const origin of AllowedOrigins) {
    if (wildcards(origin) > 1) throw invalidRequest(`AllowedOrigin "${origin}" can not have more than one wildcard.`);
  }
  for (const header of AllowedHeaders) {
    if (wildcards(header) > 1) throw invalidRequest(`AllowedHeader "${header}" can not have more than one wildcard.`);
  }
  for (const header of ExposeHeaders) {
    if (header.includes("*")) {
      throw invalidRequest(
        `ExposeHeader "${header}" contains wildcard. We currently do not support wildcard for ExposeHeader.`,
      );
    }
  }
}

/** @throws AwsError MalformedXML, InvalidRequest */
export function validateCors(configuration: S3.CORSConfiguration | undefined): S3.CORSConfiguration {
  const rules = configuration?.CORSRules;
  if (rules === undefined || rules.length === 0) throw malformedXml();
  if (rules.length > CORS_RULES_MAX) {
    throw invalidRequest(`The number of CORS rules should not exceed allowed limit of ${CORS_RULES_MAX} rules.`);
  }
  rules.forEach(checkRule);
  return { CORSRules: rules };
}
