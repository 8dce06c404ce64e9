/** What configurations of dispatchers have in common. */

export const SECONDS = { type: "number", exclusiveMinimum: 0, maximum: 3600 } as const;

export const SERVER_URL = { type: "string", format: "uri", pattern: "^https?://" } as const;

export const PATH_TEMPLATE = {
  type: "string",
  description: "Path to ask for in place of that of the request; {name} and {name+} stand for its parameters.",
} as const;

/** Of a connection: longer waiting helps nobody. */
export const CONNECT_TIMEOUT = {
  type: "number",
  minimum: 0.1,
  maximum: 300,
  default: 5,
  description: "Seconds for look-up, connection and TLS together.",
} as const;

export const TLS = {
  type: "object",
  additionalProperties: false,
  dependentRequired: { cert: ["key"], key: ["cert"] },
  properties: {
    ca: { type: "string", description: "Authorities to trust in the place of the system's, in PEM." },
    cert: { type: "string", description: "Certificate to show, in PEM." },
    key: { type: "string", writeOnly: true, description: "Its key, in PEM." },
    server_name: { type: "string", description: "Name that the server's certificate must be for." },
  },
} as const;
