import type { OpenByteChannel } from "@roadstream/shared";
import type { DeviceSpec } from "../device-spec.ts";
import { fileChannel } from "./file-byte-channel.ts";
import { gpsdChannel } from "./gpsd-byte-channel.ts";
import { serialPortChannel } from "./serialport-byte-channel.ts";
import { tcpChannel } from "./tcp-byte-channel.ts";

/** The channel that a device specification names. */
export const deviceChannel = (spec: DeviceSpec): OpenByteChannel => {
  switch (spec.kind) {
    case "serial":
      return serialPortChannel(spec);
    case "tcp":
      return tcpChannel(spec);
    case "gpsd":
      return gpsdChannel(spec);
    case "file":
      return fileChannel(spec);
  }
};
