/** A car's clock that is set by anything but a simulation can be compared with ours. */
export const TRUE_CLOCKS: readonly unknown[] = ["gnss", "ntp", "rtc"];

export const TRUE_CLOCKS_SQL = `clock IN (${TRUE_CLOCKS.map((name) => `'${String(name)}'`).join(", ")})`;
