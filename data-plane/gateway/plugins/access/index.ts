/** Who somebody is, and whether they may come in. */
import type { MiddlewarePlugin } from "../plugin.ts";
import { acl } from "./acl.ts";
import { apiKeyAuth } from "./api-key-auth.ts";
import { basicAuth } from "./basic-auth.ts";
import { botDetection } from "./bot-detection.ts";
import { cel } from "./cel.ts";
import { ipRestriction } from "./ip-restriction.ts";
import { jwtAuth } from "./jwt-auth.ts";
import { oauth2Auth } from "./oauth2-auth.ts";
import { oidcAuth } from "./oidc-auth.ts";
import { opaAuthz } from "./opa-authz.ts";

export const ACCESS_PLUGINS: readonly MiddlewarePlugin[] = [
  acl,
  apiKeyAuth,
  basicAuth,
  botDetection,
  cel,
  ipRestriction,
  jwtAuth,
  oauth2Auth,
  oidcAuth,
  opaAuthz,
];
