import type { IHeaders } from "kafkajs";
import { unixMillis } from "../../time/time.ts";
import type { LogSlice } from "../event-log.ts";
import { SliceBuilder } from "../slice-builder.ts";
import type { Fetched } from "./kafka-event-log-cluster.ts";

const text = (value: IHeaders[string]): string => {
  const first = Array.isArray(value) ? value[0] : value;
  return first === undefined ? "" : first.toString("utf8");
};

const headersOf = (headers: IHeaders | undefined): Readonly<Record<string, string>> | null => {
  const entries = Object.entries(headers ?? {});
  return entries.length === 0
    ? null
    : Object.fromEntries(entries.map(([name, value]) => [name, text(value)]));
};

/** The records of a fetch as columns, up to about `maxBytes` of values but one at least. A tombstone's value is empty. */
export const sliceOf = (fetched: Fetched, maxBytes = Number.POSITIVE_INFINITY): LogSlice => {
  const slice = new SliceBuilder(fetched);
  for (const message of fetched.messages) {
    const value = message.value?.toString("latin1") ?? "";
    if (slice.count > 0 && slice.bytes + value.length > maxBytes) break;
    const key = message.key?.toString("utf8") ?? null;
    slice.add(
      Number(message.offset),
      unixMillis(Number(message.timestamp)),
      key,
      value,
      headersOf(message.headers),
    );
  }
  return slice.build();
};
