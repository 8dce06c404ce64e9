/** Errors of the command line. Exit codes are those of the architecture: 1 failure, 2 usage, 3 auth, 4 not found, 5 conflict, 6 transient, 7 internal. */
import { type CodedError, defineErrors, EXIT } from "#foundation/errors";

export const cliErrors = defineErrors({
  USAGE: { status: 400, retryable: false, message: "The command was not understood.", exit: EXIT.usage },
  NOT_RUNNING: {
    status: 503,
    retryable: true,
    message: "No Biplane runs from this data directory. Start it with `biplane up`.",
    exit: EXIT.transient,
  },
  NO_CREDENTIALS: {
    status: 401,
    retryable: false,
    message: "There are no credentials to use.",
    exit: EXIT.auth,
  },
  STATE_INVALID: {
    status: 500,
    retryable: false,
    message: "A file in the data directory cannot be used.",
    exit: EXIT.failure,
  },
  DATA_DIRECTORY_IN_USE: {
    status: 409,
    retryable: false,
    message: "The data directory is in use.",
    exit: EXIT.conflict,
  },
  DATABASE_UNUSABLE: {
    status: 500,
    retryable: false,
    message: "The database cannot keep the event log.",
    exit: EXIT.failure,
  },
  TAKEN_OVER: {
    status: 409,
    retryable: false,
    message: "Another control plane has taken over the event log.",
    exit: EXIT.conflict,
  },
  ANOTHER_DATA_PLANE: {
    status: 409,
    retryable: false,
    message: "The control plane has another data plane.",
    exit: EXIT.conflict,
  },
  ADDRESS_IN_USE: {
    status: 409,
    retryable: true,
    message: "The port is taken. Choose another one, or 0 for any free one.",
    exit: EXIT.conflict,
  },
  FORBIDDEN_BY_SYSTEM: {
    status: 403,
    retryable: false,
    message: "The system does not permit it.",
    exit: EXIT.auth,
  },
  FILE_NOT_FOUND: { status: 404, retryable: false, message: "There is no such file.", exit: EXIT.notFound },
  FILE_NOT_TEXT: { status: 400, retryable: false, message: "The file is not UTF-8 text.", exit: EXIT.failure },
  NOT_FOUND: { status: 404, retryable: false, message: "There is no such thing.", exit: EXIT.notFound },
  NOT_SUPPORTED: { status: 501, retryable: false, message: "This cloud does not support it.", exit: EXIT.failure },
  MANIFEST_INVALID: { status: 400, retryable: false, message: "The manifest cannot be used.", exit: EXIT.usage },
  BUILD_FAILED: { status: 422, retryable: false, message: "The build command has failed.", exit: EXIT.failure },
  SNAPSHOT_FAILED: { status: 500, retryable: true, message: "The snapshot has failed.", exit: EXIT.failure },
  VOLUME_FAILED: { status: 500, retryable: false, message: "The volume has failed.", exit: EXIT.failure },
  REWRAP_INCOMPLETE: { status: 500, retryable: true, message: "Not everything was locked anew.", exit: EXIT.failure },
  WAIT_TIMED_OUT: { status: 504, retryable: true, message: "It has not come to an end yet.", exit: EXIT.transient },
  WAIT_ENDED: { status: 499, retryable: true, message: "Nobody waits any more; it goes on.", exit: EXIT.transient },
  BROKEN_TRANSFER: {
    status: 502,
    retryable: true,
    message: "What arrived is not what was sent. Try again.",
    exit: EXIT.transient,
  },
});

/** A mistake in the command line. @param hint what to do instead */
export function usageError(message: string, hint?: string): CodedError {
  return cliErrors.error("USAGE", hint === undefined ? message : `${message}\n${hint}`);
}
