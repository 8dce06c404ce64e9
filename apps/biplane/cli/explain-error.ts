/** Whatever went wrong in a command, as an error with a code, a sentence and an exit code. */
import { CodedError, commonErrors, normaliseError } from "#foundation/errors";
import { cliErrors } from "./errors.ts";

type Explain = (error: Error) => CodedError;

/** What can be done when a store does not answer. */
const NO_CLUSTER =
  "The store does not answer. A majority of its coordinators has to run, with the key that this command has; `biplane store status` then says what it waits for.";

/** Errors of other rooms by name: their classes are not loaded only to be compared with. */
const BY_NAME: Readonly<Record<string, Explain>> = {
  StateFileInvalid: (error) => cliErrors.error("STATE_INVALID", { message: sentence(error.message), cause: error }),
  DataDirectoryUnknown: (error) => cliErrors.error("USAGE", { message: sentence(error.message), cause: error }),
  DataDirectoryInUse: (error) =>
    cliErrors.error("DATA_DIRECTORY_IN_USE", { message: sentence(error.message), cause: error }),
  DataPlaneRefused: (error) =>
    cliErrors.error("ANOTHER_DATA_PLANE", { message: sentence(`not let in: ${error.message}`), cause: error }),
  JoinTokenMissing: (error) => cliErrors.error("NO_CREDENTIALS", { message: sentence(error.message), cause: error }),
  ProcessLocked: (error) =>
    cliErrors.error("DATA_DIRECTORY_IN_USE", { message: sentence(error.message), cause: error }),
  StoreError: (error) => {
    const code = "code" in error ? error.code : undefined;
    const said = { message: sentence(error.message), cause: error };
    if (code === "transaction_timed_out" || code === "cluster_unavailable") {
      return commonErrors.error("UNREACHABLE", { cause: error, message: NO_CLUSTER });
    }
    if (code === "commit_unknown_result") return commonErrors.error("TIMED_OUT", said);
    return cliErrors.error("USAGE", said);
  },
  RpcError: (error) => {
    const code = "code" in error ? error.code : undefined;
    const said = { message: sentence(error.message), cause: error };
    if (code === "unauthorized") return cliErrors.error("NO_CREDENTIALS", said);
    if (code === "invalid_request") return cliErrors.error("USAGE", said);
    if (code === "cancelled") return commonErrors.error("UNREACHABLE", { cause: error, message: NO_CLUSTER });
    return commonErrors.error("UNREACHABLE", said);
  },
  PostgresError: (error) => {
    const code = "code" in error ? error.code : undefined;
    const said = { message: sentence(error.message), cause: error };
    if (code === "AddressInvalid") return cliErrors.error("USAGE", said);
    if (code === "SignInRefused") return cliErrors.error("NO_CREDENTIALS", said);
    if (code === "Rejected") return cliErrors.error("DATABASE_UNUSABLE", said);
    return commonErrors.error("UNREACHABLE", said);
  },
  EventStoreError: (error) => {
    const said = { message: sentence(error.message), cause: error };
    const deposed = "code" in error && error.code === "Deposed";
    return deposed ? cliErrors.error("TAKEN_OVER", said) : commonErrors.error("UNREACHABLE", said);
  },
  HttpCallError: (error) => {
    const failure = "failure" in error ? error.failure : undefined;
    if (failure === "timeout") return commonErrors.error("TIMED_OUT", { message: error.message, cause: error });
    if (failure === "aborted") return commonErrors.error("CANCELLED", { cause: error });
    if (failure === "broken") return cliErrors.error("BROKEN_TRANSFER", { message: error.message, cause: error });
    return commonErrors.error("UNREACHABLE", { message: error.message, cause: error });
  },
};

/** What other rooms say in words for people already: a part of the data directory is lost, damaged, of another version, or open to others. */
const stateInvalid: Explain = (error) =>
  cliErrors.error("STATE_INVALID", { message: sentence(error.message), cause: error });

const damaged: Explain = (error) =>
  cliErrors.error("STATE_INVALID", {
    message: `A database in the data directory is damaged (${error.message}). \`biplane doctor\` says which; restore it from a backup.`,
    cause: error,
  });

/** Errors of the system, of SQLite and of the rooms below by code, where the operation that met them is not known any more. */
const BY_CODE: Readonly<Record<string, Explain>> = {
  EADDRINUSE: (error) => cliErrors.error("ADDRESS_IN_USE", { cause: error, message: portText(error) }),
  EACCES: (error) =>
    cliErrors.error("FORBIDDEN_BY_SYSTEM", {
      cause: error,
      message: `The system does not permit it: ${error.message}`,
    }),
  EPERM: (error) =>
    cliErrors.error("FORBIDDEN_BY_SYSTEM", {
      cause: error,
      message: `The system does not permit it: ${error.message}`,
    }),
  SQLITE_FULL: (error) => commonErrors.error("DISK_FULL", { cause: error }),
  SQLITE_CORRUPT: damaged,
  SQLITE_NOTADB: damaged,
  SQLITE_READONLY: (error) =>
    cliErrors.error("FORBIDDEN_BY_SYSTEM", {
      cause: error,
      message: `A database in the data directory cannot be written: ${error.message}.`,
    }),
  SQLITE_CANTOPEN: (error) =>
    cliErrors.error("FORBIDDEN_BY_SYSTEM", {
      cause: error,
      message: `A database in the data directory cannot be opened: ${error.message}.`,
    }),
  Corrupt: stateInvalid,
  SchemaTooNew: stateInvalid,
  MigrationChanged: stateInvalid,
  MigrationsPending: stateInvalid,
  InvalidKey: stateInvalid,
  KeyFileTooOpen: stateInvalid,
  KeyFileMissing: stateInvalid,
  CannotOpen: stateInvalid,
  Locked: (error) => cliErrors.error("DATA_DIRECTORY_IN_USE", { message: sentence(error.message), cause: error }),
  EROFS: (error) =>
    cliErrors.error("FORBIDDEN_BY_SYSTEM", { cause: error, message: `The file system is read-only: ${error.message}` }),
  ENOENT: (error) =>
    cliErrors.error("FILE_NOT_FOUND", { cause: error, message: `There is no such file: ${pathOf(error)}` }),
  EISDIR: (error) =>
    cliErrors.error("USAGE", { cause: error, message: `This is a directory, not a file: ${pathOf(error)}` }),
  ENOTDIR: (error) =>
    cliErrors.error("USAGE", {
      cause: error,
      message: `A part of the path is a file, not a directory: ${pathOf(error)}`,
    }),
};

export function explainError(error: unknown): CodedError {
  if (error instanceof CodedError || !(error instanceof Error)) return normaliseError(error);
  const named = Object.hasOwn(BY_NAME, error.name) ? BY_NAME[error.name] : undefined;
  if (named !== undefined) return named(error);
  const code = "code" in error && typeof error.code === "string" ? error.code : "";
  // SQLite's extended codes begin with the code that they extend (https://sqlite.org/rescode.html).
  const known = Object.hasOwn(BY_CODE, code) ? code : code.replace(/^(SQLITE_[A-Z]+)_.*$/, "$1");
  const coded = Object.hasOwn(BY_CODE, known) ? BY_CODE[known] : undefined;
  return coded === undefined ? normaliseError(error) : coded(error);
}

function portText(error: Error): string {
  const port = "port" in error && typeof error.port === "number" ? `Port ${error.port}` : "The port";
  return `${port} is taken by another program. Choose another one (--port, --api-port, --listen), or 0 for any free one.`;
}

function pathOf(error: Error): string {
  return "path" in error && typeof error.path === "string" ? error.path : error.message;
}

function sentence(text: string): string {
  const first = text.charAt(0);
  // A path stays as it is.
  const begun = /[a-z]/.test(first) ? first.toUpperCase() + text.slice(1) : text;
  return /[.!?]$/.test(begun) ? begun : `${begun}.`;
}
