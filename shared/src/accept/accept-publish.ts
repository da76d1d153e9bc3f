import { MAX_PUBLISH_BYTES } from "../contract/limits.ts";
import { parseUplinkTopic } from "../contract/mqtt-topics.ts";
import { bodyLines } from "../contract/payload-body.ts";
import { type HeaderClaim, NO_CLAIM, type PayloadHeader } from "../contract/payload-header.ts";
import { splitPayload, type SplitPayload } from "../contract/payload.ts";
import { rejection, type Rejection } from "../contract/rejection.ts";
import { isStream, type StreamName } from "../contract/streams.ts";
import type { Publish } from "./publish.ts";
import type { AcceptContext, Accepted } from "./accepted.ts";
import { acceptRecords } from "./accept-records.ts";
import { deadLetterEntry } from "./dead-letter-entry.ts";
import { receivedTime } from "./received-time.ts";

/** A payload whose header and topic agree with the client, ready to be judged record by record. */
interface Opened {
  readonly ok: true;
  readonly stream: StreamName;
  readonly header: PayloadHeader | null;
  readonly texts: readonly string[];
}

/** A payload that is refused whole, with what its header claims. */
interface RefusedWhole {
  readonly ok: false;
  readonly rejection: Rejection;
  readonly claim: HeaderClaim;
}

const claimOf = (split: SplitPayload, stream: string | null): HeaderClaim => {
  switch (split.kind) {
    case "refused":
      return split.claim;
    case "bare":
      return { ...NO_CLAIM, stream };
    case "with_header": {
      const { bootId, firstSeq, lastSeq } = split.header;
      return { vehicleId: null, bootId, stream: split.header.stream, seqFrom: firstSeq, seqTo: lastSeq };
    }
  }
};

const headerFault = (header: PayloadHeader, clientId: string, stream: StreamName): Rejection | null => {
  if (header.vehicleId !== clientId)
    return rejection("wrong_vehicle", "the header's vehicle_id is not the client's");
  if (header.stream !== stream)
    return rejection("wrong_stream", `the header says ${header.stream}, the topic ${stream}`);
  if (header.lastSeq - header.firstSeq + 1 < header.count) {
    return rejection("count_mismatch", `count ${header.count}, but ${header.firstSeq}..${header.lastSeq}`);
  }
  return null;
};

/** From the outside in: size, topic, header, body. The first fault refuses the whole payload. */
const open = (context: AcceptContext, publish: Publish): Opened | RefusedWhole => {
  const topic = parseUplinkTopic(publish.topic);
  const stream = topic?.kind === "stream" && isStream(topic.stream) ? topic.stream : null;
  const split = splitPayload(publish.payload);
  const refuse = (why: Rejection): RefusedWhole => ({
    ok: false,
    rejection: why,
    claim: claimOf(split, stream),
  });
  const size = publish.payload.length;
  if (size > MAX_PUBLISH_BYTES) return refuse(rejection("oversize", `${size} bytes`));
  if (topic === null) return refuse(rejection("bad_topic", "not dt/roadstream/v1/<vehicle>/<stream>"));
  if (topic.vehicleId !== publish.clientId)
    return refuse(rejection("wrong_vehicle", "the topic's vehicle is not the client"));
  if (split.kind === "refused") return refuse(split.rejection);
  if (stream === null)
    return refuse(rejection("unknown_stream", topic.kind === "stream" ? topic.stream : topic.kind));
  const header = split.kind === "with_header" ? split.header : null;
  const fault = header === null ? null : headerFault(header, publish.clientId, stream);
  if (fault !== null) return refuse(fault);
  const body = bodyLines(split.body, header?.encoding ?? "plain", context.zstd);
  if (!body.ok) return refuse(body.rejection);
  const expected = header?.count ?? Math.max(1, body.lines.length);
  if (body.lines.length !== expected) {
    return refuse(rejection("count_mismatch", `${body.lines.length} records, not ${expected}`));
  }
  return { ok: true, stream, header, texts: body.lines };
};

/**
 * The judge of uplink publishes: whatever the bytes, an answer that can be appended and acknowledged; never an
 * exception. Identity is the authenticated client's; `received_at`, `v` and `sent_uptime_ms` are ours alone.
 */
export const acceptor = (context: AcceptContext): ((publish: Publish) => Accepted) => {
  const timeText = receivedTime();
  const encoder = new TextEncoder();
  return (publish) => {
    const receivedAt = timeText(publish.receivedAt);
    const opened = open(context, publish);
    if (!opened.ok) {
      const entry = deadLetterEntry(context, publish, receivedAt, { ...opened, bytes: publish.payload });
      return { entries: [entry], readings: 0, rejections: [opened.rejection.reason], unknownFields: 0 };
    }
    const { stream, header, texts } = opened;
    const outcome = acceptRecords({ clientId: publish.clientId, stream, header, receivedAt }, texts);
    const topic = context.topics.streams[stream];
    const readings = outcome.lines.map((value) => ({ topic, key: publish.clientId, value }));
    const letters = outcome.refused.map((record) =>
      deadLetterEntry(context, publish, receivedAt, { ...record, bytes: encoder.encode(record.text) }),
    );
    return {
      entries: letters.length === 0 ? readings : [...readings, ...letters],
      readings: readings.length,
      rejections: outcome.refused.map((record) => record.rejection.reason),
      unknownFields: outcome.unknownFields,
    };
  };
};
