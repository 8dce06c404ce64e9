/** JSON Web Tokens that somebody has signed with a private key, and the public keys that prove it. */
export { KeySet } from "./key-set.ts";
export {
  readSignedToken,
  SIGNING_ALGORITHMS,
  type SignedToken,
  type SigningAlgorithm,
  UnreadableToken,
} from "./signed-token.ts";
