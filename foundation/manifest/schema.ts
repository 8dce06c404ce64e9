/** The table of the manifest, schema v1: every field, its rule, its default, and a sentence about it. In canonical order. */
import { ISOLATION_CLASSES } from "./manifest.ts";
import type { Field, ListRule, NumberRule, TableRule, TextRule } from "./rules.ts";
import {
  absolutePath,
  checkHostname,
  checkListenPort,
  checkMountPath,
  checkRelativePath,
  checkUrlPath,
  checkVariable,
  IMAGE_REFERENCE,
} from "./text-checks.ts";

const whole = (min: number, max: number): NumberRule => ({ kind: "number", min, max, decimals: 0 });
const words = (...given: readonly string[]): TextRule => ({
  kind: "text",
  lengthMax: 64,
  words: given,
  says: given.length === 1 ? quotedWords(given) : `one of ${quotedWords(given)}`,
});
const quotedWords = (given: readonly string[]): string => given.map((word) => `"${word}"`).join(", ");

/** A DNS label, because names of apps and processes become parts of hostnames (RFC 1035 §2.3.1). */
const appName: TextRule = {
  kind: "text",
  lengthMax: 63,
  pattern: /^[a-z](?:[a-z0-9-]*[a-z0-9])?$/,
  says: "a name such as my-app: small letters, digits and hyphens, a letter first, no hyphen last, at most 63 characters",
};
const processName: TextRule = {
  kind: "text",
  lengthMax: 32,
  pattern: /^[a-z](?:[a-z0-9-]*[a-z0-9])?$/,
  says: "a name such as web: small letters, digits and hyphens, a letter first, no hyphen last, at most 32 characters",
};
const variableName: TextRule = {
  kind: "text",
  lengthMax: 128,
  pattern: /^[A-Z_][A-Z0-9_]*$/,
  says: "a name such as LOG_LEVEL: capitals, digits and underscores, no digit first",
  check: checkVariable,
};
const argument: TextRule = { kind: "text", lengthMax: 8192, lengthMin: 0, lines: true, says: "a text" };
const command: ListRule = { kind: "list", of: argument, min: 1, max: 128 };

/** Fields that `env` and each process have. */
const workdir: Field = {
  rule: { kind: "text", lengthMax: 1024, says: "an absolute path such as /srv/app", check: absolutePath },
  help: "Directory that commands run in.",
};
const user: Field = {
  rule: {
    kind: "text",
    lengthMax: 64,
    pattern: /^(?:[a-z_][a-z0-9_-]{0,31}|[0-9]{1,9})(?::(?:[a-z_][a-z0-9_-]{0,31}|[0-9]{1,9}))?$/,
    says: 'a user such as "app", "1000" or "1000:1000"',
  },
  help: "Who commands run as: a user, or a user and a group.",
};
const vars: Field = {
  rule: {
    kind: "map",
    placeholder: "NAME",
    key: variableName,
    of: { kind: "text", lengthMax: 8192, lengthMin: 0, lines: true, says: "a text" },
    min: 0,
    max: 256,
  },
  help: "Environment variables. Secrets do not belong here.",
  fallback: {},
};
const prestart: Field = {
  rule: { kind: "list", of: command, min: 0, max: 16 },
  help: "Commands to run to their end before the process starts, each a list of words.",
  fallback: [],
};
const PRESTART_TIMEOUT = whole(1, 3600);

const portName: TextRule = {
  kind: "text",
  lengthMax: 32,
  pattern: /^[a-z](?:[a-z0-9-]*[a-z0-9])?$/,
  says: "a name such as http: small letters, digits and hyphens, a letter first, no hyphen last, at most 32 characters",
};
const NO_UDP = "There is no UDP; ports are TCP.";
const NO_HOST_MOUNT = "Directories of the host cannot be mounted; declare a volume.";

const PROCESS: TableRule = {
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
          max: { rule: whole(0, 100), derived: "min", help: "Most that `biplane scale` may ask for; 1 with mounts." },
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

export const MANIFEST_SCHEMA: TableRule = {
  kind: "table",
  refused: {
    manifest_version: 'The key is schema_version, and its value "v1".',
    autoscale: "There is no automatic scaling; set processes.NAME.scaling.",
  },
  fields: {
    schema_version: { rule: words("v1"), required: true, help: "The version of these rules." },
    app: {
      help: "What is deployed.",
      required: true,
      rule: {
        kind: "table",
        fields: {
          name: { rule: appName, required: true, help: "Name of the app; `--app` takes precedence." },
          description: {
            rule: { kind: "text", lengthMax: 256, lengthMin: 0, says: "a text of at most 256 characters" },
            help: "For people.",
          },
        },
      },
    },
    image: {
      help: "An image that exists. Without it, a directory is deployed.",
      rule: {
        kind: "table",
        fields: {
          ref: {
            rule: {
              kind: "text",
              lengthMax: 512,
              pattern: IMAGE_REFERENCE,
              says: "an image reference such as registry.example.com/team/app:1.2 or …@sha256:…",
            },
            required: true,
            help: "Reference with a tag or a digest. Tags are resolved when the release is made.",
          },
          pull_policy: {
            rule: words("if_not_present", "always"),
            fallback: "if_not_present",
            help: "Whether the image is fetched when it is here already.",
          },
        },
      },
    },
    build: {
      help: "How a release is made of the directory of the manifest. Never together with image.",
      rule: {
        kind: "table",
        refused: { dockerfile: "Images are not built here; build one and name it in image.ref." },
        fields: {
          command: { rule: command, help: "Runs on the machine of who deploys, in the directory of the manifest." },
          directory: {
            rule: {
              kind: "text",
              lengthMax: 1024,
              says: "a path below the manifest such as dist",
              check: checkRelativePath,
            },
            fallback: ".",
            help: "What becomes the release.",
          },
        },
      },
    },
    env: {
      help: "What all processes share.",
      fallback: {},
      rule: {
        kind: "table",
        fields: {
          workdir,
          user,
          prestart,
          prestart_timeout_seconds: {
            rule: PRESTART_TIMEOUT,
            fallback: 30,
            help: "How long each prestart command may take.",
          },
          vars,
        },
      },
    },
    processes: {
      help: "What runs, by name.",
      required: true,
      rule: { kind: "map", placeholder: "PROCESS", key: processName, of: PROCESS, min: 1, max: 32 },
    },
    volumes: {
      help: "Disks that outlive instances.",
      fallback: [],
      rule: {
        kind: "list",
        min: 0,
        max: 32,
        of: {
          kind: "table",
          fields: {
            name: { rule: processName, required: true, help: "Unique name." },
            size: {
              rule: { kind: "size", units: ["Gi"], min: "1Gi", max: "65536Gi" },
              required: true,
              help: "Size.",
            },
            filesystem: { rule: words("ext4"), fallback: "ext4", help: "Always ext4." },
            backup_enabled: { rule: { kind: "flag" }, fallback: true, help: "Whether it is backed up." },
          },
        },
      },
    },
    endpoints: {
      help: "Addresses from outside, besides the one that every process with a port has.",
      fallback: [],
      rule: {
        kind: "list",
        min: 0,
        max: 64,
        of: {
          kind: "table",
          fields: {
            process: { rule: processName, required: true, help: "Name of the process that answers." },
            port: {
              rule: { kind: "port" },
              derived: "the only port",
              help: "Name or number of a port of the process.",
            },
            protocol: {
              rule: { ...words("http", "tls_passthrough", "tcp_raw"), refused: { udp: NO_UDP } },
              fallback: "http",
              help: "Requests by host and path, TLS by the name in its hello, or bare TCP.",
            },
            hostname: {
              rule: { kind: "text", lengthMax: 253, says: "a hostname such as www.example.com", check: checkHostname },
              help: "Exact hostname; required but with tcp_raw.",
            },
            path: {
              rule: { kind: "text", lengthMax: 1024, says: "a path such as /api", check: checkUrlPath },
              derived: "/ with http",
              help: "What the path begins with; with http only.",
            },
            listen_port: {
              rule: { ...whole(1, 65_535), check: checkListenPort },
              help: "Public port; required with tcp_raw, and only then.",
            },
            proxy_protocol: {
              rule: words("off", "v2"),
              fallback: "off",
              help: "Whether the program expects a PROXY header of version 2; not with http.",
            },
          },
        },
      },
    },
  },
};
