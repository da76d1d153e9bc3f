/** Frames a sentence body with its checksum and line end, for tests and generated logs. */
export const sentence = (body: string): string => `$${body}*${checksumOf(body)}\r\n`;

export const checksumOf = (body: string): string => {
  let sum = 0;
  for (const character of body) sum ^= character.charCodeAt(0);
  return sum.toString(16).toUpperCase().padStart(2, "0");
};

export const latin1 = (text: string): Uint8Array =>
  Uint8Array.from(text, (character) => character.charCodeAt(0));
