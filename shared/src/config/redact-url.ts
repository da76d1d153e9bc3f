/** A URL or list of them for printing: a password becomes `***`. */
export const redactUrl = (text: string): string =>
  text.replaceAll(/((?:\/\/|,)[^/@:,\s]*):[^/@,\s]*@/g, "$1:***@");
