/**
 * When each recipient of a run is due, by their place in the snapshot, decided once: who is erased, or a setting that changes, while
 * a run is dispatched moves nobody to another batch. It names nobody. As text: a line of JSON with the times that there are, then for
 * each 10,000 recipients a line with the index of theirs, two bytes each, in base64.
 */
export type DueTable = { times: number[]; indexes: Uint16Array };

/** Instead of a time: it has passed where they are, and the campaign does not want to be late. */
export const NOT_AT_ALL = -1;

const LINE = 10_000;
/** Two bytes name no more; seven days have 168 hours, in zones that differ by quarters of an hour. */
const MAX_TIMES = 65_536;

/** Collects the times in the order of the recipients. */
export const collectDue = () => {
  const places = new Map<number, number>();
  let indexes = new Uint16Array(LINE);
  let size = 0;
  return {
    add(dueMs: number): void {
      const place = places.get(dueMs) ?? places.size;
      if (place === MAX_TIMES) throw new RangeError(`More than ${MAX_TIMES} different times`);
      places.set(dueMs, place);
      if (size === indexes.length) {
        const longer = new Uint16Array(2 * size);
        longer.set(indexes);
        indexes = longer;
      }
      indexes[size] = place;
      size += 1;
    },
    table: (): DueTable => ({ times: [...places.keys()], indexes: indexes.subarray(0, size) }),
  };
};

export const dueTableText = ({ times, indexes }: DueTable): string => {
  const lines = [JSON.stringify({ times, recipients: indexes.length })];
  for (let at = 0; at < indexes.length; at += LINE) {
    const bytes = Buffer.alloc(2 * Math.min(LINE, indexes.length - at));
    indexes.subarray(at, at + LINE).forEach((index, n) => {
      bytes.writeUInt16LE(index, 2 * n);
    });
    lines.push(bytes.toString('base64'));
  }
  return `${lines.join('\n')}\n`;
};

/** Throws when it is not whole. */
export const dueTableOf = (text: string): DueTable => {
  const [head = '', ...lines] = text.split('\n');
  const { times, recipients } = JSON.parse(head) as { times: number[]; recipients: number };
  const bytes = Buffer.concat(lines.map((line) => Buffer.from(line, 'base64')));
  if (bytes.length !== 2 * recipients) throw new Error(`${bytes.length} bytes for ${recipients} recipients`);
  return { times, indexes: Uint16Array.from({ length: recipients }, (_, n) => bytes.readUInt16LE(2 * n)) };
};
