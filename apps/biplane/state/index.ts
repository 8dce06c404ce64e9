/** What the program leaves in its data directory so that the command line finds the running cloud. */

export { claimDataDirectory, type DataDirectoryClaim, DataDirectoryInUse } from "./claim.ts";
export { type Credentials, credentialsPath, readCredentials, writeCredentials } from "./credentials.ts";
export { DATA_ENVIRONMENT_VARIABLE, DataDirectoryUnknown, resolveDataDirectory } from "./data-directory.ts";
export {
  type Endpoints,
  type EndpointsRole,
  endpointsPath,
  type FoundEndpoints,
  readEndpoints,
  removeEndpoints,
  writeEndpoints,
} from "./endpoints.ts";
export { type Login, type Logins, loginsPath, readLogins, removeLogin, writeLogin } from "./logins.ts";
export { readOperatorToken, writeOperatorToken } from "./operator-token.ts";
export { StateFileInvalid } from "./state-file.ts";
