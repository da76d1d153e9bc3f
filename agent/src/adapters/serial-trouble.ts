import { access, constants, stat } from "node:fs/promises";

/** Why a serial device cannot be opened, where the file system can tell. */
export type SerialTrouble = "absent" | "forbidden" | "no_device" | "in_use_or_broken";

const codeOf = (error: unknown): unknown =>
  error instanceof Error && "code" in error ? error.code : undefined;

/** Asked of the file system after an opening failed: the serial library tells errors by their text alone. */
export const serialTrouble = async (path: string): Promise<SerialTrouble> => {
  try {
    if (!(await stat(path)).isCharacterDevice()) return "no_device";
    await access(path, constants.R_OK | constants.W_OK);
    return "in_use_or_broken";
  } catch (error) {
    const code = codeOf(error);
    return code === "EACCES" || code === "EPERM" ? "forbidden" : "absent";
  }
};

/** For the device's owner: what is wrong, and what to do. */
export const SERIAL_TROUBLES: Readonly<
  Record<SerialTrouble, { readonly text: string; readonly hint: string }>
> = {
  absent: {
    text: "there is no such device",
    hint: "is it plugged in? ls -l /dev/serial/by-id shows the devices that are",
  },
  forbidden: {
    text: "this user may not use the device",
    hint: "sudo usermod -aG dialout $USER, then log in again; ls -l shows its group, if that is another",
  },
  no_device: { text: "that is no serial device", hint: "ls -l /dev/serial/by-id shows those that are" },
  in_use_or_broken: {
    text: "the device cannot be opened",
    hint: "is it a serial line, and does no other program have it open: gpsd, ModemManager, a second agent?",
  },
};
