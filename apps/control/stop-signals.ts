/** Waiting for the end. */

/** Resolves at the first SIGINT or SIGTERM. A second one ends the process at once, for people who cannot wait. */
export function untilToldToStop(): Promise<undefined> {
  return new Promise((resolve) => {
    let told = false;
    const stop = () => {
      if (told) process.exit(130);
      told = true;
      resolve(undefined);
    };
    process.on("SIGINT", stop);
    process.on("SIGTERM", stop);
  });
}
