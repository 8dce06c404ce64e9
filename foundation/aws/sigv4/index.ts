/** AWS request signatures: verifying them (header, presigned query, form, Version 2) and making them. */

export { SignatureError, type SignatureFailure, type SignaturePlace, type SignatureReason } from "./error.ts";
export { SigningKey } from "./signing-key.ts";
export type * from "./types.ts";
