import fc from "fast-check";
import { expect, test } from "vitest";
import { AT_COMMANDS, ElmCommand, READ_SERVICES, type AtCommand, type ReadService } from "./elm-command.ts";

test("a request is written as service and PIDs in capital hexadecimal, ended by CR alone", () => {
  const bytes = ElmCommand.wireBytes(ElmCommand.read(0x01, [0x0d, 0xa6]));
  expect(new TextDecoder().decode(bytes)).toBe("010DA6\r");
});

test("no service but the six that read can be made, whatever the caller's types say", () => {
  for (let service = 0; service < 256; service += 1) {
    const make = (): ElmCommand => ElmCommand.read(service as ReadService, [0]);
    if (READ_SERVICES.some((known) => known === service)) expect(make).not.toThrow();
    else expect(make).toThrow(/read-only/);
  }
});

test("no AT command outside the list, and no PID that is not one byte", () => {
  fc.assert(
    fc.property(fc.string(), (text) => {
      fc.pre(!AT_COMMANDS.includes(text as AtCommand));
      expect(() => ElmCommand.at(text as AtCommand)).toThrow();
    }),
  );
  for (const pid of [-1, 256, 1.5, Number.NaN]) expect(() => ElmCommand.read(0x01, [pid])).toThrow();
  expect(() => ElmCommand.read(0x01, [1, 2, 3, 4, 5, 6, 7])).toThrow();
});

test("what only looks like a command does not reach the wire", () => {
  const forged = { text: "04", service: null, pids: [] } as unknown as ElmCommand;
  expect(() => ElmCommand.wireBytes(forged)).toThrow(/not a guarded command/);
});
