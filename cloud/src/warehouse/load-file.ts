import { RoadstreamError } from "@roadstream/shared";
import type { IcebergTable } from "../lake/lake-table.ts";
import { dayText } from "../lake/data-file.ts";
import { PARTITION_FIELD } from "../lake/iceberg-schema.ts";
import type { ManifestEntry } from "../lake/manifest.ts";
import type { TableMetadata } from "../lake/table-metadata.ts";

/** A data file of the lake, as it is to be loaded. */
export interface LoadFile {
  readonly key: string;
  readonly location: string;
  readonly sizeBytes: number;
  readonly rows: number;
  /** `YYYY-MM-DD` */
  readonly day: string;
  /** The Iceberg schema whose columns it has. */
  readonly schemaId: number;
}

/** Which schema of the table a file has, by the columns that its manifest counts values of. */
const schemaOf = ({ schemas, ...metadata }: TableMetadata, { data_file: file }: ManifestEntry): number => {
  if (file.value_counts === null) return metadata["current-schema-id"];
  const ids = new Set(file.value_counts.map(({ key }) => key));
  const fits = schemas.find(
    ({ fields }) => fields.length === ids.size && fields.every(({ id }) => ids.has(id)),
  );
  if (fits !== undefined) return fits["schema-id"];
  throw new RoadstreamError("table_invalid", `${file.file_path} has the columns of no schema of its table`, {
    hint: "the engine that wrote it left columns out: rewrite its day, for example by roadstream cloud compact",
  });
};

/** The UTC day that a file's rows are of. */
export const dayOf = ({ data_file: file }: ManifestEntry): string => {
  const day = file.partition[PARTITION_FIELD];
  if (day === null) throw new RoadstreamError("table_invalid", `${file.file_path} has no day`);
  return dayText(day);
};

export const loadFile = (table: IcebergTable, metadata: TableMetadata, entry: ManifestEntry): LoadFile => {
  const { file_path: path, file_size_in_bytes: size, record_count: rows } = entry.data_file;
  const key = table.store.keyOf(path);
  if (key === null) throw new RoadstreamError("table_invalid", `${path} lies outside the lake`);
  return {
    key,
    location: table.store.location(key),
    sizeBytes: Number(size),
    rows: Number(rows),
    day: dayOf(entry),
    schemaId: schemaOf(metadata, entry),
  };
};
