export * from "./car-state.ts";
export * from "./elm327/elm327-faults.ts";
export * from "./elm327/elm327-socket.ts";
export * from "./elm327/virtual-ecu.ts";
export * from "./elm327/virtual-elm327.ts";
