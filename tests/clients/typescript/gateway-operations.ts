/** Which operations are of fleets of gateways: a test of their own answers them. */

const OF_GATEWAYS = /\/projects\/\{project\}\/|^\/v1\/(?:specs|builds|artifacts)\//;

export const isOfGateways = ({ path }: { readonly path: string }): boolean => OF_GATEWAYS.test(path);
