import {
  deadLetterValue,
  isoTime,
  MAX_PUBLISH_BYTES,
  rejection,
  type HeaderClaim,
  type Rejection,
  type UnixMillis,
  type Sha256,
} from "@roadstream/shared";
import type { LogAppend } from "@roadstream/shared/event-log";

/** A log record that this stage refused. */
export interface Refusal {
  readonly partition: number;
  readonly offset: number;
  readonly key: string | null;
  /** The record's bytes as a binary string. */
  readonly value: string;
  readonly rejection: Rejection;
  readonly claim: HeaderClaim;
}

export interface RefusalPlace {
  readonly logIdentity: string;
  readonly topic: string;
  readonly now: UnixMillis;
  readonly sha256: Sha256;
}

const ID_DIGITS = 32;
const MAX_TOPIC = 512;
/** Keys of records without one: they share a partition. */
const NO_KEY = "unknown";

/** Text that every JSON reader takes: no lone surrogate, no NUL. */
const clean = (text: string): string => text.toWellFormed().replaceAll("\0", "\uFFFD");

/** The dead-letter topic's value. Its id follows from where the record lies, so that a repeat is the same letter. */
export const refusalValue = (refusal: Refusal, place: RefusalPlace): string => {
  const { logIdentity, topic, now, sha256 } = place;
  const position = `${logIdentity}/${topic}/${refusal.partition}/${refusal.offset}`;
  return deadLetterValue({
    id: sha256(new TextEncoder().encode(position)).slice(0, ID_DIGITS),
    rejection: rejection(refusal.rejection.reason, clean(refusal.rejection.detail)),
    claim: refusal.claim,
    topic: clean(topic.slice(0, MAX_TOPIC)),
    receivedAt: isoTime(now),
    payloadBase64: Buffer.from(refusal.value.slice(0, MAX_PUBLISH_BYTES), "latin1").toString("base64"),
  });
};

/** What is appended to the dead-letter topic. */
export const refusalAppend = (refusal: Refusal, place: RefusalPlace, deadLetterTopic: string): LogAppend => ({
  topic: deadLetterTopic,
  key: refusal.key ?? refusal.claim.vehicleId ?? NO_KEY,
  value: refusalValue(refusal, place),
});
