/** Who somebody is, and whether they may come in. */
import type { MiddlewareDeclaration } from "../plugin-declaration.ts";
import { ACL } from "./access/acl.ts";
import { API_KEY_AUTH } from "./access/api-key-auth.ts";
import { BASIC_AUTH } from "./access/basic-auth.ts";
import { BOT_DETECTION } from "./access/bot-detection.ts";
import { CEL } from "./access/cel.ts";
import { IP_RESTRICTION } from "./access/ip-restriction.ts";
import { JWT_AUTH } from "./access/jwt-auth.ts";
import { OAUTH2_AUTH } from "./access/oauth2-auth.ts";
import { OIDC_AUTH } from "./access/oidc-auth.ts";
import { OPA_AUTHZ } from "./access/opa-authz.ts";

export const ACCESS_PLUGINS: readonly MiddlewareDeclaration[] = [
  ACL,
  API_KEY_AUTH,
  BASIC_AUTH,
  BOT_DETECTION,
  CEL,
  IP_RESTRICTION,
  JWT_AUTH,
  OAUTH2_AUTH,
  OIDC_AUTH,
  OPA_AUTHZ,
];
