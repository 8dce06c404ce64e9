/** What a module may be given, each asked for by name. Nothing else reaches it. */

export const MODULE_CAPABILITIES = {
  log: "writes lines to the gateway's log",
  "read-request": "sees method, path, query, fields and parameters of requests",
  "change-request": "changes method, path, query and fields of requests",
  "read-request-body": "sees bodies of requests",
  "change-request-body": "puts other bodies in their place",
  "read-response": "sees status and fields of responses",
  "change-response": "changes status and fields of responses",
  "read-response-body": "sees bodies of responses",
  "change-response-body": "puts other bodies in their place",
  answer: "answers requests itself",
  "read-context": "sees what middlewares tell each other",
  "change-context": "tells other middlewares something",
  "read-identity": "sees who a request comes from",
  "set-identity": "says who a request comes from",
  clock: "knows the time",
  random: "draws random octets",
  "rate-limit": "counts, in windows of time",
  kv: "keeps values from one request to another",
  http: "sends requests to the hosts that are declared",
} as const satisfies Readonly<Record<string, string>>;

export type ModuleCapability = keyof typeof MODULE_CAPABILITIES;

/** Those that need a body, which is not there before a request is held against its description. */
export const BODY_CAPABILITIES: readonly ModuleCapability[] = [
  "read-request-body",
  "change-request-body",
  "read-response-body",
  "change-response-body",
];
