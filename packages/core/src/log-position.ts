/** Digits of the number of an event in its log, base 36: enough for 78 billion. */
const SEQUENCE_DIGITS = 7;

/**
 * The ids of one log: when it was made, four random digits so that no other log of that moment has the same, and the number
 * of the event, each of a fixed length, so that ids sort in the order of events.
 */
export class LogPosition {
  readonly #prefix: string;

  constructor() {
    const createdAt = Date.now().toString(36).padStart(9, "0");
    const random = Math.floor(Math.random() * 36 ** 4).toString(36);
    this.#prefix = `${createdAt}${random.padStart(4, "0")}-`;
  }

  /** The id of the event with this number. */
  toId(sequence: number): string {
    return this.#prefix + sequence.toString(36).padStart(SEQUENCE_DIGITS, "0");
  }

  /** The number of the event with this id; `undefined` when it is not of this log. */
  toSequence(id: string): number | undefined {
    const digits = id.slice(this.#prefix.length);
    if (!id.startsWith(this.#prefix) || !/^[0-9a-z]{7}$/.test(digits)) return undefined;
    return Number.parseInt(digits, 36);
  }
}
