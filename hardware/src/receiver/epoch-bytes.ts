import { gga, gll, gsa, gsv, rmc, vtg, zda, type ReceiverEpoch } from "./nmea-sentences.ts";

/** Whose order of sentences: u-blox begins an epoch with RMC, SiRF with GGA. */
export type ReceiverOrder = "ublox" | "sirf";

/** GSV, GLL and ZDA come with every so many epochs. */
const GSV_EVERY: Readonly<Record<ReceiverOrder, number>> = { ublox: 1, sirf: 5 };
const ZDA_EVERY = 10;

/** The sentences of one epoch, in the receiver's order. */
export const epochText = (epoch: ReceiverEpoch, order: ReceiverOrder, index: number): string => {
  const sky = index % GSV_EVERY[order] === 0 ? gsv(epoch) : "";
  const date = index % ZDA_EVERY === 0 ? zda(epoch) : "";
  return order === "ublox"
    ? rmc(epoch) + vtg(epoch) + gga(epoch) + gsa(epoch) + sky + gll(epoch) + date
    : gga(epoch) + gsa(epoch) + sky + rmc(epoch) + vtg(epoch) + date;
};
