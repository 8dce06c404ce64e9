/** Commands for buckets and objects. They speak S3 like any other client. */
import { AWS_ENDPOINT_OPTIONS, type Command } from "../../cli/command.ts";

export const BUCKETS_COMMAND: Command = {
  name: "buckets",
  summary: "Buckets and the objects in them",
  commands: [
    {
      name: "list",
      summary: "List your buckets",
      options: AWS_ENDPOINT_OPTIONS,
      load: async () => (await import("./buckets.ts")).listBuckets,
    },
    {
      name: "create",
      summary: "Make a bucket",
      parameters: ["NAME"],
      options: [
        { name: "versioning", help: "Keep every version of every object" },
        { name: "object-lock", help: "Allow objects to be locked (turns versioning on, for good)" },
        ...AWS_ENDPOINT_OPTIONS,
      ],
      examples: [["biplane buckets create photos --versioning", "keep what is overwritten and deleted"]],
      load: async () => (await import("./buckets.ts")).createBucket,
    },
    {
      name: "delete",
      summary: "Delete an empty bucket",
      parameters: ["NAME"],
      options: [{ name: "force", help: "Delete everything in it first, all versions" }, ...AWS_ENDPOINT_OPTIONS],
      load: async () => (await import("./delete-bucket.ts")).deleteBucket,
    },
    {
      name: "show",
      summary: "Show how a bucket is configured",
      parameters: ["NAME"],
      options: AWS_ENDPOINT_OPTIONS,
      load: async () => (await import("./show.ts")).show,
    },
    {
      name: "du",
      summary: "Count and sum up objects",
      parameters: ["BUCKET"],
      options: AWS_ENDPOINT_OPTIONS,
      notes: ["BUCKET is a name, or s3://BUCKET/PREFIX. Only current versions count."],
      load: async () => (await import("./du.ts")).du,
    },
    {
      name: "ls",
      summary: "List objects",
      parameters: ["[S3-URL]"],
      options: [{ name: "recursive", short: "r", help: "Also what is below the next slash" }, ...AWS_ENDPOINT_OPTIONS],
      examples: [
        ["biplane buckets ls", "your buckets"],
        ["biplane buckets ls s3://photos/2026/", "what is in a folder"],
      ],
      load: async () => (await import("./ls.ts")).ls,
    },
    {
      name: "cp",
      summary: "Copy a file to a bucket, from a bucket, or between buckets",
      parameters: ["SOURCE", "DESTINATION"],
      options: [{ name: "quiet", short: "q", help: "Do not show progress" }, ...AWS_ENDPOINT_OPTIONS],
      notes: [
        "SOURCE or DESTINATION may be - for standard input or output. A destination that ends with a slash keeps the name.",
      ],
      examples: [
        ["biplane buckets cp film.mp4 s3://films/", "upload"],
        ["biplane buckets cp s3://films/film.mp4 .", "download"],
        ["tar c . | biplane buckets cp - s3://backups/today.tar", "upload what another program makes"],
      ],
      load: async () => (await import("./cp.ts")).cp,
    },
    {
      name: "rm",
      summary: "Delete an object",
      parameters: ["S3-URL"],
      options: AWS_ENDPOINT_OPTIONS,
      load: async () => (await import("./rm.ts")).rm,
    },
    {
      name: "presign",
      summary: "Make a URL that works without keys for a while",
      parameters: ["S3-URL"],
      options: [
        { name: "expires", value: "TIME", help: "How long: 90s, 15m, 12h, 7d at most (1h)" },
        { name: "method", value: "METHOD", help: "GET, PUT, HEAD or DELETE (GET)" },
        ...AWS_ENDPOINT_OPTIONS,
      ],
      examples: [["biplane buckets presign s3://photos/a.jpg --expires 15m", "show one picture to somebody"]],
      load: async () => (await import("./presign.ts")).presign,
    },
    {
      name: "locate",
      summary: "Say in which files an object is on the data plane's disk",
      parameters: ["S3-URL"],
      options: AWS_ENDPOINT_OPTIONS,
      notes: ["Only on the data plane's own machine. Look at the files, but do not change them."],
      load: async () => (await import("./locate.ts")).locate,
    },
  ],
};
