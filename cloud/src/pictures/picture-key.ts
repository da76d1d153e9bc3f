/** Where a picture lies below the lake's root. The UUID keeps a repeated batch from touching an older object. */
export const pictureKey = (record: {
  readonly vehicleId: string;
  readonly bootId: string;
  readonly seq: number;
  readonly uuid: string;
}): string => `pictures/${record.vehicleId}/${record.bootId}/${record.seq}-${record.uuid}.jpg`;
