/** The retained word of whether the vehicle is connected; `lost` is left with the broker as the last will. */
export const presence = (about: {
  readonly state: "online" | "offline" | "lost";
  readonly vehicleId: string;
  readonly bootId: string;
  readonly agentVersion: string;
}): Uint8Array =>
  new TextEncoder().encode(
    JSON.stringify({
      v: 1,
      vehicle_id: about.vehicleId,
      status: about.state === "lost" ? "offline" : about.state,
      reason: about.state === "lost" ? "connection_lost" : null,
      boot_id: about.bootId,
      agent: about.agentVersion,
    }),
  );
