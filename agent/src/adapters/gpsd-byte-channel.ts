import type { OpenByteChannel } from "@roadstream/shared";
import { tcpChannel } from "./tcp-byte-channel.ts";

/** gpsd translates any receiver to NMEA on request; its JSON replies to the request are no sentences and are skipped. */
const WATCH = '?WATCH={"enable":true,"nmea":true};\n';

/** A gpsd daemon, asked for raw NMEA so that one set of decoders judges all receivers. */
export const gpsdChannel = (options: { host: string; port: number }): OpenByteChannel =>
  tcpChannel({ ...options, greeting: WATCH });
