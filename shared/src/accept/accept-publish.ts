import { MAX_PUBLISH_BYTES, MAX_RECORDS_PER_PUBLISH } from "../contract/limits.ts";
import { parseUplinkTopic } from "../contract/mqtt-topics.ts";
import { bodyText, linesOf } from "../contract/payload-body.ts";
import { type HeaderClaim, NO_CLAIM, type PayloadHeader } from "../contract/payload-header.ts";
import { splitPayload, type SplitPayload } from "../contract/payload.ts";
import { countUsual, isPlain, recordHead } from "../contract/record-grammar.ts";
import { rejection, type Rejection } from "../contract/rejection.ts";
import { isStream, type StreamName } from "../contract/streams.ts";
import { isSingleZstdFrame } from "../contract/zstd-frame.ts";
import type { LogBlock } from "../event-log/event-log.ts";
import type { Publish } from "./publish.ts";
import type { AcceptContext, Accepted } from "./accepted.ts";
import { acceptRecords } from "./accept-records.ts";
import { deadLetterEntry } from "./dead-letter-entry.ts";
import { receivedTime } from "./received-time.ts";

const encoder = new TextEncoder();

/** A payload whose header and topic agree with the client, and whose body could be read. */
interface Opened {
  readonly ok: true;
  readonly stream: StreamName;
  readonly header: PayloadHeader | null;
  /** All records, one a line. */
  readonly text: string;
  /** The text as a zstd frame, where it came as one. */
  readonly packed: Uint8Array | null;
}

/** A payload that is refused whole, with what its header claims. */
interface RefusedWhole {
  readonly ok: false;
  readonly rejection: Rejection;
  readonly claim: HeaderClaim;
}

/** `stream` is the topic's. */
const claimOfHeader = (stream: string | null, header: PayloadHeader | null): HeaderClaim => {
  if (header === null) return { ...NO_CLAIM, stream };
  const { bootId, firstSeq, lastSeq } = header;
  return { vehicleId: null, bootId, stream: header.stream, seqFrom: firstSeq, seqTo: lastSeq };
};

const claimOf = (split: SplitPayload, stream: string | null): HeaderClaim =>
  split.kind === "refused"
    ? split.claim
    : claimOfHeader(stream, split.kind === "with_header" ? split.header : null);

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
  const body = bodyText(split.body, header?.encoding ?? "plain", context.zstd);
  if (!body.ok) return refuse(body.rejection);
  const packed = header?.encoding === "zstd" ? split.body : null;
  return { ok: true, stream, header, text: body.text, packed };
};

/** The short way, for a payload whose records are all in the agent's usual spelling: its text is its log lines but for their head. */
const usualBlock = (
  { stream, header, text, packed }: Opened,
  around: { readonly topic: string; readonly key: string; readonly receivedAt: string },
): LogBlock | null => {
  if (header === null || !isPlain(header.machineBoot)) return null;
  const { bootId, machineBoot, sentUptimeMs } = header;
  const count = countUsual(stream, text, header);
  if (count !== header.count || count > MAX_RECORDS_PER_PUBLISH) return null;
  const { topic, key, receivedAt } = around;
  const head = recordHead({ vehicleId: key, bootId, machineBoot, receivedAt, sentUptimeMs });
  const isKept = packed !== null && isSingleZstdFrame(packed, text.length);
  return { topic, key, head, text, count, packed: isKept ? packed : null };
};

/** The long way: cuts the text, and judges each record by itself. */
const acceptEach = (
  context: AcceptContext,
  publish: Publish,
  receivedAt: string,
  { stream, header, text }: Opened,
): Accepted | Rejection => {
  const cut = linesOf(text);
  if (!cut.ok) return cut.rejection;
  const texts = cut.lines;
  const expected = header?.count ?? Math.max(1, texts.length);
  if (texts.length !== expected)
    return rejection("count_mismatch", `${texts.length} records, not ${expected}`);
  const outcome = acceptRecords({ clientId: publish.clientId, stream, header, receivedAt }, texts);
  const topic = context.topics.streams[stream];
  const readings = outcome.lines.map((value) => ({ topic, key: publish.clientId, value }));
  const letters = outcome.refused.map((record) =>
    deadLetterEntry(context, publish, receivedAt, { ...record, bytes: encoder.encode(record.text) }),
  );
  return {
    entries: [...readings, ...letters],
    readings: readings.length,
    rejections: outcome.refused.map((record) => record.rejection.reason),
    unknownFields: outcome.unknownFields,
  };
};

/**
 * The judge of uplink publishes: whatever the bytes, an answer that can be appended and acknowledged; never an
 * exception. Identity is the authenticated client's; `received_at`, `v` and `sent_uptime_ms` are ours alone.
 */
export const acceptor = (context: AcceptContext): ((publish: Publish) => Accepted) => {
  const timeText = receivedTime();
  return (publish) => {
    const receivedAt = timeText(publish.receivedAt);
    const refused = (whole: RefusedWhole): Accepted => {
      const entry = deadLetterEntry(context, publish, receivedAt, { ...whole, bytes: publish.payload });
      return { entries: [entry], readings: 0, rejections: [whole.rejection.reason], unknownFields: 0 };
    };
    const opened = open(context, publish);
    if (!opened.ok) return refused(opened);
    const topic = context.topics.streams[opened.stream];
    const block = usualBlock(opened, { topic, key: publish.clientId, receivedAt });
    if (block !== null) return { entries: [block], readings: block.count, rejections: [], unknownFields: 0 };
    const each = acceptEach(context, publish, receivedAt, opened);
    if (!("reason" in each)) return each;
    return refused({ ok: false, rejection: each, claim: claimOfHeader(opened.stream, opened.header) });
  };
};
