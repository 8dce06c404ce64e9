/** The table of the manifest, schema v1: every field, its rule, its default, and a sentence about it. In canonical order. */
import { PROCESS } from "./process-schema.ts";
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
import { checkHostname, checkListenPort, checkRelativePath, checkUrlPath, IMAGE_REFERENCE } from "./text-checks.ts";

/** A DNS label, because names of apps and processes become parts of hostnames (RFC 1035 §2.3.1). */
const appName: TextRule = {
  kind: "text",
  lengthMax: 63,
  pattern: /^[a-z](?:[a-z0-9-]*[a-z0-9])?$/,
  says: "a name such as my-app: small letters, digits and hyphens, a letter first, no hyphen last, at most 63 characters",
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
