/** AWS request signatures: verifying them (header, presigned query, form, Version 2) and making them. */

export { type SignatureErrorDialect, type SignatureFault, signatureErrorToAws } from "./aws-errors.ts";
export { SignatureError, type SignatureFailure, type SignaturePlace, type SignatureReason } from "./error.ts";
export { equalInConstantTime } from "./hmac.ts";
export { parseSignature } from "./parse.ts";
export { emptyPayloadHash, parsePayloadHash } from "./payload-hash.ts";
export { type ParsedPostSignature, parsePostSignature, verifyPostSignature } from "./post-form.ts";
export { presign, presignV2, type SignedHeaders, type SignOptions, signRequest, type UnsignedRequest } from "./sign.ts";
export { SigningKey } from "./signing-key.ts";
export type * from "./types.ts";
export { decodePercent, encodeUri } from "./uri-encoding.ts";
export { clockSkewMsMax, needsBodyToVerify, verifySignature } from "./verify.ts";
