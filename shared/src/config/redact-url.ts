/** A URL or list of them for printing: a password becomes `***`, also one whose `@` or `/` should have been escaped. */
export const redactUrl = (text: string): string =>
  text.replaceAll(/((?:\/\/|,)[^/@:,\s]*):[^,\s]*@/g, "$1:***@");
