const BEGIN = "-----BEGIN ";

/** What was given is a PEM text itself (a container's secrets are variables, and no files), or the name of a file of it. */
export const pemText = (given: string, read: (file: string) => string): string =>
  given.includes(BEGIN) ? given : read(given);
