/** What expressions of `cel` may use. Bodies are not among it: nobody has read them when it is decided who may come in. */
export const CEL_VARIABLES = [
  "request.method",
  "request.path",
  "request.query",
  "request.client_ip",
  "request.headers",
  "request.path_params",
  "request.consumer",
  "request.groups",
  "request.scopes",
  "request.claims",
] as const;

export type CelVariable = (typeof CEL_VARIABLES)[number];
