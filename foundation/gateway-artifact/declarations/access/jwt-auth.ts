import { KeySet, SIGNING_ALGORITHMS } from "#foundation/jwt";
import type { ConfigProblem, MiddlewareDeclaration } from "../../plugin-declaration.ts";
import { GROUPS_CLAIM, SCOPES, SERVER_URL, STRIP_TOKEN, UPSTREAM_HEADERS } from "./shapes.ts";

export const JWT_AUTH: MiddlewareDeclaration = {
  name: "jwt-auth",
  kind: "middleware",
  phase: "admission",
  summary: "Lets in who shows a token that an issuer has signed (RFC 7519)",
  enforces: ["http:bearer", "oauth2", "openIdConnect"],
  urls: ["jwks_url"],
  config: {
    type: "object",
    additionalProperties: false,
    oneOf: [{ required: ["jwks_url"] }, { required: ["public_key_pem"] }, { required: ["public_key_jwk"] }],
    properties: {
      issuer: { type: "string", description: "What `iss` must be." },
      audience: { type: "string", description: "What `aud` must be, or hold." },
      clock_skew_seconds: { type: "integer", minimum: 0, maximum: 600, default: 60 },
      groups_claim: GROUPS_CLAIM,
      required_scopes: SCOPES,
      algorithms: {
        type: "array",
        minItems: 1,
        items: { enum: SIGNING_ALGORITHMS },
        default: SIGNING_ALGORITHMS,
        description: "Signatures that are taken.",
      },
      public_key_jwk: { type: "object", required: ["kty"], properties: { kty: { enum: ["RSA", "EC", "OKP"] } } },
      public_key_pem: { type: "string", pattern: "-----BEGIN (PUBLIC KEY|CERTIFICATE)-----" },
      jwks_url: { ...SERVER_URL, description: "Where the issuer's keys are." },
      strip_credentials: STRIP_TOKEN,
      upstream_headers: UPSTREAM_HEADERS,
    },
  },
  check: ({ public_key_jwk, public_key_pem }) => [
    ...(public_key_jwk === undefined
      ? []
      : keyProblems("/public_key_jwk", () => KeySet.read({ keys: [public_key_jwk] }))),
    // One that is referred to is not known here.
    ...(typeof public_key_pem === "string" && public_key_pem.startsWith("-----")
      ? keyProblems("/public_key_pem", () => KeySet.ofPem(public_key_pem))
      : []),
  ],
};

function keyProblems(pointer: string, read: () => KeySet): readonly ConfigProblem[] {
  let size = 0;
  try {
    ({ size } = read());
  } catch {
    // No key at all.
  }
  return size > 0
    ? []
    : [{ pointer, message: "It is no public key (RSA of 2048 to 8192 bits, P-256, P-384, P-521, Ed25519)." }];
}
