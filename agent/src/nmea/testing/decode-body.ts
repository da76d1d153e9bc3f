import { SentenceDecoder } from "../decode-sentence.ts";
import { NmeaFramer } from "../framer.ts";
import { latin1, sentence } from "./make-sentence.ts";

/** What the decoders make of one well-framed sentence. */
export const decodeBody = (body: string): ReturnType<SentenceDecoder["decode"]> => {
  const framer = new NmeaFramer();
  framer.push(latin1(sentence(body)));
  const frame = framer.next();
  if (frame?.kind !== "frame") throw new Error(`not framed: ${body}`);
  return new SentenceDecoder().decode(frame);
};
