/** `commitInterval` is `--commit-interval` on the command line and in files, `ROADSTREAM_COMMIT_INTERVAL` in the environment. */
export const flagName = (key: string): string =>
  key.replaceAll(/[A-Z]/g, (letter) => `-${letter.toLowerCase()}`);

export const environmentName = (key: string): string =>
  `ROADSTREAM_${flagName(key).toUpperCase().replaceAll("-", "_")}`;
