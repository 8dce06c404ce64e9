/** The errors of runtimes: what the agent reports as the reason why an instance does not run. */
import { type CodedError, defineErrors } from "#foundation/errors";

export const RUNTIME_ERRORS = defineErrors({
  RuntimeUnavailable: { status: 503, retryable: false, message: "Instances cannot be run on this host." },
  NoNodeWithIsolation: {
    status: 409,
    retryable: false,
    message:
      "This runtime isolates less than was demanded. Place the instance on another node, or accept weaker isolation.",
  },
  InvalidSpec: { status: 400, retryable: false, message: "The specification of the instance breaks a rule." },
  Unsupported: { status: 409, retryable: false, message: "The host cannot do what the specification demands." },
  SpecConflict: {
    status: 409,
    retryable: false,
    message: "An instance of this id exists with another specification. Use a new id.",
  },
  NoSuchInstance: { status: 404, retryable: false, message: "There is no instance of this id here." },
  NotRunning: { status: 409, retryable: false, message: "The instance is not running." },
  NeverStarted: { status: 409, retryable: false, message: "The instance was created, but never started." },
  AlreadyRunning: { status: 409, retryable: false, message: "The instance is running already." },
  SecretsGone: {
    status: 409,
    retryable: true,
    message: "The secrets of the instance are gone (they do not survive a reboot). Create the instance again.",
  },
  StartFailed: { status: 500, retryable: true, message: "The program could not be started." },
  ExecFailed: { status: 400, retryable: false, message: "The command could not be started." },
  InstanceLost: { status: 500, retryable: true, message: "The supervisor of the instance went away." },
});

export type RuntimeErrorCode = (typeof RUNTIME_ERRORS.codes)[number];
export type RuntimeError = CodedError<RuntimeErrorCode>;
