import { errorText, isRoadstreamError, type Logger } from "@roadstream/shared";

/** Says why a device cannot be opened: once for each reason in a row, however often it is tried. */
export class OpenComplaint {
  readonly #source: string;
  readonly #logger: Logger;
  #said: string | null = null;

  constructor(source: string, logger: Logger) {
    this.#source = source;
    this.#logger = logger;
  }

  failed(error: unknown): void {
    const text = errorText(error);
    if (text === this.#said) return;
    this.#said = text;
    const hint = isRoadstreamError(error) ? error.hint : null;
    const why = { source: this.#source, error: text };
    this.#logger.warn("source_open_failed", hint === null ? why : { ...why, hint });
  }

  opened(): void {
    this.#said = null;
  }
}
