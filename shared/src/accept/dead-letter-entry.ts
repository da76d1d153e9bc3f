import { deadLetterValue } from "../contract/dead-letter.ts";
import { MAX_PUBLISH_BYTES } from "../contract/limits.ts";
import type { HeaderClaim } from "../contract/payload-header.ts";
import { rejection, type Rejection } from "../contract/rejection.ts";
import type { LogAppend } from "../event-log/event-log.ts";
import type { Publish } from "./publish.ts";
import type { AcceptContext } from "./accepted.ts";

/** The dead-letter table's limit for a topic. */
const MAX_TOPIC = 512;
const ID_DIGITS = 32;

/** Text that every JSON reader takes: no lone surrogate, no NUL. */
const clean = (text: string): string => text.toWellFormed().replaceAll("\0", "\uFFFD");

/**
 * The dead letter of refused bytes. It stands under the authenticated vehicle whatever the bytes claim, so that nobody
 * can settle another vehicle's ranges. The same bytes refused again get the same id.
 */
export const deadLetterEntry = (
  context: AcceptContext,
  publish: Publish,
  receivedAt: string,
  refused: { readonly rejection: Rejection; readonly claim: HeaderClaim; readonly bytes: Uint8Array },
): LogAppend => {
  const topic = clean(publish.topic.slice(0, MAX_TOPIC));
  const why = rejection(refused.rejection.reason, clean(refused.rejection.detail));
  const kept = refused.bytes.subarray(0, MAX_PUBLISH_BYTES);
  const id = context.sha256(publish.clientId, "\n", publish.topic, "\n", refused.bytes).slice(0, ID_DIGITS);
  const value = deadLetterValue({
    id,
    rejection: why,
    claim: { ...refused.claim, vehicleId: publish.clientId },
    topic,
    receivedAt,
    payloadBase64: Buffer.from(kept.buffer, kept.byteOffset, kept.byteLength).toString("base64"),
  });
  return { topic: context.topics.deadLetters, key: publish.clientId, value };
};
