/** The part of the table that is about a process. */
import { ISOLATION_CLASSES } from "./manifest.ts";
import type { TableRule, TextRule } from "./rules.ts";
import {
  command,
  NO_UDP,
  PRESTART_TIMEOUT,
  prestart,
  processName,
  user,
  vars,
  whole,
  words,
  workdir,
} from "./shared-rules.ts";
import { checkMountPath, checkUrlPath } from "./text-checks.ts";

const NO_HOST_MOUNT = "Directories of the host cannot be mounted; declare a volume.";
const portName: TextRule = {
  kind: "text",
  lengthMax: 32,
  pattern: /^[a-z](?:[a-z0-9-]*[a-z0-9])?$/,
  says: "a name such as http: small letters, digits and hyphens, a letter first, no hyphen last, at most 32 characters",
};

/** What runs: `processes.PROCESS`. */
export const PROCESS: TableRule = {
  kind: "table",
  refused: { autoscale: "There is no automatic scaling; set scaling.min and use `biplane scale`." },
  fields: {
    command: { rule: command, required: true, help: "Program and arguments. No shell is involved." },
    workdir: { ...workdir, derived: "that of env" },
    user: { ...user, derived: "that of env" },
    vars: { ...vars, help: "Environment variables of this process; they override those of env." },
    prestart: { ...prestart, help: "Commands to run before this process starts, after those of env." },
    prestart_timeout_seconds: {
      rule: PRESTART_TIMEOUT,
      help: "How long each of its prestart commands may take.",
      derived: "that of env",
    },
    isolation: {
      rule: words(...ISOLATION_CLASSES),
      help: "The weakest isolation that is acceptable; nothing weaker is ever used.",
      derived: "what the cloud asks for",
    },
    restart: {
      help: "What happens when the process ends.",
      fallback: {},
      rule: {
        kind: "table",
        fields: {
          policy: {
            rule: words("always", "on-failure", "never"),
            fallback: "always",
            help: "When it is started again.",
          },
          max_retries: {
            rule: whole(0, 100),
            derived: "3 with on-failure",
            help: "How often in a row; with on-failure only.",
          },
          backoff_seconds: { rule: whole(0, 300), fallback: 2, help: "Pause before it starts again; it grows." },
        },
      },
    },
    resources: {
      required: true,
      help: "What an instance gets.",
      rule: {
        kind: "table",
        fields: {
          memory: {
            required: true,
            rule: { kind: "size", units: ["Mi", "Gi"], min: "64Mi", max: "1024Gi" },
            help: "Hard cap: who needs more is ended (`oom_killed`).",
          },
          cpu: {
            rule: { kind: "number", min: 0.01, max: 64, decimals: 2 },
            fallback: 1,
            help: "Processors: a share under load, not a cap.",
          },
          disk: {
            rule: { kind: "size", units: ["Gi"], min: "1Gi", max: "1024Gi" },
            fallback: "4Gi",
            help: "Disk that goes away with the instance.",
          },
        },
      },
    },
    scaling: {
      help: "How many instances.",
      fallback: {},
      rule: {
        kind: "table",
        refused: { autoscale: "There is no automatic scaling; set scaling.min and use `biplane scale`." },
        fields: {
          min: { rule: whole(0, 100), fallback: 1, help: "Instances of a first deploy." },
          max: {
            rule: whole(0, 100),
            derived: "min",
            help: "Most that `biplane scale` may ask for, where it is more than `min`; otherwise 1,000, and 1 with mounts.",
          },
        },
      },
    },
    ports: {
      help: "Ports that the program listens on. It is told the first one as PORT.",
      fallback: [],
      rule: {
        kind: "list",
        min: 0,
        max: 16,
        of: {
          kind: "table",
          refused: { external: "Ports are made public by endpoints, not here." },
          fields: {
            name: { rule: portName, derived: "p and the number", help: "Name, unique in the process." },
            internal: { rule: whole(1, 65_535), required: true, help: "Port number, unique in the process." },
            protocol: {
              rule: { ...words("tcp"), refused: { udp: NO_UDP } },
              fallback: "tcp",
              help: "Always TCP.",
            },
          },
        },
      },
    },
    health: {
      help: "How to tell that an instance is ready. Without it, an instance is ready when it runs.",
      rule: {
        kind: "table",
        fields: {
          type: {
            rule: words("tcp", "http"),
            required: true,
            help: "A connection, or a GET that is answered 2xx or 3xx.",
          },
          port: { rule: { kind: "port" }, derived: "the only port", help: "Name or number of a port of the process." },
          path: {
            rule: { kind: "text", lengthMax: 1024, says: "a path such as /healthz", check: checkUrlPath },
            derived: "/ with http",
            help: "What to GET; with http only.",
          },
          interval_seconds: { rule: whole(1, 300), fallback: 10, help: "Pause between checks." },
          timeout_seconds: { rule: whole(1, 60), fallback: 2, help: "How long a check may take." },
          grace_period_seconds: { rule: whole(0, 600), fallback: 10, help: "After the start, failures do not count." },
          success_threshold: { rule: whole(1, 10), fallback: 1, help: "Successes in a row to become ready." },
          failure_threshold: { rule: whole(1, 10), fallback: 3, help: "Failures in a row to be ready no more." },
        },
      },
    },
    mounts: {
      help: "Volumes that instances see. A volume is mounted in one place only.",
      fallback: [],
      rule: {
        kind: "list",
        min: 0,
        max: 16,
        of: {
          kind: "table",
          refused: { host_path: NO_HOST_MOUNT, host: NO_HOST_MOUNT, source: NO_HOST_MOUNT },
          fields: {
            volume: { rule: processName, required: true, help: "Name of a declared volume." },
            path: {
              rule: { kind: "text", lengthMax: 255, says: "an absolute path such as /data", check: checkMountPath },
              required: true,
              help: "Where; not under /dev, /proc, /run, /sys, /tmp.",
            },
            read_only: { rule: { kind: "flag" }, fallback: false, help: "Whether writing is refused." },
          },
        },
      },
    },
    secrets: {
      help: "The environment's secrets, in /run/secrets.",
      fallback: {},
      rule: {
        kind: "table",
        refused: {
          path: "Secrets are always found in /run/secrets.",
          mount_path: "Secrets are always found in /run/secrets.",
        },
        fields: {
          required: {
            rule: { kind: "flag" },
            fallback: false,
            help: "Whether no instance starts before secrets are set.",
          },
        },
      },
    },
  },
};
