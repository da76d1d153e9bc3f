/** Every limit of the gateway, by name. Passing one is a counted, named outcome. */
import { MAX_PUBLISH_BYTES, millis, seconds } from "@roadstream/shared";

/** Payloads and log records that are held until durable, over all clients. Above it sockets are not read. */
export const MAX_BYTES_IN_FLIGHT = 64 * 1024 * 1024;
/** Publishes of one client that are held. At it the client's socket is not read; one socket read may overshoot. */
export const MAX_PUBLISHES_PER_CLIENT = 256;
/** How long a publish waits for the log before its client is cut off to send it again. Below 1.5 × any sane keepalive. */
export const HOLD_LIMIT = seconds(20);
/** An append that was not answered by then counts as not done. */
export const APPEND_LIMIT = seconds(60);
/** Log records of one vehicle in one append. */
export const MAX_APPEND_BYTES = 4 * 1024 * 1024;
/** How often limits in time are looked after. */
export const SWEEP_INTERVAL = seconds(1);
/** A clean stop waits this long for what is held, and then this long for clients to take their last PUBACKs. */
export const STOP_DRAIN_LIMIT = seconds(4);
export const STOP_GOODBYE_LIMIT = seconds(1);

/** One MQTT packet: a publish at its limit, with topic and framing. Before a client is known, a CONNECT's worth. */
export const MAX_PACKET_BYTES = MAX_PUBLISH_BYTES + 1024;
export const MAX_CONNECT_PACKET_BYTES = 8 * 1024;
export const MAX_CONNECTIONS = 10_000;
export const MAX_SUBSCRIPTIONS_PER_CLIENT = 16;
/** A status or last will, and how many vehicles' statuses are retained. */
export const MAX_STATUS_BYTES = 4 * 1024;
export const MAX_RETAINED_STATUSES = 100_000;
export const MAX_TOPIC_LEVELS = 16;
export const CONNECT_LIMIT = seconds(10);
/** A client that promises no keepalive, or a longer one, is held to this. */
export const KEEPALIVE_LIMIT = seconds(1200);
/** A client that does not take what is sent to it is cut off after this. */
export const DRAIN_LIMIT = seconds(5);

export const RECEIPT_POLL_INTERVAL = millis(1000);
export const MAX_RECEIPT_POLL_BYTES = 1024 * 1024;
